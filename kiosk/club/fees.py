"""Membership fees: plans, the charges they make, what a payment settles first, and until when a member has paid.

A charge is known by its plan and first day, so that the same night's work twice makes none twice. Suspension and
forfeiture by dates are `standing.py`; reminders are `dunning.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, add_months, span_of
from kiosk.club.refusal import Refusal
from kiosk.club.splitting import share_of

_DAY = timedelta(days=1)


class Cycle(StrEnum):
    """What a fee is paid for (R47, S56). Wire format."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    LIFETIME = "lifetime"


_MONTHS = {Cycle.MONTH: 1, Cycle.QUARTER: 3, Cycle.YEAR: 12}
_PARTS = {Cycle.MONTH: Part.MONTH, Cycle.QUARTER: Part.QUARTER, Cycle.YEAR: Part.YEAR}


class Anchor(StrEnum):
    """Where a period begins: on the day of joining, or with the calendar's month, quarter or year. Wire format."""

    JOINING = "joining"
    CALENDAR = "calendar"


class FeePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A standard by member type and service, as the contract names it (R48); "" = for all."""

    code: str
    cycle: Cycle
    amount_minor: Annotated[int, Meta(ge=0)]
    member_type: str = ""
    service: str = ""


class FeeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fees and how they fall due."""

    plans: Annotated[
        tuple[FeePlan, ...],
        Meta(
            description="The standards by member type and service. The club sets amounts and ways; the seeds have no "
            "amount: none.",
            extra={"source": "R47, R48, S56, seeds 000:121, 001:14 §04"},
        ),
    ] = ()
    anchor: Annotated[
        Anchor,
        Meta(
            description="Where a period begins. The fee is paid by the year from joining on; the annual plan of "
            "1 January (R103) is about activities.",
            extra={"source": "R47, seeds 000:121"},
        ),
    ] = Anchor.JOINING
    prorate: Annotated[
        bool,
        Meta(
            description="Whether somebody who joins within a calendar period pays for the days that are left of it.",
            extra={"source": "R47, R57; no seed"},
        ),
    ] = True
    due_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days from the start of a period until its charge is due: none, fees are paid ahead.",
            extra={"source": "§4 L5; no number"},
        ),
    ] = 0
    ahead_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days before its start that the next period is charged: the window for renewing. Of a plan "
            "shorter than twice that, half of the period before, so that never more than one lies ahead.",
            extra={"source": "S57, L5, seeds 000:68 §8.1; no number"},
        ),
    ] = 30
    deferral_days_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Days that a payment may be put off at most from the day it was due.",
            extra={"source": "R51, seeds 000:123; no number"},
        ),
    ] = 90
    deferrals_per_year: Annotated[
        int,
        Meta(
            ge=0,
            description="Deferrals that are approved within twelve months at most.",
            extra={"source": "R51, seeds 000:123; no number"},
        ),
    ] = 1


class Charge(msgspec.Struct, frozen=True):
    """What one period costs; `last` None = for life. `paid_minor` is what was allocated to it, `waived` lifts it."""

    plan: str
    first: date
    last: date | None
    amount_minor: int
    due_on: date
    paid_minor: int = 0
    waived: bool = False

    @property
    def id(self) -> str:
        """What the charge is known by within the member."""
        return f"{self.plan}:{self.first.isoformat()}"

    @property
    def left_minor(self) -> int:
        """What is still to be paid."""
        return 0 if self.waived else self.amount_minor - self.paid_minor


