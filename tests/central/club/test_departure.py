"""What goes with a member who leaves, on the day that the membership is over and not before."""

from datetime import date, timedelta

import pytest

from kiosk.central.club import coupons, files, life_job, membership, points, rewards
from kiosk.central.club.books import Books
from kiosk.club.coupons import CouponKind
from kiosk.club.membership import Ending, EndReason, MemberState
from kiosk.club.points import Source
from kiosk.club.rewards import Reward, RewardKind
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import do, see
from tests.central.club.builders_points import run_job

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
LEAVES = date(2026, 12, 22)


def _rich_member(books: Books) -> str:
    """A member with points, of which some are in a reservation, and a coupon."""
    people.open_club(books)
    member = people.join(books)
    do(books, points.earn_fixed, member, Source.CORRECTION, "c1", 700, "a test")
    do(books, rewards.save_reward, Reward("mug", RewardKind.GIFT, 300))
    do(books, coupons.save_kind, CouponKind("ten", amount_off_minor=1000, valid_days=200))
    do(books, coupons.grant, "ten", member, "c1")
    do(books, rewards.reserve, member, "mug", "r1")
    return member


def _has(books: Books, member: str) -> tuple[int, list[str], list[str]]:
    """Points, states of coupons, states of redemptions."""
    return (
        see(books, points.balance, member).available,
        [each.state.value for each in see(books, coupons.coupons_of, member) if each.code],
        [each.state.value for each in see(books, rewards.redemptions_of, member)],
    )


@pytest.mark.proves("S10", "S47")
def test_what_a_member_had_goes_with_the_last_day(both_books: Books, clock: ManualClock) -> None:
    member = _rich_member(both_books)
    before = _has(both_books, member)
    assert before[0] > 0
    assert before[2] == ["reserved"]
    do(both_books, membership.ask_to_leave, member, why="letter")
    people.set_day(clock, LEAVES)
    run_job(life_job.run, both_books)
    assert _has(both_books, member)[0] == before[0]
    people.set_day(clock, LEAVES + DAY)
    run_job(life_job.run, both_books)
    gone = _has(both_books, member)
    assert (gone[0], gone[2]) == (0, ["returned"])
    assert set(gone[1]) == {"withdrawn"}
    assert see(both_books, points.balance, member).lifetime > 0
    run_job(life_job.run, both_books)
    assert _has(both_books, member) == gone


def test_a_decided_end_takes_all_in_the_same_change(books: Books) -> None:
    member = _rich_member(books)
    do(books, membership.cancel, member, why="council")
    points_left, held, reserved = _has(books, member)
    assert (points_left, set(held), reserved) == (0, {"withdrawn"}, ["returned"])


def test_an_end_that_is_decided_for_later_takes_nothing_before(books: Books, clock: ManualClock) -> None:
    member = _rich_member(books)
    before = _has(books, member)
    ending = Ending(TODAY + 3 * DAY, MemberState.CANCELLED, EndReason.MISCONDUCT)
    do(books, membership.end, member, ending, why="council")
    assert _has(books, member) == before
    assert see(books, files.file_of, member).keep_until is None
    people.set_day(clock, TODAY + 4 * DAY)
    run_job(life_job.run, books)
    assert _has(books, member)[0] == 0
    assert see(books, files.file_of, member).keep_until is not None
