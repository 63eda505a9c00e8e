"""Coupons in the books: granted once for a cause, used once for a purchase, and ended by time or by staff."""

from datetime import date, timedelta

import pytest

from kiosk.central.club import coupons, points
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.club.coupons import Candidate, Coupon, CouponKind, CouponState, Purchase, Target
from kiosk.club.life import StepRefused
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import noted, told
from tests.central.club.builders_points import TODAY, do, put_club, put_welcomed, run_job

DAY_S = 86400
TEA = CouponKind("tea", amount_off_minor=500, purchase_min_minor=1000)


def put_kind(books: Books, kind: CouponKind = TEA, **more: bool) -> None:
    """Write a kind down."""
    do(books, lambda change: coupons.save_kind(change, kind, "茶", **more))


def grant(books: Books, member: str | None, cause: str = "", kind: str = "tea", **more: object) -> Coupon:
    """Grant a coupon."""
    return do(books, lambda change: coupons.grant(change, kind, member, cause, **more))


def use(books: Books, code: str, purchase: Purchase, sale: str = "s1") -> int:
    """Use a coupon for a purchase."""
    return do(books, lambda change: coupons.use(change, code, purchase, sale))


def state(books: Books, code: str) -> CouponState:
    """Return a coupon's state of today."""
    with books.look() as look:
        return coupons.coupon_of(look, code).state


@pytest.mark.proves("S49")
def test_a_coupon_is_granted_once_for_a_cause_and_used_once(both_books: Books) -> None:
    put_club(both_books)
    member = put_welcomed(both_books)
    put_kind(both_books)
    coupon = grant(both_books, member, "spring")
    assert grant(both_books, member, "spring").code == coupon.code
    assert (coupon.state, coupon.last) == (CouponState.USABLE, TODAY + timedelta(days=29))
    purchase = Purchase("demo", 1800, member)
    assert [use(both_books, coupon.code, purchase) for _ in range(2)] == [500, 500]
    with pytest.raises(RuleRefused, match="used"):
        use(both_books, coupon.code, purchase, "s2")
    assert state(both_books, coupon.code) is CouponState.USED
    assert len(told(both_books, template="coupon_granted")) == 1


@pytest.mark.parametrize(
    ("purchase", "reason"),
    [
        (Purchase("demo", 999, "0000000000000001"), "below_minimum"),
        (Purchase("demo", 1000, "0000000000000002"), "another_members"),
        (Purchase("demo", 1000), "another_members"),
    ],
)
def test_a_coupon_that_does_not_count_stays_as_it_is(books: Books, purchase: Purchase, reason: str) -> None:
    put_club(books)
    coupon = grant_to_first(books)
    with pytest.raises(RuleRefused) as caught:
        use(books, coupon.code, purchase)
    assert caught.value.reason == reason
    assert state(books, coupon.code) is CouponState.USABLE


def grant_to_first(books: Books) -> Coupon:
    """Grant a coupon for tea to a new member."""
    member = put_welcomed(books)
    put_kind(books)
    return grant(books, member)


def test_a_second_coupon_does_not_count_for_the_same_purchase(books: Books) -> None:
    put_club(books)
    put_kind(books)
    first, second = grant(books, None, "a"), grant(books, None, "b")
    purchase = Purchase("demo", 5000)
    use(books, first.code, purchase)
    with pytest.raises(RuleRefused, match="not_with_others"):
        use(books, second.code, purchase)
    assert use(books, second.code, purchase, "s2") == 500


def test_a_coupon_is_given_back_with_the_purchase_and_has_run_out_if_its_time_is_over(
    books: Books, clock: ManualClock
) -> None:
    put_club(books)
    put_kind(books)
    codes = [grant(books, None, cause).code for cause in "ab"]
    for code in codes:
        use(books, code, Purchase("demo", 5000), f"sale of {code}")
    do(books, lambda change: coupons.give_back(change, codes[0], "returned"))
    assert state(books, codes[0]) is CouponState.USABLE
    clock.pass_s(30 * DAY_S)
    do(books, lambda change: coupons.give_back(change, codes[1], "returned"))
    assert state(books, codes[1]) is CouponState.EXPIRED


