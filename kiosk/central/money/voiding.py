"""A sale undone: as a whole, by the till while it is young and by two people later, or some pieces of it (L08).

Whatever a sale took goes back to where it came from; what of its debt was paid meanwhile becomes a lot of its own.
"""

from sqlalchemy import delete

from kiosk.central.club import coupons, gifts, points
from kiosk.central.club.books import Change
from kiosk.central.club.earners import purchase_named
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import lock_member
from kiosk.central.money import annual_units, ledger, sale_book
from kiosk.central.money.giving_back import lots_back, spent_by, taken_minor
from kiosk.central.money.sale_book import SaleRow, sale_of
from kiosk.central.money.sale_tables import promotion_use
from kiosk.central.money.sales import posting_id
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Account
from kiosk.club.life import StepRefused
from kiosk.club.sales import SALE_LIFE, SaleAction, SaleState, till_may_void
from kiosk.core.clock import format_utc

Pairs = list[tuple[Account, int]]


def void_sale(change: Change, id: str, why: str) -> SaleRow:
    """Void a sale: at once for who made it some minutes ago, else as a request that another one decides (L08).

    A second void is refused, and that of a sale of which pieces were taken back: StepRefused.
    """
    row = sale_of(change, id, lock=True)
    head = row.head
    if head.by == change.actor.id and till_may_void(head.at, change.now, change.rules.sales):
        return _void(change, row, why)
    state = SALE_LIFE.after(head.state, SaleAction.ASK_VOID)
    sale_book.step(change, head, state, why, void_asked_by=change.actor.id)
    return sale_of(change, id)


def decide_void(change: Change, id: str, *, agree: bool, why: str) -> SaleRow:
    """Answer the request to void a sale, which is for another than who asked; raises StepRefused."""
    row = sale_of(change, id, lock=True)
    if row.head.state is SaleState.VOID_ASKED and row.head.void_asked_by == change.actor.id:
        raise RuleRefused("own_request", what=f"sale {id}")
    if not agree:
        sale_book.step(change, row.head, SALE_LIFE.after(row.head.state, SaleAction.REFUSE_VOID), why)
        return sale_of(change, id)
    SALE_LIFE.after(row.head.state, SaleAction.REFUSE_VOID)
    return _void(change, row, why)


def void_recorded(change: Change, id: str, why: str) -> SaleRow:
    """Void a sale that its till has undone and recorded so; a second time changes nothing.

    Raises StepRefused for one of which pieces were taken back, InvalidInput where there is none.
    """
    row = sale_of(change, id, lock=True)
    return row if row.head.state is SaleState.VOIDED else _void(change, row, why)


def _void(change: Change, row: SaleRow, why: str) -> SaleRow:
    head = row.head
    state = SALE_LIFE.after(head.state, SaleAction.VOID)
    spent = spent_by(row)
    if head.member is not None:
        lock_member(change, head.member)
    if ledger.find(change, posting_id(head.id)) is not None:
        ledger.reverse(change, posting_id(head.id), new_id=f"void:{head.id}", by=change.actor.id, why=why)
    if head.member is not None:
        lots_back(change, row, spent, taken_minor(spent), f"void:{head.id}/rest")
        _rights_back(change, row, why)
    change.connection.execute(delete(promotion_use).where(promotion_use.c.sale == head.n))
    sale_book.step(change, head, state, why, void_at=format_utc(change.now), void_by=change.actor.id)
    annual_units.follow_undone(change, row, [each.item for each in row.lines])
    return sale_of(change, head.id)


def _rights_back(change: Change, row: SaleRow, why: str) -> None:
    """Give back what a voided sale used up beside money: points, coupons, and what it brought goes."""
    head = row.head
    if purchase_named(change, head.id) is not None:
        points.undo_sale(change, head.id, why)
    if any(each.kind is TenderKind.POINTS and each.points for each in row.tenders):
        points.give_back(change, head.id, why)
    for code in head.coupons:
        coupons.give_back(change, code, why)
    for gift in gifts.gifts_for(change, head.member or "", f"sale.{head.id}"[:64]):
        try:
            gifts.withdraw(change, gift.id, why)
        except StepRefused:
            change.note("sale.gift_kept", "sale", head.id, after={"gift": gift.id})
