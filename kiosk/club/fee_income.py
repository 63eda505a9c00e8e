"""What fees bring in, when they are earned, whether service was given for them, and what they go into (R56–R60)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, Span, add_months, span_before, span_of
from kiosk.club.fees import Charge
from kiosk.club.refusal import Refusal
from kiosk.club.splitting import share_of

_DAY = timedelta(days=1)


class IncomeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fee income is reckoned and what it may be used for."""

    lifetime_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months over which a fee for life counts as earned.",
            extra={"source": "R57, S60; no seed"},
        ),
    ] = 120
    renewal_days: Annotated[
        int,
        Meta(
            ge=0,
            le=365,
            description="Days after a paid period within which the next one has to be paid to count as renewed.",
            extra={"source": "R121, S89, seeds 001:14 §03; no number"},
        ),
    ] = 30
    heads: Annotated[
        tuple[str, ...],
        Meta(
            description="What fees may be used for: running the club, activities, and upkeep of facilities.",
            extra={"source": "R60, seeds 000:124"},
            min_length=1,
        ),
    ] = ("running", "activities", "upkeep")
    approver: Annotated[
        str,
        Meta(
            description="The body that approves the use of fees; none = nobody has to.",
            extra={"source": "R59, seeds 000:126"},
        ),
    ] = "council"


class Income(msgspec.Struct, frozen=True):
    """A payment of fees, or below zero its reversal, by its business day."""

    on: date
    amount_minor: int


class SpanIncome(msgspec.Struct, frozen=True):
    """What came in within a month, quarter, half-year or year, and from how many bookings."""

    span: Span
    amount_minor: int
    count: int


def income_by(part: Part, incomes: Iterable[Income], first: date, last: date) -> tuple[SpanIncome, ...]:
    """Return the income of every such span that touches the days, empty ones too, in order (R56, seeds 001:14 §04)."""
    sums: dict[Span, list[int]] = {}
    day = first
    while day <= last:
        span = span_of(day, part)
        sums[span] = []
        day = span.last + _DAY
    for each in incomes:
        if first <= each.on <= last:
            sums[span_of(each.on, part)].append(each.amount_minor)
    return tuple(SpanIncome(span, sum(amounts), len(amounts)) for span, amounts in sums.items())


def earned_until(charge: Charge, day: date, rules: IncomeRules) -> int:
    """Return what of a charge's payment is earned at the end of a day: by the days of its period that are over (R57).

    The days of a span bring what is earned at its end less what was at its start, so spans sum up exactly.
    """
    last = charge.last or add_months(charge.first, rules.lifetime_months) - _DAY
    whole = (last - charge.first).days + 1
    over = min(max((day - charge.first).days + 1, 0), whole)
    return share_of(charge.paid_minor, over, whole)


def earned_in(charge: Charge, span: Span, rules: IncomeRules) -> int:
    """Return what of a charge's payment the days of a span earn."""
    return earned_until(charge, span.last, rules) - earned_until(charge, span.first - _DAY, rules)


class Renewal(msgspec.Struct, frozen=True):
    """Paid periods that ended on one day, and on which day the next one was paid; None = it was not."""

    ended_on: date
    paid_on: date | None
    count: int


def renewed(renewals: Iterable[Renewal], rules: IncomeRules) -> tuple[int, int]:
    """Return how many paid periods ended, and of how many the next was paid within the rule's days (R121, S89)."""
    due = kept = 0
    for each in renewals:
        due += each.count
        if each.paid_on is not None and each.paid_on <= each.ended_on + timedelta(days=rules.renewal_days):
            kept += each.count
    return due, kept


class Mismatch(StrEnum):
    """How income and service differ (R57). Wire format."""

    PAID_NOT_SERVED = "paid_not_served"
    SERVED_NOT_PAID = "served_not_paid"


class Difference(msgspec.Struct, frozen=True):
    """Days of a span on which a member had paid and was not served, or the other way round; the first of them."""

    member: str
    kind: Mismatch
    days: int
    since: date


def differences(
    member: str, charges: Iterable[Charge], served: Sequence[Span], span: Span, excused: Sequence[Span] = ()
) -> tuple[Difference, ...]:
    """Return where paid periods and days of service do not match within a span (R57, seeds 001:14 §04).

    `served` are the days on which the gates were open to the member, `excused` those for which there is a reason,
    such as a deferral, days of grace, or a suspension for discipline.
    """
    paid = [Span(each.first, each.last or date.max) for each in charges if each.left_minor <= 0]
    found: dict[Mismatch, list[date]] = {each: [] for each in Mismatch}
    for offset in range((span.last - span.first).days + 1):
        day = span.first + timedelta(days=offset)
        had, given = _within(day, paid), _within(day, served)
        if had is not given and not _within(day, excused):
            found[Mismatch.PAID_NOT_SERVED if had else Mismatch.SERVED_NOT_PAID].append(day)
    return tuple(Difference(member, kind, len(days), days[0]) for kind, days in found.items() if days)


def _within(day: date, spans: Sequence[Span]) -> bool:
    return any(each.first <= day <= each.last for each in spans)


class FeeUse(msgspec.Struct, frozen=True):
    """A use of fees; `approved_by` is the body that approved it, "" = none yet."""

    head: str
    amount_minor: int
    on: date
    approved_by: str = ""


class UseReason(StrEnum):
    """Why fees are not used so. Wire format."""

    NO_AMOUNT = "no_amount"
    UNKNOWN_HEAD = "unknown_head"
    NOT_APPROVED = "not_approved"


class UseRefusal(Refusal[UseReason], frozen=True):
    """Why fees are not used so."""


def against_use(use: FeeUse, rules: IncomeRules) -> UseRefusal | None:
    """Return why fees are not used so, or None (R59, R60, seeds 000:124-126)."""
    if use.amount_minor <= 0:
        return UseRefusal(UseReason.NO_AMOUNT)
    if use.head not in rules.heads:
        return UseRefusal(UseReason.UNKNOWN_HEAD, {"heads": " ".join(rules.heads)})
    if rules.approver and use.approved_by != rules.approver:
        return UseRefusal(UseReason.NOT_APPROVED, {"by": rules.approver})
    return None


class FeeStatement(msgspec.Struct, frozen=True):
    """What is published: the half-year, what came in, what every head used, and what is left of the half-year."""

    span: Span
    income_minor: int
    used: tuple[tuple[str, int], ...]
    left_minor: int


def statement_before(day: date, incomes: Iterable[Income], uses: Iterable[FeeUse], rules: IncomeRules) -> FeeStatement:
    """Return the statement of the last half-year that was over when a day began, heads without a use too (R58)."""
    span = span_before(day, Part.HALF_YEAR)
    income_minor = sum(each.amount_minor for each in incomes if span.first <= each.on <= span.last)
    used = dict.fromkeys(rules.heads, 0)
    for each in uses:
        if span.first <= each.on <= span.last:
            used[each.head] = used.get(each.head, 0) + each.amount_minor
    return FeeStatement(span, income_minor, tuple(used.items()), income_minor - sum(used.values()))
