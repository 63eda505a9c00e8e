"""Days and visits that were paid ahead and not used: what comes back of each, and what their refund closes (L06).

A charge of a fee is a time card, times that a sale brought are a visit card. What was paid from an account is taken
back there, by its payment or its sale, lest what was given come out as money.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import corrections, days, fee_book, fees, items, ledger, sale_book
from kiosk.central.money.fee_book import ChargeRow, PaymentRow
from kiosk.central.money.fee_tables import fee_charge
from kiosk.central.money.refund_book import RefundRow
from kiosk.central.money.sale_tables import sale, sale_line
from kiosk.central.money.times import times_account
from kiosk.central.money.top_ups import caps_of
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, Unit, lines_of
from kiosk.club.money_lives import CHARGE_LIFE, ChargeAction, ChargeState
from kiosk.club.paying_back import PaidBy, PayBackReason, PayWay
from kiosk.club.refunds import CardPart, RefundOf, RefundStep, TimeCard, VisitCard, refund_of
from kiosk.club.sales import SaleState, Tender, way_of
from kiosk.core.clock import format_utc

Pairs = list[tuple[Account, int]]

_FEES, _SALES = Account(AccountKind.REVENUE_FEES), Account(AccountKind.REVENUE_SALES)
_SOLD = Account(AccountKind.VISITS_SOLD, "", Unit.VISITS)


def refundable(
    look: Look, member: str, of: RefundOf, goods: str = ""
) -> tuple[tuple[CardPart, ...], tuple[RefundStep, ...]]:
    """Return the cards of a kind that a member would be refunded today, with the steps by which each comes about.

    Raises RuleRefused for one that was not paid in money.
    """
    cards = _time_cards(look, member) if of is RefundOf.TIME else _visit_cards(look, member, goods)
    parts: list[CardPart] = []
    steps: list[RefundStep] = []
    for id, card in cards:
        found = refund_of(card, look.today, caps_of(look), look.rules.refunds)
        time, visits = (card, None) if isinstance(card, TimeCard) else (None, card)
        parts.append(CardPart(id, found.amount_minor, time, visits, goods if visits is not None else ""))
        steps += found.steps
    return tuple(parts), tuple(steps)


def time_refundable(look: Look, member: str) -> int:
    """Return what a member would get for all days of fees not used; nothing where it was not paid in money."""
    try:
        parts, _ = refundable(look, member, RefundOf.TIME)
    except RuleRefused:
        return 0
    return sum(each.amount_minor for each in parts)


def pairs_of(member: str, of: RefundOf, goods: str, cards: Iterable[CardPart]) -> Pairs:
    """Return what is held of a refund beside what is payable: visits cannot be used from then on."""
    parts = list(cards)
    amount_minor = sum(each.amount_minor for each in parts)
    if of is RefundOf.TIME:
        return [(_FEES, -amount_minor)]
    left = sum(each.visits.visits - each.visits.used for each in parts if each.visits is not None)
    return [(_SALES, -amount_minor), (times_account(member, goods), -left), (_SOLD, left)]


def payments_of(look: Look, row: RefundRow) -> list[PaidBy]:
    """Return the payments by which the cards of a refund were paid."""
    found = []
    charges = {int(each.of) for each in row.cards if each.time is not None}
    for payment in fee_book.payments_of(look, row.member):
        part_minor = sum(amount for n, amount in payment.parts if n in charges)
        if part_minor > 0 and payment.way and payment.back_day is None:
            found.append(PaidBy(payment.id, PayWay(payment.way), payment.day, part_minor))
    for each in row.cards:
        if each.visits is not None:
            bought = sale_book.sale_of(look, each.of)
            for tender in bought.tenders:
                way = way_of(Tender(tender.kind, tender.amount_minor, tender.of))
                if way is not None:
                    left_minor = tender.amount_minor - tender.back_minor
                    found.append(PaidBy(each.of, way, bought.head.day, left_minor))
    return found


def take_effect(change: Change, row: RefundRow) -> None:
    """Close what a refund is for, when it is sent: charges and contract end on the day on which it was asked for."""
    for each in row.cards:
        if each.visits is not None:
            corrections.note_refund(change, each.of, each.goods, each.amount_minor, row.why)
    charges = [(fee_book.charge_of(change, int(each.of)), each) for each in row.cards if each.time is not None]
    if not charges:
        return
    last = row.asked_at.astimezone(change.zone).date()
    for charge, part in charges:
        if charge.first <= last:
            _cut(change, charge.n, last, charge.paid_minor - part.amount_minor)
        else:
            state = CHARGE_LIFE.after(charge.state, ChargeAction.GIVE_BACK)
            fee_book.move_charge(change, charge.n, -part.amount_minor, state)
    _write_back(change, row, [(charge.n, -part.amount_minor) for charge, part in charges])
    held = fee_book.plan_of(change, row.member)
    if held is not None:
        fee_book.end_plan(change, held, last)
        for charge in fee_book.charges_of(change, row.member, [held.n]):
            if charge.state is ChargeState.DUE and charge.first > last and not charge.paid_minor:
                _ask_no_more(change, row, charge)
    fees.follow(change, row.member, why=row.why)


def _time_cards(look: Look, member: str) -> Iterator[tuple[str, TimeCard]]:
    paid = [each for each in fee_book.charges_of(look, member) if each.state is ChargeState.PAID and each.paid_minor]
    payments = [each for each in fee_book.payments_of(look, member) if each.back_day is None]
    for charge in paid:
        if charge.last is None or charge.last <= look.today:
            continue
        mine = [each for each in payments if any(n == charge.n and part > 0 for n, part in each.parts)]
        if not all(each.way for each in mine):
            raise RuleRefused(PayBackReason.NOT_PAID_IN_MONEY, what=f"charge {charge.n}")
        on = max((each.day for each in mine), default=charge.due_on)
        before = any(each.first < charge.first for each in paid)
        yield str(charge.n), TimeCard(charge.paid_minor, on, charge.first, charge.last, before)


def _visit_cards(look: Look, member: str, goods: str) -> Iterator[tuple[str, VisitCard]]:
    """Yield the cards of which something is left: what was bought last is used last."""
    mine = (sale.c.member == member, sale_line.c.times_of == goods, sale_line.c.times > 0)
    query = select(sale.c.id).join(sale_line, sale_line.c.sale == sale.c.n)
    query = query.where(*mine, sale.c.state != SaleState.VOIDED.value).distinct()
    bought = [sale_book.sale_of(look, id) for id in look.connection.execute(query).scalars().all()]
    bought.sort(key=lambda each: each.head.n, reverse=True)
    left = ledger.available(look, times_account(member, goods))
    for each in bought:
        lines = [line for line in each.lines if line.times and line.times_of == goods]
        visits = sum(line.times // line.quantity * (line.quantity - line.back) for line in lines)
        unused = min(left, visits)
        left -= unused
        if not unused:
            continue
        if any(way_of(Tender(tender.kind, tender.amount_minor, tender.of)) is None for tender in each.tenders):
            raise RuleRefused(PayBackReason.NOT_PAID_IN_MONEY, what=f"sale {each.head.id}")
        paid_minor = sum(line.net_minor - line.net_minor * line.back // line.quantity for line in lines)
        card = VisitCard(paid_minor, each.head.day, visits, visits - unused, _price_of(look, goods), each != bought[-1])
        yield each.head.id, card


def _price_of(look: Look, goods: str) -> int:
    """Return what one of some goods costs without a card, the cheapest."""
    prices = [each.price_minor for each in items.items(look) if each.kind == goods and not each.times]
    return min(prices, default=0)


def _cut(change: Change, n: int, last: date, kept_minor: int) -> None:
    """Let a paid charge end on a day, at what is kept for it."""
    values = {"last": last.isoformat(), "amount_minor": kept_minor, "paid_minor": kept_minor}
    change.connection.execute(update(fee_charge).where(fee_charge.c.n == n).values(**values))


def _write_back(change: Change, row: RefundRow, parts: Sequence[tuple[int, int]]) -> None:
    """Write down among the payments of fees what went back, so that reports of income have it."""
    day, way = days.place(change, "", change.now).day, row.ways[0].way.value
    by, at = change.actor.id, format_utc(change.now)
    payment = PaymentRow(
        0, f"refund:{row.id}", row.member, way, -row.amount_minor, day, "", "", by, at, None, (), tuple(parts)
    )  # fmt: skip
    fee_book.write_payment(change, payment)


def _ask_no_more(change: Change, row: RefundRow, charge: ChargeRow) -> None:
    """Take back what was charged for a period behind the end, and not begun to be paid."""
    pairs = [(fees.debt_of(row.member), charge.amount_minor), (_FEES, -charge.amount_minor)]
    day = days.place(change, "", change.now).day
    id, kind = f"refund:{row.id}/{charge.n}", PostingKind.CORRECTION
    ledger.post(change, Posting(id, kind, lines_of(pairs), day, change.now, change.actor.id))
    fee_book.move_charge(change, charge.n, 0, CHARGE_LIFE.after(charge.state, ChargeAction.GIVE_BACK))
