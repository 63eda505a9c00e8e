"""Who of staff read what is sensitive of whom: a day's readings of one file by one person are one row (S90, R149)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Subquery, Table, func, literal, select, tuple_, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.people_tables import application
from kiosk.central.club.privacy_tables import application_reading, reading
from kiosk.central.database import insert_missing
from kiosk.central.members import members_by
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical

PAGE_MAX = 500

_ORDER = ("day", "actor", "member", "application")


class Reading(msgspec.Struct, frozen=True):
    """A day's readings of a file by one of the staff: which fields, how often, when first and last.

    `application` says that it was an application; `member` is empty as long as that has brought none.
    """

    member: str
    application: str
    day: date
    actor: str
    fields: tuple[str, ...]
    count: int
    first_at: str
    last_at: str


class ReadingFilter(msgspec.Struct, frozen=True):
    """Which readings: all that match what is given. `since` and `until` are included."""

    member: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None


def note_reading(change: Change, member_id: str, fields: Iterable[str]) -> None:
    """Write down that who acts was shown fields of a member's; of a member there is not, nothing (S90, R149)."""
    if members_by(change.connection, "id", [member_id]):
        _note(change, reading, member_id, fields)


def note_application_reading(change: Change, application_id: str, fields: Iterable[str]) -> None:
    """Write down that who acts was shown fields of an application; of one there is not, nothing (S90, R149)."""
    known = select(application.c.id).where(application.c.id == application_id)
    if change.connection.execute(known).first() is not None:
        _note(change, application_reading, application_id, fields)


def reading_page(look: Look, wanted: ReadingFilter, after: str = "", limit: int = 100) -> list[Reading]:
    """Return readings, the newest day first, those behind the place `after` (`place_of`); 500 at most.

    Those of a member's application are the member's.
    """
    found = _everything()
    order = [found.c[name] for name in _ORDER]
    query = select(found).order_by(*(each.desc() for each in order)).limit(min(limit, PAGE_MAX))
    if wanted.member:
        query = query.where(found.c.member == wanted.member)
    if wanted.actor:
        query = query.where(found.c.actor == wanted.actor)
    if wanted.since is not None:
        query = query.where(found.c.day >= wanted.since.isoformat())
    if wanted.until is not None:
        query = query.where(found.c.day <= wanted.until.isoformat())
    place = after.split("~")
    if len(place) == len(order):
        query = query.where(tuple_(*order) < tuple_(*place))
    names = Reading.__struct_fields__
    rows = [{name: row[name] for name in names} for row in look.connection.execute(query).mappings()]
    return [msgspec.convert(row | {"fields": msgspec.json.decode(row["fields"])}, Reading) for row in rows]


def place_of(each: Reading) -> str:
    """Return where a reading stands in the pages."""
    return "~".join((each.day.isoformat(), each.actor, each.member, each.application))


def _note(change: Change, table: Table, whose: str, fields: Iterable[str]) -> None:
    named = next(iter(table.primary_key.columns)).name
    key = {named: whose, "day": change.today.isoformat(), "actor": change.actor.id}
    at, seen = format_utc(change.now), sorted(set(fields))
    first = key | {"fields": canonical(seen).decode(), "count": 1, "first_at": at, "last_at": at}
    if insert_missing(change.connection, table, first):
        return
    mine = [table.c[name] == value for name, value in key.items()]
    row = change.connection.execute(select(table).where(*mine).with_for_update()).mappings().one()
    together = sorted({*msgspec.json.decode(row["fields"]), *seen})
    values: dict[str, Any] = {"fields": canonical(together).decode(), "count": row["count"] + 1, "last_at": at}
    change.connection.execute(update(table).where(*mine).values(**values))


def _everything() -> Subquery:
    """Return the readings of files and of applications as one table."""
    names = ("day", "actor", "fields", "count", "first_at", "last_at")
    of_file = select(reading.c.member, literal("").label("application"), *(reading.c[each] for each in names))
    table = application_reading
    whose = func.coalesce(application.c.member, "").label("member")
    of_application = select(whose, table.c.application, *(table.c[each] for each in names))
    return of_file.union_all(of_application.join(application, application.c.id == table.c.application)).subquery()