def charges_until(plan: FeePlan, joined_on: date, day: date, rules: FeeRules) -> tuple[Charge, ...]:
    """Return every charge that a plan has made by a day, the period to renew for included (L5, S57)."""
    if plan.cycle is Cycle.LIFETIME:
        due_on = joined_on + timedelta(days=rules.due_days)
        return (Charge(plan.code, joined_on, None, plan.amount_minor, due_on),) if joined_on <= day else ()
    made: list[Charge] = []
    first, ahead = joined_on, timedelta()
    while first - ahead <= day:
        last = _last_day(plan.cycle, joined_on, len(made) + 1, first, rules)
        amount_minor = _amount(plan, first, last, rules)
        made.append(Charge(plan.code, first, last, amount_minor, first + timedelta(days=rules.due_days)))
        ahead = min(timedelta(days=rules.ahead_days), (last + _DAY - first) // _DAY // 2 * _DAY)
        first = last + _DAY
    return tuple(made)


def _last_day(cycle: Cycle, joined_on: date, number: int, first: date, rules: FeeRules) -> date:
    """Return the last day of a period; from joining all are counted from that day, lest a 31st be lost in February."""
    if rules.anchor is Anchor.CALENDAR:
        return span_of(first, _PARTS[cycle]).last
    return add_months(joined_on, _MONTHS[cycle] * number) - _DAY


def _amount(plan: FeePlan, first: date, last: date, rules: FeeRules) -> int:
    if rules.anchor is Anchor.JOINING or not rules.prorate:
        return plan.amount_minor
    whole = span_of(first, _PARTS[plan.cycle])
    return share_of(plan.amount_minor, (last - first).days + 1, (whole.last - whole.first).days + 1)


class Allocation(msgspec.Struct, frozen=True):
    """What a payment settles: each charge with what it gets, the charges after it, and what is left over."""

    parts: tuple[tuple[str, int], ...]
    charges: tuple[Charge, ...]
    over_minor: int


def allocate(charges: Iterable[Charge], paid_minor: int) -> Allocation:
    """Return what a payment settles, the oldest charge first; every fen is in a part or left over (S56)."""
    parts: list[tuple[str, int]] = []
    after: list[Charge] = []
    for charge in sorted(charges, key=_age):
        part_minor = min(max(charge.left_minor, 0), paid_minor)
        paid_minor -= part_minor
        if part_minor:
            parts.append((charge.id, part_minor))
        after.append(msgspec.structs.replace(charge, paid_minor=charge.paid_minor + part_minor))
    return Allocation(tuple(parts), tuple(after), paid_minor)


class Cover(msgspec.Struct, frozen=True):
    """Until when a member has paid: the last day without a gap, or for life; neither = nothing is paid yet."""

    until: date | None = None
    for_life: bool = False


def paid_until(charges: Iterable[Charge]) -> Cover:
    """Return the last day up to which every charge is settled; a later one that is paid does not close a gap."""
    until: date | None = None
    for charge in sorted(charges, key=_age):
        if charge.left_minor > 0:
            break
        if charge.last is None:
            return Cover(for_life=True)
        until = charge.last if until is None else max(until, charge.last)
    return Cover(until)


class DeferralReason(StrEnum):
    """Why a payment is not put off. Wire format."""

    NOTHING_DUE = "nothing_due"
    DAY_IS_OVER = "day_is_over"
    TOO_LONG = "too_long"
    TOO_OFTEN = "too_often"
    NO_REASON = "no_reason"


class DeferralRefusal(Refusal[DeferralReason], frozen=True):
    """Why a payment is not put off."""


def against_deferral(
    charges: Sequence[Charge], until: date, why: str, approved: Iterable[date], today: date, rules: FeeRules
) -> DeferralRefusal | None:
    """Return why an application is not to be approved, or None; `approved` are the days of earlier ones (R51)."""
    open_charges = [each for each in charges if each.left_minor > 0]
    if not open_charges:
        return DeferralRefusal(DeferralReason.NOTHING_DUE)
    if not why.strip():
        return DeferralRefusal(DeferralReason.NO_REASON)
    if until < today:
        return DeferralRefusal(DeferralReason.DAY_IS_OVER)
    latest = min(each.due_on for each in open_charges) + timedelta(days=rules.deferral_days_max)
    if until > latest:
        return DeferralRefusal(DeferralReason.TOO_LONG, {"latest": latest.isoformat()})
    had = sum(add_months(today, -12) < each <= today for each in approved)
    if had >= rules.deferrals_per_year:
        return DeferralRefusal(DeferralReason.TOO_OFTEN, {"limit": rules.deferrals_per_year})
    return None


def _age(charge: Charge) -> tuple[date, date, str]:
    return (charge.due_on, charge.first, charge.plan)
