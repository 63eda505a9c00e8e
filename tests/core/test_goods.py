"""What a box charges without central: the best price that is meant for who stands there, and never a gift card's."""

from datetime import date

import pytest

from kiosk.core.goods import AtTill, Item, Offer, price_for, quote_here, used_of, why_not_sold
from kiosk.core.roster import body_key, encode_row
from kiosk.core.self_service import QuotedLine
from kiosk.core.tills import SaleTender

TODAY = date(2026, 11, 22)
SHIRT = Item(
    "shirt", "运动衫", "Shirt", "clothes", 10_000,
    offers=(
        Offer("instant", 9_500, members=True),
        Offer("stored_value", 9_000, members=True, tender="stored_value"),
        Offer("tier", 8_800, members=True, tiers=("gold",)),
        Offer("member_day", 8_800, members=True, days=(TODAY,)),
        Offer("promotion", 9_900, days=(TODAY,)),
    ),
)  # fmt: skip
OTHER_DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("buyer", "price"),
    [
        (AtTill(OTHER_DAY), (10_000, "")),
        (AtTill(TODAY), (9_900, "promotion")),
        (AtTill(OTHER_DAY, "cash", member=True), (9_500, "instant")),
        (AtTill(OTHER_DAY, "stored_value", member=True), (9_000, "stored_value")),
        (AtTill(OTHER_DAY, "stored_value"), (10_000, "")),
        (AtTill(OTHER_DAY, "cash", member=True, tier="gold"), (8_800, "tier")),
        (AtTill(TODAY, "cash", member=True, tier="silver"), (8_800, "member_day")),
        (AtTill(TODAY, "cash", member=True, tier="gold"), (8_800, "tier")),
        (AtTill(TODAY, SaleTender.GIFT_CARD, member=True, tier="gold"), (10_000, "")),
    ],
)
def test_the_best_offer_that_is_meant_for_the_buyer_counts_and_of_equal_ones_the_first(
    buyer: AtTill, price: tuple[int, str]
) -> None:
    assert price_for(SHIRT, buyer) == price


def test_an_offer_that_is_no_better_than_the_list_price_is_none() -> None:
    assert price_for(Item("tea", price_minor=500, offers=(Offer("tier", 500),)), AtTill(TODAY)) == (500, "")


def test_what_is_for_members_or_for_a_tier_is_not_sold_to_others() -> None:
    lounge = Item("lounge", price_minor=0, tiers=("gold",))
    lessons = Item("lessons", price_minor=1, members=True)
    gold = AtTill(TODAY, member=True, tier="gold")
    assert [why_not_sold(each, AtTill(TODAY)) for each in (None, lounge, lessons, SHIRT)] == [
        "not_offered", "not_for_this_tier", "needs_member", "",
    ]  # fmt: skip
    assert [why_not_sold(each, gold) for each in (lounge, lessons)] == ["", ""]


def test_a_basket_has_one_line_for_an_item_and_no_price_when_one_of_it_is_not_sold() -> None:
    listed = {"shirt": SHIRT, "tea": Item("tea", price_minor=500)}
    found = quote_here(listed, (("tea", 1), ("shirt", 2), ("tea", 2)), AtTill(TODAY, "cash", member=True))
    assert [(each.item, each.quantity, each.price_minor, each.list_minor, each.why) for each in found.lines] == [
        ("tea", 3, 500, 500, ""), ("shirt", 2, 8_800, 10_000, "member_day"),
    ]  # fmt: skip
    assert (found.total_minor, found.reason) == (19_100, "")
    refused = quote_here(listed, (("tea", 1), ("attic", 1)), AtTill(TODAY))
    assert (refused.lines, refused.reason) == ((), "not_offered")


def test_pieces_that_were_bought_before_are_counted_by_their_goods() -> None:
    lines = (
        QuotedLine("shirt", 2, 0, 10_000, "entitlement"), QuotedLine("shirt", 1, 10_000, 10_000),
        QuotedLine("gone", 1, 0, 300, "entitlement"), QuotedLine("tea", 1, 0, 0),
    )  # fmt: skip
    assert used_of({"shirt": SHIRT}, lines) == {"clothes": 2, "gone": 1}


def test_a_box_that_does_not_know_the_price_list_keeps_its_rows_all_the_same() -> None:
    body = encode_row(SHIRT)
    assert body_key(body) == b"item:shirt"
    assert body_key(body.replace(b'"price_minor"', b'"prize_minor"')) == b"item:shirt"
