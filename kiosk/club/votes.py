"""Votes: one member one vote, by the standing of the day, by a majority; and the awards of a year (S84, S85)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.membership import MemberState
from kiosk.club.refusal import Refusal

ABSTAIN = "abstain"
"""The choice of whoever takes part and chooses nothing."""


class Base(StrEnum):
    """Of what a majority is more than half. Wire format."""

    CAST = "cast"
    TAKING_PART = "taking_part"
    ENTITLED = "entitled"


class AwardKind(StrEnum):
    """The year's awards (R122, seeds 000:257). Wire format."""

    CONDUCT = "conduct"
    CONTRIBUTION = "contribution"
    LOYALTY = "loyalty"


class VoteRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may vote, and what decides."""

    may_vote: Annotated[
        tuple[MemberState, ...],
        Meta(
            description="States of a membership that give a vote. Absentees have no say, and neither have debtors.",
            extra={"source": "S85, R147, seeds 000:94, 004:91"},
        ),
    ] = (MemberState.VALID, MemberState.DEFERRED, MemberState.WITHDRAWAL_PENDING)
    majority_of: Annotated[
        Base,
        Meta(
            description="Of what a decision needs more than half. The seeds say majority and not of what: of the votes "
            "cast for something.",
            extra={"source": "R147, seeds 000:291"},
        ),
    ] = Base.CAST
    majority_percent: Annotated[
        int,
        Meta(
            ge=50,
            le=99,
            description="Per cent that a decision needs more of.",
            extra={"source": "R147, seeds 000:291"},
        ),
    ] = 50
    quorum_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Per cent of those entitled that have to take part. The seeds know none: 0.",
            extra={"source": "R147, S85; no seed"},
        ),
    ] = 0
    staff_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Per cent that the staff's judgement counts for an award; the members' counts the rest. The "
            "seeds name both, as equals.",
            extra={"source": "R122, S84, seeds 000:257"},
        ),
    ] = 50


class VoteState(StrEnum):
    """Where a vote stands. Wire format."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CALLED_OFF = "called_off"


class VoteAction(StrEnum):
    """What can be done with a vote. Wire format."""

    OPEN = "open"
    CLOSE = "close"
    CALL_OFF = "call_off"


VOTE_LIFE: Life[VoteState, VoteAction] = Life(
    name="a vote",
    start=VoteState.DRAFT,
    steps=(
        Step(VoteAction.OPEN, (VoteState.DRAFT,), VoteState.OPEN),
        Step(VoteAction.CLOSE, (VoteState.OPEN,), VoteState.CLOSED),
        Step(VoteAction.CALL_OFF, (VoteState.DRAFT, VoteState.OPEN), VoteState.CALLED_OFF),
    ),
)


class VoteReason(StrEnum):
    """Why somebody has no vote. Wire format."""

    NOT_OPEN = "not_open"
    NOT_IN_STANDING = "not_in_standing"
    GUEST = "guest"
    HAS_VOTED = "has_voted"
    NO_SUCH_CHOICE = "no_such_choice"


class VoteRefusal(Refusal[VoteReason], frozen=True):
    """Why somebody has no vote."""


class Voter(msgspec.Struct, frozen=True):
    """Who wants to vote: the state of the membership on the day, a guest, one of a unit that votes as one."""

    member: str
    state: MemberState
    guest: bool = False
    unit: str = ""


class Result(StrEnum):
    """How a vote ended. Wire format."""

    DECIDED = "decided"
    NO_MAJORITY = "no_majority"
    NO_QUORUM = "no_quorum"


class Count(msgspec.Struct, frozen=True):
    """A count: the result, the choice that was decided for, votes by choice, who took part and who could have."""

    result: Result
    choice: str
    votes: Mapping[str, int]
    took_part: int
    entitled: int


class Placed(msgspec.Struct, frozen=True):
    """A nominee's place for an award; equal points share one. Points are in hundredths of a per cent."""

    member: str
    place: int
    points: int


def against_vote(
    state: VoteState, voter: Voter, choice: str, choices: Iterable[str], rules: VoteRules, *, has_voted: bool
) -> VoteRefusal | None:
    """Return why a vote is not taken: one member one vote, by the standing of the day (S85, R147, seeds 004:91).

    A unit has one vote, which its representative casts under the unit's name: `has_voted` is the unit's then.
    """
    if state is not VoteState.OPEN:
        return VoteRefusal(VoteReason.NOT_OPEN)
    if voter.guest:
        return VoteRefusal(VoteReason.GUEST)
    if voter.state not in rules.may_vote:
        return VoteRefusal(VoteReason.NOT_IN_STANDING, {"state": voter.state.value})
    if has_voted:
        return VoteRefusal(VoteReason.HAS_VOTED)
    if choice not in {*choices, ABSTAIN}:
        return VoteRefusal(VoteReason.NO_SUCH_CHOICE, {"choice": choice})
    return None


def voice_of(voter: Voter) -> str:
    """Return under whose name a vote counts: the unit's for its people, else the member's."""
    return voter.unit or voter.member


def count_votes(votes: Mapping[str, int], entitled: int, rules: VoteRules) -> Count:
    """Count a vote: more than the per cent of the base decides, half and half decides nothing (R147)."""
    took_part = sum(votes.values())
    cast = {choice: count for choice, count in votes.items() if choice != ABSTAIN and count > 0}
    tally = dict(sorted(votes.items()))
    if took_part * 100 < entitled * rules.quorum_percent:
        return Count(Result.NO_QUORUM, "", tally, took_part, entitled)
    base = {Base.CAST: sum(cast.values()), Base.TAKING_PART: took_part, Base.ENTITLED: entitled}[rules.majority_of]
    for choice, count in sorted(cast.items()):
        if count * 100 > base * rules.majority_percent:
            return Count(Result.DECIDED, choice, tally, took_part, entitled)
    return Count(Result.NO_MAJORITY, "", tally, took_part, entitled)


def award_places(by_staff: Mapping[str, int], by_members: Mapping[str, int], rules: VoteRules) -> tuple[Placed, ...]:
    """Return the order of nominees for an award, judged by staff and by members (R122, S84, seeds 000:257).

    Each side's votes count by their share, so that the larger side does not drown the other.
    """
    points: Counter[str] = Counter()
    for votes, percent in ((by_staff, rules.staff_percent), (by_members, 100 - rules.staff_percent)):
        total = sum(votes.values())
        for member, count in votes.items():
            points[member] += count * percent * 100 // total if total else 0
    order = sorted(points, key=lambda member: (-points[member], member))
    return tuple(
        Placed(member, 1 + sum(points[each] > points[member] for each in points), points[member]) for member in order
    )


def nominees(amounts: Mapping[str, int], count: int) -> tuple[str, ...]:
    """Return the highest of a year's figures as nominees; who ties with the last one is among them (S84)."""
    ranked = sorted((each for each in amounts.values() if each > 0), reverse=True)
    if not ranked or count < 1:
        return ()
    least = ranked[min(count, len(ranked)) - 1]
    return tuple(sorted((each for each in amounts if amounts[each] >= least), key=lambda each: (-amounts[each], each)))


def award_year(today: date) -> int:
    """Return the year that awards given on a day are for: the last one that is over (R122)."""
    return today.year - 1
