"""Cases: what staff look into and decide, whether a box, a member or a colleague brought it up (S28, S08)."""

from enum import StrEnum

from kiosk.club.life import Life, Step


class CaseKind(StrEnum):
    """What a case is about. Wire format."""

    MISUSE = "misuse"
    CONDUCT = "conduct"
    COMPLAINT = "complaint"
    INJURY = "injury"
    OTHER = "other"


class CaseState(StrEnum):
    """Where a case stands. Wire format."""

    OPEN = "open"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class CaseAction(StrEnum):
    """What can be done with a case. Wire format."""

    ASSIGN = "assign"
    CLOSE = "close"
    REOPEN = "reopen"


class CaseDecision(StrEnum):
    """How a case ended. Wire format."""

    UNFOUNDED = "unfounded"
    EXPLAINED = "explained"
    TALKED_TO = "talked_to"
    LOOKED_AFTER = "looked_after"
    CARD_STOPPED = "card_stopped"
    VIOLATION = "violation"


QUIET = frozenset({CaseDecision.UNFOUNDED, CaseDecision.EXPLAINED})
"""Decisions of which a member hears nothing: there was nothing."""

CASE_LIFE: Life[CaseState, CaseAction] = Life(
    name="a case",
    start=CaseState.OPEN,
    steps=(
        Step(CaseAction.ASSIGN, (CaseState.OPEN, CaseState.ASSIGNED), CaseState.ASSIGNED),
        Step(CaseAction.CLOSE, (CaseState.OPEN, CaseState.ASSIGNED), CaseState.CLOSED),
        Step(CaseAction.REOPEN, (CaseState.CLOSED,), CaseState.OPEN),
    ),
)
"""Opened, looked into by somebody, decided; opened again where more comes to light."""
