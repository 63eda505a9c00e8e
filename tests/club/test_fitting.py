"""Offers are ranked by what the member says, buys and goes to, and of those that fit alike the first to end leads."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.fitting import FitReason, FittingRules, OfferKind, OnOffer, Taste, rank

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
RULES = FittingRules()
TEA = OnOffer(OfferKind.PROMOTION, "tea_week", goods=("tea",), on=TODAY + 30 * DAY)
SWIM = OnOffer(OfferKind.ACTIVITY, "a1", "周末游泳", site="north", on=TODAY + 20 * DAY)
CAKE = OnOffer(OfferKind.COUPON, "k1", "Cake", goods=("cake",), on=TODAY + 3 * DAY)
ALL = (TEA, SWIM, CAKE)


def test_what_the_member_says_comes_before_what_the_member_buys() -> None:
    taste = Taste(likes=frozenset({"游泳"}), bought={"tea": 4})
    found = rank(ALL, taste, TODAY, RULES)
    assert [(each.offer.code, each.score, each.reasons) for each in found] == [
        ("a1", 4, (FitReason.LIKED,)),
        ("tea_week", 3, (FitReason.BOUGHT,)),
        ("k1", 1, (FitReason.ENDS_SOON,)),
    ]


def test_a_like_is_a_word_of_the_name_or_a_kind_of_goods_in_any_case() -> None:
    liked = {each.offer.code for each in rank(ALL, Taste(frozenset({"TEA", "cake"})), TODAY, RULES) if each.score >= 4}
    assert liked == {"tea_week", "k1"}


def test_an_activity_counts_for_the_site_where_the_member_has_been() -> None:
    (first, *_) = rank(ALL, Taste(been_at={"north": 2}, bought={"tea": 0}), TODAY, RULES)
    assert (first.offer.code, first.reasons) == ("a1", (FitReason.BEEN_THERE,))


def test_soon_ends_on_the_seventh_day() -> None:
    offers = [OnOffer(OfferKind.COUPON, f"d{days}", on=TODAY + days * DAY) for days in (-1, 0, 7, 8)]
    soon = {each.offer.code for each in rank(offers, Taste(), TODAY, RULES) if each.reasons}
    assert soon == {"d0", "d7"}


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_no_more_than_the_rule_allows_and_the_best_first(days: list[int], most: int) -> None:
    offers = [OnOffer(OfferKind.COUPON, f"k{n}", on=TODAY + day * DAY) for n, day in enumerate(days)]
    found = rank(offers, Taste(), TODAY, FittingRules(shown_max=most))
    assert len(found) == min(most, len(days))
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
