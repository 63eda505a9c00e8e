"""Coupons: whom they are for, from when until when, and what they count for."""

from datetime import date

import msgspec
import pytest

from kiosk.club import coupons
from kiosk.club.calendar import CalendarRules
from kiosk.club.coupons import (
    COUPON,
    Candidate,
    Coupon,
    CouponAction,
    CouponKind,
    CouponReason,
    CouponRules,
    CouponState,
    Purchase,
    Target,
)
from kiosk.club.life import StepRefused
from kiosk.club.tiers import TierRules

TODAY = date(2026, 11, 22)


def make_kind(**changes: object) -> CouponKind:
    """Return ten yuan off, for anybody."""
    return msgspec.structs.replace(CouponKind("ten_off", amount_off_minor=1000), **changes)


def make_coupon(**changes: object) -> Coupon:
    """Return a member's coupon for the last ten days of November."""
    coupon = Coupon("K7QF", "ten_off", date(2026, 11, 21), date(2026, 11, 30), "m1")
    return msgspec.structs.replace(coupon, **changes)


def make_purchase(**changes: object) -> Purchase:
    """Return the member's purchase for fifty yuan."""
    return msgspec.structs.replace(Purchase("demo", 5000, "m1", frozenset({"tea"})), **changes)


def make_candidate(**changes: object) -> Candidate:
    """Return a silver member who bought tea in the spring."""
    candidate = Candidate("silver", date(1990, 11, 22), date(2026, 5, 22), 80_000, frozenset({"tea"}))
    return msgspec.structs.replace(candidate, **changes)


def refused(coupon: Coupon, kind: CouponKind, purchase: Purchase, day: date = TODAY) -> CouponReason | None:
    """Return why a coupon does not count."""
    refusal = coupons.why_not(coupon, kind, purchase, day, CouponRules(per_purchase_max=2))
    return refusal.reason if refusal else None


@pytest.mark.proves("S49")
def test_a_coupon_gets_its_code_from_outside_and_its_days_from_its_kind() -> None:
    coupon = coupons.grant(make_kind(), "K7QF", "m1", TODAY, CouponRules())
    assert coupon == Coupon("K7QF", "ten_off", TODAY, date(2026, 12, 21), "m1")
    later = coupons.grant(make_kind(starts_after_days=2, valid_days=1), "K7QG", None, TODAY, CouponRules())
    assert (later.first, later.last, later.member) == (date(2026, 11, 24), date(2026, 11, 24), None)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2026, 11, 20), CouponState.GRANTED),
        (date(2026, 11, 21), CouponState.USABLE),
        (date(2026, 11, 30), CouponState.USABLE),
        (date(2026, 12, 1), CouponState.EXPIRED),
    ],
)
@pytest.mark.proves("S49")
def test_a_coupon_is_usable_on_its_days(day: date, state: CouponState) -> None:
    assert coupons.state_on(make_coupon(), day) is state
    assert coupons.state_on(make_coupon(state=CouponState.USABLE), day) is state
    assert coupons.state_on(make_coupon(state=CouponState.USED), day) is CouponState.USED


@pytest.mark.proves("S49")
def test_a_coupon_is_used_expired_or_withdrawn_once_and_comes_back_with_an_undone_purchase() -> None:
    usable = COUPON.after(CouponState.GRANTED, CouponAction.OPEN)
    used = COUPON.after(usable, CouponAction.USE)
    assert used is CouponState.USED
    assert COUPON.after(used, CouponAction.GIVE_BACK) is CouponState.USABLE
    for action in (CouponAction.USE, CouponAction.EXPIRE, CouponAction.WITHDRAW):
        with pytest.raises(StepRefused):
            COUPON.after(used, action)
    assert COUPON.is_end(CouponState.EXPIRED)
    assert COUPON.is_end(CouponState.WITHDRAWN)


def test_a_coupon_counts_for_its_members_purchase() -> None:
    assert refused(make_coupon(), make_kind(), make_purchase()) is None
    assert refused(make_coupon(member=None), make_kind(), make_purchase(member=None)) is None


