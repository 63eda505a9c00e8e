"""Gift cards from stock to their end: never anybody's, never through a gate, back only when they are empty."""

from datetime import date

import pytest

from kiosk.central.club import card_replacing, cards, gift_cards, gift_way_back
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.card_adoption import adopt
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import CardRecord, save_cards
from kiosk.club.card_kinds import ReplaceReason
from kiosk.club.cards import CardState
from kiosk.club.gift_cards import GiftCard, GiftState
from kiosk.club.gift_recovery import Stage
from kiosk.club.life import StepRefused
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import told
from tests.central.club.builders_cards import (
    TODAY,
    answer,
    assign,
    credential,
    do,
    encode,
    kept,
    put_club,
    put_stock,
    put_waiting,
    roster_card,
    tap,
)

LAST_DAY = date(2029, 11, 21)
FUNDS = Actor("funds-1")
SERVICE = Actor("service-1")


def put_sold(books: Books, amount_minor: int = 20_000) -> str:
    number = put_stock(books, "gift", 1)[0]
    encode(books, number)
    do(books, lambda change: gift_cards.sell(change, number, amount_minor))
    return number


def gift(books: Books, number: str) -> GiftCard:
    with books.look() as look:
        return gift_cards.gift_of(look, number)


def spend_all(books: Books, number: str) -> None:
    do(books, lambda change: gift_cards.note_balance(change, number, 0))


@pytest.mark.proves("R26", "R27", "R28", "R29", "R30", "S29")
def test_a_gift_card_is_sold_to_a_bearer_with_an_end_and_opens_no_gate(both_books: Books) -> None:
    put_club(both_books)
    number = put_sold(both_books)
    assert gift(both_books, number) == GiftCard(number, GiftState.ACTIVE, 20_000, TODAY, LAST_DAY)
    held = kept(both_books, number).card
    assert (held.member, held.holder, held.valid_until) == (None, "bearer", LAST_DAY)
    row = roster_card(both_books, credential(number))
    assert row is not None
    assert (row.gift, row.member) == (True, None)
    assert answer(both_books, number) == "gift_card_not_admitted"


def test_a_gift_card_is_not_given_to_a_member_and_no_other_card_is_sold_as_one(books: Books) -> None:
    put_club(books)
    number = put_stock(books, "gift", 1)[0]
    with pytest.raises(RuleRefused) as caught:
        assign(books, number, put_waiting(books))
    assert caught.value.reason == "is_a_gift_card"
    other = put_stock(books, quantity=1)[0]
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_cards.sell(change, other, 100))
    assert caught.value.reason == "not_a_gift_card"
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_cards.sell(change, number, 0))
    assert caught.value.reason == "no_amount"


def test_a_gift_card_is_sold_once(books: Books) -> None:
    put_club(books)
    number = put_sold(books)
    with pytest.raises(StepRefused):
        do(books, lambda change: gift_cards.sell(change, number, 500))
    assert gift(books, number).balance_minor == 20_000


def test_a_void_gift_card_is_not_sold(books: Books) -> None:
    put_club(books)
    number = put_stock(books, "gift", 1)[0]
    do(books, lambda change: cards.cancel(change, number, why="bent"))
    with pytest.raises(StepRefused):
        do(books, lambda change: gift_cards.sell(change, number, 500))


def test_a_sold_gift_card_has_its_own_way_and_none_of_a_members_card(books: Books) -> None:
    put_club(books)
    number, other = put_sold(books), put_stock(books, "gift", 1)[0]
    for step in (cards.report_lost, cards.take_back):
        with pytest.raises(RuleRefused) as caught:
            do(books, lambda change, step=step: step(change, number))
        assert caught.value.reason == "is_a_gift_card"
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: card_replacing.replace(change, number, other, ReplaceReason.LOST))
    assert caught.value.reason == "is_a_gift_card"


def test_a_gift_card_that_ran_out_is_extended(books: Books, clock: ManualClock) -> None:
    put_club(books)
    number = put_sold(books)
    with pytest.raises(StepRefused):
        books.change(FUNDS, lambda change: gift_cards.extend(change, number, date(2030, 1, 1), why="too early"))
    clock.pass_s(1100 * 86400)
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_cards.extend(change, number, date(2030, 6, 30), why="for a friend"))
    assert caught.value.reason == "same_person"
    longer = books.change(
        FUNDS, lambda change: gift_cards.extend(change, number, date(2030, 6, 30), why="found in a drawer")
    )
    assert (longer.state, kept(books, number).card.valid_until) == (GiftState.ACTIVE, date(2030, 6, 30))


