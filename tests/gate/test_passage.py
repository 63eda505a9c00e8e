"""What becomes of a grant: exactly one end each, and what is said of passages that no grant covers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.model import AccessPoint
from kiosk.gate.actuator import Direction
from kiosk.gate.passage import Effect, Ended, Forced, HeldOpen, Outcome, Passages
from tests.gate.barriers import make_gate, make_point

SECOND = 1_000_000_000
IN = make_point()
OUT = make_point(id="exit", area_from="club", area_to="outside", way_out=True)
ANNA, BO, CHEN = "anna", "bo", "chen"


def make_passages(*, has_sensor: bool = True, **settings: Any) -> Passages:
    return Passages([(make_gate(**settings), has_sensor), (make_gate(id="pool"), True)])


def ends(effects: list[Effect]) -> list[tuple[int | None, str | bool]]:
    """Return seq and outcome, or True for taken, of every end."""
    return [(each.grant.seq, True if each.taken else str(each.outcome)) for each in effects if isinstance(each, Ended)]


def test_a_passage_takes_the_grant() -> None:
    passages = make_passages()
    assert passages.granted(7, IN, ANNA, 0) == []
    (end,) = passages.passed("main", "", SECOND)
    assert isinstance(end, Ended)
    assert (end.grant.seq, end.grant.point, end.taken, end.assumed, end.outcome) == (7, IN, True, False, None)
    assert passages.open("main") == ()


def test_without_a_sensor_a_grant_is_assumed_taken_at_once() -> None:
    (end,) = make_passages(has_sensor=False).granted(7, IN, ANNA, 0)
    assert isinstance(end, Ended)
    assert (end.taken, end.assumed) == (True, True)


@pytest.mark.parametrize("has_sensor", [True, False])
def test_a_grant_whose_barrier_did_not_obey_is_not_taken(has_sensor: bool) -> None:
    passages = make_passages(has_sensor=has_sensor)
    assert ends(passages.granted(7, IN, ANNA, 0, released=False)) == [(7, "fault")]
    assert passages.open("main") == ()


def test_the_oldest_grant_is_taken_first() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    passages.granted(2, OUT, BO, SECOND)
    assert ends(passages.passed("main", "", 2 * SECOND)) == [(1, True)]
    assert ends(passages.passed("main", "", 2 * SECOND)) == [(2, True)]


def test_a_sensor_that_knows_the_direction_takes_the_oldest_grant_of_that_direction() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    passages.granted(2, OUT, BO, 0)
    assert ends(passages.passed("main", "out", SECOND)) == [(2, True)]
    assert passages.passed("main", "out", SECOND) == [Forced("main", "out")]
    assert ends(passages.passed("main", "in", SECOND)) == [(1, True)]


def test_gates_do_not_take_each_others_grants() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    assert passages.passed("pool", "", SECOND) == [Forced("pool")]
    assert ends(passages.passed("main", "", SECOND)) == [(1, True)]


def test_a_grant_that_nobody_takes_ends_when_its_time_is_up() -> None:
    passages = make_passages(passage_timeout_s=8.0)
    passages.granted(7, IN, ANNA, SECOND)
    assert passages.next_due_ns() == 9 * SECOND
    assert passages.due(9 * SECOND - 1) == []
    assert ends(passages.due(9 * SECOND)) == [(7, "timeout")]
    assert passages.due(90 * SECOND) == []
    assert passages.next_due_ns() is None


@pytest.mark.parametrize(("after_s", "expected"), [(7.999, [(7, True)]), (8.0, [(7, "timeout")])])
def test_a_passage_counts_at_the_time_the_sensor_saw_it(after_s: float, expected: list[Any]) -> None:
    passages = make_passages(passage_timeout_s=8.0)
    passages.granted(7, IN, ANNA, 0)
    # The caller hung and hears of it a minute late.
    effects = [*passages.passed("main", "", int(after_s * SECOND)), *passages.due(60 * SECOND)]
    assert ends(effects) == expected
    assert (Forced("main") in effects) is (after_s == 8.0)


def test_who_went_through_before_the_grant_has_not_used_it() -> None:
    passages = make_passages()
    passages.granted(7, IN, ANNA, 5 * SECOND)
    assert passages.passed("main", "", 5 * SECOND - 1) == [Forced("main")]
    assert ends(passages.passed("main", "", 5 * SECOND)) == [(7, True)]


def test_a_second_tap_of_the_same_card_supersedes_its_own_grant() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    passages.granted(2, IN, BO, 0)
    assert ends(passages.superseded(IN, ANNA)) == [(1, "superseded")]
    assert passages.superseded(IN, ANNA) == []
    passages.granted(3, IN, ANNA, SECOND)
    assert [grant.seq for grant in passages.open("main")] == [2, 3]


def test_a_tap_at_the_other_access_point_supersedes_nothing() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    assert passages.superseded(OUT, ANNA) == []
    passages.granted(2, OUT, ANNA, SECOND)
    assert [grant.seq for grant in passages.open("main")] == [1, 2]


def test_cards_without_identity_do_not_supersede_each_other() -> None:
    passages = make_passages()
    passages.granted(None, OUT, None, 0)
    assert passages.superseded(OUT, None) == []
    passages.granted(None, OUT, None, 0)
    assert len(passages.open("main")) == 2


def test_more_open_grants_than_the_limit_end_the_oldest() -> None:
    passages = make_passages(open_grants_max=8)
    for seq in range(1, 9):
        assert passages.granted(seq, IN, f"card-{seq}", 0) == []
    assert ends(passages.granted(9, IN, "card-9", 0)) == [(1, "overrun")]
    assert len(passages.open("main")) == 8


def test_all_grants_of_all_gates_can_be_ended_at_once() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    passages.granted(2, make_point(id="pool", gate="pool"), BO, 0)
    assert ends(passages.end_all(Outcome.UNKNOWN)) == [(1, "unknown"), (2, "unknown")]
    assert passages.end_all(Outcome.UNKNOWN) == []
    assert passages.passed("main", "", SECOND) == [Forced("main")]


def test_a_passage_without_a_grant_is_forced() -> None:
    assert make_passages().passed("main", "in", SECOND) == [Forced("main", "in")]


def test_in_an_emergency_nobody_forces_the_gate_and_grants_are_still_taken() -> None:
    passages = make_passages()
    passages.granted(1, IN, ANNA, 0)
    assert ends(passages.passed("main", "", SECOND, emergency=True)) == [(1, True)]
    assert passages.passed("main", "", SECOND, emergency=True) == []


def test_a_passage_held_open_is_told_once() -> None:
    passages = make_passages(held_open_s=10.0)
    passages.occupied("main", SECOND)
    passages.occupied("main", 5 * SECOND)
    assert passages.next_due_ns() == 11 * SECOND
    assert passages.due(11 * SECOND - 1) == []
    assert passages.due(11 * SECOND + 5_000_000) == [HeldOpen("main", 10_005)]
    assert passages.due(60 * SECOND) == []
    assert passages.next_due_ns() is None
    passages.cleared("main")
    passages.occupied("main", 70 * SECOND)
    assert passages.due(80 * SECOND) == [HeldOpen("main", 10_000)]


def test_a_passage_that_is_cleared_in_time_is_not_held_open() -> None:
    passages = make_passages(held_open_s=10.0)
    passages.occupied("main", 0)
    passages.cleared("main")
    assert passages.next_due_ns() is None
    assert passages.due(60 * SECOND) == []


def test_the_time_of_an_emergency_does_not_count_as_held_open() -> None:
    passages = make_passages(held_open_s=10.0)
    passages.occupied("main", 0)
    assert passages.due(60 * SECOND, emergency=True) == []
    assert passages.due(70 * SECOND - 1) == []
    assert passages.due(70 * SECOND) == [HeldOpen("main", 10_000)]


POINTS = [IN, OUT, make_point(id="pool", area_from="club", area_to="pool", gate="pool")]
DIRECTIONS: list[Direction] = ["in", "out", ""]
step_s = st.integers(min_value=0, max_value=4)
tap = st.tuples(st.just("tap"), st.sampled_from(POINTS), st.sampled_from([ANNA, BO, CHEN, None]))
walk = st.tuples(st.just("walk"), st.sampled_from(["main", "pool"]), st.sampled_from(DIRECTIONS))
wait = st.tuples(st.just("wait"), st.none(), st.none())


@given(st.lists(st.tuples(step_s, st.one_of(tap, walk, wait)), max_size=60), st.integers(min_value=1, max_value=8))
def test_every_grant_ends_exactly_once_whatever_happens(moves: list[tuple[int, Any]], open_max: int) -> None:
    passages = Passages([(make_gate(open_grants_max=open_max), True), (make_gate(id="pool"), True)])
    now_ns, seq, walked = 0, 0, 0
    effects: list[Effect] = []
    granted: dict[int, AccessPoint] = {}
    for pause_s, (what, where, who) in moves:
        now_ns += pause_s * SECOND
        if what == "tap":
            seq += 1
            granted[seq] = where
            effects += passages.superseded(where, who)
            effects += passages.granted(seq, where, who, now_ns)
        elif what == "walk":
            walked += 1
            effects += passages.passed(where, who, now_ns)
        else:
            effects += passages.due(now_ns)
        assert len(passages.open("main")) <= open_max
    effects += passages.due(now_ns + 3600 * SECOND)
    ended = [each for each in effects if isinstance(each, Ended)]
    assert sorted(str(each.grant.seq) for each in ended) == sorted(map(str, granted))
    assert all(each.taken is (each.outcome is None) for each in ended)
    taken = sum(each.taken for each in ended)
    assert taken + sum(isinstance(each, Forced) for each in effects) == walked
    assert passages.open("main") == passages.open("pool") == ()


@given(st.lists(st.sampled_from([ANNA, BO, CHEN]), min_size=1, max_size=8))
def test_grants_of_a_gate_are_taken_in_the_order_they_were_given(cards: list[str]) -> None:
    passages = make_passages()
    for seq, card in enumerate(cards, 1):
        passages.superseded(IN, card)
        passages.granted(seq, IN, card, seq)
    waiting = [grant.seq for grant in passages.open("main")]
    taken = [passages.passed("main", "", 100)[0] for _ in waiting]
    assert [each.grant.seq for each in taken if isinstance(each, Ended)] == sorted(waiting, key=int)


def test_outcomes_are_the_words_on_the_wire() -> None:
    assert [outcome.value for outcome in Outcome] == ["timeout", "superseded", "overrun", "fault", "unknown"]
