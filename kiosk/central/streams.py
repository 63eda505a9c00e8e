"""The records as central stored them, in order: for the command line, the office's pages and other programs."""

from bisect import bisect_right
from functools import partial
from heapq import nsmallest
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from kiosk.central.tables import journal, record
from kiosk.core.codec import decode

RECORDS_MAX = 5000


def read_records(connection: Connection, after: int, limit: int, device: str | None = None) -> list[dict[str, Any]]:
    """Return the records that follow number `after`, at most `limit` and 5,000, optionally of one device.

    Each is `{"n","device","journal","stored_at","record"}` (CONTRACT §1); `n` has no gaps over all devices.
    """
    most = min(limit, RECORDS_MAX)
    which: ColumnElement[bool] = record.c.n > after
    if device is not None:
        which = record.c.n.in_(_numbers(connection, device, after, most))
    query = (
        select(record.c.n, journal.c.device, record.c.journal, record.c.stored_at, record.c.body)
        .join(journal, journal.c.id == record.c.journal)
        .where(which)
        .order_by(record.c.n)
        .limit(most)
    )
    return [
        {"n": n, "device": name, "journal": journal_id, "stored_at": stored_at, "record": decode(bytes(body))}
        for n, name, journal_id, stored_at, body in connection.execute(query)
    ]


def _numbers(connection: Connection, device: str, after: int, limit: int) -> list[int]:
    """Return the numbers of a device's next records.

    In a journal the numbers rise with the positions, so its index finds where to begin, and nothing has to be sorted.
    """
    held = select(journal.c.id, journal.c.seq).where(journal.c.device == device)
    numbers: list[int] = []
    for name, head in connection.execute(held):
        mine = select(record.c.n).where(record.c.journal == name).order_by(record.c.seq)
        begun = bisect_right(range(1, head + 1), after, key=partial(_number_from, connection, mine, after + 1))
        following = connection.execute(mine.where(record.c.seq > begun, record.c.n > after).limit(limit)).scalars()
        numbers = nsmallest(limit, [*numbers, *following])
    return numbers


def _number_from(connection: Connection, mine: Select[Any], behind: int, seq: int) -> int:
    """Return the number of a journal's record at a position or the next one; `behind` where there is none."""
    number: int | None = connection.execute(mine.where(record.c.seq >= seq).limit(1)).scalar_one_or_none()
    return behind if number is None else number


def newest_n(connection: Connection) -> int:
    """Return the number of the newest record; 0 when there is none."""
    return connection.execute(select(func.max(record.c.n))).scalar_one() or 0
