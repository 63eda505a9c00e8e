"""The plan of a year, which begins on 1 January: activities, offers and member days, and its general meeting.

(R103, R146, seeds 003:250, 000:274.)
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import select

from kiosk.central.care.voice_tables import general_meeting
from kiosk.central.club.activity_tables import activity
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import upsert
from kiosk.club.activities import ActivityState
from kiosk.club.calendar import Span, member_days_between
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput


class PlanKind(StrEnum):
    """What a plan of a year has in it. Wire format."""

    MEETING = "meeting"
    ACTIVITY = "activity"
    OFFER = "offer"
    MEMBER_DAY = "member_day"


class Planned(msgspec.Struct, frozen=True):
    """One thing of a year's plan: its days, and its id, code or place."""

    first: date
    last: date
    kind: PlanKind
    id: str
    title: str = ""
    title_en: str = ""


class Meeting(msgspec.Struct, frozen=True):
    """The general meeting of a year."""

    year: int
    on: date
    place: str
    noted_by: str


def year_plan(look: Look, year: int) -> list[Planned]:
    """Return what is planned from 1 January of a year to its end, in order; what was called off is left out."""
    span = Span(date(year, 1, 1), date(year, 12, 31))
    found = [*_meetings(look, year), *_activities(look, span), *_offers(look, span)]
    return sorted(found, key=lambda each: (each.first, each.last, each.kind, each.id))


def meeting_of(look: Look, year: int) -> Meeting | None:
    """Return the general meeting of a year, None where there is none yet."""
    query = select(general_meeting).where(general_meeting.c.year == year)
    row = look.connection.execute(query).mappings().one_or_none()
    return msgspec.convert({name: row[name] for name in Meeting.__struct_fields__}, Meeting) if row else None


def call_meeting(change: Change, on: date, place: str) -> Meeting:
    """Call the general meeting of a year, or another day for it; raises RuleRefused where it was held (R146)."""
    before = meeting_of(change, on.year)
    if before is not None and before.on < change.today:
        raise RuleRefused("meeting_was_held", {"on": before.on.isoformat()}, what=f"the general meeting of {on.year}")
    if on < change.today:
        raise InvalidInput(f"{on} is over")
    row = {"year": on.year, "on": on.isoformat(), "place": place, "noted_by": change.actor.id}
    upsert(change.connection, general_meeting, {**row, "noted_at": format_utc(change.now)})
    after = msgspec.convert(row, Meeting)
    change.note("meeting.announce", "meeting", str(on.year), before=before, after=after)
    return after


def _meetings(look: Look, year: int) -> Iterator[Planned]:
    found = meeting_of(look, year)
    if found is not None:
        yield Planned(found.on, found.on, PlanKind.MEETING, str(year), found.place)


def _activities(look: Look, span: Span) -> Iterator[Planned]:
    first, after = (
        format_utc(datetime.combine(day, time(), look.zone).astimezone(UTC))
        for day in (span.first, span.last + timedelta(days=1))
    )
    table = activity
    query = select(table.c.id, table.c.title, table.c.title_en, table.c.starts_at, table.c.ends_at)
    mine = (table.c.starts_at >= first, table.c.starts_at < after, table.c.state != ActivityState.CALLED_OFF.value)
    for id, title, title_en, starts_at, ends_at in look.connection.execute(query.where(*mine)):
        days = [parse_utc(each).astimezone(look.zone).date() for each in (starts_at, ends_at or starts_at)]
        yield Planned(days[0], days[1], PlanKind.ACTIVITY, id, title, title_en)


def _offers(look: Look, span: Span) -> Iterator[Planned]:
    for each in look.rules.promotions.promotions:
        if each.first <= span.last and each.last >= span.first:
            yield Planned(max(each.first, span.first), min(each.last, span.last), PlanKind.OFFER, each.code)
    for rule in look.rules.calendar.member_days:
        for day in member_days_between(rule, span):
            yield Planned(day, day, PlanKind.MEMBER_DAY, rule.code)
