"""The club's calendar: calendar months, reporting spans, member days, and the days that are special to one member."""

import calendar as _calendar
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.model import Closes, Opens

MonthDay = Annotated[int, Meta(ge=1, le=31)]
IsoWeekday = Annotated[int, Meta(ge=1, le=7)]


class MemberDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day for members: on any of these days of the month, ISO weekdays (1 = Monday) or dates (S51).

    `weeks` keeps the weekdays to the n-th of their month. Points and prices are in percent of an ordinary day's;
    `areas` open to every tier from `opens` to before `closes`, and who comes in on the day gets `gifts`, by code. A
    festival is such a day with its dates (S76).
    """

    code: str
    days_of_month: tuple[MonthDay, ...] = ()
    weekdays: tuple[IsoWeekday, ...] = ()
    weeks: tuple[Annotated[int, Meta(ge=1, le=5)], ...] = ()
    dates: tuple[date, ...] = ()
    points_percent: Annotated[int, Meta(ge=100)] = 200
    price_percent: Annotated[int, Meta(ge=0, le=100)] = 100
    areas: tuple[str, ...] = ()
    gifts: tuple[str, ...] = ()
    opens: Opens = "00:00"
    closes: Closes = "24:00"


class CalendarRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days are special, and for how long."""

    member_days: Annotated[
        tuple[MemberDay, ...],
        Meta(
            description="The member days. The seeds name the day and not its date: none until the club sets one.",
            extra={"source": "S51, seeds 000:83, 002:28, 003:266"},
        ),
    ] = ()
    birthday_days_before: Annotated[
        int,
        Meta(ge=0, le=60, description="Days before a birthday on which it counts.", extra={"source": "S76, 000:78"}),
    ] = 0
    birthday_days_after: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="Days after a birthday on which it still counts, for a member who does not come on the day.",
            extra={"source": "S76, seeds 003:50"},
        ),
    ] = 6
    anniversary_days_after: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="Days after the anniversary of joining on which it still counts.",
            extra={"source": "S76, seeds 002:44"},
        ),
    ] = 6


class Changes(msgspec.Struct, frozen=True):
    """What the member days of one day change together: the best for the member of each."""

    codes: tuple[str, ...] = ()
    points_percent: int = 100
    price_percent: int = 100
    areas: tuple[str, ...] = ()


class Span(msgspec.Struct, frozen=True):
    """Local days from `first` to `last`, both included."""

    first: date
    last: date


class Part(StrEnum):
    """A part of the calendar year that the club reports by (R56, R58)."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


_MONTHS = {Part.MONTH: 1, Part.QUARTER: 3, Part.HALF_YEAR: 6, Part.YEAR: 12}


def add_months(day: date, months: int) -> date:
    """Return the same day `months` calendar months later (or earlier), clamped to that month's end."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = _calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def full_years(born: date, on: date) -> int:
    """Return the full years between two days; born on 29 February counts on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def full_months(since: date, on: date) -> int:
    """Return how many times `add_months(since, 1)` fits until a day; 0 before the first."""
    months = max((on.year - since.year) * 12 + on.month - since.month, 0)
    return months if months == 0 or add_months(since, months) <= on else months - 1


def span_of(day: date, part: Part) -> Span:
    """Return the month, quarter, half-year or year that a day lies in."""
    months = _MONTHS[part]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Span(first, add_months(first, months) - timedelta(days=1))


def span_before(day: date, part: Part) -> Span:
    """Return the last such span that was over when the day began."""
    return span_of(span_of(day, part).first - timedelta(days=1), part)


def falls_on(rule: MemberDay, day: date) -> bool:
    """Say whether a day is one of a member day's (S51, seeds 003:266)."""
    weekly = day.isoweekday() in rule.weekdays and (not rule.weeks or (day.day + 6) // 7 in rule.weeks)
    return weekly or day.day in rule.days_of_month or day in rule.dates


def changes_on(day: date, rules: CalendarRules) -> Changes:
    """Return what a day changes for members (S51, seeds 000:83)."""
    today = [each for each in rules.member_days if falls_on(each, day)]
    return Changes(
        codes=tuple(each.code for each in today),
        points_percent=max((each.points_percent for each in today), default=100),
        price_percent=min((each.price_percent for each in today), default=100),
        areas=tuple(dict.fromkeys(area for each in today for area in each.areas)),
    )


def member_days_between(rule: MemberDay, span: Span) -> Iterator[date]:
    """Yield the days of a span that are this member day."""
    for offset in range((span.last - span.first).days + 1):
        if falls_on(rule, day := span.first + timedelta(days=offset)):
            yield day


def yearly(born: date, year: int) -> date:
    """Return the day on which a yearly day falls in a year: 29 February on 1 March where there is none."""
    if (born.month, born.day) == (2, 29) and not _calendar.isleap(year):
        return date(year, 3, 1)
    return born.replace(year=year)


def birthday_in(born: date, today: date, rules: CalendarRules) -> date | None:
    """Return the birthday whose window a day lies in, also across New Year; None outside (S76, seeds 003:50)."""
    return _near(born, today, rules.birthday_days_before, rules.birthday_days_after)


def anniversary_in(joined: date, today: date, rules: CalendarRules) -> date | None:
    """Return the anniversary of joining whose window a day lies in; None outside (S76, seeds 002:44)."""
    return _near(joined, today, 0, rules.anniversary_days_after)


def _near(origin: date, today: date, before: int, after: int) -> date | None:
    for year in (today.year - 1, today.year, today.year + 1):
        if year <= origin.year:
            continue
        day = yearly(origin, year)
        if -before <= (today - day).days <= after:
            return day
    return None
