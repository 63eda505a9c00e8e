"""The notes that go to the gates say on each day what the rules say on it, and change seldom."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.calendar import CalendarRules, MemberDay
from kiosk.club.gate_notes import as_noted, notes_ahead, unnamed
from kiosk.club.greetings import GreetingFacts, GreetingRules, greet
from kiosk.core.model import UNNAMED, Note

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
RULES = GreetingRules()
PLAIN = CalendarRules()
NEAR = st.dates(TODAY - 40 * DAY, TODAY + 60 * DAY)
FACTS = st.builds(
    GreetingFacts,
    visits=st.integers(0, 4),
    born_on=st.none() | NEAR.map(lambda day: day.replace(year=1988)),
    joined_on=st.none() | NEAR.map(lambda day: day.replace(year=2020)),
    valid_until=st.none() | NEAR,
    paid_until=st.none() | NEAR,
    points_run_out_on=st.none() | NEAR,
    points_running_out=st.integers(0, 1),
    private=st.booleans(),
)


def make_facts(**changes: object) -> GreetingFacts:
    """Make a member who has come often and about whom there is nothing to say."""
    return msgspec.structs.replace(GreetingFacts(visits=20), **changes)


def ahead(facts: GreetingFacts, today: date = TODAY) -> tuple[Note, ...]:
    """Return the notes by the rules of the book."""
    return notes_ahead(facts, today, RULES, PLAIN)


def holding(notes: tuple[Note, ...], day: date) -> set[str]:
    """Return the codes that hold on a day."""
    return {
        each.code
        for each in notes
        if (each.valid_from is None or each.valid_from <= day) and (each.valid_until is None or day <= each.valid_until)
    }


def test_about_most_members_there_is_nothing_to_note() -> None:
    assert ahead(make_facts(born_on=date(1990, 5, 1), valid_until=date(2027, 11, 21))) == ()


@given(FACTS, st.integers(0, RULES.note_days))
@settings(max_examples=60, deadline=None)
def test_on_each_day_ahead_the_notes_say_what_the_rules_say_on_it(facts: GreetingFacts, days: int) -> None:
    day = TODAY + days * DAY
    greeting = greet(facts, day, RULES, PLAIN)
    said = {each.notice.value for each in greeting.public} | (set() if greeting.by_name else {UNNAMED})
    assert holding(ahead(facts), day) == said


@given(FACTS)
@settings(max_examples=40, deadline=None)
def test_a_night_later_only_what_begins_or_ends_is_written(facts: GreetingFacts) -> None:
    noted = ahead(facts)
    tomorrow = TODAY + DAY
    later = as_noted(ahead(facts, tomorrow), noted, tomorrow)
    unchanged = [each for each in noted if each.valid_until is None or each.valid_until > TODAY]
    fresh = [each for each in later if each not in unchanged]
    assert all(each.valid_from == tomorrow + RULES.note_days * DAY for each in fresh)
    assert [each for each in later if each in unchanged] == unchanged
    assert as_noted(ahead(facts), noted, TODAY) == noted


def test_notes_keep_their_order_on_the_day_on_which_one_begins_to_hold() -> None:
    facts = GreetingFacts(visits=0, born_on=date(1990, 11, 24))
    noted = ahead(facts)
    assert [each.code for each in noted] == [UNNAMED, "welcome_new", "birthday"]
    day = date(2026, 11, 24)
    assert as_noted(ahead(facts, day), noted, day) == noted


@pytest.mark.proves("S40", "S76")
def test_a_birthday_is_noted_with_its_whole_time_once_it_comes_near() -> None:
    born = date(1990, 12, 6)
    assert ahead(make_facts(born_on=born), date(2026, 11, 21)) == ()
    assert ahead(make_facts(born_on=born)) == (Note("birthday", date(2026, 12, 6), date(2026, 12, 12)),)


@pytest.mark.proves("S40")
def test_an_end_is_noted_with_its_day_for_the_gate_to_count_to() -> None:
    end = date(2026, 12, 30)
    assert ahead(make_facts(valid_until=end)) == (Note("expires_soon", date(2026, 11, 30), end, on=end),)


def test_what_does_not_end_by_itself_has_no_last_day() -> None:
    assert ahead(make_facts(paid_until=date(2026, 11, 1))) == (Note("see_kiosk", TODAY),)
    assert ahead(GreetingFacts(visits=0)) == (Note(UNNAMED), Note("welcome_new", TODAY))


def test_a_member_day_stands_in_nobodys_row() -> None:
    calendar = CalendarRules(member_days=(MemberDay("today", dates=(TODAY,)),))
    assert notes_ahead(make_facts(), TODAY, RULES, calendar) == ()


def test_of_who_has_left_only_a_hidden_name_is_noted() -> None:
    assert unnamed(make_facts(valid_until=TODAY), TODAY, RULES, PLAIN) == ()
    assert unnamed(make_facts(private=True), TODAY, RULES, PLAIN) == (Note(UNNAMED),)
