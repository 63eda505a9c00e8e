"""Making cards: numbers that never were, three checks, and what becomes of cards that fail them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kiosk.central.club import batches, cards
from kiosk.central.club.batches import BatchWish
from kiosk.central.club.books import Books
from kiosk.central.club.card_tables import card
from kiosk.central.club.refused import RuleRefused
from kiosk.club.card_batches import BatchState, Issue, Maker, Quality
from kiosk.club.card_numbers import NumberRange
from kiosk.club.cards import CardState
from kiosk.club.life import StepRefused
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from tests.central.club.builders import noted
from tests.central.club.builders_cards import (
    TODAY,
    credential,
    do,
    encode,
    kept,
    put_club,
    put_made,
    put_stock,
    roster_card,
)
from tests.central.club.builders_points import amend


def order(books: Books, kind: str = "ordinary", quantity: int = 3, **wish: object) -> batches.Batch:
    return do(books, lambda change: batches.order(change, BatchWish(kind, quantity, **wish)))


def states(books: Books, batch: batches.Batch) -> set[str]:
    with books.look() as look:
        return set(look.connection.execute(select(card.c.state).where(card.c.batch == batch.id)).scalars())


@pytest.mark.proves("S20", "S24", "R19", "R40", "R41")
def test_an_order_takes_the_next_numbers_with_their_leading_zeros(both_books: Books) -> None:
    put_club(both_books)
    first = order(both_books)
    second = order(both_books, issue=Issue.GROUP, group="team-1", maker=Maker.CUSTOM_PRINT, firm="printer")
    with both_books.look() as look:
        numbers = look.connection.execute(select(card.c.number).order_by(card.c.number)).scalars().all()
        assert numbers == [f"0000000{n}" for n in range(1, 7)]
        assert batches.batch_of(look, second.id) == second
    assert states(both_books, first) == {"allocated"}
    assert (second.group, second.firm, second.ordered_on) == ("team-1", "printer", TODAY)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"quantity": 0}, "too_few"),
        ({"quantity": 51}, "too_many"),
        ({"issue": Issue.GROUP}, "group_missing"),
        ({"maker": Maker.FULL_CUSTOM}, "firm_missing"),
        ({"numbers": NumberRange(1, 2, 8)}, "not_as_many_numbers"),
    ],
)
def test_an_order_against_the_rules_is_refused_and_takes_no_number(
    books: Books, wish: dict[str, object], reason: str
) -> None:
    put_club(books)
    amend(books, batches__quantity_max=50)
    with pytest.raises(RuleRefused) as caught:
        order(books, **wish)
    assert caught.value.reason == reason
    assert order(books, quantity=1).numbers.first == 1


def test_an_order_of_a_kind_there_is_not_is_refused(books: Books) -> None:
    put_club(books)
    with pytest.raises(InvalidInput, match="no such kind"):
        order(books, "golden")


@pytest.mark.proves("R19", "S21")
def test_a_number_that_any_card_ever_had_is_never_given_out_again(books: Books) -> None:
    put_club(books)
    given = order(books, quantity=3, numbers=NumberRange(2, 4, 8))
    do(books, lambda change: batches.cancel(change, given.id, why="called off"))
    with pytest.raises(RuleRefused) as caught:
        order(books, quantity=2, numbers=NumberRange(4, 5, 8))
    assert caught.value.reason == "number_taken"
    fresh = order(books, quantity=2)
    assert (fresh.numbers.first, fresh.numbers.last) == (5, 6)


def test_numbers_run_out_at_their_digits(books: Books) -> None:
    put_club(books)
    amend(books, cards__number_digits=4)
    order(books, quantity=9998)
    with pytest.raises(RuleRefused) as caught:
        order(books, quantity=2)
    assert caught.value.reason == "used_up"
    assert order(books, quantity=1).numbers.first == 9999


@pytest.mark.proves("R19")
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5), st.booleans()), max_size=5))
def test_no_order_ever_shares_a_number(books: Books, spans: list[tuple[int, int, bool]]) -> None:
    taken: list[str] = []
    for first, count, chosen in spans:
        numbers = NumberRange(first, first + count - 1, 6) if chosen else None
        try:
            batch = order(books, quantity=count, numbers=numbers)
        except RuleRefused:
            continue
        taken += [batch.numbers.number(place) for place in range(batch.numbers.first, batch.numbers.last + 1)]
    assert len(taken) == len(set(taken))


@pytest.mark.proves("R42", "S24")
def test_a_batch_goes_into_stock_after_three_checks(books: Books) -> None:
    put_club(books)
    batch = put_made(books)
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: batches.decide(change, batch.id))
    assert caught.value.reason == "not_checked"
    for quality in (Quality.MATERIAL, Quality.PRINT):
        do(books, lambda change, quality=quality: batches.found(change, batch.id, quality, good=True))
    read = [f"0000000{n}" for n in (1, 2, 3)]
    assert do(books, lambda change: batches.read_back(change, batch.id, read)).missing == ()
    assert do(books, lambda change: batches.decide(change, batch.id)).state is BatchState.PASSED
    assert states(books, batch) == {"checked"}
    with pytest.raises(InvalidInput, match="no point of sale"):
        do(books, lambda change: batches.put_in_stock(change, batch.id, "desk"))
    assert len(noted(books, action="batch.check")) == 3


@pytest.mark.proves("R42")
def test_the_cards_of_a_batch_that_failed_are_void_at_the_gates_too(books: Books) -> None:
    put_club(books)
    batch = put_made(books)
    encode(books, "00000001")
    do(books, lambda change: batches.found(change, batch.id, Quality.MATERIAL, good=True))
    faults = do(books, lambda change: batches.read_back(change, batch.id, ["00000001", "00000003", "00000003"]))
    assert (faults.missing, faults.twice) == (("00000002",), ("00000003",))
    assert do(books, lambda change: batches.decide(change, batch.id)).state is BatchState.FAILED
    assert states(books, batch) == {"cancelled"}
    row = roster_card(books, credential("00000001"))
    assert row is not None
    assert row.state is CredentialState.REVOKED
    assert "missing: 1: 00000002; twice: 1: 00000003" in noted(books, action="batch.check")[-1]["after"]["remark"]


def test_what_is_not_made_is_not_checked_and_what_is_made_is_not_called_off(books: Books) -> None:
    put_club(books)
    batch = order(books)
    with pytest.raises(StepRefused):
        do(books, lambda change: batches.found(change, batch.id, Quality.PRINT, good=True))
    do(books, lambda change: batches.made(change, batch.id))
    with pytest.raises(StepRefused):
        do(books, lambda change: batches.cancel(change, batch.id, why="too late"))


def test_a_card_that_was_made_void_alone_does_not_come_into_stock_with_its_batch(books: Books) -> None:
    put_club(books)
    batch = put_made(books)
    do(books, lambda change: cards.cancel(change, "00000002", why="bent"))
    numbers = put_stock(books, quantity=1)
    for quality in Quality:
        do(books, lambda change, quality=quality: batches.found(change, batch.id, quality, good=True))
    do(books, lambda change: batches.decide(change, batch.id))
    do(books, lambda change: batches.put_in_stock(change, batch.id, "desk"))
    assert kept(books, "00000002").card.state is CardState.CANCELLED
    assert kept(books, "00000001").card.state is CardState.IN_STOCK
    assert numbers == ["00000004"]


def test_a_large_order_is_written_as_a_whole(books: Books) -> None:
    put_club(books)
    batch = order(books, quantity=2500)
    with books.look() as look:
        query = select(func.count()).select_from(card).where(card.c.batch == batch.id)
        assert look.connection.execute(query).scalar_one() == 2500
