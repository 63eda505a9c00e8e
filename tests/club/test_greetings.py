"""What a member is told at a tap, and what bystanders may read of it."""

from datetime import date

import msgspec
import pytest

from kiosk.club.calendar import CalendarRules, MemberDay
from kiosk.club.greetings import GreetingFacts, GreetingRules, Notice, Said, greet

TODAY = date(2026, 11, 22)
RULES = GreetingRules()
PLAIN = CalendarRules()


def make_facts(**changes: object) -> GreetingFacts:
    """Return a member who has come often and about whom there is nothing to say."""
    return msgspec.structs.replace(GreetingFacts(visits=20), **changes)


def public(facts: GreetingFacts, rules: GreetingRules = RULES, calendar: CalendarRules = PLAIN) -> list[Notice]:
    """Return what everybody can read."""
    return [each.notice for each in greet(facts, TODAY, rules, calendar).public]


def own(facts: GreetingFacts, rules: GreetingRules = RULES, calendar: CalendarRules = PLAIN) -> list[Said]:
    """Return what the member's own screen says."""
    return list(greet(facts, TODAY, rules, calendar).own)


@pytest.mark.proves("R113", "S40")
def test_a_member_is_greeted_by_name_from_the_third_visit() -> None:
    assert [greet(make_facts(visits=n), TODAY, RULES, PLAIN).by_name for n in (0, 1, 2, 3)] == [
        False,
        False,
        True,
        True,
    ]
    at_once = GreetingRules(name_from_visit=1)
    assert greet(make_facts(visits=0), TODAY, at_once, PLAIN).by_name


@pytest.mark.proves("S40")
def test_who_wants_privacy_is_never_named_and_nothing_personal_is_read_out() -> None:
    greeting = greet(make_facts(private=True, born_on=date(1990, 11, 22)), TODAY, RULES, PLAIN)
    assert not greeting.by_name
    assert [each.notice for each in greeting.public] == [Notice.SEE_KIOSK]
    assert [each.notice for each in greeting.own] == [Notice.BIRTHDAY]


@pytest.mark.proves("S40", "S76")
def test_a_birthday_is_wished_once_a_year() -> None:
    facts = make_facts(born_on=date(1990, 11, 20))
    assert own(facts) == [Said(Notice.BIRTHDAY, days=-2, key="birthday.2026")]
    assert public(facts) == [Notice.BIRTHDAY]
    assert own(make_facts(born_on=date(1990, 11, 20), greeted=frozenset({"birthday.2026"}))) == []
    assert public(facts, GreetingRules(birthday_in_public=False)) == [Notice.SEE_KIOSK]


@pytest.mark.proves("S76")
def test_the_anniversary_says_how_many_years() -> None:
    assert own(make_facts(joined_on=date(2021, 11, 22))) == [Said(Notice.ANNIVERSARY, number=5, key="anniversary.2026")]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (date(2026, 11, 21), []),
        (date(2026, 11, 22), [Said(Notice.EXPIRES_SOON, days=0)]),
        (date(2026, 12, 22), [Said(Notice.EXPIRES_SOON, days=30)]),
        (date(2026, 12, 23), []),
        (None, []),
    ],
)
@pytest.mark.proves("S40")
def test_the_end_is_spoken_of_some_days_before(until: date | None, said: list[Said]) -> None:
    assert own(make_facts(valid_until=until)) == said


@pytest.mark.parametrize(
    ("paid", "deferred", "said"),
    [
        (date(2026, 12, 7), None, []),
        (date(2026, 12, 6), None, [Said(Notice.FEE_SOON, days=14)]),
        (date(2026, 11, 22), None, [Said(Notice.FEE_SOON, days=0)]),
        (date(2026, 11, 21), None, [Said(Notice.FEE_DUE, days=1)]),
        (date(2026, 11, 1), date(2026, 11, 22), [Said(Notice.FEE_SOON, days=0)]),
        (date(2026, 11, 1), date(2026, 12, 31), []),
        (date(2026, 11, 1), date(2026, 11, 21), [Said(Notice.FEE_DUE, days=1)]),
    ],
)
def test_a_fee_is_spoken_of_before_and_after_its_day(paid: date, deferred: date | None, said: list[Said]) -> None:
    assert own(make_facts(paid_until=paid, deferred_until=deferred)) == said


def test_bystanders_read_nothing_of_money_or_points() -> None:
    facts = make_facts(
        paid_until=date(2026, 11, 1), points_run_out_on=date(2026, 11, 30), points_running_out=40, visits=0
    )
    assert public(facts) == [Notice.WELCOME_NEW, Notice.SEE_KIOSK]
    assert [each.notice for each in own(facts)] == [Notice.FEE_DUE, Notice.WELCOME_NEW]


def test_what_sends_to_the_kiosk_keeps_its_place_among_many_notices() -> None:
    facts = make_facts(
        paid_until=date(2026, 11, 1), valid_until=TODAY, born_on=date(1990, 11, 22), joined_on=date(2020, 11, 22)
    )
    assert public(facts) == [Notice.EXPIRES_SOON, Notice.SEE_KIOSK]
    assert len(own(facts)) == 2


def test_points_that_run_out_are_told_to_the_member() -> None:
    facts = make_facts(points_run_out_on=date(2026, 12, 22), points_running_out=40)
    assert own(facts) == [Said(Notice.POINTS_RUN_OUT, days=30, number=40)]
    assert own(make_facts(points_run_out_on=date(2026, 12, 23), points_running_out=40)) == []
    assert own(make_facts(points_run_out_on=date(2026, 12, 22))) == []


@pytest.mark.proves("S51")
def test_a_member_day_is_announced() -> None:
    today = CalendarRules(member_days=(MemberDay("today", dates=(TODAY,)),))
    assert public(make_facts(), calendar=today) == [Notice.MEMBER_DAY]
    assert public(make_facts()) == []
