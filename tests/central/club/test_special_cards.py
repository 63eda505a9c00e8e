"""Special cards: three people approve, another one switches on, and closing shuts them at every gate."""

import pytest

from kiosk.central.club import cards, special_cards
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.special_cards import SpecialWish
from kiosk.club.card_kinds import CardKind, CardRules, Holder, Obtained, UseClass
from kiosk.club.life import StepRefused
from kiosk.club.roles import Role
from kiosk.club.special_cards import DiscountWay, SpecialState
from kiosk.core.errors import InvalidInput
from tests.central.club.builders import told
from tests.central.club.builders_cards import (
    IT,
    answer,
    assign,
    credential,
    denied_now,
    do,
    encode,
    hand_over,
    kept,
    put_club,
    put_special,
    put_staff,
    put_stock,
    put_waiting,
)
from tests.central.club.builders_points import amend

WISH = SpecialWish("activities", "report-1", 5, DiscountWay.STORED_VALUE, 80)
GUEST_OF_HONOUR = CardKind(
    "honour",
    use_class=UseClass.SPECIAL,
    term_months=12,
    holds_value=False,
    holders=(Holder.MEMBER,),
    obtained=(Obtained.GRANT,),
)
"""A special card of a member's that opens gates: the regulation's own opens none."""


STAFF = {
    "f": (Role.FINANCE, Role.OPERATIONS),
    "o": (Role.OPERATIONS,),
    "g": (Role.GENERAL_MANAGER,),
    "d": (Role.DESK,),
    "desk-1": (Role.DESK, Role.OPERATIONS),
    "it-1": (Role.IT,),
}
"""The accounts of the departments; the desk asks for the cards."""


def put_departments(books: Books) -> None:
    put_club(books)
    for id, roles in STAFF.items():
        put_staff(books, id, *roles)


def say(books: Books, request: str, role: Role, by: str, *, agrees: bool = True) -> SpecialState:
    return books.change(
        Actor(by), lambda change: special_cards.say(change, request, role, agrees=agrees, why="so")
    ).state


@pytest.mark.proves("R35", "R36", "S30")
def test_three_people_approve_and_another_one_switches_on(both_books: Books) -> None:
    put_departments(both_books)
    request = do(both_books, lambda change: special_cards.ask(change, WISH)).id
    assert [row["data"]["role"] for row in told(both_books, template="special_to_approve")] == [
        "operations",
        "finance",
        "general_manager",
    ]
    assert say(both_books, request, Role.FINANCE, "f") is SpecialState.REQUESTED
    assert say(both_books, request, Role.OPERATIONS, "o") is SpecialState.REQUESTED
    with pytest.raises(StepRefused):
        both_books.change(IT, lambda change: special_cards.activate(change, request))
    assert say(both_books, request, Role.GENERAL_MANAGER, "g") is SpecialState.APPROVED
    assert told(both_books, template="special_to_activate")[0]["data"]["role"] == "it"
    with pytest.raises(RuleRefused) as caught:
        both_books.change(Actor("f"), lambda change: special_cards.activate(change, request))
    assert caught.value.reason == "not_your_role"
    both_books.change(IT, lambda change: special_cards.activate(change, request))
    with both_books.look() as look:
        held = special_cards.request_of(look, request)
    assert (held.activated_by, {each.by for each in held.opinions}) == ("it-1", {"f", "o", "g"})


@pytest.mark.proves("R36")
@pytest.mark.parametrize(
    ("role", "by", "reason"),
    [
        (Role.FINANCE, "f", "role_has_spoken"),
        (Role.OPERATIONS, "f", "same_person"),
        (Role.OPERATIONS, "desk-1", "own_request"),
        (Role.DESK, "d", "role_not_asked"),
    ],
)
def test_nobody_speaks_twice_or_for_an_own_request(books: Books, role: Role, by: str, reason: str) -> None:
    put_departments(books)
    request = do(books, lambda change: special_cards.ask(change, WISH)).id
    say(books, request, Role.FINANCE, "f")
    with pytest.raises(RuleRefused) as caught:
        say(books, request, role, by)
    assert caught.value.reason == reason


