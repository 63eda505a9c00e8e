"""Builders for tests of stored value and sales: a club with a price list, and what is done at its counter."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.rules import Wish, amend
from kiosk.central.money import counter, items, refunds, top_ups
from kiosk.central.money.counter import Basket
from kiosk.central.money.items import Item
from kiosk.central.money.ledger import available, prove
from kiosk.central.money.refund_book import RefundRow
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.sale_tables import stored_lot
from kiosk.central.money.stored_lots import bonus_of, overdraft_of, principal_of
from kiosk.central.money.tables import ledger_posting
from kiosk.central.money.top_ups import TopUp, TopUpAnswer
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.money_lives import RefundState
from kiosk.club.paying_back import PayWay
from tests.central.club.builders import DESK
from tests.central.club.builders_people import join, open_club
from tests.central.money.builders import on

BOSS = Actor("boss-1")
TILL = Account(AccountKind.TILL, "desk")
SALES = Account(AccountKind.REVENUE_SALES)
STORED, CASH, CARD = TenderKind.STORED_VALUE, TenderKind.CASH, TenderKind.BANK_CARD
LIST = (
    Item("shirt", "运动衫", "Shirt", 10_000, goods="clothes"),
    Item("water", "饮用水", "Water", 0),
    Item("tea", "茶", "Tea", 2_000),
    Item("lesson", "课程", "Lesson", 20_000),
    Item("lessons10", "十次课", "Ten lessons", 150_000, times=10, times_of="lesson"),
    Item("lounge_tea", "贵宾茶", "Lounge tea", 0, tiers=("gold",)),
)


def open_counter(books: Books, members: int = 1) -> list[str]:
    """Open a club with members and a price list."""
    open_club(books)
    for each in LIST:
        books.change(BOSS, lambda change, each=each: items.save(change, each))
    return [join(books, number) for number in range(1, members + 1)]


def set_rule(books: Books, rule: str, value: Any) -> None:
    """Amend an entry of the rule book from today on."""
    raw = msgspec.to_builtins(value)
    books.change(BOSS, lambda change: amend(change, [Wish(rule, raw, change.today, "council", "a test")]))


def top_up(
    books: Books, member: str, amount_minor: int, id: str = "t1", way: PayWay = PayWay.CASH, actor: Actor = DESK
) -> TopUpAnswer:
    """Top a member up at the desk."""
    return books.change(actor, lambda change: top_ups.book(change, TopUp(id, member, amount_minor, way)))


def basket(member: str | None, *pieces: str, by: Sequence[TenderKind] = (STORED,), **fields: Any) -> Basket:
    """Make a basket with one piece of each item that is named."""
    return Basket(tuple((each, 1) for each in pieces), tuple(by), member, **fields)


def sell(books: Books, id: str, what: Basket, actor: Actor = DESK, **more: Any) -> SaleRow:
    """Sell a basket."""
    return books.change(actor, lambda change: counter.sell(change, id, what, **more))


def ask_refund(books: Books, member: str, amount_minor: int | None = None, id: str = "r1") -> RefundRow:
    """Ask for a refund."""
    return books.change(DESK, lambda change: refunds.request(change, id, member, amount_minor, "moves away"))


def pay_out(books: Books, id: str = "r1", signed_by: Actor = BOSS) -> RefundRow:
    """Sign a refund and pay it, outside of the till too."""
    books.change(signed_by, lambda change: refunds.approve(change, id))
    paid = books.change(DESK, lambda change: refunds.pay(change, id))
    if paid.state is RefundState.PAID:
        return paid
    return books.change(BOSS, lambda change: refunds.confirm(change, id))


def owned(books: Books, member: str) -> tuple[int, int, int]:
    """Return a member's principal, bonus, and overdraft as positive."""
    principal, bonus, owed = on(books, principal_of(member), bonus_of(member), overdraft_of(member))
    return principal, bonus, -owed


def lot_sums(books: Books, member: str) -> tuple[int, int]:
    """Return what is left of a member's lots, paid and given."""
    table = stored_lot
    columns = (table.c.principal_left_minor, table.c.bonus_left_minor)
    query = select(*(func.coalesce(func.sum(each), 0) for each in columns)).where(table.c.member == member)
    with books.look() as look:
        principal, bonus = look.connection.execute(query).one()
    return int(principal), int(bonus)


def postings(books: Books) -> int:
    """Return how many postings there are."""
    with books.look() as look:
        return int(look.connection.execute(select(func.count()).select_from(ledger_posting)).scalar_one())


def check(books: Books) -> None:
    """Check that the books hold, and that every member's lots are what the accounts have free of refunds."""
    with books.look() as look:
        assert prove(look).found == ()
        for member in look.connection.execute(select(stored_lot.c.member).distinct()).scalars().all():
            there = (available(look, principal_of(member)), available(look, bonus_of(member)))
            assert lot_sums(books, member) == there


def change_of(books: Books, work: Any, *args: Any, actor: Actor = DESK, **more: Any) -> Any:
    """Run a service of a change."""

    def attempt(change: Change) -> Any:
        return work(change, *args, **more)

    return books.change(actor, attempt)
