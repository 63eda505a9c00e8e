"""What a day gives to the members who come on it: gifts for a birthday, an anniversary, a member day or festival."""

from collections.abc import Iterator
from datetime import date

import msgspec

from kiosk.club.calendar import CalendarRules, anniversary_in, birthday_in, falls_on
from kiosk.club.greetings import GreetingRules


class DayGift(msgspec.Struct, frozen=True):
    """A gift by its code, and what it is for: the same for every day of one birthday, so that it comes once a year."""

    code: str
    cause: str


def gifts_on(
    day: date, born_on: date | None, joined_on: date | None, rules: GreetingRules, calendar: CalendarRules
) -> tuple[DayGift, ...]:
    """Return what a member who comes in on a day is given (S76, seeds 000:78, 002:44, 003:50; S51).

    None as `born_on` or `joined_on` = not known, or no wishes wanted.
    """
    return tuple(_all(day, born_on, joined_on, rules, calendar))


def _all(
    day: date, born_on: date | None, joined_on: date | None, rules: GreetingRules, calendar: CalendarRules
) -> Iterator[DayGift]:
    birthday = birthday_in(born_on, day, calendar) if born_on is not None else None
    if birthday is not None:
        yield from (DayGift(code, f"birthday.{birthday.year}") for code in rules.birthday_gifts)
    anniversary = anniversary_in(joined_on, day, calendar) if joined_on is not None else None
    if anniversary is not None:
        yield from (DayGift(code, f"anniversary.{anniversary.year}") for code in rules.anniversary_gifts)
    for each in calendar.member_days:
        if each.gifts and falls_on(each, day):
            yield from (DayGift(code, f"day.{each.code}.{day}") for code in each.gifts)