@pytest.mark.proves("S49")
def test_time_opens_and_ends_coupons_by_their_dates_and_the_job_writes_it_down(
    books: Books, clock: ManualClock
) -> None:
    put_club(books)
    put_kind(books, CouponKind("tea", amount_off_minor=500, starts_after_days=2, valid_days=3))
    code = grant(books, None).code
    seen = []
    for _ in range(6):
        seen.append((state(books, code), run_job(coupons.run, books).done))
        clock.pass_s(DAY_S)
    granted, usable, expired = CouponState.GRANTED, CouponState.USABLE, CouponState.EXPIRED
    assert seen == [(granted, 0), (granted, 0), (usable, 1), (usable, 0), (usable, 0), (expired, 1)]
    assert [row["after"]["state"] for row in noted(books, action="coupon.change")] == ["usable", "expired"]
    with pytest.raises(RuleRefused, match="expired"):
        use(books, code, Purchase("demo", 5000))


def test_a_coupon_that_begins_today_counts_before_the_job_ran(books: Books, clock: ManualClock) -> None:
    put_club(books)
    put_kind(books, CouponKind("tea", amount_off_minor=500, starts_after_days=1))
    code = grant(books, None).code
    with pytest.raises(RuleRefused, match="not_yet"):
        use(books, code, Purchase("demo", 5000))
    clock.pass_s(DAY_S)
    assert use(books, code, Purchase("demo", 5000)) == 500


def test_staff_withdraw_a_coupon_but_not_one_that_was_used(books: Books) -> None:
    put_club(books)
    put_kind(books)
    first, second = grant(books, None, "a"), grant(books, None, "b")
    do(books, lambda change: coupons.withdraw(change, first.code, "misprint"))
    assert noted(books, thing_id=first.code)[-1]["why"] == "misprint"
    use(books, second.code, Purchase("demo", 5000))
    with pytest.raises(StepRefused):
        do(books, lambda change: coupons.withdraw(change, second.code, "misprint"))


@pytest.mark.proves("S49")
def test_a_kind_is_granted_to_whom_it_is_for_and_so_many_times(books: Books) -> None:
    put_club(books)
    born_today, other = put_welcomed(books, born=date(1980, 11, 20)), put_welcomed(books, 2)
    put_kind(books, CouponKind("tea", percent_off=10, per_member_max=1, target=Target(birthday=True)))
    grant(books, born_today)
    for member, reason in ((born_today, "member_limit"), (other, "not_for_this_member")):
        with pytest.raises(RuleRefused) as caught:
            grant(books, member)
        assert caught.value.reason == reason


def test_what_the_books_know_of_purchases_decides_a_target_and_the_campaign_adds_the_rest(
    books: Books, clock: ManualClock
) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_kind(books, CouponKind("tea", target=Target(idle_days_min=30, spend_min_minor=5000, segments_any=("away",))))
    do(books, lambda change: points.earn_for_sale(change, member, "s1", 5000, change.now))
    facts = Candidate("", segments=frozenset({"away"}))
    with pytest.raises(RuleRefused, match="idle_days_min"):
        grant(books, member, facts=facts)
    clock.pass_s(30 * DAY_S)
    with pytest.raises(RuleRefused, match="segments_any"):
        grant(books, member)
    assert grant(books, member, facts=facts).member == member


def test_a_kind_that_is_no_longer_granted_still_counts_for_what_is_out(books: Books) -> None:
    put_club(books)
    put_kind(books)
    code = grant(books, None).code
    put_kind(books, offered=False)
    with pytest.raises(InvalidInput, match="no longer granted"):
        grant(books, None)
    assert use(books, code, Purchase("demo", 5000)) == 500
    with pytest.raises(InvalidInput, match="no kind"):
        grant(books, None, kind="coffee")
