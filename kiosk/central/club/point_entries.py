"""The entries of the points book as they are stored, in the order of their booking; never changed, never deleted."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Row, Select, func, insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.points_tables import points_entry
from kiosk.central.money import points_side
from kiosk.club.points import Kind, PointsEntry, Source
from kiosk.core.clock import format_utc

HISTORY_MAX = 500
REVERSAL = "reversal"
RETURN = "return"
"""What stands in `source` for the two kinds of reversal: of an earning, and of a redemption."""

_EARNED_FOR = frozenset(each.value for each in Source)


class Booking(msgspec.Struct, frozen=True):
    """An entry with its place in the book, what it was for, and when it was written."""

    n: int
    entry: PointsEntry
    source: str
    source_id: str
    at: str


def new_id() -> str:
    """Return 64 random bits in hex."""
    return secrets.token_hex(8)


def entries_of(look: Look, member_id: str) -> list[PointsEntry]:
    """Return a member's entries in their order."""
    query = _query().where(points_entry.c.member == member_id).order_by(points_entry.c.n)
    return [_booking(row).entry for row in look.connection.execute(query)]


def history(look: Look, member_id: str, before: int | None = None, limit: int = HISTORY_MAX) -> list[Booking]:
    """Return a member's bookings, newest first, those before the one numbered `before`; 500 at most."""
    query = _query().where(points_entry.c.member == member_id)
    if before is not None:
        query = query.where(points_entry.c.n < before)
    rows = look.connection.execute(query.order_by(points_entry.c.n.desc()).limit(min(limit, HISTORY_MAX)))
    return [_booking(row) for row in rows]


def booked_for(look: Look, source: str, source_id: str) -> tuple[str, PointsEntry] | None:
    """Return the member and the entry that was booked for something; None when none was."""
    query = _query().where(points_entry.c.source == source, points_entry.c.source_id == source_id)
    row = look.connection.execute(query).one_or_none()
    return (row.member, _booking(row).entry) if row else None


def entry_named(look: Look, entry_id: str) -> tuple[str, PointsEntry] | None:
    """Return the member and the entry of an id; None when there is none."""
    row = look.connection.execute(_query().where(points_entry.c.id == entry_id)).one_or_none()
    return (row.member, _booking(row).entry) if row else None


def lifetimes(look: Look, member_ids: Sequence[str]) -> dict[str, int]:
    """Return the lifetime counter of each of some members; who has no entry is left out."""
    query = (
        select(points_entry.c.member, func.sum(points_entry.c.lifetime))
        .where(points_entry.c.member.in_(member_ids))
        .group_by(points_entry.c.member)
    )
    return {member_id: int(points) for member_id, points in look.connection.execute(query)}


def booking_day(look: Look, member_id: str, day: date) -> date:
    """Return the day to book on: no earlier than the member's last booking, since the book is in order."""
    query = select(func.max(points_entry.c.on)).where(points_entry.c.member == member_id)
    last = look.connection.execute(query).scalar_one()
    return max(day, date.fromisoformat(last)) if last else day


def write_entry(
    change: Change, member_id: str, entry: PointsEntry, source: str, source_id: str, *, lifetime: int = 0
) -> PointsEntry:
    """Book an entry, in the ledger as well, and note it; `lifetime` is what it adds to the lifetime counter."""
    points_side.book(change, member_id, entry, lambda: entries_of(change, member_id))
    row = {
        "id": entry.id,
        "member": member_id,
        "kind": entry.kind.value,
        "points": entry.points,
        "on": entry.on.isoformat(),
        "source": source,
        "source_id": source_id,
        "expires_on": entry.expires_on.isoformat() if entry.expires_on else None,
        "of": entry.of,
        "lifetime": lifetime,
        "reason": entry.reason,
        "at": format_utc(change.now),
    }
    change.connection.execute(insert(points_entry), row)
    after = {"entry": entry.id, "kind": entry.kind.value, "points": entry.points, "for": source, "of": source_id}
    change.note("points.book", "member", member_id, after=after, why=entry.reason)
    return entry


def _query() -> Select[Any]:
    names = ("n", "id", "member", "kind", "points", "on", "source", "source_id", "expires_on", "of", "reason", "at")
    return select(*(points_entry.c[name] for name in names))


def _booking(row: Row[Any]) -> Booking:
    known = row.source in _EARNED_FOR
    entry = PointsEntry(
        id=row.id,
        kind=Kind(row.kind),
        points=row.points,
        on=date.fromisoformat(row.on),
        source=Source(row.source) if known else None,
        expires_on=date.fromisoformat(row.expires_on) if row.expires_on else None,
        of=row.of,
        reason=row.reason,
    )
    return Booking(row.n, entry, row.source, row.source_id, row.at)
