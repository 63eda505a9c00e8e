"""Proposals to amend the rule book: nothing holds before the council has passed it (R159, S95, seeds 004:97)."""

from enum import StrEnum

from kiosk.club.life import Life, Step


class ProposalState(StrEnum):
    """Where a proposal stands. Wire format."""

    PROPOSED = "proposed"
    PASSED = "passed"
    DROPPED = "dropped"


class ProposalAction(StrEnum):
    """What can be done with a proposal. Wire format."""

    ADOPT = "adopt"
    DROP = "drop"


PROPOSAL_LIFE: Life[ProposalState, ProposalAction] = Life(
    name="a proposal to amend a rule",
    start=ProposalState.PROPOSED,
    steps=(
        Step(ProposalAction.ADOPT, (ProposalState.PROPOSED,), ProposalState.PASSED),
        Step(ProposalAction.DROP, (ProposalState.PROPOSED,), ProposalState.DROPPED),
    ),
)
"""Written down by one, passed or dropped by another; what was passed is an amendment, and the book has it."""
