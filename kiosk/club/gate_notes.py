"""What a member is to be told at the gates in the coming days, as dated codes that a gate without a line can go by."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from kiosk.club.calendar import CalendarRules
from kiosk.club.greetings import Greeting, GreetingFacts, GreetingRules, Notice, Said, greet
from kiosk.core.model import UNNAMED, Note

SPAN_DAYS_MAX = 120
"""A note that still holds after so many days has no end."""

_WITH_DAY = frozenset({Notice.EXPIRES_SOON})
"""What is said with a number of days. Of a birthday no gate gets to know the day."""

_DAY = timedelta(days=1)


def notes_ahead(facts: GreetingFacts, today: date, rules: GreetingRules, calendar: CalendarRules) -> tuple[Note, ...]:
    """Return what bystanders may read on each day from today on, for what begins within `note_days` (S40, S57, S76).

    One that holds today begins today. Member days are everybody's and stand in no row.
    """
    everyday = msgspec.structs.replace(calendar, member_days=())
    last = today + rules.note_days * _DAY
    running: dict[tuple[str, date | None], date] = {}
    notes = [] if greet(facts, today, rules, everyday).by_name else [Note(UNNAMED)]
    day = today
    while day <= last or (running and day < today + SPAN_DAYS_MAX * _DAY):
        said = _keys(greet(facts, day, rules, everyday), day)
        notes += [Note(key[0], running.pop(key), day - _DAY, key[1]) for key in running.keys() - said]
        if day <= last:
            running |= {key: day for key in said - running.keys()}
        day += _DAY
    notes += [Note(code, since, None, on) for (code, on), since in running.items()]
    return tuple(sorted(notes, key=_order))


def unnamed(facts: GreetingFacts, today: date, rules: GreetingRules, calendar: CalendarRules) -> tuple[Note, ...]:
    """Return all that is noted of somebody who has left: that the name is not shown, where it was not to be."""
    return () if greet(facts, today, rules, calendar).by_name else (Note(UNNAMED),)


def as_noted(wanted: Iterable[Note], noted: Iterable[Note], today: date) -> tuple[Note, ...]:
    """Return the notes wanted from today on, each as it was noted already where that says the same from today on.

    Else every note would change every night, and its row with it.
    """
    old = {_ahead(each, today): each for each in noted}
    return tuple(sorted((old.get(_ahead(each, today), each) for each in wanted), key=_order))


def _keys(greeting: Greeting, day: date) -> set[tuple[str, date | None]]:
    return {(each.notice.value, _day_spoken_of(each, day)) for each in greeting.public}


def _day_spoken_of(said: Said, day: date) -> date | None:
    return day + said.days * _DAY if said.notice in _WITH_DAY else None


def _ahead(note: Note, today: date) -> Note:
    if note.valid_from is None or note.valid_from >= today:
        return note
    return msgspec.structs.replace(note, valid_from=today)


def _order(note: Note) -> tuple[date, str]:
    return note.valid_from or date.min, note.code
