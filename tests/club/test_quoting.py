"""What a basket costs: the best offer per line, the floor, and why."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.calendar import Changes, MemberDay
from kiosk.club.coupons import Coupon, CouponKind, CouponState
from kiosk.club.gift_cards import GiftReason, TenderKind
from kiosk.club.prices import (
    BasketLine,
    Buyer,
    Entitled,
    NotUsed,
    OfferCode,
    PriceRules,
    Quote,
    QuoteRefusal,
    Reason,
    Scheme,
    SpendGift,
    TierPrice,
    gift_for,
    no_better,
)
from kiosk.club.promotions import Promotion, PromotionRules, PromotionUse
from kiosk.club.quoting import QuoteRules, quote
from kiosk.club.rulebook import Amendment, check_amendment
from kiosk.core.errors import InvalidInput
from tests.club.builders_money import TODAY, make_buyer, make_line

STORED = (TenderKind.STORED_VALUE,)


def make_rules(
    *promotions: Promotion, floor_percent: int = 50, coupons_stack: bool = False, **prices: Any
) -> QuoteRules:
    """Return rules with some promotions and prices."""
    return QuoteRules(
        PriceRules(coupons_stack=coupons_stack, **prices), PromotionRules(promotions, floor_percent=floor_percent)
    )


def make_promotion(code: str = "week", percent: int = 80, **changes: object) -> Promotion:
    """Return a promotion of today for everything."""
    return msgspec.structs.replace(Promotion(code, TODAY, TODAY, percent, off_minor=1), **{"off_minor": 0} | changes)


def make_coupon(code: str = "K1", **changes: object) -> tuple[Coupon, CouponKind]:
    """Return a member's coupon for ten yuan off."""
    kind = msgspec.structs.replace(CouponKind("ten", amount_off_minor=1_000), **changes)
    return Coupon(code, kind.code, TODAY, TODAY, "m1", CouponState.USABLE), kind


def priced(*lines: BasketLine, buyer: Buyer | None = None, rules: QuoteRules | None = None) -> Quote:
    """Return the quote of a basket that has one."""
    answer = quote(lines, buyer or make_buyer(), rules or QuoteRules())
    assert isinstance(answer, Quote)
    return answer


def test_the_clothes_shops_card_is_95_percent_and_stored_value_is_cheaper() -> None:
    card = priced(make_line())
    assert (card.total_minor, card.lines[0].reasons) == (9_500, (Reason(OfferCode.INSTANT, "", 500),))
    stored = priced(make_line(), buyer=make_buyer(tenders=STORED))
    assert (stored.total_minor, stored.lines[0].reasons) == (9_000, (Reason(OfferCode.STORED_VALUE, "", 1_000),))


def test_without_a_card_the_list_price_is_the_price() -> None:
    assert priced(make_line(), buyer=make_buyer(member=None, tier="")).lines[0].reasons == (
        Reason(OfferCode.LIST, "", 0),
    )


def test_a_payment_of_which_only_a_part_is_stored_value_has_the_cards_discount() -> None:
    mixed = make_buyer(tenders=(TenderKind.STORED_VALUE, TenderKind.CASH))
    assert priced(make_line(), buyer=mixed).total_minor == 9_500


@pytest.mark.parametrize(("stored", "possible"), [(94, True), (95, False), (96, False)])
def test_the_rule_book_takes_no_stored_value_discount_that_is_not_the_larger(stored: int, possible: bool) -> None:
    value = [{"goods": "clothes", "instant_percent": 95, "stored_percent": stored}]
    amendment = Amendment(1, "prices.schemes", value, TODAY, "council", "agreed")
    if possible:
        check_amendment(amendment, TODAY)
        return
    with pytest.raises(InvalidInput, match="not cheaper than instant"):
        check_amendment(amendment, TODAY)