@pytest.mark.proves("R31", "R32", "S31", "S63")
def test_an_empty_gift_card_goes_back_by_two_hand_overs_and_ends_with_its_number(books: Books) -> None:
    put_club(books)
    number = put_sold(books)
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_way_back.take_in(change, number, "shop-1"))
    assert caught.value.reason == "balance_left"
    spend_all(books, number)
    do(books, lambda change: gift_way_back.take_in(change, number, "shop-1"))
    row = roster_card(books, credential(number))
    assert row is not None
    assert row.state == "revoked"
    do(books, lambda change: gift_way_back.hand_to_funds(change, [number], FUNDS.id))
    books.change(FUNDS, lambda change: gift_way_back.send_to_service(change, [number], SERVICE.id))
    books.change(SERVICE, lambda change: gift_way_back.destroy(change, [number], "witness-1"))
    assert (gift(books, number).state, kept(books, number).card.state) == ("destroyed", CardState.DESTROYED)
    with books.look() as look:
        way = gift_way_back.way_back_of(look, number)
    assert [(each.given_by, each.taken_by) for each in sorted(way, key=lambda each: list(Stage).index(each.stage))] == [
        ("shop-1", "desk-1"),
        ("desk-1", "funds-1"),
        ("funds-1", "service-1"),
        ("service-1", "witness-1"),
    ]
    assert not tap(books, credential(number)).granted


@pytest.mark.proves("R32")
def test_cards_go_back_together_or_not_at_all(books: Books) -> None:
    put_club(books)
    first, second = put_sold(books), put_sold(books)
    spend_all(books, first)
    do(books, lambda change: gift_way_back.take_in(change, first, "shop-1"))
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_way_back.hand_to_funds(change, [first, second], FUNDS.id))
    assert caught.value.reason == "wrong_state"
    assert gift(books, first).state is GiftState.RECOVERED
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_way_back.hand_to_funds(change, [first], "desk-1"))
    assert caught.value.reason == "same_person"


def test_a_balance_is_written_of_a_sold_card_that_is_still_out(books: Books) -> None:
    put_club(books)
    number = put_stock(books, "gift", 1)[0]
    with pytest.raises(RuleRefused):
        do(books, lambda change: gift_cards.note_balance(change, number, 5))
    sold = put_sold(books)
    with pytest.raises(InvalidInput, match="cannot hold"):
        do(books, lambda change: gift_cards.note_balance(change, sold, -1))
    spend_all(books, sold)
    do(books, lambda change: gift_way_back.take_in(change, sold, "shop-1"))
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_cards.note_balance(change, sold, 500))
    assert caught.value.reason == "not_active"


@pytest.mark.proves("R31")
def test_staff_are_told_once_a_day_how_many_empty_gift_cards_are_out(books: Books) -> None:
    put_club(books)
    number = put_sold(books)
    put_sold(books)
    assert not do(books, gift_cards.call_for_recovery)
    spend_all(books, number)
    assert [do(books, gift_cards.call_for_recovery) for _ in range(2)] == [True, False]
    assert told(books, template="gift_cards_to_recover")[0]["data"] == {"number": 1}


def test_a_gift_card_from_a_list_is_not_taken_in_before_its_balance_is_written_down(books: Books) -> None:
    put_club(books)
    listed = CardRecord("ee" * 16, "04EE", None, gift=True)
    do(books, lambda change: save_cards(change.connection, [listed]))
    number = do(books, lambda change: adopt(change, listed.id)).card.number
    with pytest.raises(InvalidInput, match="no gift card"):
        do(books, lambda change: gift_way_back.take_in(change, number, "shop-1"))
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: gift_cards.open_balance(change, number, 9000, LAST_DAY, why="for a friend"))
    assert caught.value.reason == "same_person"
    books.change(FUNDS, lambda change: gift_cards.open_balance(change, number, 300, LAST_DAY, why="old system"))
    assert gift(books, number).balance_minor == 300
    with pytest.raises(InvalidInput, match="no gift card from a list"):
        books.change(FUNDS, lambda change: gift_cards.open_balance(change, number, 300, LAST_DAY, why="twice"))
    assert not tap(books, listed.id).granted
