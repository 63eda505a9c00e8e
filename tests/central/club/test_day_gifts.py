"""Gifts for who comes on a day of his or the club's: once, by the day of the tap, for valid members alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.central.club import coupons, day_gifts, gifts
from kiosk.central.club.books import Books
from kiosk.central.club.card_taps import CardTap
from kiosk.central.club.people_tables import member_file
from kiosk.club.calendar import MemberDay
from kiosk.club.coupons import CouponKind
from kiosk.club.misuse_rules import Tap
from tests.central.builders import ManualClock
from tests.central.club.builders import told
from tests.central.club.builders_points import TODAY, amend, card_id, do, put_club, put_member, put_welcomed

BORN = date(1990, 11, 20)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def come(books: Books, *numbers: int, at: datetime = NOON, **tapped: bool) -> int:
    """Let members go in, or whatever `tapped` says, and central hear of it; return how many gifts came of it."""
    taps = [
        CardTap(card_id(number), "entrance", Tap("a1" * 16, n, at, "demo", "club", **tapped), ("a1" * 16, n))
        for n, number in enumerate(numbers, 1)
    ]
    return do(books, lambda change: day_gifts.give_on_arrival(change, taps))


def had(books: Books, member: str) -> list[tuple[str, str]]:
    """Return what a member was given for days, with the cause."""
    with books.look() as look:
        found = gifts.gifts_of(look, member)
    return sorted((each.code, each.cause) for each in found if each.cause != "welcome")


@pytest.mark.proves("S76")
def test_a_birthday_brings_its_gifts_with_the_first_way_in_and_once_a_year(
    both_books: Books, clock: ManualClock
) -> None:
    books = both_books
    put_club(books)
    do(books, lambda change: coupons.save_kind(change, CouponKind("cake", amount_off_minor=3000), "蛋糕券"))
    amend(books, greetings__birthday_gifts=("birthday_gift", "cake"))
    member, other = put_welcomed(books, born=BORN), put_welcomed(books, 2)
    assert come(books, 1, way_out=True) == 0
    assert come(books, 1, passed=False) == 0
    assert come(books, 1, 1, 2) == 2
    assert had(books, member) == [("birthday_gift", "birthday.2026"), ("cake", "birthday.2026")]
    assert had(books, other) == []
    assert [row["data"]["kind"] for row in told(books, template="coupon_granted")] == ["cake"]
    clock.pass_s(86400)
    assert come(books, 1, at=NOON + DAY) == 0
    clock.pass_s(364 * 86400)
    assert come(books, 1, at=NOON + 365 * DAY) == 2


def test_the_day_of_the_tap_counts_however_late_central_hears_of_it(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books, born=BORN)
    clock.pass_s(20 * 86400)
    assert come(books, 1, at=NOON + 10 * DAY) == 0
    assert come(books, 1, at=NOON + 4 * DAY) == 1
    assert had(books, member) == [("birthday_gift", "birthday.2026")]


@pytest.mark.proves("S51", "S76")
def test_a_festival_and_an_anniversary_bring_what_the_club_has_set(books: Books, clock: ManualClock) -> None:
    put_club(books)
    spring = MemberDay("spring", dates=(TODAY + 365 * DAY,), gifts=("lantern",))
    amend(books, calendar__member_days=(spring,), greetings__anniversary_gifts=("flowers",))
    member = put_welcomed(books)
    assert come(books, 1) == 0
    clock.pass_s(365 * 86400)
    assert come(books, 1, at=NOON + 365 * DAY) == 2
    assert had(books, member) == [("flowers", "anniversary.2027"), ("lantern", "day.spring.2027-11-22")]


@pytest.mark.proves("S76")
def test_a_gift_that_cannot_be_given_holds_up_no_other(books: Books) -> None:
    put_club(books)
    # A kind whose first day lies beyond the calendar.
    do(books, lambda change: coupons.save_kind(change, CouponKind("cake", starts_after_days=10**9)))
    amend(books, greetings__birthday_gifts=("cake", "birthday_gift"))
    members = [put_welcomed(books, number, born=BORN) for number in (1, 2)]
    assert come(books, 1, 2) == 2
    assert [had(books, each) for each in members] == [[("birthday_gift", "birthday.2026")]] * 2


def test_guests_strangers_and_who_wants_no_wishes_or_is_no_valid_member_get_nothing(books: Books) -> None:
    put_club(books)
    put_member(books, 1, born=BORN)
    unwilling = put_welcomed(books, 2, born=BORN)
    put_welcomed(books, 3, born=BORN, paid_until=TODAY - DAY)
    mine = member_file.c.member == unwilling
    wish = member_file.update().where(mine).values(preferences='{"wishes": false}')
    do(books, lambda change: change.connection.execute(wish))
    assert come(books, 1, 2, 3, 9) == 0
