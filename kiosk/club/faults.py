"""Device faults: graded, answered by a clock, mended, and paid for by the phase of service (S92, R138–R142)."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.core.errors import InvalidInput


class Grade(StrEnum):
    """How bad a fault is. Wire format."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class GradeClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By when somebody answers a fault of a grade, and by when it is mended; counted round the clock."""

    grade: Grade
    answer_minutes: Annotated[int, Meta(ge=1)]
    mend_hours: Annotated[int, Meta(ge=1)]


class Exclusion(StrEnum):
    """What the guarantee does not cover (R142, seeds 003:384). Wire format."""

    WRONG_TOOLS = "wrong_tools"
    ENVIRONMENT = "environment"
    ACCIDENT = "accident"
    DISASTER = "disaster"
    NEGLECT = "neglect"
    WAR = "war"
    RIOT = "riot"
    STRIKE = "strike"
    LIGHTNING_OR_POWER = "lightning_or_power"
    BAD_HANDLING = "bad_handling"
    UNAUTHORISED_CHANGE = "unauthorised_change"
    DATA_HANDLING = "data_handling"


class FaultRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The clock of each grade, and what the maker's service covers."""

    clocks: Annotated[
        tuple[GradeClock, ...],
        Meta(
            description="Response by grade. The seeds make it depend on the grade and give no figures.",
            extra={"source": "R138, S92, seeds 003:379; no seed for the numbers"},
        ),
    ] = (
        GradeClock(Grade.CRITICAL, 30, 24),
        GradeClock(Grade.MAJOR, 240, 72),
        GradeClock(Grade.MINOR, 1440, 240),
    )
    guarantee_months: Annotated[
        int,
        Meta(
            ge=0,
            description="Months of quality guarantee from acceptance on; maintenance follows for life. No number in "
            "the seeds: one year.",
            extra={"source": "R140, R141, seeds 003:362–366"},
        ),
    ] = 12
    excluded: Annotated[
        tuple[Exclusion, ...],
        Meta(description="What the guarantee does not cover.", extra={"source": "R142, seeds 003:384"}),
    ] = tuple(Exclusion)


class FaultState(StrEnum):
    """Where a fault stands. Wire format."""

    REPORTED = "reported"
    GRADED = "graded"
    ON_SITE = "on_site"
    REPAIRED = "repaired"
    REPLACED = "replaced"
    ARCHIVED = "archived"
    NO_FAULT = "no_fault"


class FaultAction(StrEnum):
    """What can be done with a fault. Wire format."""

    GRADE = "grade"
    ARRIVE = "arrive"
    REPAIR = "repair"
    REPLACE = "replace"
    ARCHIVE = "archive"
    DISMISS = "dismiss"


FAULT_LIFE: Life[FaultState, FaultAction] = Life(
    name="a fault",
    start=FaultState.REPORTED,
    steps=(
        Step(FaultAction.GRADE, (FaultState.REPORTED, FaultState.GRADED), FaultState.GRADED),
        Step(FaultAction.ARRIVE, (FaultState.GRADED,), FaultState.ON_SITE),
        Step(FaultAction.REPAIR, (FaultState.GRADED, FaultState.ON_SITE), FaultState.REPAIRED),
        Step(FaultAction.REPLACE, (FaultState.ON_SITE,), FaultState.REPLACED),
        Step(FaultAction.ARCHIVE, (FaultState.REPAIRED, FaultState.REPLACED), FaultState.ARCHIVED),
        Step(FaultAction.DISMISS, (FaultState.REPORTED, FaultState.GRADED, FaultState.ON_SITE), FaultState.NO_FAULT),
    ),
)
"""Reported, graded, somebody on site or from afar, repaired or replaced, in the archive (§4 L14)."""


class Phase(StrEnum):
    """The phase of service of a device (R140). Wire format."""

    NOT_ACCEPTED = "not_accepted"
    GUARANTEE = "guarantee"
    MAINTENANCE = "maintenance"


class Payment(StrEnum):
    """Who pays a repair (R141). Wire format."""

    FREE = "free"
    AT_COST = "at_cost"
    PARTS_AND_LABOUR = "parts_and_labour"


class Cause(msgspec.Struct, frozen=True):
    """Why a device failed: its own quality, and what the guarantee leaves out."""

    quality: bool
    exclusions: frozenset[Exclusion] = frozenset()


class ClockNow(msgspec.Struct, frozen=True):
    """A fault's clock: by when it is answered and mended, and by how many whole minutes each is late; 0 if in time."""

    answer_by: datetime
    mend_by: datetime
    answer_late_minutes: int
    mend_late_minutes: int


class FaultReason(StrEnum):
    """Why a fault cannot be put away. Wire format."""

    PART_TOO_DEAR = "part_too_dear"


class FaultRefusal(Refusal[FaultReason], frozen=True):
    """Why a fault cannot be put away."""


def clock_of(
    grade: Grade,
    reported_at: datetime,
    answered_at: datetime | None,
    mended_at: datetime | None,
    rules: FaultRules,
    now: datetime,
) -> ClockNow:
    """Return a fault's clock; it stops when somebody answers, and when it is mended (R138, S92).

    Raises InvalidInput for a grade without a clock.
    """
    clock = next((each for each in rules.clocks if each.grade is grade), None)
    if clock is None:
        raise InvalidInput(f"grade {grade} has no clock", hint="Give it one in faults.clocks of the rule book")
    answer_by = reported_at + timedelta(minutes=clock.answer_minutes)
    mend_by = reported_at + timedelta(hours=clock.mend_hours)
    return ClockNow(answer_by, mend_by, _late(answer_by, answered_at or now), _late(mend_by, mended_at or now))


def clock_faults(rules: FaultRules) -> tuple[str, ...]:
    """Return what is wrong with the clocks: a grade without one, or with two."""
    grades = [each.grade for each in rules.clocks]
    return tuple(f"grade {grade} has {grades.count(grade)} clocks" for grade in Grade if grades.count(grade) != 1)


def phase_on(accepted_on: date | None, rules: FaultRules, today: date) -> Phase:
    """Return the phase of service on a day: guarantee from acceptance on, then maintenance for life (R140)."""
    if accepted_on is None or today < accepted_on:
        return Phase.NOT_ACCEPTED
    over = add_months(accepted_on, rules.guarantee_months)
    return Phase.GUARANTEE if today < over else Phase.MAINTENANCE


def payment_of(phase: Phase, cause: Cause, rules: FaultRules) -> Payment:
    """Return who pays: quality faults are free in guarantee, others at cost; later parts and labour (R141, R142).

    Before acceptance a device is the maker's: what is excluded is paid for even so.
    """
    if phase is Phase.MAINTENANCE:
        return Payment.PARTS_AND_LABOUR
    is_covered = cause.quality and not cause.exclusions & frozenset(rules.excluded)
    return Payment.FREE if is_covered else Payment.AT_COST


def against_part(phase: Phase, price_minor: int, contract_price_minor: int) -> FaultRefusal | None:
    """Return why a part is not taken at that price: never above the contract's (R141, seeds 003:366)."""
    if phase is Phase.MAINTENANCE and price_minor > contract_price_minor:
        detail = {"price_minor": price_minor, "contract_minor": contract_price_minor}
        return FaultRefusal(FaultReason.PART_TOO_DEAR, detail)
    return None


def _late(by: datetime, at: datetime) -> int:
    return max(int((at - by).total_seconds()) // 60, 0)
