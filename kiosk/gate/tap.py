"""What comes of one presentation of a card."""

from collections.abc import Iterable
from datetime import date

import msgspec

from kiosk.core.decision import Decision
from kiosk.core.model import (
    MEMBER_DAY_PREFIX,
    MORE_TIME,
    NOT_CLEARED_PREFIX,
    UNNAMED,
    AccessPoint,
    Credential,
    Note,
    Schedule,
    Tier,
)
from kiosk.store.journal import Appended


class Saying(msgspec.Struct, frozen=True):
    """What is said beside a grant; `days` until what it speaks of, where that is told."""

    code: str
    days: int | None = None


class Tap(msgspec.Struct, frozen=True):
    """What came of one tap. `record` is None where the journal only counted it or could take nothing."""

    decision: Decision
    point: AccessPoint
    record: Appended | None
    at_ms: int
    greeting: str = ""
    tier: Tier | None = None
    sayings: tuple[Saying, ...] = ()
    more_time: bool = False


_UNSAID = frozenset({UNNAMED, MORE_TIME})
_MEMBER_DAY = Saying("member_day")
_NOT_CLEARED = Saying("not_cleared")


def said_on(notes: Iterable[Note], today: date) -> tuple[Saying, ...]:
    """Return what the notes of a roster row say on a local day (S40)."""
    holding = (
        each
        for each in notes
        if each.code not in _UNSAID and not each.code.startswith(NOT_CLEARED_PREFIX) and _holds(each, today)
    )
    return tuple(Saying(each.code, (each.on - today).days if each.on else None) for each in holding)


def said_of_area(notes: Iterable[Note], area: str, today: date) -> tuple[Saying, ...]:
    """Return the warning that a member has no clearance for the area ahead, on a local day (S81)."""
    code = f"{NOT_CLEARED_PREFIX}{area}"
    return (_NOT_CLEARED,) if any(each.code == code and _holds(each, today) for each in notes) else ()


def said_to_all(card: Credential, schedules: Iterable[Schedule], today: date) -> tuple[Saying, ...]:
    """Return what every member is told on a local day: that it is a member day (S51)."""
    is_members = card.member is not None and card.guest_of is None and not card.gift
    return (_MEMBER_DAY,) if is_members and any(_is_on(each, today) for each in schedules) else ()


def needs_more_time(notes: Iterable[Note]) -> bool:
    """Say whether the barrier is to stay open longer (S36)."""
    return any(each.code == MORE_TIME for each in notes)


def _is_on(schedule: Schedule, today: date) -> bool:
    days = schedule.special_days if schedule.id.startswith(MEMBER_DAY_PREFIX) else ()
    return any(each.day == today and each.windows for each in days)


def _holds(note: Note, today: date) -> bool:
    begun = note.valid_from is None or note.valid_from <= today
    return begun and (note.valid_until is None or today <= note.valid_until)
