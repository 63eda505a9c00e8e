"""Redemption: what it costs, every reason against it, and the way of the points there and back."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club import rewards
from kiosk.club.bookings import Slip, book_earning, book_redemption, book_return
from kiosk.club.life import StepRefused
from kiosk.club.points import PointRules, PointsEntry, Source, balance_on
from kiosk.club.refusal import Refusal
from kiosk.club.rewards import (
    REDEMPTION,
    Price,
    RedemptionAction,
    RedemptionState,
    Reward,
    RewardKind,
    RewardReason,
    RewardRules,
    SpecialPrice,
    Wish,
)
from kiosk.club.tiers import TierRules
from kiosk.core.errors import InvalidInput

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def make_reward(**changes: object) -> Reward:
    """Return a gift for 500 points without any condition."""
    return msgspec.structs.replace(Reward("mug", RewardKind.GIFT, points=500), **changes)


def make_wish(**changes: object) -> Wish:
    """Return the wish of a silver member with 1000 points."""
    return msgspec.structs.replace(Wish("silver", available_points=1000), **changes)


def ask(reward: Reward, wish: Wish, rules: RewardRules | None = None) -> object:
    """Ask for a reward by the default ladder; return the price or the reason."""
    answer = rewards.redeem(reward, wish, rules or RewardRules(), TierRules(), NOW, TODAY)
    return answer.reason if isinstance(answer, Refusal) else answer


@pytest.mark.parametrize("kind", [kind for kind in RewardKind if kind is not RewardKind.CASH])
@pytest.mark.proves("R91", "S48")
def test_points_buy_every_kind_of_reward(kind: RewardKind) -> None:
    assert ask(make_reward(kind=kind), make_wish()) == Price(500, 0, NOW + timedelta(days=7))


@pytest.mark.proves("R91", "S48")
def test_points_become_cash_only_where_the_club_allows_it() -> None:
    cash = make_reward(kind=RewardKind.CASH)
    assert ask(cash, make_wish()) is RewardReason.CASH_NOT_ALLOWED
    assert isinstance(ask(cash, make_wish(), RewardRules(cash=True)), Price)


@pytest.mark.proves("S48")
def test_an_exchange_costs_points_and_money_by_the_piece() -> None:
    price = ask(make_reward(points=300, amount_minor=1990), make_wish(quantity=3))
    assert price == Price(900, 5970, NOW + timedelta(days=7))


@pytest.mark.parametrize(
    ("reward", "wish", "reason"),
    [
        ({}, {"valid": False}, RewardReason.NOT_A_VALID_MEMBER),
        ({}, {"card_redeems": False}, RewardReason.CARD_REDEEMS_NONE),
        ({"first": date(2026, 11, 23)}, {}, RewardReason.NOT_YET),
        ({"last": date(2026, 11, 21)}, {}, RewardReason.NO_LONGER),
        ({"tier": "gold"}, {}, RewardReason.TIER_TOO_LOW),
        ({"per_member_max": 2}, {"had": 2}, RewardReason.MEMBER_LIMIT),
        ({"per_member_max": 2}, {"had": 1, "quantity": 2}, RewardReason.MEMBER_LIMIT),
        ({"stock": 5}, {"taken": 5}, RewardReason.OUT_OF_STOCK),
        ({}, {"available_points": 499}, RewardReason.NOT_ENOUGH_POINTS),
        ({}, {"quantity": 3}, RewardReason.NOT_ENOUGH_POINTS),
    ],
)
@pytest.mark.proves("S48")
def test_a_reward_is_refused_by_name(reward: dict[str, object], wish: dict[str, object], reason: RewardReason) -> None:
    assert ask(make_reward(**reward), make_wish(**wish)) is reason


@pytest.mark.parametrize(
    ("reward", "wish"),
    [
        ({"first": TODAY, "last": TODAY}, {}),
        ({"tier": "silver"}, {}),
        ({"per_member_max": 2}, {"had": 1}),
        ({"stock": 5}, {"taken": 4}),
        ({}, {"available_points": 500}),
    ],
)
def test_a_reward_is_given_up_to_each_limit(reward: dict[str, object], wish: dict[str, object]) -> None:
    assert isinstance(ask(make_reward(**reward), make_wish(**wish)), Price)


def test_no_piece_is_no_wish() -> None:
    with pytest.raises(InvalidInput, match="quantity 0 of reward mug"):
        ask(make_reward(), make_wish(quantity=0))


def test_the_special_price_holds_on_its_days_only() -> None:
    reward = make_reward(special=SpecialPrice(200, date(2026, 11, 22), date(2026, 11, 23)))
    prices = [rewards.points_of(reward, date(2026, 11, day)) for day in (21, 22, 23, 24)]
    assert prices == [500, 200, 200, 500]


def test_a_reservation_lapses_when_its_time_is_over() -> None:
    until = NOW + timedelta(hours=1)
    assert not rewards.has_lapsed(until, until - timedelta(seconds=1))
    assert rewards.has_lapsed(until, until)


@pytest.mark.proves("S48")
def test_a_redemption_is_reserved_then_redeemed_or_returned() -> None:
    assert REDEMPTION.start is RedemptionState.RESERVED
    assert REDEMPTION.after(RedemptionState.RESERVED, RedemptionAction.HAND_OVER) is RedemptionState.REDEEMED
    assert REDEMPTION.after(RedemptionState.RESERVED, RedemptionAction.LAPSE) is RedemptionState.RETURNED
    assert REDEMPTION.after(RedemptionState.REDEEMED, RedemptionAction.TAKE_BACK) is RedemptionState.RETURNED
    assert REDEMPTION.is_end(RedemptionState.RETURNED)
    with pytest.raises(StepRefused, match="redemption that is redeemed cannot lapse"):
        REDEMPTION.after(RedemptionState.REDEEMED, RedemptionAction.LAPSE)


@given(st.integers(1, 2000), st.integers(1, 5), st.integers(0, 3000))
@pytest.mark.proves("S48")
def test_what_is_granted_can_be_booked_and_comes_back_whole(points: int, quantity: int, held: int) -> None:
    price = ask(make_reward(points=points), make_wish(quantity=quantity, available_points=held))
    earned = book_earning(Slip("e", TODAY), held, Source.EVENT, PointRules())
    entries = [earned] if isinstance(earned, PointsEntry) else []
    if not isinstance(price, Price):
        assert isinstance(book_redemption(Slip("u", TODAY), points * quantity, entries), Refusal)
        return
    used = book_redemption(Slip("u", TODAY), price.points, entries)
    assert isinstance(used, PointsEntry)
    back = book_return(Slip("r", TODAY), "u", [*entries, used], PointRules())
    assert isinstance(back, PointsEntry)
    assert balance_on([*entries, used, back], TODAY).available == held
