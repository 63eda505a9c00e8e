"""The welcome of a new member: tier, points, pack and the referrer's reward, each once, and only for a valid member."""

from datetime import timedelta

import pytest

from kiosk.central.club import coupons, gifts, points, tiers, welcome
from kiosk.central.club.books import Books
from kiosk.central.club.gifts import Became
from kiosk.club.coupons import CouponKind
from kiosk.club.earning import WelcomePack
from tests.central.club.builders_points import TODAY, amend, do, put_club, put_member


@pytest.mark.proves("R18", "R74", "S77")
def test_a_new_member_finds_the_pack_the_points_and_the_tier_once(books: Books) -> None:
    put_club(books)
    do(books, lambda change: coupons.save_kind(change, CouponKind("hello", amount_off_minor=1000)))
    amend(books, earning__welcome=WelcomePack(gifts=("welcome_pack", "gym"), coupons=("hello",)))
    member = put_member(books)
    for _ in range(2):
        do(books, lambda change: welcome.welcome(change, member, TODAY - timedelta(days=3)))
    with books.look() as look:
        found = {each.code: each.became for each in gifts.gifts_of(look, member)}
        assert points.balance(look, member).available == 1000
        assert tiers.outlook(look, member).holding.tier == "silver"
        assert len(coupons.coupons_of(look, member)) == 1
    assert found == {"welcome_pack": Became.DESK, "gym": Became.ENTITLEMENT, "hello": Became.COUPON}


@pytest.mark.proves("R152")
def test_who_bought_a_tier_at_joining_begins_in_it(books: Books) -> None:
    put_club(books)
    member = put_member(books)
    do(books, lambda change: welcome.welcome(change, member, TODAY, bought="gold", bought_until=TODAY))
    with books.look() as look:
        assert tiers.outlook(look, member).holding.tier == "gold"


def test_who_is_no_valid_member_gets_neither_points_nor_pack(books: Books) -> None:
    put_club(books)
    member = put_member(books, member_until=TODAY - timedelta(days=1))
    do(books, lambda change: welcome.welcome(change, member, TODAY))
    with books.look() as look:
        assert points.balance(look, member).available == 0
        assert gifts.gifts_of(look, member) == []
