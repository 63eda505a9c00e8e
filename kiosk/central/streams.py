"""The records as central stored them, in order: for the command line, the office's pages and other programs."""

from typing import Any

from sqlalchemy import Connection, func, select

from kiosk.central.tables import journal, record
from kiosk.core.codec import decode

RECORDS_MAX = 5000


def read_records(connection: Connection, after: int, limit: int, device: str | None = None) -> list[dict[str, Any]]:
    """Return the records that follow number `after`, at most `limit` and 5,000, optionally of one device.

    Each is `{"n","device","journal","stored_at","record"}` (CONTRACT §1); `n` has no gaps over all devices.
    """
    query = (
        select(record.c.n, journal.c.device, record.c.journal, record.c.stored_at, record.c.body)
        .join(journal, journal.c.id == record.c.journal)
        .where(record.c.n > after)
        .order_by(record.c.n)
        .limit(min(limit, RECORDS_MAX))
    )
    if device is not None:
        query = query.where(journal.c.device == device)
    return [
        {"n": n, "device": name, "journal": journal_id, "stored_at": stored_at, "record": decode(bytes(body))}
        for n, name, journal_id, stored_at, body in connection.execute(query)
    ]


def newest_n(connection: Connection) -> int:
    """Return the number of the newest record; 0 when there is none."""
    return connection.execute(select(func.max(record.c.n))).scalar_one() or 0
