"""Members who come or buy less, stay away, or leave: signs, reasons, winning back, and how many (S68, S69, §4 L12)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Span, add_months
from kiosk.club.life import Life, Step
from kiosk.club.segments import MemberClass, silent_since


class LapseRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When less is a decline, and what is sent to win somebody back."""

    decline_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months that are held against as many before them. No number in the seeds.",
            extra={"source": "S68, R114, seeds 003:204"},
        ),
    ] = 3
    decline_percent: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            description="Per cent by which visits or amounts must drop to be a decline. No number in the seeds.",
            extra={"source": "S68, R114, seeds 003:204"},
        ),
    ] = 50
    decline_visits_min: Annotated[
        int,
        Meta(ge=1, description="Visits before, below which a drop says nothing.", extra={"source": "S68, R114"}),
    ] = 6
    decline_spend_min_minor: Annotated[
        int,
        Meta(
            ge=1,
            description="Amount before in minor units, below which a drop says nothing.",
            extra={"source": "S68, R114"},
        ),
    ] = 50_000
    win_back_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months without a purchase after which somebody who bought before is to be won back. The seeds "
            "say `nothing recently`: as long as makes dormant.",
            extra={"source": "R160, S69, seeds 003:307"},
        ),
    ] = 6
    win_back_coupon: Annotated[
        str,
        Meta(
            description="Kind of the small coupon for them; empty = none is sent.",
            extra={"source": "R160, seeds 003:307"},
        ),
    ] = "win_back"
    win_back_days: Annotated[
        int,
        Meta(ge=1, description="Days for which such an offer holds.", extra={"source": "R160, seeds 003:307"}),
    ] = 30
    lost_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months without visit and purchase after which a member counts as lost. No seed.",
            extra={"source": "§4 L12, S69"},
        ),
    ] = 12


class Measure(StrEnum):
    """What may decline (R114). Wire format."""

    VISITS = "visits"
    SPEND = "spend"


class Decline(msgspec.Struct, frozen=True):
    """A drop: what it was before, what it is, and by how many per cent, rounded down."""

    measure: Measure
    before: int
    now: int
    percent: int


class LapseReason(StrEnum):
    """Why somebody stays away, as asked on the telephone (S69, seeds 003:207). Wire format."""

    QUALITY = "quality"
    SERVICE = "service"
    MOVED = "moved"
    BUYS_ELSEWHERE = "buys_elsewhere"
    TRAVELLING = "travelling"
    BUSY = "busy"
    NO_TIME = "no_time"
    OTHER = "other"
    NOT_SAID = "not_said"


class LapseState(StrEnum):
    """Where the care for somebody who stays away stands. Wire format."""

    LISTED = "listed"
    REASON_ASKED = "reason_asked"
    WIN_BACK_PLANNED = "win_back_planned"
    CALLED = "called"
    RETURNED = "returned"
    LOST = "lost"


class LapseAction(StrEnum):
    """What can happen to it. Wire format."""

    ASK_REASON = "ask_reason"
    PLAN_WIN_BACK = "plan_win_back"
    CALL = "call"
    RETURN = "return"
    GIVE_UP = "give_up"


_RUNNING = (LapseState.LISTED, LapseState.REASON_ASKED, LapseState.WIN_BACK_PLANNED, LapseState.CALLED)

LAPSE_LIFE: Life[LapseState, LapseAction] = Life(
    name="a lapse",
    start=LapseState.LISTED,
    steps=(
        Step(LapseAction.ASK_REASON, (LapseState.LISTED,), LapseState.REASON_ASKED),
        Step(LapseAction.PLAN_WIN_BACK, (LapseState.REASON_ASKED,), LapseState.WIN_BACK_PLANNED),
        Step(
            LapseAction.CALL,
            (LapseState.LISTED, LapseState.REASON_ASKED, LapseState.WIN_BACK_PLANNED),
            LapseState.CALLED,
        ),
        Step(LapseAction.RETURN, _RUNNING, LapseState.RETURNED),
        Step(LapseAction.GIVE_UP, _RUNNING, LapseState.LOST),
    ),
)
"""Listed after three months, asked, won back or called after six; returned, or lost (§4 L12, R108, R109)."""


class WinBack(msgspec.Struct, frozen=True):
    """An offer to win somebody back: the kind of coupon, its days, and the cause that it is granted for once."""

    coupon: str
    first: date
    last: date
    cause: str


class Churn(msgspec.Struct, frozen=True):
    """How many of those who were there at the start left or fell silent, in thousandths rounded down, and why."""

    at_start: int
    left: int
    dormant: int
    permille: int
    reasons: Mapping[str, int]


def compared(today: date, rules: LapseRules) -> tuple[Span, Span]:
    """Return the days that are held against each other: those before, and the last ones until yesterday."""
    start = add_months(today, -rules.decline_months)
    before = add_months(today, -2 * rules.decline_months)
    day = timedelta(days=1)
    return Span(before, start - day), Span(start, today - day)


def declines(
    member_class: MemberClass, before: Mapping[Measure, int], now: Mapping[Measure, int], rules: LapseRules
) -> tuple[Decline, ...]:
    """Return what of a regular has dropped; the others are new, or dormant already (R114, S68, seeds 003:204)."""
    if member_class is not MemberClass.REGULAR:
        return ()
    least = {Measure.VISITS: rules.decline_visits_min, Measure.SPEND: rules.decline_spend_min_minor}
    found = []
    for measure in Measure:
        was, is_now = before.get(measure, 0), max(now.get(measure, 0), 0)
        if was >= least[measure] and (was - is_now) * 100 >= was * rules.decline_percent:
            found.append(Decline(measure, was, is_now, (was - is_now) * 100 // was))
    return tuple(found)


def win_back(bought_on: date | None, rules: LapseRules, today: date) -> WinBack | None:
    """Return the offer for one who bought before and nothing recently, one for each silence (R160, seeds 003:307)."""
    if bought_on is None or not rules.win_back_coupon:
        return None
    if silent_since(bought_on, bought_on, rules.win_back_months, today) is None:
        return None
    last = today + timedelta(days=rules.win_back_days - 1)
    return WinBack(rules.win_back_coupon, today, last, f"win_back.{bought_on.isoformat()}")


def is_lost(visited_on: date | None, bought_on: date | None, begun_on: date, rules: LapseRules, today: date) -> bool:
    """Say whether so long a time without visit and purchase went by that a member counts as lost (§4 L12)."""
    last = max(each for each in (visited_on, bought_on, begun_on) if each is not None)
    return silent_since(last, begun_on, rules.lost_months, today) is not None


def churn(at_start: int, left: int, dormant: int, reasons: Iterable[LapseReason]) -> Churn:
    """Return how many were lost of those who were members when a span began (S69, seeds 001:14 §06)."""
    gone = left + dormant
    counted = Counter(each.value for each in reasons)
    return Churn(at_start, left, dormant, gone * 1000 // at_start if at_start else 0, dict(counted.most_common()))