@pytest.mark.parametrize(
    ("coupon", "kind", "purchase", "reason"),
    [
        ({"state": CouponState.USED}, {}, {}, CouponReason.USED),
        ({"state": CouponState.WITHDRAWN}, {}, {}, CouponReason.WITHDRAWN),
        ({"last": date(2026, 11, 21)}, {}, {}, CouponReason.EXPIRED),
        ({"first": date(2026, 11, 23)}, {}, {}, CouponReason.NOT_YET),
        ({}, {}, {"member": "m2"}, CouponReason.ANOTHER_MEMBERS),
        ({}, {}, {"member": None}, CouponReason.ANOTHER_MEMBERS),
        ({}, {"sites": ("north",)}, {}, CouponReason.NOT_AT_THIS_SITE),
        ({}, {"goods": ("mug",)}, {}, CouponReason.NOT_FOR_THESE_GOODS),
        ({}, {"purchase_min_minor": 5001}, {}, CouponReason.BELOW_MINIMUM),
        ({}, {"alone": True}, {"others": (make_kind(code="a"),)}, CouponReason.NOT_WITH_OTHERS),
        ({}, {}, {"others": (make_kind(code="a", alone=True),)}, CouponReason.NOT_WITH_OTHERS),
        ({}, {}, {"others": (make_kind(code="a"), make_kind(code="b"))}, CouponReason.NOT_WITH_OTHERS),
    ],
)
@pytest.mark.proves("S49")
def test_a_coupon_that_does_not_count_says_why(
    coupon: dict[str, object], kind: dict[str, object], purchase: dict[str, object], reason: CouponReason
) -> None:
    assert refused(make_coupon(**coupon), make_kind(**kind), make_purchase(**purchase)) is reason


@pytest.mark.parametrize(
    ("kind", "purchase"),
    [
        ({"sites": ("north", "demo")}, {}),
        ({"goods": ("tea", "mug")}, {}),
        ({"purchase_min_minor": 5000}, {}),
        ({"alone": True}, {}),
        ({}, {"others": (make_kind(code="a"),)}),
    ],
)
def test_a_coupon_counts_up_to_each_limit(kind: dict[str, object], purchase: dict[str, object]) -> None:
    assert refused(make_coupon(), make_kind(**kind), make_purchase(**purchase)) is None


@pytest.mark.parametrize(
    ("target", "who", "missed"),
    [
        (Target(tier="gold"), {}, "tier"),
        (Target(birthday=True), {"born_on": date(1990, 11, 23)}, "birthday"),
        (Target(birthday=True), {"born_on": None}, "birthday"),
        (Target(bought_any=("mug",)), {}, "bought_any"),
        (Target(spend_min_minor=80_001), {}, "spend_min_minor"),
        (Target(idle_days_min=185), {}, "idle_days_min"),
        (Target(idle_days_min=1), {"last_purchase_on": None}, "idle_days_min"),
        (Target(segments_any=("north",)), {"segments": frozenset({"south"})}, "segments_any"),
        (Target(tier="silver"), {}, None),
        (Target(birthday=True), {}, None),
        (Target(bought_any=("mug", "tea")), {}, None),
        (Target(spend_min_minor=80_000), {}, None),
        (Target(idle_days_min=184), {}, None),
        (Target(segments_any=("north",)), {"segments": frozenset({"north"})}, None),
    ],
)
@pytest.mark.proves("S49")
def test_coupons_go_to_the_members_they_are_meant_for(
    target: Target, who: dict[str, object], missed: str | None
) -> None:
    kind = make_kind(target=target)
    refusal = coupons.may_have(kind, make_candidate(**who), TODAY, CalendarRules(), TierRules())
    assert (refusal.detail["condition"] if refusal else None) == missed


def test_no_member_gets_more_of_a_kind_than_its_limit() -> None:
    kind = make_kind(per_member_max=2)
    assert coupons.may_have(kind, make_candidate(had=1), TODAY, CalendarRules(), TierRules()) is None
    refusal = coupons.may_have(kind, make_candidate(had=2), TODAY, CalendarRules(), TierRules())
    assert refusal is not None
    assert refusal.reason is CouponReason.MEMBER_LIMIT


def test_a_coupon_takes_off_an_amount_or_percent_and_never_more_than_all() -> None:
    assert coupons.off_minor(make_kind(), 5000) == 1000
    assert coupons.off_minor(make_kind(), 700) == 700
    assert coupons.off_minor(make_kind(amount_off_minor=0, percent_off=15), 999) == 149