def test_goods_may_be_left_out_of_both_schemes() -> None:
    rules = make_rules(schemes=(Scheme("", 90, 85), Scheme("clothes", 100, 100)))
    assert priced(make_line(), rules=rules).total_minor == 10_000
    assert priced(make_line(goods="tea"), rules=rules).total_minor == 9_000


def test_a_member_day_is_cheaper_than_for_ordinary_customers() -> None:
    day = make_buyer(day_changes=Changes(("first_friday",), price_percent=88))
    member = priced(make_line(goods="tea"), buyer=day)
    assert member.lines[0].reasons == (Reason(OfferCode.MEMBER_DAY, "first_friday", 1_200),)
    ordinary = priced(make_line(goods="tea"), buyer=msgspec.structs.replace(day, member=None, tier=""))
    assert member.total_minor < ordinary.total_minor
    assert no_better((MemberDay("a", price_percent=99), MemberDay("b", price_percent=100))) == ("b",)


def test_one_line_has_one_discount_the_best_and_of_equal_ones_the_earlier() -> None:
    rules = make_rules(
        make_promotion(percent=95), tier_prices=(TierPrice("silver", 95), TierPrice("silver", 97, "tea"))
    )
    reasons = priced(make_line(), rules=rules).lines[0].reasons
    assert reasons == (Reason(OfferCode.INSTANT, "", 500),)
    better = make_rules(make_promotion(percent=94), tier_prices=(TierPrice("silver", 95),))
    found = priced(make_line(), rules=better)
    assert (found.lines[0].reasons, found.promotions) == ((Reason(OfferCode.PROMOTION, "week", 600),), ("week",))


def test_an_offer_that_may_be_stacked_counts_on_top() -> None:
    rules = make_rules(make_promotion(percent=90, stackable=True))
    found = priced(make_line(), rules=rules).lines[0]
    assert found.net_minor == 8_500
    assert [each.code for each in found.reasons] == [OfferCode.INSTANT, OfferCode.PROMOTION]


def test_nothing_brings_a_price_below_the_floor() -> None:
    stacked = make_rules(make_promotion(percent=50), make_promotion("more", 60, stackable=True))
    found = priced(make_line(list_minor=9_999), rules=stacked).lines[0]
    assert (found.net_minor, found.floor_minor) == (5_000, 5_000)
    assert found.reasons[-1].code is OfferCode.FLOOR
    own = priced(make_line(floor_minor=9_700)).lines[0]
    assert (own.net_minor, own.reasons[-1]) == (9_700, Reason(OfferCode.FLOOR, "", -200))
    promised = make_rules(make_promotion(percent=50, floor_percent=70))
    assert priced(make_line(), rules=promised).total_minor == 7_000


def test_an_offer_that_its_own_floor_holds_back_does_not_beat_a_better_one() -> None:
    rules = make_rules(make_promotion(percent=50, floor_percent=97))
    assert priced(make_line(), rules=rules).lines[0].reasons == (Reason(OfferCode.INSTANT, "", 500),)


@pytest.mark.parametrize(("quantity", "total"), [(4, 40_000), (5, 45_000)])
def test_an_amount_off_begins_where_the_purchase_reaches_its_threshold(quantity: int, total: int) -> None:
    rules = make_rules(make_promotion(percent=100, off_minor=5_000, threshold_minor=50_000))
    found = priced(make_line(goods="tea", quantity=quantity), rules=rules)
    assert found.total_minor == total
    assert found.not_used == (() if quantity == 5 else (NotUsed(OfferCode.PROMOTION, "week", "below_threshold"),))


def test_an_amount_off_is_spread_over_its_lines_to_the_last_fen() -> None:
    rules = make_rules(make_promotion(percent=100, off_minor=1_000, goods=("tea",)))
    lines = [make_line(id, goods="tea", list_minor=3_333) for id in "abc"]
    found = priced(*lines, make_line("d", goods="cup"), rules=rules)
    assert [each.net_minor for each in found.lines] == [2_999, 3_000, 3_000, 10_000]


