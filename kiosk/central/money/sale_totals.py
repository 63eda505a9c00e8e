"""What was consumed in some business days: sales and their total, by item, and by way of paying (S43, S89, 003:137)."""

from datetime import date, timedelta

import msgspec
from sqlalchemy import ColumnElement, func, select

from kiosk.central.club.books import Look
from kiosk.central.money.sale_tables import sale, sale_line, sale_tender
from kiosk.club.calendar import Part, Span, span_of
from kiosk.club.gift_cards import TenderKind
from kiosk.club.sales import SaleState

ITEMS_MAX = 500


class ItemTotal(msgspec.Struct, frozen=True):
    """What was sold of one item: pieces that did not come back, and what was paid for all that were sold."""

    item: str
    name: str
    pieces: int
    net_minor: int


class WayTotal(msgspec.Struct, frozen=True):
    """How often was paid in one way, and how much, less what went back by it."""

    kind: TenderKind
    payments: int
    amount_minor: int


class MonthTotal(msgspec.Struct, frozen=True):
    """The sales of a month: how many, by how many members, what they came to, and what of it was taken back."""

    span: Span
    sales: int
    members: int
    total_minor: int
    back_minor: int


def totals_by_month(look: Look, first: date, last: date) -> list[MonthTotal]:
    """Return the sales of every month from one day's to another's, in order; voided ones do not count."""
    span = Span(span_of(first, Part.MONTH).first, span_of(last, Part.MONTH).last)
    month = func.substr(sale.c.day, 1, 7)
    members = func.count(func.distinct(sale.c.member))
    query = select(month, func.count(), members, func.sum(sale.c.total_minor), func.sum(sale.c.back_minor))
    rows = look.connection.execute(query.where(*_within(span)).group_by(month))
    sums = {str(name): [int(each) for each in figures] for name, *figures in rows}
    months = []
    while first <= span.last:
        whole = span_of(first, Part.MONTH)
        months.append(MonthTotal(whole, *sums.get(f"{first:%Y-%m}", (0, 0, 0, 0))))
        first = whole.last + timedelta(days=1)
    return months


def items_sold(look: Look, span: Span) -> list[ItemTotal]:
    """Return what was sold of each item, the largest amount first; 500 at most."""
    line = sale_line.c
    net_minor = func.sum(line.net_minor)
    query = select(line.item, func.max(line.name), func.sum(line.quantity - line.back), net_minor)
    query = query.join(sale, sale.c.n == line.sale).where(*_within(span)).group_by(line.item)
    rows = look.connection.execute(query.order_by(net_minor.desc(), line.item).limit(ITEMS_MAX))
    return [ItemTotal(item, name, int(pieces), int(amount)) for item, name, pieces, amount in rows]


def ways_paid(look: Look, span: Span) -> list[WayTotal]:
    """Return what was paid in each way, the largest amount first."""
    tender = sale_tender.c
    kept_minor = func.sum(tender.amount_minor - tender.back_minor)
    query = select(tender.kind, func.count(), kept_minor)
    query = query.join(sale, sale.c.n == tender.sale).where(*_within(span)).group_by(tender.kind)
    rows = look.connection.execute(query.order_by(kept_minor.desc(), tender.kind))
    return [WayTotal(TenderKind(kind), int(count), int(amount)) for kind, count, amount in rows]


def _within(span: Span) -> tuple[ColumnElement[bool], ...]:
    return sale.c.day.between(str(span.first), str(span.last)), sale.c.state != SaleState.VOIDED.value
