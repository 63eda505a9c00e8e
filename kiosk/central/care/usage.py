"""How facilities are used, counted every night: ways in by day, hour and age band, and what they suggest (S38).

What comes late is counted with its day as long as that is looked at again; nobody's name is kept.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec
from sqlalchemy import delete, func, insert, select

from kiosk.central.care.tables import usage_hour
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.case_tables import card_tap
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file
from kiosk.central.tables import credential
from kiosk.club.calendar import Span
from kiosk.club.usage import Cell, Hours, Proposal, band_of, proposals
from kiosk.core.clock import epoch_ms

JOB = "usage"
DAYS_AGAIN = 7
"""Days before today that are counted anew each night; a record that is later than that is in no map."""

TAPS_PER_READ = 5000


class _Place(msgspec.Struct, frozen=True):
    day: date
    done: int = 0


def run(books: Books, day: date, place: str) -> Step:
    """Count one of the last days anew in each step, the oldest first, in one transaction each."""

    def work(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        at = msgspec.json.decode(place, type=_Place) if place else _Place(change.today - timedelta(days=DAYS_AGAIN))
        if at.day >= change.today:
            return Step(at.done, DAYS_AGAIN, "", finished=True)
        _count_day(change, at.day)
        after = _Place(at.day + timedelta(days=1), at.done + 1)
        text = msgspec.json.encode(after).decode()
        return Step(after.done, DAYS_AGAIN, text, finished=after.day >= change.today)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def heat_map(look: Look, site: str, span: Span) -> Mapping[Cell, int]:
    """Return the map of a site over some days: passages by facility, hour and age band (S38, seeds 002:10)."""
    table = usage_hour
    within = (table.c.site == site, table.c.day >= span.first.isoformat(), table.c.day <= span.last.isoformat())
    query = select(table.c.area, table.c.hour, table.c.band, func.sum(table.c.passages)).where(*within)
    rows = look.connection.execute(query.group_by(table.c.area, table.c.hour, table.c.band))
    return {Cell(area, hour, band): int(count) for area, hour, band, count in rows}


def suggestions(look: Look, site: str, span: Span, hours: Mapping[str, Hours]) -> tuple[Proposal, ...]:
    """Return what the map of some days suggests for facilities whose hours are given (S38)."""
    return proposals(heat_map(look, site, span), hours, look.rules.usage)


def _count_day(change: Change, day: date) -> None:
    """Write a day's counts as the taps have them now; what was counted before is replaced."""
    start = epoch_ms(datetime.combine(day, time(), change.zone).astimezone(UTC))
    end = epoch_ms(datetime.combine(day + timedelta(days=1), time(), change.zone).astimezone(UTC))
    query = (
        select(card_tap.c.site, card_tap.c.area, card_tap.c.at_ms, member_file.c.born)
        .join(credential, credential.c.id == card_tap.c.credential, isouter=True)
        .join(member_file, member_file.c.member == credential.c.member, isouter=True)
        .where(card_tap.c.at_ms >= start, card_tap.c.at_ms < end)
        .where(card_tap.c.passed, card_tap.c.way_out.is_(False))
    )
    counted: Counter[tuple[str, Cell]] = Counter()
    rows = change.connection.execute(query.execution_options(yield_per=TAPS_PER_READ))
    for site, area, at_ms, born in rows:
        at = datetime.fromtimestamp(at_ms / 1000, change.zone)
        birthday = date.fromisoformat(born) if born else None
        counted[site, Cell(area, at.hour, band_of(birthday, day, change.rules.usage))] += 1
    change.connection.execute(delete(usage_hour).where(usage_hour.c.day == day.isoformat()))
    cells = [
        {"day": day.isoformat(), "site": site, "area": cell.area, "hour": cell.hour, "band": cell.band, "passages": n}
        for (site, cell), n in counted.items()
    ]
    if cells:
        change.connection.execute(insert(usage_hour), cells)
