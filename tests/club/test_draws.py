"""Draws: more tickets are more chances, nobody wins twice, and everybody wins where no number is set."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.draws import Ticket, digest_of, drawn_order, tickets_of, winners


def test_who_has_more_tickets_stands_in_the_drum_more_often() -> None:
    assert tickets_of([Ticket("a", 2), Ticket("b")]) == ("a", "a", "b")


def test_the_drawn_order_decides_and_nobody_wins_twice() -> None:
    tickets = ("a", "a", "b", "c")
    assert winners(tickets, (1, 0, 3, 2), 2) == ("a", "c")
    assert winners(tickets, (2, 1, 0, 3), 1) == ("b",)
    assert winners(tickets, (0, 1, 2, 3), 9) == ("a", "b", "c")


def test_the_order_follows_from_the_seed_alone_and_another_seed_draws_another() -> None:
    first, other = (drawn_order(seed, 50) for seed in ("a1", "b2"))
    assert first == drawn_order("a1", 50) != other
    assert sorted(first) == list(range(50))
    by_hand = sorted(range(3), key=lambda place: hashlib.sha256(f"a1.{place}".encode()).hexdigest())
    assert drawn_order("a1", 3) == tuple(by_hand)
    assert digest_of("a1") == hashlib.sha256(b"a1").hexdigest()


def test_every_ticket_comes_first_as_often_as_another() -> None:
    first = [drawn_order(f"seed {n}", 4)[0] for n in range(2000)]
    assert all(420 < first.count(place) < 580 for place in range(4))


HELD = st.lists(st.sampled_from("abcd"), max_size=12)


@given(HELD.flatmap(lambda held: st.tuples(st.just(held), st.permutations(range(len(held))))))
@settings(max_examples=60)
def test_without_a_number_everybody_with_a_ticket_wins_once(case: tuple[list[str], list[int]]) -> None:
    held, order = case
    assert sorted(winners(held, order, None)) == sorted(set(held))
