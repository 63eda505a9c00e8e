"""Redemptions: points leave with the reservation, stock is never oversold, and what is not fetched goes back."""

import threading
from contextlib import closing
from datetime import timedelta

import pytest

from kiosk.central.club import coupons, gifts, points, rewards, tiers
from kiosk.central.club.books import Books
from kiosk.central.club.gifts import Became, GiftState
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import Database
from kiosk.central.roster import change as change_roster
from kiosk.club.coupons import CouponKind, Purchase
from kiosk.club.life import StepRefused
from kiosk.club.rewards import RedemptionState, Reward, RewardKind, SpecialPrice
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Product
from tests.central.builders import START, ManualClock
from tests.central.club.builders import DESK, noted
from tests.central.club.builders_points import (
    TODAY,
    do,
    member_id,
    put_club,
    put_member,
    put_welcomed,
    run_job,
    tap,
)

DAY_S = 86400
TOWEL = Reward("towel", RewardKind.GIFT, 300)


def put_reward(books: Books, item: Reward = TOWEL, **more: bool) -> None:
    """Put a reward into the catalogue."""
    do(books, lambda change: rewards.save_reward(change, item, "毛巾", **more))


def reserve(books: Books, member: str, id: str = "r1", item: str = "towel", **more: object) -> rewards.Redemption:
    """Reserve a reward."""
    return do(books, lambda change: rewards.reserve(change, member, item, id, **more))


def available(books: Books, member: str) -> int:
    """Return what a member can use."""
    with books.look() as look:
        return points.balance(look, member).available


@pytest.mark.proves("S48", "R91")
def test_points_leave_when_a_reward_is_reserved_and_stay_away_with_the_hand_over(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books)
    assert reserve(books, member).points == 300
    assert available(books, member) == 700
    do(books, lambda change: rewards.hand_over(change, "r1"))
    assert available(books, member) == 700
    with books.look() as look:
        assert [each.state for each in rewards.redemptions_of(look, member)] == [RedemptionState.REDEEMED]
        assert rewards.catalogue(look)[0].taken == 1


def test_the_same_reservation_again_takes_nothing_and_another_under_its_id_is_refused(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books)
    assert reserve(books, member) == reserve(books, member)
    assert available(books, member) == 700
    with pytest.raises(InvalidInput, match="something else"):
        reserve(books, member, quantity=2)


@pytest.mark.parametrize(
    ("item", "more", "reason"),
    [
        (Reward("towel", RewardKind.GIFT, 1001), {}, "not_enough_points"),
        (Reward("towel", RewardKind.GIFT, 1, tier="gold"), {}, "tier_too_low"),
        (Reward("towel", RewardKind.GIFT, 1, stock=0), {}, "out_of_stock"),
        (Reward("towel", RewardKind.GIFT, 1, per_member_max=1), {"quantity": 2}, "member_limit"),
        (Reward("towel", RewardKind.CASH, 1), {}, "cash_not_allowed"),
        (Reward("towel", RewardKind.GIFT, 1, last=TODAY - timedelta(days=1)), {}, "no_longer"),
        (TOWEL, {"card_redeems": False}, "card_redeems_none"),
    ],
)
def test_what_the_rules_refuse_takes_no_points(
    books: Books, item: Reward, more: dict[str, object], reason: str
) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books, item)
    with pytest.raises(RuleRefused) as caught:
        reserve(books, member, **more)
    assert caught.value.reason == reason
    assert available(books, member) == 1000


def test_who_is_no_valid_member_and_what_is_no_longer_offered_are_refused(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books)
    gone = put_welcomed(books, 2)
    do(books, lambda change: points.adjust(change, gone, 5, "x"))
    put_reward(books, Reward("cap", RewardKind.GIFT, 1), offered=False)
    with pytest.raises(InvalidInput, match="not offered"):
        reserve(books, member, item="cap")
    with pytest.raises(InvalidInput, match="no reward"):
        reserve(books, member, item="hat")
    newcomer = put_member(books, 3, member_until=TODAY - timedelta(days=1))
    do(books, lambda change: tiers.join(change, newcomer, TODAY))
    with pytest.raises(RuleRefused, match="not_a_valid_member"):
        reserve(books, newcomer, "r3")


@pytest.mark.proves("R92")
def test_a_special_price_holds_on_its_days_and_a_reservation_keeps_its_price(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books, Reward("towel", RewardKind.GIFT, 300, special=SpecialPrice(100, TODAY, TODAY)))
    assert reserve(books, member).points == 100
    clock.pass_s(DAY_S)
    assert reserve(books, member, "r2").points == 300
    do(books, lambda change: rewards.cancel(change, "r1", "changed my mind"))
    assert available(books, member) == 700


