"""The rule book: defaults, dated amendments, and what may not be written into it."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.rulebook import Amendment, RuleBook, Rules, check_amendment, entries
from kiosk.club.tiers import ladder_faults
from kiosk.core.errors import InvalidInput

TODAY = date(2026, 11, 22)
RULE = "earning.registration_points"


def make_amendment(number: int = 1, value: Any = 1200, day: date = TODAY, **more: Any) -> Amendment:
    """Return an amendment of the points of registration."""
    return Amendment(**{"number": number, "rule": RULE, "value": value, "effective_on": day} | WHO | more)


WHO = {"decided_by": "council", "why": "agreed"}


@pytest.mark.proves("S95")
def test_an_amendment_holds_from_its_day_on_and_not_before() -> None:
    book = RuleBook([make_amendment()])
    assert book.on(TODAY - timedelta(days=1)) == Rules()
    assert book.on(TODAY).earning.registration_points == 1200
    assert book.on(date.max).earning.registration_points == 1200


def test_of_one_day_the_later_number_counts_whatever_order_they_are_read_in() -> None:
    pair = [make_amendment(2, 1300), make_amendment(1, 1200)]
    assert RuleBook(pair).on(TODAY).earning.registration_points == 1300
    assert RuleBook(pair[::-1]).on(TODAY).earning.registration_points == 1300


def test_amendments_of_several_entries_and_families_hold_together() -> None:
    months = make_amendment(2, 24, rule="points.valid_months")
    rules = RuleBook([make_amendment(), months]).on(TODAY)
    assert (rules.earning.registration_points, rules.points.valid_months) == (1200, 24)
    assert rules.earning.consumption_points == Rules().earning.consumption_points


@pytest.mark.proves("S95")
@settings(max_examples=60, deadline=None)
@given(
    known=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5000)), max_size=6),
    days=st.integers(0, 40),
    value=st.integers(0, 5000),
)
def test_a_new_amendment_never_rewrites_a_day_before_it(known: list[tuple[int, int]], days: int, value: int) -> None:
    before = [make_amendment(n, each, TODAY + timedelta(days=day)) for n, (day, each) in enumerate(known, 1)]
    first = TODAY + timedelta(days=days)
    after = [*before, make_amendment(99, value, first)]
    for offset in range(days):
        day = TODAY + timedelta(days=offset)
        assert RuleBook(after).on(day) == RuleBook(before).on(day)
    later = [each for each in before if each.effective_on > first]
    until = min((each.effective_on for each in later), default=first + timedelta(days=30))
    assert RuleBook(after).on(until - timedelta(days=1)).earning.registration_points == value


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day": TODAY - timedelta(days=1)}, "a day that is over"),
        ({"rule": "earning.registration_pointz"}, "Did you mean earning.registration_points"),
        ({"rule": "nothing"}, "no such rule"),
        ({"value": -1}, "does not take that"),
        ({"value": None}, "does not take that"),
        ({"rule": "tiers.ladder", "value": []}, "does not take that"),
        ({"rule": "tiers.ladder", "value": [{"tier": "gold", "colour": "red"}]}, "unknown field"),
    ],
)
def test_what_does_not_fit_is_refused_by_what_is_wrong(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_amendment(make_amendment(**changes), TODAY)
    assert says in str(caught.value)


def test_today_is_the_first_day_an_amendment_may_begin() -> None:
    check_amendment(make_amendment(), TODAY)
    check_amendment(make_amendment(day=TODAY + timedelta(days=1)), TODAY)


def test_a_book_that_this_version_cannot_read_says_so_on_the_day() -> None:
    book = RuleBook([make_amendment(value="many", day=TODAY + timedelta(days=1))])
    assert book.on(TODAY) == Rules()
    with pytest.raises(InvalidInput, match="does not take that"):
        book.on(TODAY + timedelta(days=1))


def test_every_number_has_a_meaning_a_source_and_a_default_that_it_takes() -> None:
    listed = list(entries())
    assert len({each.name for each in listed}) == len(listed) > 60
    for each in listed:
        assert each.meaning.endswith("."), each.name
        assert each.source, each.name
        check_amendment(make_amendment(rule=each.name, value=each.default), TODAY)


def test_every_default_written_as_an_amendment_changes_nothing() -> None:
    every = [make_amendment(n, each.default, rule=each.name) for n, each in enumerate(entries(), 1)]
    assert RuleBook(every).on(TODAY) == Rules()


def test_the_book_as_the_seeds_have_it_holds_together() -> None:
    assert ladder_faults(Rules().tiers) == ()
    assert msgspec.convert(msgspec.to_builtins(Rules()), Rules) == Rules()


def test_one_day_gives_one_and_the_same_rules() -> None:
    book = RuleBook([make_amendment()])
    assert book.on(TODAY) is book.on(date.max)
