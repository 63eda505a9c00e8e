"""Promotions: when they count, and which the plan should not have."""

from datetime import date, timedelta

import msgspec
import pytest

from kiosk.club.promotions import (
    Fault,
    Promotion,
    PromotionFault,
    PromotionReason,
    PromotionRules,
    PromotionUse,
    faults,
    why_not,
)
from tests.club.builders_money import TODAY


def make_promotion(**changes: object) -> Promotion:
    """Return a week's promotion of 80 % for tea from a hundred yuan on."""
    whole = Promotion("tea", TODAY, TODAY + timedelta(days=6), 80, goods=("tea",), threshold_minor=10_000)
    return msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (TODAY - timedelta(days=1), PromotionReason.NOT_TODAY),
        (TODAY, None),
        (TODAY + timedelta(days=6), None),
        (TODAY + timedelta(days=7), PromotionReason.NOT_TODAY),
    ],
)
def test_a_promotion_counts_on_its_days(day: date, why: PromotionReason | None) -> None:
    assert why_not(make_promotion(), "silver", 10_000, (), day) is why


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (0, PromotionReason.NOT_FOR_THESE_GOODS),
        (9_999, PromotionReason.BELOW_THRESHOLD),
        (10_000, None),
    ],
)
def test_a_discount_begins_where_the_purchase_reaches_its_amount(amount: int, why: PromotionReason | None) -> None:
    assert why_not(make_promotion(), "silver", amount, (), TODAY) is why


def test_a_promotion_is_for_its_tiers() -> None:
    gold = make_promotion(tiers=("gold",))
    assert why_not(gold, "silver", 10_000, (), TODAY) is PromotionReason.NOT_FOR_THIS_TIER
    assert why_not(gold, "gold", 10_000, (), TODAY) is None


def test_a_member_has_it_so_many_times_in_so_many_days() -> None:
    capped = make_promotion(times_max=2, times_days=7)
    first = PromotionUse("tea", TODAY - timedelta(days=6))
    other = PromotionUse("coffee", TODAY)
    assert why_not(capped, "silver", 10_000, (first, other), TODAY) is None
    assert why_not(capped, "silver", 10_000, (first, first), TODAY) is PromotionReason.TOO_OFTEN
    assert why_not(capped, "silver", 10_000, (first, first), TODAY + timedelta(days=1)) is None


def test_what_takes_nothing_off_or_ends_before_it_begins_is_no_promotion() -> None:
    for broken in ({"percent": 100}, {"last": "2026-11-21"}):
        fields = msgspec.to_builtins(make_promotion()) | broken
        with pytest.raises(msgspec.ValidationError, match=r"takes nothing off|ends before"):
            msgspec.convert(fields, Promotion)


@pytest.mark.parametrize(
    ("percent", "days", "found"), [(50, 31, ()), (49, 31, ("too_cheap",)), (50, 32, ("too_long",))]
)
def test_too_cheap_and_too_long_ones_are_found(percent: int, days: int, found: tuple[str, ...]) -> None:
    promotion = make_promotion(percent=percent, last=TODAY + timedelta(days=days - 1))
    assert tuple(each.fault.value for each in faults(PromotionRules((promotion,)))) == found


@pytest.mark.parametrize(
    ("gap", "goods", "tiers", "found"),
    [
        (13, ("tea",), (), True),
        (14, ("tea",), (), False),
        (13, (), (), True),
        (13, ("coffee",), (), False),
        (-3, ("tea",), ("gold",), True),
    ],
)
def test_promotions_for_the_same_goods_need_a_gap(
    gap: int, goods: tuple[str, ...], tiers: tuple[str, ...], found: bool
) -> None:
    first = TODAY + timedelta(days=7 + gap)
    after = make_promotion(code="more", first=first, last=first, goods=goods, tiers=tiers)
    expected = (Fault("more", PromotionFault.TOO_SOON, 14),) if found else ()
    assert faults(PromotionRules((after, make_promotion()))) == expected
