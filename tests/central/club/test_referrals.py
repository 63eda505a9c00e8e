"""Referrals in the books: one referrer, and each reward once, by what the membership's own facts say."""

from datetime import timedelta

import pytest

from kiosk.central.club import gifts, points, referrals, tiers, welcome
from kiosk.central.club.books import Books
from kiosk.central.club.files import change_file
from kiosk.central.club.refused import RuleRefused
from kiosk.club.referrals import ReferralStep, Success
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import told
from tests.central.club.builders_points import (
    TODAY,
    amend,
    do,
    put_club,
    put_member,
    put_visits,
    put_welcomed,
    run_job,
)

DAY_S = 86400


def bring(books: Books, number: int, referred_by: str) -> str:
    """Let a new member join whom another has brought."""
    member = put_member(books, number)
    do(books, lambda change: referrals.claim(change, member, referred_by))
    do(books, lambda change: welcome.welcome(change, member, change.today))
    return member


def lifetime(books: Books, member: str) -> int:
    """Return a member's lifetime points."""
    with books.look() as look:
        return points.balance(look, member).lifetime


@pytest.mark.proves("S78", "R90")
def test_each_new_member_brings_points_with_the_activation_and_the_third_a_gift(both_books: Books) -> None:
    books = both_books
    put_club(books)
    member = put_welcomed(books)
    bring(books, 2, member)
    assert lifetime(books, member) == 1100
    for number in (3, 4):
        bring(books, number, member)
    run_job(referrals.run, books)
    assert lifetime(books, member) == 1300
    with books.look() as look:
        assert [each.code for each in gifts.gifts_of(look, member)].count("referral_gift") == 1
    assert len(told(books, template="referral_rewarded", member=member)) == 4


@pytest.mark.proves("R90")
def test_a_number_of_referrals_raises_the_tier(books: Books) -> None:
    put_club(books)
    amend(books, referrals__steps=(ReferralStep(2, tier="gold"),))
    member = put_welcomed(books)
    bring(books, 2, member)
    bring(books, 3, member)
    with books.look() as look:
        assert tiers.outlook(look, member).holding.tier == "gold"
        assert referrals.rewards_due(look, member) == ()


@pytest.mark.proves("S78")
def test_by_first_entry_the_reward_waits_for_the_gate(books: Books, clock: ManualClock) -> None:
    put_club(books)
    amend(books, referrals__success=Success.FIRST_ENTRY)
    member = put_welcomed(books)
    bring(books, 2, member)
    run_job(referrals.run, books)
    assert lifetime(books, member) == 1000
    clock.pass_s(DAY_S)
    put_visits(books, 2, clock.now())
    run_job(referrals.run, books)
    assert lifetime(books, member) == 1100
    with books.look() as look:
        assert referrals.referrals_of(look, member)[0].first_entry_on == TODAY + timedelta(days=1)


@pytest.mark.proves("R90")
def test_what_those_that_were_brought_spend_counts_until_the_purchase_is_undone(books: Books) -> None:
    put_club(books)
    amend(books, referrals__steps=(ReferralStep(1, points=500, spend_min_minor=10_000),))
    member = put_welcomed(books)
    brought = bring(books, 2, member)
    for sale in ("s1", "s2"):
        do(books, lambda change, sale=sale: points.earn_for_sale(change, brought, sale, 6000, change.now))
    do(books, lambda change: points.undo_sale(change, "s2", "returned"))
    run_job(referrals.run, books)
    assert lifetime(books, member) == 1000
    do(books, lambda change: points.earn_for_sale(change, brought, "s3", 4000, change.now))
    run_job(referrals.run, books)
    run_job(referrals.run, books)
    assert lifetime(books, member) == 1500


def test_a_claim_is_refused_by_its_reason_and_the_same_one_again_is_nothing_new(books: Books) -> None:
    put_club(books)
    first, second = put_welcomed(books), put_welcomed(books, 2)
    do(books, lambda change: referrals.claim(change, second, first))
    do(books, lambda change: referrals.claim(change, second, first))
    gone = put_member(books, 3, member_until=TODAY - timedelta(days=1))
    fourth = put_member(books, 4)
    old = put_member(books, 5, joined=TODAY - timedelta(days=31))
    recent = put_member(books, 6, joined=TODAY - timedelta(days=30))
    do(books, lambda change: referrals.claim(change, recent, first))
    for referred, by, reason in (
        (first, first, "self"),
        (first, second, "one_another"),
        (second, fourth, "already_brought"),
        (fourth, gone, "not_a_valid_member"),
        (old, first, "joined_long_ago"),
    ):
        with pytest.raises(RuleRefused) as caught:
            do(books, lambda change, referred=referred, by=by: referrals.claim(change, referred, by))
        assert caught.value.reason == reason
    with pytest.raises(InvalidInput, match="no member"):
        do(books, lambda change: referrals.claim(change, "f" * 16, first))


@pytest.mark.proves("S78", "R90")
def test_who_brought_a_member_is_put_right_until_a_reward_rests_on_it(books: Books) -> None:
    put_club(books)
    first, second = put_welcomed(books), put_welcomed(books, 2)
    newcomer = put_member(books, 3)
    do(books, lambda change: referrals.claim(change, newcomer, first))
    with pytest.raises(InvalidInput, match="by hand"):
        do(books, lambda change: change_file(change, newcomer, {"referred_by": None}))
    do(books, lambda change: referrals.take_back(change, newcomer, why="it was the other one"))
    do(books, lambda change: referrals.claim(change, newcomer, second))
    do(books, lambda change: welcome.welcome(change, newcomer, change.today))
    assert (lifetime(books, first), lifetime(books, second)) == (1000, 1100)
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: referrals.take_back(change, newcomer, why="no, it was not"))
    assert caught.value.reason == "rewarded"
    with pytest.raises(RuleRefused, match="already_brought"):
        do(books, lambda change: referrals.claim(change, newcomer, first))


def test_the_reward_of_one_who_is_no_valid_member_stays_due(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books, member_until=TODAY)
    newcomer = put_member(books, 2)
    do(books, lambda change: referrals.claim(change, newcomer, member))
    clock.pass_s(DAY_S)
    do(books, lambda change: welcome.welcome(change, newcomer, change.today))
    assert lifetime(books, member) == 1000
    with books.look() as look:
        assert [each.key for each in referrals.rewards_due(look, member)] == ["points.1.1"]


@pytest.mark.proves("S78")
def test_the_steps_are_published(books: Books) -> None:
    with books.look() as look:
        assert [each.number for each in referrals.published(look)] == [1, 3, 10]
