"""A member's fees as a kiosk shows them: what is due, and what it costs to pay it and so many periods ahead."""

from collections.abc import Iterator
from datetime import date

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.club.composing import facts_of
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import fee_book, fee_payments, fees
from kiosk.central.money.fee_book import ChargeRow, HeldPlan
from kiosk.club.fees import Charge, Cycle
from kiosk.club.money_lives import ChargeState
from kiosk.core.self_service import ROWS_MAX, Ahead, Both, Due

PERIODS = {Cycle.MONTH: (1, 3, 6, 12), Cycle.QUARTER: (1, 2, 4), Cycle.YEAR: (1, 2)}
"""How many periods ahead are offered, by what a fee is paid for."""

_NAMES = {
    Cycle.MONTH: Both("月费", "Monthly fee"),
    Cycle.QUARTER: Both("季费", "Quarterly fee"),
    Cycle.YEAR: Both("年费", "Annual fee"),
    Cycle.LIFETIME: Both("终身会费", "Fee for life"),
}


class FeeView(msgspec.Struct, frozen=True):
    """What is due, oldest first, and what can be paid: `ahead` begins with what is due alone, where anything is."""

    due: tuple[Due, ...] = ()
    ahead: tuple[Ahead, ...] = ()


def fees_of(look: Look, member: str) -> FeeView:
    """Return what a member has to pay and may pay in person; nothing where a unit or host pays (S13)."""
    if facts_of(look, member).fees_inherited:
        return FeeView()
    held = fee_book.plan_of(look, member)
    cycles = {each.n: each.cycle for each in fee_book.plans_of(look, member)}
    charges = fee_book.charges_of(look, member)
    end = fees.membership_end(look, member) if held is not None else None
    asked = [*(each for each in charges if each.left_minor), *_not_charged_yet(look, held, charges, 0, end)]
    due = tuple(_due(look, each, cycles[each.plan]) for each in asked)
    return FeeView(due[:ROWS_MAX], tuple(_ahead(look, held, charges, asked, end)))


def _ahead(
    look: Look, held: HeldPlan | None, charges: list[ChargeRow], asked: list[ChargeRow], end: date | None
) -> Iterator[Ahead]:
    due_minor = sum(each.left_minor for each in asked)
    last = max((each.last for each in (*charges, *asked) if each.last), default=None)
    if due_minor and last is not None:
        yield Ahead(0, due_minor, last)
    offered = 0
    for periods in PERIODS.get(held.cycle, ()) if held is not None else ():
        more = _not_charged_yet(look, held, [*charges, *asked], periods, end)
        if len(more) <= offered:
            return
        offered = len(more)
        try:
            fees.check_ahead(look, more)
        except RuleRefused:
            return
        if (until := more[-1].last) is not None:
            yield Ahead(len(more), due_minor + sum(each.left_minor for each in more), until)


def _not_charged_yet(
    look: Look, held: HeldPlan | None, known: list[ChargeRow], ahead: int, end: date | None
) -> list[ChargeRow]:
    """Return what the night would charge by now, and so many further periods, as if it had been charged."""
    if held is None:
        return []
    mine = {each.first for each in known if each.plan == held.n}
    wanted = fees.wanted_charges(look, held, len(mine), ahead)
    return [_row(held, each) for each in wanted if each.first not in mine and (end is None or each.first <= end)]


def _row(held: HeldPlan, made: Charge) -> ChargeRow:
    period = (made.first, made.last, made.amount_minor, made.due_on)
    return ChargeRow(0, held.n, held.member, held.code, *period, 0, ChargeState.DUE)


def _due(look: Look, charge: ChargeRow, cycle: Cycle) -> Due:
    name = _NAMES[cycle]
    if charge.last is not None:
        name = Both(f"{name.zh}（至 {charge.last}）", f"{name.en} (to {charge.last})")
    overdue = fee_payments.state_of(look, charge) is ChargeState.OVERDUE
    return Due(name, charge.left_minor, charge.due_on, overdue)
