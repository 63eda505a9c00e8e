"""What fees brought in, whether service was given for it, what it was used for, and who holds whose money (R56 to R60).

Reads only, but for the uses of fees and the statements that are published.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, or_, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.composing import compose
from kiosk.central.club.refused import RuleRefused, refuse
from kiosk.central.money import fee_book, statements
from kiosk.central.money.fee_tables import fee_charge, fee_payment, fee_plan, fee_statement, fee_use
from kiosk.central.money.top_ups import caps_of
from kiosk.central.rows import as_struct
from kiosk.club.calendar import Part, Span, span_before
from kiosk.club.fee_income import (
    Difference,
    FeeStatement,
    FeeUse,
    Income,
    SpanIncome,
    against_use,
    differences,
    earned_in,
    income_by,
    statement_before,
)
from kiosk.club.fees import Charge
from kiosk.club.ledger import LIABILITIES, AccountKind
from kiosk.club.membership import MemberFacts, MembershipRules, StopReason
from kiosk.club.prepaid_limits import Aside, escrow_due, over_pool
from kiosk.club.rule_pack_data import PACKS
from kiosk.club.standing import fee_passes_until, standing_on
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

MEMBERS_AT_ONCE = 200
PAGE_MAX = 500

_DAY = timedelta(days=1)


class UseRow(msgspec.Struct, frozen=True):
    """A use of fees with what for and who wrote it down; `approved_by` is the body, empty until it approved."""

    n: int
    head: str
    amount_minor: int
    on: date
    what: str
    by: str
    approved_by: str
    approved_on: date | None
    noted_by: str

    @property
    def use(self) -> FeeUse:
        """The use as the rules take it."""
        return FeeUse(self.head, self.amount_minor, self.on, self.approved_by)


class Published(msgspec.Struct, frozen=True):
    """A statement that members can read, and when it was published."""

    statement: FeeStatement
    at: str


class Liabilities(msgspec.Struct, frozen=True):
    """What the club owes to members and others by kind, what must be put aside of it, and by what it passes the pool.

    `custody` is where the cash and cover lie: tills, providers, bank, each as the ledger has it.
    """

    owed: Mapping[str, int]
    prepaid_minor: int
    aside: Aside
    over_pool_minor: int
    custody: Mapping[str, int]


def incomes(look: Look, first: date, last: date) -> list[Income]:
    """Return the payments of some business days, and below zero those taken back on them (R56)."""
    span = (first.isoformat(), last.isoformat())
    made = select(fee_payment.c.day, fee_payment.c.amount_minor).where(fee_payment.c.day.between(*span))
    back = select(fee_payment.c.back_day, -fee_payment.c.amount_minor).where(fee_payment.c.back_day.between(*span))
    rows = [*look.connection.execute(made), *look.connection.execute(back)]
    return [Income(date.fromisoformat(day), int(amount)) for day, amount in rows]


def revenue(look: Look, part: Part, first: date, last: date) -> tuple[SpanIncome, ...]:
    """Return what came in by months, quarters, half-years or years that touch the days (R56)."""
    return income_by(part, incomes(look, first, last), first, last)


def earned(look: Look, span: Span) -> int:
    """Return what of all paid charges the days of a span earned (R57)."""
    alike = (fee_charge.c.first, fee_charge.c.last, fee_charge.c.paid_minor)
    query = select(*alike, func.count()).where(
        fee_charge.c.paid_minor > 0,
        fee_charge.c.first <= span.last.isoformat(),
        or_(fee_charge.c.last.is_(None), fee_charge.c.last >= span.first.isoformat()),
    )
    rows = look.connection.execute(query.group_by(*alike))  # thousands have the same period at the same price
    return sum(count * earned_in(_paid(*row), span, look.rules.income) for *row, count in rows)


def mismatches(look: Look, span: Span, after: str = "") -> tuple[list[Difference], str]:
    """Return where paid periods and open gates differ for the next 200 members with a plan, and whom to go on after.

    The place to go on is empty at the end. What has a reason is none: a deferral, grace, an order, or leaving (R57).
    """
    query = select(fee_plan.c.member).distinct().where(fee_plan.c.member > after).order_by(fee_plan.c.member)
    ids = list(look.connection.execute(query.limit(MEMBERS_AT_ONCE)).scalars())
    last = min(span.last, look.today)
    found: list[Difference] = []
    if last >= span.first:
        for member, composed in compose(look, ids).items():
            charges = [each.charge for each in fee_book.charges_of(look, member)]
            facts, rules = composed.facts, look.rules.membership
            served = _served(facts, rules, Span(span.first, last))
            put_off = [Span(each.on, each.until) for each in fee_book.deferrals_of(look, member)]
            excused = [*_excused(facts, rules), *put_off]
            found += differences(member, charges, served, Span(span.first, last), excused)
    return found, ids[-1] if len(ids) == MEMBERS_AT_ONCE else ""


def note_use(change: Change, head: str, amount_minor: int, on: date, what: str) -> UseRow:
    """Write down what fees are to be used for; raises RuleRefused for a head there is not."""
    rules = change.rules.income
    wanted = FeeUse(head, amount_minor, on, rules.approver)
    refusal = against_use(wanted, rules)
    if refusal is not None:
        raise refuse(refusal, "use of fees")
    row = {"head": head, "amount_minor": amount_minor, "on": on.isoformat(), "what": what, "by": change.actor.id}
    row |= {"approved_by": "", "noted_by": ""}
    n = change.connection.execute(insert(fee_use).returning(fee_use.c.n), row).scalar_one()
    change.note("fee.use", "fee_use", str(n), after=row)
    return use_of(change, n)


def approve_use(change: Change, n: int, body: str, *, why: str) -> UseRow:
    """Write down that a body approved a use (R59); raises RuleRefused where it is not the one that must."""
    before = use_of(change, n)
    wanted = FeeUse(before.head, before.amount_minor, before.on, body)
    refusal = against_use(wanted, change.rules.income)
    if refusal is not None:
        raise refuse(refusal, f"use {n} of fees")
    if before.approved_by:
        raise RuleRefused("approved_before", what=f"use {n} of fees")
    values = {"approved_by": body, "approved_on": change.today.isoformat(), "noted_by": change.actor.id}
    change.connection.execute(update(fee_use).where(fee_use.c.n == n).values(**values))
    change.note("fee.approve_use", "fee_use", str(n), after=values, why=why)
    return use_of(change, n)


def use_of(look: Look, n: int) -> UseRow:
    """Return a use of fees; raises InvalidInput where there is none."""
    row = look.connection.execute(select(fee_use).where(fee_use.c.n == n)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no use {n} of fees")
    return _use(row)


def uses(look: Look, first: date, last: date) -> list[UseRow]:
    """Return the uses of some days, newest first, those that wait for approval included; 500 at most."""
    between = fee_use.c.on.between(first.isoformat(), last.isoformat())
    query = select(fee_use).where(between).order_by(fee_use.c.on.desc(), fee_use.c.n.desc()).limit(PAGE_MAX)
    return [_use(row) for row in look.connection.execute(query).mappings()]


def draft_statement(look: Look) -> FeeStatement:
    """Return the statement of the last half-year that is over, of approved uses alone where approval is asked (R58)."""
    span = span_before(look.today, Part.HALF_YEAR)
    rules = look.rules.income
    approved = [each.use for each in uses(look, span.first, span.last) if against_use(each.use, rules) is None]
    return statement_before(look.today, incomes(look, span.first, span.last), approved, rules)


def publish(change: Change, *, why: str) -> Published:
    """Publish the statement of the last half-year, once; raises RuleRefused where a use waits for its approval."""
    found = draft_statement(change)
    first = found.span.first.isoformat()
    waiting = [each for each in uses(change, found.span.first, found.span.last)
               if against_use(each.use, change.rules.income) is not None]  # fmt: skip
    if waiting:
        raise RuleRefused("use_not_approved", {"count": len(waiting)}, what=f"statement from {first}")
    if any(each.statement.span.first == found.span.first for each in published(change)):
        raise RuleRefused("published_before", what=f"statement from {first}")
    row = {"first": first, "body": canonical(found).decode(), "by": change.actor.id, "at": format_utc(change.now)}
    change.connection.execute(insert(fee_statement), row)
    change.note("fee.publish", "fee_statement", first, after={"income_minor": found.income_minor}, why=why)
    return Published(found, format_utc(change.now))


def published(look: Look) -> list[Published]:
    """Return the statements that were published, newest first."""
    rows = look.connection.execute(select(fee_statement).order_by(fee_statement.c.first.desc()).limit(PAGE_MAX))
    return [Published(msgspec.json.decode(row.body, type=FeeStatement), row.at) for row in rows]


def liabilities(look: Look) -> Liabilities:
    """Return what the club owes today, what the rule packs ask to be put aside, and where the money lies (S63)."""
    sums = statements.standing(look, {*LIABILITIES, *_CUSTODY})
    owed = {kind.value: sums[kind] for kind in sorted(LIABILITIES)}
    prepaid_minor = sum(owed[kind.value] for kind in _PREPAID)
    revenue_minor = sum(statements.totals(look, look.today - 365 * _DAY, look.today, kinds=_REVENUE).values())
    custody = {kind.value: sums[kind] for kind in _CUSTODY}
    aside = escrow_due(prepaid_minor, look.today, look.rules.packs, PACKS)
    return Liabilities(owed, prepaid_minor, aside, over_pool(prepaid_minor, revenue_minor, caps_of(look)), custody)


_PREPAID = (AccountKind.MEMBER_PRINCIPAL, AccountKind.MEMBER_BONUS, AccountKind.GIFT_CARD, AccountKind.LEASE)
_REVENUE = (AccountKind.REVENUE_SALES, AccountKind.REVENUE_FEES)
_CUSTODY = (AccountKind.TILL, AccountKind.PROVIDER_CLEARING, AccountKind.BANK)


def _served(facts: MemberFacts, rules: MembershipRules, span: Span) -> list[Span]:
    """Return the days of a span on which the gates were open to a member, as spans of one day."""
    days = (span.first + offset * _DAY for offset in range((span.last - span.first).days + 1))
    return [Span(day, day) for day in days if standing_on(facts, rules, day).deny is None]


def _excused(facts: MemberFacts, rules: MembershipRules) -> Iterator[Span]:
    if facts.paid_until is not None:
        passes = fee_passes_until(facts, rules)
        yield Span(facts.paid_until + _DAY, passes or date.max)
    for each in facts.suspensions:
        if each.reason is not StopReason.REMINDERS:
            yield Span(each.since, each.until or date.max)
    for end in facts.endings:
        yield Span(end.last_day + _DAY, date.max)
    if facts.approved_on is not None:
        yield Span(date.min, (facts.collected_on or date.max - _DAY) - _DAY)


def _paid(first: str, last: str | None, paid_minor: int) -> Charge:
    begun = date.fromisoformat(first)
    return Charge("", begun, date.fromisoformat(last) if last else None, paid_minor, begun, paid_minor)


def _use(row: Any) -> UseRow:
    return as_struct(row, UseRow)
