"""A unit that becomes a yearly member by what it buys (R151): all the products that the rules name, within the period.

A sale that is undone later takes no membership back: a case asks the office to look, which knows the reason.
"""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select

from kiosk.central.club import cases, membership
from kiosk.central.club.books import Change, Look
from kiosk.central.club.cases import CaseWish
from kiosk.central.club.composing import facts_of
from kiosk.central.club.files import FileKind
from kiosk.central.club.people_tables import member_file
from kiosk.central.money import fee_book
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.sale_tables import sale, sale_line
from kiosk.club.calendar import add_months
from kiosk.club.cases import CaseKind
from kiosk.club.membership import ENDED
from kiosk.club.organisations import Purchase, annual_member_on
from kiosk.club.sales import SaleState

MEMBER_MONTHS = 12

_DAY = timedelta(days=1)


def follow_sale(change: Change, buyer: str, day: date) -> None:
    """Let a unit that has bought all of it by a business day be a member for a year; one with a contract pays by that.

    What it bought before a year that is paid already counts no second time. Whoever left has to apply again.
    """
    rules = change.rules.organisations
    if not rules.annual_products or not _is_unit(change, buyer) or fee_book.plan_of(change, buyer) is not None:
        return
    if membership.standing(change, buyer).state in ENDED:
        return
    facts = facts_of(change, buyer)
    paid = facts.paid_until
    since = add_months(day, -rules.annual_purchase_months)
    if paid is not None:
        since = max(since, add_months(paid + _DAY, -MEMBER_MONTHS))
    if annual_member_on(_bought(change, buyer, since), rules) != day:
        return
    if facts.approved_on is None:
        membership.admit(change, buyer, None, owes_fees=True)
    begins = day if paid is None else max(day, paid + _DAY)
    until = add_months(begins, MEMBER_MONTHS) - _DAY
    membership.record_paid(change, buyer, until, why="bought " + " ".join(rules.annual_products))


def follow_undone(change: Change, undone: SaleRow, pieces: Collection[str]) -> None:
    """Open a case where what a unit that is a member gives back may be what made it one for a year."""
    head, rules = undone.head, change.rules.organisations
    if head.member is None or not set(pieces) & set(rules.annual_products) or not _is_unit(change, head.member):
        return
    until = facts_of(change, head.member).paid_until
    if until is None or until < change.today or fee_book.plan_of(change, head.member) is not None:
        return
    text = f"sale {head.id} is undone: whether the unit is still a yearly member, paid until {until}"
    cases.open_case(change, CaseWish(CaseKind.OTHER, head.member, text=text))


def _bought(look: Look, unit: str, since: date) -> list[Purchase]:
    """Return what a unit bought of the products after a business day, but for pieces that went back."""
    line, products = sale_line.c, look.rules.organisations.annual_products
    query = select(line.item, sale.c.day).join(sale, sale.c.n == line.sale)
    mine = (sale.c.member == unit, sale.c.day > str(since), sale.c.state != SaleState.VOIDED.value)
    rows = look.connection.execute(query.where(*mine, line.item.in_(products), line.quantity > line.back))
    return [Purchase(item, date.fromisoformat(day)) for item, day in rows]


def _is_unit(look: Look, buyer: str) -> bool:
    kind = look.connection.execute(select(member_file.c.kind).where(member_file.c.member == buyer))
    return kind.scalar_one_or_none() == FileKind.ORGANISATION.value
