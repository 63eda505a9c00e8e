"""The points book in the ledger: every entry is one posting, and a member's account is what the entries say."""

import pytest

from kiosk.central.club import point_entries, points, rewards
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money.ledger import balance, prove
from kiosk.central.money.points_side import PREFIX
from kiosk.central.money.postings import find
from kiosk.club.ledger import Account, AccountKind, Unit
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from tests.central.builders import ManualClock
from tests.central.club.builders_points import amend, do, put_club, put_welcomed, run_job
from tests.central.money.builders import by_hand

DAY_S = 86400


def account(member: str) -> Account:
    return Account(AccountKind.MEMBER_POINTS, member, Unit.POINTS)


def agreed(books: Books, member: str) -> int:
    """Return the available points, which both books say once what has run out is written down."""
    do(books, lambda change: points.book_expiries(change, member))
    with books.look() as look:
        assert prove(look).found == ()
        there = points.balance(look, member).available
        assert balance(look, account(member)) == there
        return there


def test_both_books_say_the_same_after_every_kind_of_entry(both_books: Books, clock: ManualClock) -> None:
    put_club(both_books)
    amend(both_books, points__valid_months=12)
    member = put_welcomed(both_books)
    start = agreed(both_books, member)
    do(both_books, lambda change: points.earn_fixed(change, member, Source.REFERRAL, "f1", 1000))
    do(both_books, lambda change: rewards.save_reward(change, Reward("towel", RewardKind.GIFT, 700, stock=9)))
    do(both_books, lambda change: rewards.reserve(change, member, "towel", "d1"))
    assert agreed(both_books, member) == start + 300
    do(both_books, lambda change: rewards.cancel(change, "d1"))
    do(both_books, lambda change: points.adjust(change, member, -50, "counted wrongly"))
    assert agreed(both_books, member) == start + 950
    clock.pass_s(400 * DAY_S)
    assert agreed(both_books, member) == 0


@pytest.mark.parametrize("is_booked", [True, False])
def test_an_earning_that_ran_out_is_taken_back_without_a_debt(
    books: Books, clock: ManualClock, is_booked: bool
) -> None:
    put_club(books)
    amend(books, points__valid_months=12)
    member = put_welcomed(books)
    do(books, lambda change: points.earn_fixed(change, member, Source.REFERRAL, "f1", 1000))
    with books.look() as look:
        entry = point_entries.booked_for(look, Source.REFERRAL, "f1")[1]
    do(books, lambda change: points.spend(change, member, 300, "d1"))
    clock.pass_s(400 * DAY_S)
    if is_booked:
        run_job(points.run, books)
    do(books, lambda change: points.reverse_earning(change, entry.id, "a mistake"))
    with books.look() as look:
        owed = points.balance(look, member).owed
    assert agreed(books, member) == -owed
    assert find_posting(books, entry.id)


def find_posting(books: Books, entry_id: str) -> bool:
    with books.look() as look:
        return find(look, PREFIX + entry_id) is not None


def test_an_entry_that_is_refused_is_in_neither_book_and_one_without_a_posting_is_found(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    with pytest.raises(RuleRefused):
        do(books, lambda change: points.spend(change, member, 10**6, "d1"))
    do(books, lambda change: points.earn_fixed(change, member, Source.REFERRAL, "f1", 1000))
    agreed(books, member)
    by_hand(
        books,
        "DELETE FROM ledger_line WHERE posting = (SELECT max(n) FROM ledger_posting)",
        "DELETE FROM ledger_posting WHERE n = (SELECT max(n) FROM ledger_posting)",
    )
    with books.look() as look:
        assert [each.check.value for each in prove(look).found] == ["points"]
