"""The latest refusals of some cards, whatever the reason, for a complaint to name (S88)."""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.tables import record
from kiosk.club.discipline import Evidence
from kiosk.core.clock import format_utc, parse_utc

RECORDS_LOOKED_AT = 20_000
"""How many of the newest records are looked at; an older refusal is named over the API."""

DENIED = "access.denied"


class Refused(msgspec.Struct, frozen=True):
    """A refused tap: its record, when, where, and the reason's code."""

    record: Evidence
    at: datetime
    access_point: str
    reason: str


class _Data(msgspec.Struct):
    credential: str | None = None
    access_point: str = ""
    reason: str = ""


class _Body(msgspec.Struct):
    type: str
    at: str = ""
    data: _Data | None = None


def refusals_of(
    look: Look, credentials: Collection[str], limit: int = 30, since: datetime | None = None
) -> list[Refused]:
    """Return the latest refusals of some cards among the newest 20,000 records, the newest first.

    With `since` among those that were stored from then on.
    """
    if not credentials:
        return []
    columns, first = (
        (record.c.journal, record.c.seq, record.c.stored_at, record.c.body),
        format_utc(since) if since else "",
    )
    found: list[Refused] = []
    newest = select(*columns).order_by(record.c.n.desc()).limit(RECORDS_LOOKED_AT)
    for journal, seq, stored_at, body in look.connection.execute(newest):
        if stored_at < first:
            break
        refused = _refused(Evidence(journal, seq), bytes(body), credentials)
        if refused is not None:
            found.append(refused)
            if len(found) == limit:
                break
    return found


def _refused(place: Evidence, body: bytes, credentials: Collection[str]) -> Refused | None:
    if DENIED.encode() not in body:
        return None
    try:
        read = msgspec.json.decode(body, type=_Body)
        if read.type != DENIED or read.data is None or read.data.credential not in credentials:
            return None
        return Refused(place, parse_utc(read.at), read.data.access_point, read.data.reason)
    except (msgspec.DecodeError, ValueError):
        # What a device wrote otherwise is no refusal that anybody could name.
        return None
