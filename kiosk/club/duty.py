"""The duty to attend: absences counted in a row, and what follows from them (S09, R64, R65, seeds 004:89-95).

Everything follows from the dated list of activities, so that an attendance that arrives late is counted as if it had
come in time.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.attendance import AttendanceRules, Combine, Occasion, Presence
from kiosk.club.calendar import add_months
from kiosk.club.leaving import restore
from kiosk.club.membership import Ending, EndReason, MemberFacts, MemberState, StopReason, Suspension

_DAY = timedelta(days=1)


class Record(msgspec.Struct, frozen=True):
    """A member's or unit's occasions; those before `since` (joined, or rights given back by decision) do not count."""

    unit: bool
    since: date
    occasions: tuple[Occasion, ...]


class Duty(StrEnum):
    """How a member stands with the duty to attend. Wire format."""

    KEPT = "kept"
    RIGHTS_STOPPED = "rights_stopped"
    WITHDRAWN = "withdrawn"


class DutyNotice(StrEnum):
    """What a member is told when the duty's standing changes. Wire format."""

    WARNING = "attendance_warning"
    WITHDRAWN = "attendance_withdrawn"


class DutyStanding(msgspec.Struct, frozen=True):
    """The outcome on a day, the first day it holds for, the counts of the row that runs, and what is to be told."""

    duty: Duty
    since: date | None
    nobody: int
    away: int
    notice: DutyNotice | None


class Row(msgspec.Struct, frozen=True):
    """Days of absence in a row, and the day that broke it; None while it runs."""

    days: tuple[date, ...]
    broken_on: date | None


def rows(occasions: Sequence[Occasion], absent: Callable[[Presence], bool]) -> Iterator[Row]:
    """Yield each longest row of absences, in order of days."""
    days: list[date] = []
    for each in sorted(occasions, key=lambda each: (each.on, each.activity)):
        if absent(each.presence):
            days.append(each.on)
        elif days:
            yield Row(tuple(days), each.on)
            days = []
    if days:
        yield Row(tuple(days), None)


def duty_on(record: Record, rules: AttendanceRules, today: date) -> DutyStanding:
    """Return how a member stands with the duty to attend at the start of a day, from the activities before it.

    What an absence brings holds from the next day on: until the day is over somebody may still come (R64, R65).
    """
    held = [each for each in record.occasions if record.since <= each.on < today]
    nobody = list(rows(held, lambda presence: presence is Presence.NOBODY))
    away = list(rows(held, lambda presence: presence is not Presence.IN_PERSON))
    counts = (_running(nobody), _running(away))
    if rules.applies:
        out = min((day for row in nobody if (day := _out_on(row, rules, today)) is not None), default=None)
        if out is not None:
            return DutyStanding(Duty.WITHDRAWN, out, *counts, DutyNotice.WITHDRAWN)
        stopped = _stopped_on(record.unit, nobody, away, rules)
        if stopped is not None:
            return DutyStanding(Duty.RIGHTS_STOPPED, stopped, *counts, DutyNotice.WARNING)
    return DutyStanding(Duty.KEPT, None, *counts, None)


def _running(found: Sequence[Row]) -> int:
    return len(found[-1].days) if found and found[-1].broken_on is None else 0


def _out_on(row: Row, rules: AttendanceRules, today: date) -> date | None:
    """Return the first day on which a row has ended the membership, if it did before it was broken or today."""
    ways = []
    if len(row.days) >= rules.absent_to_withdraw:
        ways.append(row.days[rules.absent_to_withdraw - 1] + _DAY)
    if len(row.days) >= rules.months_need_absences:
        enough = row.days[rules.months_need_absences - 1] + _DAY
        ways.append(max(add_months(row.days[0], rules.months_to_withdraw), enough))
    out = min(ways, default=None)
    return out if out is not None and out <= (row.broken_on or today) else None


def _stopped_on(unit: bool, nobody: Sequence[Row], away: Sequence[Row], rules: AttendanceRules) -> date | None:
    """Return since when rights are stopped, or None; a unit has two counts, a person one."""
    by_away = _reached(away, rules.away_to_stop, rules)
    if not unit:
        return by_away
    by_nobody = _reached(nobody, rules.nobody_to_stop, rules)
    if rules.unit_needs is Combine.BOTH:
        return max(by_away, by_nobody) if by_away and by_nobody else None
    return min((day for day in (by_away, by_nobody) if day is not None), default=None)


def _reached(found: Sequence[Row], count: int, rules: AttendanceRules) -> date | None:
    counted = [row for row in found if row.broken_on is None or not rules.attending_restores]
    return next((row.days[count - 1] + _DAY for row in counted if len(row.days) >= count), None)


def as_suspension(standing: DutyStanding) -> Suspension | None:
    """Return the fact of a membership that follows from stopped rights: the title is kept (R64)."""
    if standing.duty is not Duty.RIGHTS_STOPPED or standing.since is None:
        return None
    return Suspension(standing.since, StopReason.ABSENCE)


def as_ending(standing: DutyStanding) -> Ending | None:
    """Return the fact of a membership that is treated as given up (R65)."""
    if standing.duty is not Duty.WITHDRAWN or standing.since is None:
        return None
    return Ending(standing.since - _DAY, MemberState.WITHDRAWN, EndReason.ABSENCE)


def apply_duty(facts: MemberFacts, standing: DutyStanding, today: date) -> MemberFacts:
    """Return the facts of a membership brought up to the duty's standing; nothing changes when they say it already.

    Rights come back from today on. An ending that was written down stays: a late record that speaks against it is for
    people to decide on.
    """
    ending, stop = as_ending(standing), as_suspension(standing)
    if ending is not None:
        known = any(each.reason is EndReason.ABSENCE for each in facts.endings)
        return facts if known else msgspec.structs.replace(facts, endings=(*facts.endings, ending))
    if stop is None:
        return restore(facts, StopReason.ABSENCE, today)
    others = tuple(each for each in facts.suspensions if not _runs_for_absence(each))
    if stop in facts.suspensions and len(others) == len(facts.suspensions) - 1:
        return facts
    return msgspec.structs.replace(facts, suspensions=(*others, stop))


def _runs_for_absence(stop: Suspension) -> bool:
    return stop.reason is StopReason.ABSENCE and stop.until is None and not stop.inherited
