"""The way back of empty gift cards: two recorded hand-overs, then destroyed."""

import pytest

from kiosk.club.gift_cards import GiftCard, GiftReason, GiftRefusal, GiftRules, GiftState
from kiosk.club.gift_recovery import Moved, Stage, WayBack, destroy, hand_to_funds, send_to_service, take_in
from tests.club.builders_cards import NOON, TODAY, make_gift, numbers

RULES = GiftRules()


def make_recovered(count: int = 2, state: GiftState = GiftState.RECOVERED) -> list[GiftCard]:
    """Make empty gift cards that a store has taken in."""
    return [make_gift(number=f"9000000{each}", state=state, balance_minor=0) for each in range(count)]


@pytest.mark.proves("R31", "S31")
def test_a_store_takes_in_an_empty_card_and_no_other() -> None:
    taken = take_in(make_gift(balance_minor=0), "store-1", "s1", NOON, TODAY)
    assert isinstance(taken, Moved)
    assert [each.state for each in taken.cards] == [GiftState.RECOVERED]
    assert taken.record == WayBack(Stage.TAKEN_IN, ("90000001",), "store-1", "s1", NOON)
    left = take_in(make_gift(balance_minor=1), "store-1", "s1", NOON, TODAY)
    assert left == GiftRefusal(GiftReason.BALANCE_LEFT, {"balance_minor": 1, "state": "active"})
    again = take_in(make_recovered()[0], "store-1", "s1", NOON, TODAY)
    assert isinstance(again, GiftRefusal)
    assert again.reason is GiftReason.WRONG_STATE


@pytest.mark.proves("R31", "R32", "S31", "S63")
def test_two_hand_overs_are_recorded_before_a_card_is_destroyed() -> None:
    funds = hand_to_funds(make_recovered(), "s1", "f1", NOON)
    assert isinstance(funds, Moved)
    service = send_to_service(funds.cards, "f1", "c1", NOON, RULES)
    assert isinstance(service, Moved)
    gone = destroy(service.cards, "c1", "c2", NOON)
    assert isinstance(gone, Moved)
    records = [each.record for each in (funds, service, gone)]
    assert [(each.stage, each.given_by, each.taken_by) for each in records] == [
        (Stage.TO_FUNDS, "s1", "f1"),
        (Stage.TO_SERVICE, "f1", "c1"),
        (Stage.DESTROYED, "c1", "c2"),
    ]
    assert {each.numbers for each in records} == {tuple(numbers(gone.cards))}
    assert {each.state for each in gone.cards} == {GiftState.DESTROYED}


@pytest.mark.proves("R32")
def test_no_stage_is_left_out() -> None:
    for cards, step in (
        (make_recovered(), lambda cards: send_to_service(cards, "f1", "c1", NOON, RULES)),
        (make_recovered(), lambda cards: destroy(cards, "c1", "c2", NOON)),
        (make_recovered(state=GiftState.WITH_FUNDS), lambda cards: destroy(cards, "c1", "c2", NOON)),
        (make_recovered(state=GiftState.EMPTY), lambda cards: hand_to_funds(cards, "s1", "f1", NOON)),
    ):
        refusal = step(cards)
        assert refusal == GiftRefusal(GiftReason.WRONG_STATE, {"number": "90000000", "count": 2})


def test_one_card_in_the_wrong_state_keeps_all_of_them() -> None:
    cards = [*make_recovered(2), make_gift(number="90000009")]
    refusal = hand_to_funds(cards, "s1", "f1", NOON)
    assert refusal == GiftRefusal(GiftReason.WRONG_STATE, {"number": "90000009", "count": 1})
    assert hand_to_funds([], "s1", "f1", NOON) == GiftRefusal(GiftReason.NO_CARDS)


@pytest.mark.proves("R31", "R32")
def test_nobody_hands_cards_to_himself() -> None:
    assert hand_to_funds(make_recovered(), "s1", "s1", NOON) == GiftRefusal(GiftReason.SAME_PERSON)
    with_service = make_recovered(state=GiftState.WITH_SERVICE)
    assert destroy(with_service, "c1", "c1", NOON) == GiftRefusal(GiftReason.SAME_PERSON)


@pytest.mark.proves("R32")
def test_cards_go_to_customer_service_in_batches_of_the_stated_size() -> None:
    rules = GiftRules(batch_min=3)
    two, three = (make_recovered(each, GiftState.WITH_FUNDS) for each in (2, 3))
    assert send_to_service(two, "f1", "c1", NOON, rules) == GiftRefusal(GiftReason.BATCH_TOO_SMALL, {"min": 3})
    assert isinstance(send_to_service(three, "f1", "c1", NOON, rules), Moved)
