"""A case that ends with the card stopped stops it, wherever the card came from."""

import pytest

from kiosk.central.club import cards, cases, gift_cards
from kiosk.central.club.books import Books, Change
from kiosk.central.club.cases import CaseWish
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import CardRecord, MemberRecord, save_cards, save_members
from kiosk.club.cards import CardState
from kiosk.club.cases import CaseDecision, CaseKind, CaseState
from tests.central.club.builders_cards import (
    answer,
    assign,
    credential,
    denied_now,
    do,
    encode,
    kept,
    member_id,
    put_carried,
    put_club,
    put_stock,
    put_waiting,
    tap,
)


def end_with_the_card_stopped(books: Books, credential_id: str | None) -> str:
    """Open a case about a card and close it; returns its id."""
    wish = CaseWish(CaseKind.MISUSE, credential=credential_id)
    case = do(books, lambda change: cases.open_case(change, wish)).id
    do(books, lambda change: cases.close(change, case, CaseDecision.CARD_STOPPED, why="lent to a friend"))
    return case


@pytest.mark.proves("S28", "R39")
def test_the_card_of_a_case_is_denied_at_every_gate_with_the_decision(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    end_with_the_card_stopped(books, credential(number))
    assert (answer(books, number), denied_now(books)) == ("credential_not_enabled", {credential(number)})
    held = kept(books, number).card
    assert (held.state, held.stopped) == (CardState.SUSPENDED, True)


def test_a_card_that_came_with_a_list_comes_into_the_book_and_is_stopped(books: Books) -> None:
    put_club(books)
    listed = CardRecord("ab" * 16, "04AB12CD", member_id(1))

    def work(change: Change) -> None:
        save_members(change.connection, [MemberRecord(member_id(1), "M1", "王小明", tier="silver")])
        save_cards(change.connection, [listed])
        change.touch(member_id(1))

    do(books, work)
    assert tap(books, listed.id).granted
    end_with_the_card_stopped(books, listed.id)
    assert not tap(books, listed.id).granted


def test_a_card_that_is_lost_already_stays_lost(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    do(books, lambda change: cards.report_lost(change, number))
    end_with_the_card_stopped(books, credential(number))
    assert kept(books, number).card.state is CardState.LOST


@pytest.mark.parametrize("which", ["none", "waiting", "gift"])
def test_where_nobody_carries_a_members_card_there_is_none_to_stop(books: Books, which: str) -> None:
    put_club(books)
    found: str | None = None
    if which != "none":
        number = put_stock(books, "gift" if which == "gift" else "ordinary", 1)[0]
        encode(books, number)
        found = credential(number)
        if which == "gift":
            do(books, lambda change: gift_cards.sell(change, number, 500))
        else:
            assign(books, number, put_waiting(books))
    with pytest.raises(RuleRefused) as caught:
        end_with_the_card_stopped(books, found)
    assert caught.value.reason == "no_card_to_stop"
    with books.look() as look:
        assert [each.state for each in cases.case_page(look)] == [CaseState.OPEN]