@pytest.mark.proves("R36", "S94")
@pytest.mark.parametrize(
    ("by", "reason"),
    [("d", "not_your_role"), ("key:till", "not_a_person"), ("token", "not_a_person"), ("gone", "not_a_person")],
)
def test_the_books_ask_the_account_for_the_role_and_not_the_caller(books: Books, by: str, reason: str) -> None:
    put_departments(books)
    put_staff(books, "gone", Role.FINANCE, state="closed")
    request = do(books, lambda change: special_cards.ask(change, WISH)).id
    with pytest.raises(RuleRefused) as caught:
        say(books, request, Role.FINANCE, by)
    assert caught.value.reason == reason
    for role, person in ((Role.OPERATIONS, "o"), (Role.FINANCE, "f"), (Role.GENERAL_MANAGER, "g")):
        say(books, request, role, person)
    with pytest.raises(RuleRefused) as caught:
        books.change(Actor(by), lambda change: special_cards.activate(change, request))
    assert caught.value.reason == reason


@pytest.mark.proves("R36")
def test_one_person_with_two_accounts_is_one_of_the_three(books: Books) -> None:
    put_departments(books)
    member = put_waiting(books)
    put_staff(books, "one", Role.FINANCE, member=member)
    put_staff(books, "two", Role.GENERAL_MANAGER, member=member)
    request = do(books, lambda change: special_cards.ask(change, WISH)).id
    assert say(books, request, Role.FINANCE, "one") is SpecialState.REQUESTED
    with pytest.raises(RuleRefused) as caught:
        say(books, request, Role.GENERAL_MANAGER, "two")
    assert caught.value.reason == "same_person"
    assert say(books, request, Role.GENERAL_MANAGER, "g") is SpecialState.REQUESTED


def test_one_no_ends_a_request(books: Books) -> None:
    put_departments(books)
    request = do(books, lambda change: special_cards.ask(change, WISH)).id
    assert say(books, request, Role.FINANCE, "f", agrees=False) is SpecialState.REFUSED
    with pytest.raises(StepRefused):
        say(books, request, Role.OPERATIONS, "o")


@pytest.mark.proves("R35")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"report": ""}, "report_missing"), ({"quantity": 101}, "quantity_not_allowed")],
)
def test_a_request_that_lacks_something_is_not_taken(books: Books, fields: dict[str, object], reason: str) -> None:
    put_club(books)
    values = {name: getattr(WISH, name) for name in WISH.__struct_fields__} | fields
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: special_cards.ask(change, SpecialWish(**values)))
    assert caught.value.reason == reason
    with books.look() as look, pytest.raises(InvalidInput, match="no special-card request"):
        special_cards.request_of(look, "nothing")


@pytest.mark.proves("R34")
def test_a_special_card_of_the_regulation_opens_no_gate_even_while_it_works(books: Books) -> None:
    put_club(books)
    number = put_stock(books, "special", 1)[0]
    encode(books, number)
    assign(books, number, None, holder=Holder.STAFF, request=put_special(books))
    hand_over(books, number)
    assert kept(books, number).card.function_on
    assert answer(books, number) == "credential_not_enabled"


@pytest.mark.proves("R34", "R36", "S30")
def test_closing_a_request_shuts_its_cards_at_every_gate_at_once(books: Books) -> None:
    put_club(books)
    amend(books, cards__kinds=[*CardRules().kinds, GUEST_OF_HONOUR])
    request = put_special(books)
    number = put_stock(books, "honour", 1)[0]
    encode(books, number)
    assign(books, number, put_waiting(books), request=request)
    hand_over(books, number)
    assert answer(books, number) == "ok"
    books.change(IT, lambda change: special_cards.close(change, request, why="over"))
    assert (answer(books, number), denied_now(books)) == ("credential_not_enabled", {credential(number)})
    with pytest.raises(StepRefused):
        books.change(IT, lambda change: special_cards.activate(change, request))


def test_a_closed_requests_card_stays_shut_when_the_card_is_restored(books: Books) -> None:
    put_club(books)
    amend(books, cards__kinds=[*CardRules().kinds, GUEST_OF_HONOUR])
    request = put_special(books)
    number = put_stock(books, "honour", 1)[0]
    encode(books, number)
    assign(books, number, put_waiting(books), request=request)
    hand_over(books, number)
    do(books, lambda change: cards.suspend(change, number, why="lent"))
    books.change(IT, lambda change: special_cards.close(change, request, why="over"))
    do(books, lambda change: cards.restore(change, number, why="talked"))
    assert answer(books, number) == "credential_not_enabled"
