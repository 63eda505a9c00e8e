"""Cards from a list: taken into the book as they stand, with nothing changed at the gates."""

from datetime import date

import pytest
from sqlalchemy import insert

from kiosk.central.club import card_replacing, cards
from kiosk.central.club.books import Books, Change
from kiosk.central.club.card_adoption import adopt
from kiosk.central.club.card_book import Kept
from kiosk.central.club.people_tables import card_held_back
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import CardRecord, MemberRecord, save_cards, save_members
from kiosk.club.card_kinds import ReplaceReason
from kiosk.club.cards import CardState
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from tests.central.club.builders import noted
from tests.central.club.builders_cards import (
    answer,
    credential,
    do,
    encode,
    gate_answers,
    hand_over,
    put_club,
    put_stock,
    tap,
)
from tests.central.club.builders_points import member_id


def put_listed(
    books: Books, number: int = 1, state: CredentialState = CredentialState.ACTIVE, identifier: str = "04AB12CD"
) -> str:
    """Write a member with a card down as a list does; returns the credential."""
    card = CardRecord(f"{number:032x}", identifier, member_id(1), state, valid_until=date(2027, 3, 31))

    def work(change: Change) -> None:
        save_members(change.connection, [MemberRecord(member_id(1), "M1", "王小明", tier="silver")])
        save_cards(change.connection, [card])
        change.touch(member_id(1))

    do(books, work)
    return card.id


def take(books: Books, credential_id: str, kind: str = "ordinary") -> Kept:
    return do(books, lambda change: adopt(change, credential_id, kind))


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (CredentialState.ACTIVE, CardState.HANDED_OVER),
        (CredentialState.UNCOLLECTED, CardState.ASSIGNED),
        (CredentialState.DISABLED, CardState.SUSPENDED),
        (CredentialState.LOST, CardState.LOST),
        (CredentialState.REVOKED, CardState.CANCELLED),
    ],
)
def test_a_listed_card_stands_in_the_book_as_the_gates_know_it(
    books: Books, told: CredentialState, state: CardState
) -> None:
    put_club(books)
    id = put_listed(books, state=told)
    before = tap(books, id)
    kept = take(books, id, "annual")
    assert (kept.card.state, kept.card.kind, kept.card.number) == (state, "annual", "04AB12CD")
    assert kept.card.valid_until == date(2027, 3, 31)
    assert tap(books, id) == before
    assert len(noted(books, action="card.adopt")) == 1


def test_a_listed_card_that_waited_for_its_host_and_was_lost_meanwhile_is_lost(books: Books) -> None:
    put_club(books)
    id = put_listed(books, state=CredentialState.LOST)
    row = {"credential": id, "member": member_id(1)}
    do(books, lambda change: change.connection.execute(insert(card_held_back).values(**row)))
    assert take(books, id).card.state is CardState.LOST
    assert gate_answers(books, [id]) == {id: False}


def test_a_listed_card_that_was_disabled_passes_that_on_to_the_card_in_its_place(books: Books) -> None:
    put_club(books)
    old, new = take(books, put_listed(books, state=CredentialState.DISABLED)).card, put_stock(books, quantity=1)[0]
    encode(books, new)
    do(books, lambda change: card_replacing.replace(change, old.number, new, ReplaceReason.DAMAGED))
    hand_over(books, new)
    assert (old.stopped, answer(books, new)) == (True, "credential_not_enabled")


def test_a_listed_card_is_taken_in_once(both_books: Books) -> None:
    put_club(both_books)
    id = put_listed(both_books)
    assert take(both_books, id) == take(both_books, id)
    with pytest.raises(InvalidInput, match="no such card"):
        take(both_books, "ff" * 16)
    with pytest.raises(InvalidInput, match="is no special card"):
        take(both_books, put_listed(both_books, 2, identifier="04FF"), "special")


@pytest.mark.parametrize("identifier", ["00000001", "A1" * 20])
def test_a_listed_card_whose_number_cannot_be_gets_one_of_the_clubs(books: Books, identifier: str) -> None:
    put_club(books)
    put_stock(books, quantity=1)
    assert take(books, put_listed(books, identifier=identifier)).card.number == "00000002"


def test_a_listed_card_is_lost_and_replaced_like_any_other(books: Books) -> None:
    put_club(books)
    id = put_listed(books)
    old, new = take(books, id).card.number, put_stock(books, quantity=1)[0]
    do(books, lambda change: cards.report_lost(change, old))
    assert gate_answers(books, [id]) == {id: False}
    encode(books, new)
    do(books, lambda change: card_replacing.replace(change, old, new, ReplaceReason.LOST))
    assert answer(books, new) == "card_not_collected"
    hand_over(books, new)
    assert gate_answers(books, [id, credential(new)]) == {id: False, credential(new): True}


def test_a_member_with_two_listed_cards_keeps_the_first_and_the_other_is_named(books: Books) -> None:
    put_club(books)
    first, second = put_listed(books), put_listed(books, 2, identifier="04EE")
    take(books, first)
    with pytest.raises(RuleRefused) as caught:
        take(books, second)
    assert caught.value.reason == "member_has_a_card"
