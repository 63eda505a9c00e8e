"""Tills: float, drops, counts by denomination, and a second person where it matters."""

from collections.abc import Iterator

import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import ledger, till_book, tills
from kiosk.central.money.accounts import NotEnough
from kiosk.central.money.till_book import Count, safe_of, till_account
from kiosk.club.day_close import Pieces
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import InvalidInput
from tests.central.money.builders_fees import OTHER, assert_books_hold, do, join, open_club, pay, see

OVER_SHORT = Account(AccountKind.OVER_SHORT)


@pytest.fixture
def member(books: Books) -> Iterator[str]:
    """A till at the desk of a club, and a member; the books hold afterwards."""
    open_club(books)
    do(books, tills.save_till, "desk", "demo", "前台")
    yield join(books)
    assert_books_hold(books)


def on(books: Books, account: Account) -> int:
    return see(books, ledger.balance, account)


def count(books: Books, **pieces: int) -> Count:
    """Count the desk's till: so many notes by denomination in yuan."""
    made = [Pieces(int(name.removeprefix("y")) * 100, number) for name, number in pieces.items()]
    return do(books, tills.count_till, "desk", made, why="end of the day")


def test_a_till_that_fits_is_closed_by_one_person(books: Books, member: str) -> None:
    session = do(books, tills.open_till, "desk", 20_000)
    pay(books, member, 30_000)
    pay(books, member, 10_000, "p2", PayWay.BANK_CARD)
    found = count(books, y100=5)
    assert (found.expected_minor, found.over_short_minor) == (50_000, 0)
    assert see(books, till_book.open_session, "desk") is None
    day = see(books, lambda look: till_book.till_day(look, till_book.sessions_on(look, "demo", session.day)[0]))
    assert (day.float_minor, day.cash_in_minor, day.cash_out_minor, day.drops_minor) == (20_000, 30_000, 0, 0)
    assert on(books, OVER_SHORT) == 0


def test_little_that_is_over_or_short_is_booked(books: Books, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    assert count(books, y100=1, y50=1, y20=2, y5=1).over_short_minor == -500
    assert (on(books, till_account("desk")), on(books, OVER_SHORT)) == (19_500, -500)
    do(books, tills.open_till, "desk", 20_000)
    assert on(books, till_account("desk")) == 20_000
    assert count(books, y100=2, y5=2).over_short_minor == 1_000
    assert on(books, OVER_SHORT) == 500


def test_a_large_count_or_difference_stands_only_with_a_second_person(books: Books, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    found = count(books, y100=1)
    assert found.over_short_minor == -10_000
    assert see(books, till_book.view_of, "desk").waits_for_witness
    assert on(books, OVER_SHORT) == 0
    with pytest.raises(RuleRefused, match="same_person"):
        do(books, tills.witness_count, "desk")
    assert do(books, tills.witness_count, "desk", by=OTHER).witnessed_by == "desk-2"
    assert (on(books, OVER_SHORT), on(books, till_account("desk"))) == (-10_000, 10_000)
    with pytest.raises(RuleRefused, match="till_not_open"):
        do(books, tills.witness_count, "desk", by=OTHER)


def test_cash_that_comes_after_a_count_asks_for_another(books: Books, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    count(books, y100=1)
    pay(books, member, 500)
    with pytest.raises(RuleRefused, match="counted_too_early"):
        do(books, tills.witness_count, "desk", by=OTHER)
    assert count(books, y100=2, y5=1).over_short_minor == 0
    assert see(books, till_book.open_session, "desk") is None


def test_cash_goes_from_the_till_into_the_safe_and_from_there_to_the_bank(books: Books, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    pay(books, member, 90_000)
    with pytest.raises(RuleRefused, match="same_person"):
        do(books, tills.drop, "desk", "d1", 80_000, "desk-1")
    do(books, tills.drop, "desk", "d1", 80_000, "desk-2")
    assert (on(books, till_account("desk")), on(books, safe_of("demo"))) == (30_000, 80_000)
    with pytest.raises(NotEnough):
        do(books, tills.drop, "desk", "d2", 30_001, "desk-2")
    assert do(books, tills.bank, "demo", "b1", 50_000) == 30_000
    assert on(books, Account(AccountKind.BANK)) == 50_000
    assert count(books, y100=3).over_short_minor == 0
    do(books, tills.open_till, "desk", 40_000)
    assert (on(books, till_account("desk")), on(books, safe_of("demo"))) == (40_000, 20_000)


def test_a_till_with_too_much_in_it_says_so(books: Books, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    assert not see(books, till_book.view_of, "desk").too_much
    pay(books, member, 120_000)
    do(books, tills.count_till, "desk", [Pieces(10_000, 14)])
    do(books, tills.witness_count, "desk", by=OTHER)
    do(books, tills.open_till, "desk", 200_100)
    assert see(books, till_book.view_of, "desk").too_much


def test_what_is_no_count_and_no_till_is_refused(books: Books, member: str) -> None:
    with pytest.raises(RuleRefused, match="till_not_open"):
        count(books, y100=1)
    do(books, tills.open_till, "desk", 20_000)
    with pytest.raises(RuleRefused, match="till_is_open"):
        do(books, tills.open_till, "desk", 20_000)
    with pytest.raises(InvalidInput):
        count(books, y3=1)
    with pytest.raises(InvalidInput):
        do(books, tills.open_till, "elsewhere", 0)
    with pytest.raises(RuleRefused, match="till_not_empty"):
        do(books, tills.save_till, "desk", "demo", "前台", closed=True)