def test_a_promotion_that_a_member_had_often_enough_is_told_and_does_not_count() -> None:
    rules = make_rules(make_promotion(times_max=1))
    found = priced(make_line(), buyer=make_buyer(uses=(PromotionUse("week", TODAY),)), rules=rules)
    assert (found.total_minor, found.not_used) == (9_500, (NotUsed(OfferCode.PROMOTION, "week", "too_often"),))


def test_what_is_counted_per_member_is_for_members_only() -> None:
    rules = make_rules(make_promotion(times_max=1))
    found = priced(make_line(), buyer=make_buyer(member=None, tier=""), rules=rules)
    assert (found.total_minor, found.not_used) == (10_000, (NotUsed(OfferCode.PROMOTION, "week", "needs_member"),))


def test_what_was_bought_before_is_used_up_first_and_the_dearest_pieces_with_it() -> None:
    buyer = make_buyer(entitled=(Entitled("n2", "lesson", 2), Entitled("n1", "lesson", 1), Entitled("x", "cup", 9)))
    lines = (make_line("a", goods="lesson", quantity=2), make_line("b", goods="lesson", list_minor=20_000, quantity=2))
    found = priced(*lines, buyer=buyer)
    assert [(each.entitled, each.net_minor) for each in found.lines] == [(1, 10_000), (2, 0)]
    assert found.used == {"n1": 1, "n2": 2}


def test_a_coupon_counts_where_it_is_better_and_is_left_alone_where_not() -> None:
    buyer = make_buyer(coupons=(make_coupon(),))
    assert priced(make_line(), buyer=buyer).coupons == ("K1",)
    weak = priced(make_line(), buyer=make_buyer(coupons=(make_coupon(amount_off_minor=400),)))
    assert (weak.coupons, weak.not_used) == ((), (NotUsed(OfferCode.COUPON, "K1", "better_offer"),))
    both = priced(make_line(), buyer=buyer, rules=make_rules(coupons_stack=True))
    assert (both.total_minor, both.coupons) == (8_500, ("K1",))


def test_a_coupon_that_does_not_hold_is_told_by_its_reason() -> None:
    coupon = make_coupon(purchase_min_minor=10_001)
    found = priced(make_line(), buyer=make_buyer(coupons=(coupon,)))
    assert found.not_used == (NotUsed(OfferCode.COUPON, "K1", "below_minimum"),)
    two = make_buyer(coupons=(make_coupon("K2"), make_coupon("K1")))
    assert NotUsed(OfferCode.COUPON, "K2", "not_with_others") in priced(make_line(), buyer=two).not_used


def test_a_gift_card_pays_list_prices_and_is_mixed_with_nothing() -> None:
    rules = make_rules(make_promotion())
    alone = make_buyer(tenders=(TenderKind.GIFT_CARD,), entitled=(Entitled("n", "clothes", 1),))
    found = priced(make_line(), buyer=alone, rules=rules)
    assert (found.total_minor, found.used, found.lines[0].reasons[0].code) == (10_000, {}, OfferCode.GIFT_CARD)
    mixed = quote([make_line()], make_buyer(tenders=(TenderKind.GIFT_CARD, TenderKind.CASH)), rules)
    assert isinstance(mixed, QuoteRefusal)
    assert mixed.reason is GiftReason.MIXED


@pytest.mark.parametrize(("paid", "gift"), [(49_999, ""), (50_000, "mug"), (99_999, "mug"), (100_000, "bag")])
def test_gifts_go_by_what_is_spent(paid: int, gift: str) -> None:
    rules = PriceRules(gifts=(SpendGift(100_000, "bag"), SpendGift(50_000, "mug")))
    assert gift_for(paid, rules) == gift
    assert priced(make_line(goods="tea", list_minor=paid), rules=QuoteRules(rules)).gift == gift


def test_two_lines_of_one_id_are_refused() -> None:
    with pytest.raises(InvalidInput, match="same id"):
        quote([make_line(), make_line()], make_buyer(), QuoteRules())


