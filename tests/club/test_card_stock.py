"""Cards at points of sale, and handing them over."""

import pytest

from kiosk.club.card_batches import BatchRules
from kiosk.club.card_kinds import CardRules, Holder
from kiosk.club.card_stock import (
    Collected,
    HandOver,
    LowStock,
    StockReason,
    StockRefusal,
    hand_over,
    low,
    moved,
)
from kiosk.club.cards import CardState, credential_state
from kiosk.club.life import StepRefused
from kiosk.core.model import CredentialState
from tests.club.builders_cards import CARD_RULES, NOON, make_blank, make_card, make_kind

ASSIGNED = make_card(state=CardState.ASSIGNED)


@pytest.mark.proves("S26")
def test_cards_move_between_points_all_or_none() -> None:
    here = [make_blank(number=each) for each in ("1", "2")]
    after = moved(here, "desk", "mall")
    assert not isinstance(after, StockRefusal)
    assert [each.point for each in after] == ["mall", "mall"]
    sold = moved([*here, make_card(number="3")], "desk", "mall")
    assert sold == StockRefusal(StockReason.NOT_IN_STOCK, {"number": "3", "count": 1})
    away = moved([*here, make_blank(number="4", point="mall")], "desk", "kiosk")
    assert away == StockRefusal(StockReason.AT_ANOTHER_POINT, {"number": "4", "count": 1})
    assert moved([], "desk", "mall") == StockRefusal(StockReason.NO_CARDS)
    assert moved(here, "desk", "desk") == StockRefusal(StockReason.SAME_POINT)


@pytest.mark.proves("S26")
def test_a_point_asks_for_more_at_the_stated_number_and_when_it_has_none() -> None:
    rules = BatchRules(low_stock=2)
    pairs = [("desk", "annual"), ("mall", "annual")]
    left = {("desk", "annual"): 2}
    assert low(left, pairs, rules) == (LowStock("desk", "annual", 2), LowStock("mall", "annual", 0))
    assert low({("desk", "annual"): 3}, pairs[:1], rules) == ()


@pytest.mark.proves("S27", "R45")
def test_a_hand_over_is_recorded_and_opens_the_gates() -> None:
    assert credential_state(ASSIGNED, make_kind()) is CredentialState.UNCOLLECTED
    done = hand_over(ASSIGNED, "s1", NOON, True, CARD_RULES)
    assert isinstance(done, Collected)
    assert done.record == HandOver("00000042", "m1", "s1", "desk", NOON, True)
    assert credential_state(done.card, make_kind()) is CredentialState.ACTIVE


@pytest.mark.proves("R39")
def test_a_personal_card_goes_to_somebody_who_showed_who_he_is() -> None:
    assert hand_over(ASSIGNED, "s1", NOON, False, CARD_RULES) == StockRefusal(StockReason.IDENTITY_NOT_CHECKED)
    assert isinstance(hand_over(ASSIGNED, "s1", NOON, False, CardRules(identity_checked=False)), Collected)
    bearer = make_card(kind="gift", state=CardState.ASSIGNED, holder=Holder.BEARER, member=None)
    assert isinstance(hand_over(bearer, "s1", NOON, False, CARD_RULES), Collected)


def test_a_card_that_is_nobodys_is_not_handed_over() -> None:
    with pytest.raises(StepRefused):
        hand_over(make_blank(), "s1", NOON, True, CARD_RULES)
