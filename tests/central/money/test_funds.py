"""What edges are told of money: never the balance, always with the point up to which their own sales are in it."""

from typing import Any

import msgspec
import pytest

from kiosk.central.club import rules
from kiosk.central.club.books import Books
from kiosk.central.money import ledger
from kiosk.central.money.edge_tables import funds
from kiosk.central.money.holds import expire, hold, settle, void
from kiosk.central.usage import newest_number, tell_funds_again, used_pages
from kiosk.club.exposure import ExposureRules, limits_of
from kiosk.club.ledger import Account, AccountKind, PostingKind
from kiosk.core.tills import Funds
from kiosk.wire.messages import Used
from tests.central.builders import ON_SQLITE, START, EdgeDevice, EdgeJournal, ManualClock
from tests.central.money.builders import DESK, make_posting
from tests.central.money.edges import Club, make_member, pay_in, sold

MEMBER = f"{1:016x}"
CAP = ExposureRules().card_minor


@pytest.fixture
def north() -> EdgeDevice:
    """A device with a till."""
    return EdgeDevice("north-1")


@pytest.fixture
def club(both_books: Books, clock: ManualClock, north: EdgeDevice) -> Club:
    """A club with one till and no money."""
    return Club(both_books, clock, north)


def pages_after(club: Club, number: int, most: int = 64) -> list[Used]:
    """Return what a device that holds a number is told."""
    with club.books.database.read() as connection:
        return used_pages(connection, "demo", number, most)


def take_in(pages: list[Used]) -> dict[str, Funds]:
    """Return what a device holds of money after some pages."""
    return {each.owner: each for page in pages if isinstance(page.funds, tuple) for each in page.funds}


@ON_SQLITE
def test_edges_are_told_the_limits_and_as_much_as_may_be_spent_but_never_more_than_the_cap(club: Club) -> None:
    make_member(club.books, 1, 10_000)
    make_member(club.books, 2, 90_000)
    make_member(club.books, 3)
    club.settle()
    told = take_in(pages_after(club, 0))
    assert {owner: each.available_minor for owner, each in told.items()} == {"": 0, MEMBER: 10_000, f"{2:016x}": CAP}
    assert told[""].limits == limits_of(ExposureRules())


@ON_SQLITE
@pytest.mark.parametrize("how", ["void", "expire", "settle"])
def test_whatever_moves_an_account_is_told_and_what_is_held_cannot_be_spent(club: Club, how: str) -> None:
    make_member(club.books, 1, 10_000)
    club.settle()
    account, deposit = Account(AccountKind.MEMBER_PRINCIPAL, MEMBER), Account(AccountKind.DEPOSIT, "key-1")
    posting = make_posting("h1", (account, -4_000), (deposit, 4_000), kind=PostingKind.DEPOSIT)
    club.books.change(DESK, lambda change: hold(change, posting, START.replace(hour=9)))
    club.settle()
    assert club.told()[MEMBER].available_minor == 6_000
    ends: dict[str, Any] = {
        "void": lambda change: void(change, "h1", by="desk-1", why="changed their mind"),
        "expire": lambda change: expire(change, START.replace(hour=10)),
        "settle": lambda change: settle(change, "h1", 1_000, by="desk-1"),
    }
    club.books.change(DESK, ends[how])
    club.settle()
    assert club.told()[MEMBER].available_minor == (9_000 if how == "settle" else 10_000)


def test_a_figure_and_the_point_up_to_which_it_contains_an_edges_sales_change_together(
    club: Club, north: EdgeDevice
) -> None:
    make_member(club.books, 1, 10_000)
    journal, other = EdgeJournal(), EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=3_000)
    sold(journal, "sale-0002", START, price_minor=1_000)
    sold(other, "sale-0003", START, price_minor=500)
    club.send(north, journal, 1, 1)
    club.settle()
    assert club.told()[MEMBER] == Funds(MEMBER, 7_000, {journal.id: 1})
    club.send(north, other)
    club.send(north, journal, 2, 2)
    club.settle()
    assert club.told()[MEMBER] == Funds(MEMBER, 5_500, {other.id: 1, journal.id: 2})


@ON_SQLITE
def test_who_owes_may_spend_nothing_until_it_is_paid(club: Club, north: EdgeDevice) -> None:
    make_member(club.books, 1, 2_000)
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=5_000)
    club.send(north, journal)
    club.settle()
    assert club.told()[MEMBER].available_minor == 0
    pay_in(club.books, MEMBER, 4_000)
    club.settle()
    assert club.told()[MEMBER] == Funds(MEMBER, 1_000, {journal.id: 1})


@ON_SQLITE
def test_nothing_is_told_twice_that_has_not_changed(club: Club) -> None:
    make_member(club.books, 1, 90_000)
    club.settle()
    with club.books.database.read() as connection:
        newest = newest_number(connection, "demo")
    pay_in(club.books, MEMBER, 1_000, "second")
    club.settle()
    assert pages_after(club, newest) == []
    assert newest == pages_after(club, 0)[-1].version


@ON_SQLITE
def test_new_limits_are_told_within_a_minute(club: Club) -> None:
    club.settle()
    wish = rules.Wish("exposure.tap_minor", 777, club.clock.now().date(), "council", "trial")
    club.books.change(DESK, lambda change: rules.amend(change, [wish]))
    club.clock.pass_s(60)
    club.settle()
    limits = club.told()[""].limits
    assert limits is not None
    assert limits.tap_minor == 777


def test_pages_of_money_and_visits_follow_one_another_and_a_device_that_missed_one_gets_the_rest(
    club: Club, north: EdgeDevice
) -> None:
    for number in range(1, 1_300):
        make_member(club.books, number)
    with club.books.database.begin() as connection:
        many = [{"owner": f"{n:016x}", "body": _body(n), "version": 7} for n in range(1, 1_300)]
        connection.execute(funds.insert(), many)
    journal = EdgeJournal()
    journal.passage(entitlement="ent-1")
    club.send(north, journal)
    club.settle()
    pages = pages_after(club, 0)
    assert len(pages) > 2
    assert [each.previous for each in pages[1:]] == [each.version for each in pages[:-1]]
    assert [sum(len(each.rows) for each in pages), len(take_in(pages))] == [2, 1_300]
    assert take_in(pages_after(club, pages[0].version)).keys() == take_in(pages).keys()
    assert pages_after(club, pages[-1].version) == []


def _body(number: int) -> bytes:
    return msgspec.json.encode(Funds(f"{number:016x}", number, {"ab" * 16: number}))


def test_two_changes_at_once_leave_the_figure_of_both(club: Club) -> None:
    make_member(club.books, 1, 10_000)
    club.settle()
    pay_in(club.books, MEMBER, 1_000, "one")

    def both(change: Any) -> None:
        ledger.post(change, make_posting("p1", (Account(AccountKind.MEMBER_PRINCIPAL, MEMBER), -500),
                                         (Account(AccountKind.REVENUE_SALES), 500)))  # fmt: skip

    club.books.change(DESK, both)
    club.settle()
    assert club.told()[MEMBER].available_minor == 10_500


@ON_SQLITE
def test_a_central_that_came_back_from_a_backup_tells_everything_again(club: Club) -> None:
    make_member(club.books, 1, 10_000)
    club.settle()
    told = pages_after(club, 0)
    with club.books.database.begin() as connection:
        tell_funds_again(connection, club.clock.now())
    assert take_in(pages_after(club, told[-1].version)) == take_in(told)