LINES = st.lists(
    st.builds(
        BasketLine,
        id=st.sampled_from("abcdef"),
        goods=st.sampled_from(["clothes", "tea", "lesson"]),
        list_minor=st.integers(0, 30_000),
        quantity=st.integers(1, 5),
        floor_minor=st.sampled_from([0, 0, 7_000]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each.id,
)


@st.composite
def rule_sets(draw: st.DrawFn) -> QuoteRules:
    """Draw promotions of all kinds with a floor."""
    promotions = [
        Promotion(
            f"p{n}",
            TODAY,
            TODAY + timedelta(days=1),
            percent=draw(st.integers(0, 99)),
            off_minor=draw(st.sampled_from([0, 777, 5_000])),
            goods=draw(st.sampled_from([(), ("tea",), ("clothes", "lesson")])),
            threshold_minor=draw(st.sampled_from([0, 20_000])),
            floor_percent=draw(st.integers(0, 100)),
            stackable=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    prices = {"schemes": (Scheme("clothes", 95, 90), Scheme("", draw(st.integers(1, 99)), 0))}
    stack = draw(st.booleans())
    return make_rules(*promotions, floor_percent=draw(st.integers(0, 100)), coupons_stack=stack, **prices)


@st.composite
def buyers(draw: st.DrawFn) -> Buyer:
    """Draw a member with coupons and things bought before, on a member day or not."""
    day = Changes(("day",), price_percent=draw(st.integers(0, 100)))
    coupons = tuple(make_coupon(code, goods=goods) for code, goods in (("K1", ()), ("K2", ("tea",))))
    entitled = tuple(Entitled(id, "lesson", draw(st.integers(0, 4))) for id in ("n1", "n2"))
    return make_buyer(day_changes=day, coupons=coupons[: draw(st.integers(0, 2))], entitled=entitled)


@settings(max_examples=150, deadline=None)
@given(basket=LINES, buyer=buyers(), rules=rule_sets(), data=st.data())
def test_a_quote_does_not_depend_on_the_order_of_anything(
    basket: list[BasketLine], buyer: Buyer, rules: QuoteRules, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(basket))
    turned = msgspec.structs.replace(buyer, coupons=buyer.coupons[::-1], entitled=buyer.entitled[::-1])
    assert quote(shuffled, turned, rules) == quote(basket, buyer, rules)


@settings(max_examples=150, deadline=None)
@given(basket=LINES, buyer=buyers(), rules=rule_sets())
def test_a_price_is_explained_to_the_fen_and_never_below_its_floor(
    basket: list[BasketLine], buyer: Buyer, rules: QuoteRules
) -> None:
    found = priced(*basket, buyer=buyer, rules=rules)
    for line in found.lines:
        assert line.list_minor - sum(each.off_minor for each in line.reasons) == line.net_minor
        assert 0 <= line.floor_minor <= line.net_minor <= line.list_minor
        wanted = next(each for each in basket if each.id == line.id)
        paid = line.quantity - line.entitled
        least = max(-(-wanted.list_minor * rules.promotions.floor_percent // 100), wanted.floor_minor)
        assert line.net_minor >= min(least, wanted.list_minor) * paid


@settings(max_examples=150, deadline=None)
@given(basket=LINES, buyer=buyers(), rules=rule_sets())
def test_stored_value_is_never_dearer_and_a_card_never_dearer_than_none(
    basket: list[BasketLine], buyer: Buyer, rules: QuoteRules
) -> None:
    ordinary = msgspec.structs.replace(buyer, member=None, tier="", coupons=(), entitled=())
    stored = msgspec.structs.replace(buyer, tenders=STORED)
    totals = [priced(*basket, buyer=each, rules=rules).total_minor for each in (stored, buyer)]
    assert totals[0] <= totals[1]
    plain = msgspec.structs.replace(buyer, coupons=(), entitled=())
    card, none = (priced(*basket, buyer=each, rules=rules).total_minor for each in (plain, ordinary))
    assert card <= none
