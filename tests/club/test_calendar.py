"""Calendar months, full years, spans, member days and the days special to one member."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club import calendar
from kiosk.club.calendar import CalendarRules, Changes, MemberDay, Part, Span, add_months

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2028, 3, 31), -1, date(2028, 2, 29)),
        (date(2027, 1, 1), -1, date(2026, 12, 1)),
        (date(2026, 11, 30), 12, date(2027, 11, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_a_month_later_is_the_same_day_or_that_months_last(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_years_are_full_on_the_birthday_and_not_the_day_before() -> None:
    born = date(2008, 11, 22)
    assert calendar.full_years(born, date(2026, 11, 21)) == 17
    assert calendar.full_years(born, date(2026, 11, 22)) == 18


def test_who_was_born_on_29_february_is_older_on_1_march_of_other_years() -> None:
    born = date(2008, 2, 29)
    assert calendar.full_years(born, date(2026, 2, 28)) == 17
    assert calendar.full_years(born, date(2026, 3, 1)) == 18
    assert calendar.full_years(born, date(2028, 2, 29)) == 20


@given(DAYS, st.integers(0, 400))
def test_full_months_are_the_inverse_of_adding_months(since: date, months: int) -> None:
    later = add_months(since, months)
    assert calendar.full_months(since, later) == months
    assert calendar.full_months(since, later - timedelta(days=1)) == max(months - 1, 0)


@pytest.mark.parametrize(
    ("part", "span", "before"),
    [
        (Part.MONTH, Span(date(2028, 2, 1), date(2028, 2, 29)), Span(date(2028, 1, 1), date(2028, 1, 31))),
        (Part.QUARTER, Span(date(2028, 1, 1), date(2028, 3, 31)), Span(date(2027, 10, 1), date(2027, 12, 31))),
        (Part.HALF_YEAR, Span(date(2028, 1, 1), date(2028, 6, 30)), Span(date(2027, 7, 1), date(2027, 12, 31))),
        (Part.YEAR, Span(date(2028, 1, 1), date(2028, 12, 31)), Span(date(2027, 1, 1), date(2027, 12, 31))),
    ],
)
def test_spans_begin_and_end_with_the_calendar(part: Part, span: Span, before: Span) -> None:
    assert calendar.span_of(date(2028, 2, 29), part) == span
    assert calendar.span_before(date(2028, 2, 29), part) == before


@given(DAYS, st.sampled_from(Part))
def test_every_day_lies_in_one_span_and_spans_leave_no_gap(day: date, part: Part) -> None:
    span = calendar.span_of(day, part)
    assert span.first <= day <= span.last
    assert calendar.span_of(span.last, part) == span
    assert calendar.span_of(span.last + timedelta(days=1), part).first == span.last + timedelta(days=1)


EIGHTH = MemberDay("eighth", days_of_month=(8,), points_percent=200, areas=("lounge",))
SATURDAY = MemberDay("saturday", weekdays=(6,), weeks=(2,), points_percent=300, price_percent=90, areas=("pool",))
FEAST = MemberDay("feast", dates=(date(2026, 11, 14),), price_percent=80, points_percent=100)


@pytest.mark.parametrize(
    ("rule", "day", "is_one"),
    [
        (EIGHTH, date(2026, 11, 8), True),
        (EIGHTH, date(2026, 11, 9), False),
        (SATURDAY, date(2026, 11, 7), False),
        (SATURDAY, date(2026, 11, 14), True),
        (SATURDAY, date(2026, 11, 21), False),
        (SATURDAY, date(2026, 11, 13), False),
        (FEAST, date(2026, 11, 14), True),
        (FEAST, date(2027, 11, 14), False),
        (MemberDay("any_friday", weekdays=(5,)), date(2026, 11, 27), True),
    ],
)
@pytest.mark.proves("S51")
def test_a_member_day_is_a_day_of_the_month_a_weekday_or_a_date(rule: MemberDay, day: date, is_one: bool) -> None:
    assert calendar.falls_on(rule, day) is is_one


@pytest.mark.proves("S51")
def test_member_days_change_points_prices_and_areas_by_the_best_of_the_day() -> None:
    rules = CalendarRules(member_days=(EIGHTH, SATURDAY, FEAST))
    assert calendar.changes_on(date(2026, 11, 14), rules) == Changes(("saturday", "feast"), 300, 80, ("pool",))
    assert calendar.changes_on(date(2026, 11, 8), rules) == Changes(("eighth",), 200, 100, ("lounge",))
    assert calendar.changes_on(date(2026, 11, 10), rules) == Changes()


def test_no_day_is_a_member_day_until_the_club_sets_one() -> None:
    assert all(
        calendar.changes_on(date(2026, 1, 1) + timedelta(days=n), CalendarRules()) == Changes() for n in range(366)
    )


def test_the_member_days_of_a_span_are_listed_with_both_ends() -> None:
    span = Span(date(2026, 11, 8), date(2027, 1, 8))
    assert list(calendar.member_days_between(EIGHTH, span)) == [
        date(2026, 11, 8),
        date(2026, 12, 8),
        date(2027, 1, 8),
    ]


@pytest.mark.parametrize(
    ("today", "birthday"),
    [
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), date(2026, 12, 31)),
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2027, 1, 6), date(2026, 12, 31)),
        (date(2027, 1, 7), None),
        (date(1990, 12, 31), None),
    ],
)
@pytest.mark.proves("S76")
def test_a_birthday_counts_some_days_before_and_after_across_new_year(today: date, birthday: date | None) -> None:
    rules = CalendarRules(birthday_days_before=2, birthday_days_after=6)
    assert calendar.birthday_in(date(1990, 12, 31), today, rules) == birthday


@pytest.mark.proves("S76")
def test_a_birthday_of_29_february_is_on_1_march_of_other_years() -> None:
    rules = CalendarRules(birthday_days_after=0)
    assert calendar.birthday_in(date(2000, 2, 29), date(2027, 3, 1), rules) == date(2027, 3, 1)
    assert calendar.birthday_in(date(2000, 2, 29), date(2027, 2, 28), rules) is None
    assert calendar.birthday_in(date(2000, 2, 29), date(2028, 2, 29), rules) == date(2028, 2, 29)


@pytest.mark.proves("S76")
def test_the_anniversary_of_joining_counts_from_the_day_and_not_in_the_first_year() -> None:
    joined = date(2025, 11, 22)
    assert calendar.anniversary_in(joined, joined, CalendarRules()) is None
    assert calendar.anniversary_in(joined, date(2026, 11, 21), CalendarRules()) is None
    assert calendar.anniversary_in(joined, date(2026, 11, 22), CalendarRules()) == date(2026, 11, 22)
    assert calendar.anniversary_in(joined, date(2026, 11, 28), CalendarRules()) == date(2026, 11, 22)
    assert calendar.anniversary_in(joined, date(2026, 11, 29), CalendarRules()) is None
