"""Gift cards: sold with an end, spent alone, never a way in."""

from datetime import date, timedelta

import msgspec
import pytest

from kiosk.club.gift_cards import (
    GIFT_LIFE,
    GiftAction,
    GiftCard,
    GiftReason,
    GiftRefusal,
    GiftRules,
    GiftState,
    Mixing,
    TenderKind,
    against_spending,
    against_tender,
    extended,
    sell,
    state_on,
)
from kiosk.club.life import StepRefused
from tests.club.builders_cards import TODAY, make_gift, make_kind

DAY = timedelta(days=1)
RULES = GiftRules()
GIFT = TenderKind.GIFT_CARD


@pytest.mark.proves("S29", "R30")
def test_a_gift_card_is_sold_with_money_and_an_end() -> None:
    blank = GiftCard("90000001")
    assert sell(blank, 20_000, make_kind("gift"), TODAY) == make_gift()
    assert sell(blank, 0, make_kind("gift"), TODAY) == GiftRefusal(GiftReason.NO_AMOUNT)
    endless = msgspec.structs.replace(make_kind("gift"), term_months=None)
    assert sell(blank, 1, endless, TODAY) == GiftRefusal(GiftReason.NEVER_EXPIRES)
    with pytest.raises(StepRefused):
        sell(make_gift(), 1, make_kind("gift"), TODAY)


@pytest.mark.proves("R27", "S29")
def test_a_gift_card_has_no_place_for_a_member() -> None:
    assert not {"member", "holder", "tier", "points"} & set(GiftCard.__struct_fields__)


@pytest.mark.proves("R30", "R31")
def test_a_gift_card_is_empty_at_zero_and_expired_after_its_last_day() -> None:
    last = date(2029, 6, 14)
    assert state_on(make_gift(), last) is GiftState.ACTIVE
    assert state_on(make_gift(), last + DAY) is GiftState.EXPIRED
    assert state_on(make_gift(balance_minor=1), TODAY) is GiftState.ACTIVE
    assert state_on(make_gift(balance_minor=0), TODAY) is GiftState.EMPTY
    assert state_on(make_gift(balance_minor=0), last + DAY) is GiftState.EMPTY


def test_an_expired_gift_card_can_be_given_a_later_end() -> None:
    over = date(2029, 6, 15)
    longer = extended(make_gift(), over + DAY, over)
    assert isinstance(longer, GiftCard)
    assert state_on(longer, over + DAY) is GiftState.ACTIVE
    assert extended(make_gift(), over - DAY, over) == GiftRefusal(GiftReason.NOT_LONGER)
    with pytest.raises(StepRefused):
        extended(make_gift(), over, TODAY)


@pytest.mark.proves("R30", "S31")
def test_only_an_active_gift_card_pays_and_only_what_is_on_it() -> None:
    assert against_spending(make_gift(), 20_000, TODAY) is None
    low = against_spending(make_gift(), 20_001, TODAY)
    assert low == GiftRefusal(GiftReason.BALANCE_TOO_LOW, {"balance_minor": 20_000})
    assert against_spending(make_gift(), 0, TODAY) == GiftRefusal(GiftReason.NO_AMOUNT)
    expired = against_spending(make_gift(), 1, date(2029, 6, 15))
    assert expired == GiftRefusal(GiftReason.NOT_ACTIVE, {"state": "expired"})
    for state in (GiftState.RECOVERED, GiftState.DESTROYED, GiftState.IN_STOCK):
        assert against_spending(make_gift(state=state), 1, TODAY) is not None


@pytest.mark.proves("R29", "R28", "S29")
@pytest.mark.parametrize("other", [each for each in TenderKind if each is not GIFT])
def test_a_gift_card_pays_alone(other: TenderKind) -> None:
    assert against_tender([GIFT], False, RULES) is None
    assert against_tender([other], True, RULES) is None
    mixed = against_tender([GIFT, other], False, RULES)
    assert mixed == GiftRefusal(GiftReason.MIXED, {"with": other.value})


@pytest.mark.proves("R29")
def test_the_other_reading_allows_cash_but_never_the_member_card() -> None:
    rules = GiftRules(mixing=Mixing.NOT_WITH_MEMBER_CARD)
    for other in (TenderKind.CASH, TenderKind.BANK_CARD, TenderKind.PROVIDER):
        assert against_tender([GIFT, other], False, rules) is None
    for other in (TenderKind.STORED_VALUE, TenderKind.POINTS, TenderKind.COUPON):
        assert against_tender([GIFT, TenderKind.CASH, other], False, rules) is not None


@pytest.mark.proves("R26", "R28")
def test_no_member_price_and_no_points_come_with_a_gift_card() -> None:
    assert against_tender([GIFT], True, RULES) == GiftRefusal(GiftReason.MEMBER_BENEFIT)


def test_several_gift_cards_together_are_the_clubs_choice() -> None:
    assert against_tender([GIFT, GIFT], False, RULES) is None
    single = GiftRules(several_at_once=False)
    assert against_tender([GIFT, GIFT], False, single) == GiftRefusal(GiftReason.MORE_THAN_ONE)
    assert against_tender([GIFT], False, single) is None


@pytest.mark.proves("R31", "R32", "S31")
def test_the_life_of_a_gift_card_leads_from_empty_to_destroyed_and_nowhere_else() -> None:
    state = GiftState.EMPTY
    for action in (
        GiftAction.RECOVER,
        GiftAction.HAND_TO_FUNDS,
        GiftAction.SEND_TO_SERVICE,
        GiftAction.DESTROY,
    ):
        state = GIFT_LIFE.after(state, action)
        assert len(GIFT_LIFE.actions(state)) <= 1
    assert state is GiftState.DESTROYED
    assert GIFT_LIFE.is_end(state)
