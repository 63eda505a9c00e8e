"""Builders for tests of the ledger: accounts, postings as the club makes them, and what the books then say."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import text

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.money.ledger import available, balance, post, prove
from kiosk.central.money.postings import Posted
from kiosk.central.money.proof_records import Check
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, Unit, lines_of
from tests.central.builders import START

TODAY = date(2026, 11, 22)
DESK = Actor("desk-1")
MEMBER = "m1"
PRINCIPAL = Account(AccountKind.MEMBER_PRINCIPAL, MEMBER)
BONUS = Account(AccountKind.MEMBER_BONUS, MEMBER)
TILL = Account(AccountKind.TILL, "till-1")
SALES = Account(AccountKind.REVENUE_SALES)
CASH = Account(AccountKind.SOURCE_CASH)
ENTRY = Account(AccountKind.CASH_ENTRY)
LEASE = Account(AccountKind.LEASE, "demo:card-1")

T = TypeVar("T")


def make_posting(id: str, *pairs: tuple[Account, int], kind: PostingKind = PostingKind.SALE, **fields: Any) -> Posting:
    """Make a posting of today with these lines."""
    said: dict[str, Any] = {"day": TODAY, "at": START, "by": "desk-1", **fields}
    return Posting(id, kind, lines_of(pairs), **said)


def cash_top_up(id: str, amount: int, member: str = MEMBER, till: str = "till-1", **fields: Any) -> Posting:
    """Make a top-up in cash: four lines."""
    mine, drawer = Account(AccountKind.MEMBER_PRINCIPAL, member), Account(AccountKind.TILL, till)
    pairs = ((mine, amount), (CASH, -amount), (drawer, amount), (ENTRY, -amount))
    return make_posting(id, *pairs, kind=PostingKind.TOP_UP, till=till, **fields)


def sale(id: str, amount: int, member: str = MEMBER, **fields: Any) -> Posting:
    """Make a sale from stored value."""
    return make_posting(id, (Account(AccountKind.MEMBER_PRINCIPAL, member), -amount), (SALES, amount), **fields)


def do(books: Books, work: Callable[[Change], T]) -> T:
    """Run a change as the desk; an id that comes again with something else leaves its alarm."""
    return books.change(DESK, work)


def put(books: Books, *made: Posting) -> list[Posted]:
    """Post each in a change of its own."""
    return [do(books, lambda change, each=each: post(change, each)) for each in made]


def on(books: Books, *accounts: Account) -> list[int]:
    """Return the balances of some accounts."""
    with books.look() as look:
        return [balance(look, each) for each in accounts]


def free(books: Books, account: Account) -> int:
    """Return what of an account can be used."""
    with books.look() as look:
        return available(look, account)


def found(books: Books) -> set[tuple[Check, str]]:
    """Return what a proof of the books finds now, and where."""
    with books.look() as look:
        return {(each.check, each.where) for each in prove(look).found}


def by_hand(books: Books, *statements: str) -> None:
    """Change rows as somebody with a database tool does."""
    with books.database.begin() as connection:
        for each in statements:
            connection.execute(text(each))


def in_minutes(moment: datetime, minutes: int) -> datetime:
    """Return a moment so many minutes later."""
    return datetime.fromtimestamp(moment.timestamp() + 60 * minutes, moment.tzinfo)


def owners(kind: AccountKind, names: Iterable[str], unit: Unit = Unit.CNY) -> list[Account]:
    """Return accounts of a kind."""
    return [Account(kind, name, unit) for name in names]