@pytest.mark.proves("S48")
def test_a_reservation_that_nobody_fetches_lapses_and_its_points_go_back(books: Books, clock: ManualClock) -> None:
    put_club(books)
    member = put_welcomed(books)
    put_reward(books, Reward("towel", RewardKind.GIFT, 300, stock=1))
    reserve(books, member)
    clock.pass_s(168 * 3600 - 1)
    assert run_job(rewards.run, books).done == 0
    clock.pass_s(1)
    with pytest.raises(InvalidInput, match="was reserved until"):
        do(books, lambda change: rewards.hand_over(change, "r1"))
    assert [run_job(rewards.run, books).done for _ in range(2)] == [1, 0]
    assert available(books, member) == 1000
    assert noted(books, action="redemption.lapse")[0]["before"] == {"state": "reserved"}
    reserve(books, member, "r2")


def test_a_redemption_that_is_taken_back_takes_its_coupon_with_it(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    do(books, lambda change: coupons.save_kind(change, CouponKind("tea", amount_off_minor=500)))
    put_reward(books, Reward("towel", RewardKind.COUPON, 300, gives="tea"))
    reserve(books, member, quantity=2)
    do(books, lambda change: rewards.hand_over(change, "r1"))
    with books.look() as look:
        codes = [each.code for each in coupons.coupons_of(look, member)]
        assert {each.became for each in gifts.gifts_of(look, member) if each.code == "tea"} == {Became.COUPON}
    assert len(codes) == 2
    purchase = Purchase("demo", 2000, member)
    do(books, lambda change: coupons.use(change, codes[0], purchase, "s1"))
    with pytest.raises(StepRefused):
        do(books, lambda change: rewards.take_back(change, "r1", "wrong size"))
    assert available(books, member) == 400
    do(books, lambda change: coupons.give_back(change, codes[0]))
    do(books, lambda change: rewards.take_back(change, "r1", "wrong size"))
    assert available(books, member) == 1000
    with books.look() as look:
        assert {each.state.value for each in coupons.coupons_of(look, member)} == {"withdrawn"}


@pytest.mark.proves("R91")
def test_a_reward_that_gives_a_product_opens_the_gate_at_once_and_no_more_when_it_is_taken_back(books: Books) -> None:
    put_club(books)
    with books.database.begin() as connection:
        change_roster(connection, [Product("spa", areas=("sauna",))], at=START)
    member = put_welcomed(books)
    put_reward(books, Reward("towel", RewardKind.SERVICE, 300, gives="spa"))
    reserve(books, member)
    assert not tap(books, 1, "sauna").granted
    do(books, lambda change: rewards.hand_over(change, "r1"))
    assert tap(books, 1, "sauna").granted
    do(books, lambda change: rewards.take_back(change, "r1", "not wanted"))
    assert not tap(books, 1, "sauna").granted


def test_a_gift_waits_at_the_desk_until_it_is_handed_over_once(books: Books) -> None:
    put_club(books)
    member = put_welcomed(books)
    with books.look() as look:
        (pack,) = gifts.gifts_of(look, member)
    assert (pack.code, pack.state) == ("welcome_pack", GiftState.DUE)
    assert do(books, lambda change: gifts.hand_over(change, pack.id)).state is GiftState.HAD
    with pytest.raises(StepRefused):
        do(books, lambda change: gifts.hand_over(change, pack.id))


@pytest.mark.proves("S48")
def test_of_ten_who_want_the_last_three_at_once_three_get_them(database: Database, clock: ManualClock) -> None:
    books = Books(database, clock)
    put_club(books)
    put_reward(books, Reward("towel", RewardKind.GIFT, 300, stock=3))
    for number in range(1, 11):
        put_welcomed(books, number)
    got: list[int] = []
    reasons: list[str] = []
    start = threading.Barrier(5)

    def want(first: int) -> None:
        with closing(Database(database.url.render_as_string(hide_password=False))) as own:
            start.wait(60)
            for number in (first, first + 5):
                try:
                    Books(own, clock).change(
                        DESK, lambda change, n=number: rewards.reserve(change, member_id(n), "towel", f"r{n}")
                    )
                except RuleRefused as refused:
                    reasons.append(refused.reason)
                else:
                    got.append(number)

    threads = [threading.Thread(target=want, args=(n,), name=f"want-{n}", daemon=True) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(got), reasons) == (3, ["out_of_stock"] * 7)
    assert sorted(available(books, member_id(n)) for n in range(1, 11)) == [700] * 3 + [1000] * 7
