"""A new key for personal data while central runs: everything is sealed anew in small steps, then the old key goes.

Cut off at any moment, the next run goes on: the file of keys says that there are two, and each value by which it rests.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    Text,
    func,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)

from kiosk.central.all_tables import metadata
from kiosk.central.database import Database
from kiosk.central.personal_keys import KeyFile
from kiosk.central.sealed import PREFIX_CHARACTERS, SealedBytes, SealedText, SealKey, Seals, new_key, sealed_columns

ROWS_PER_STEP = 200
SETTLE_S = 2.0
"""How long whoever looked at the file of keys just before it changed may take to begin the transaction it was for."""

WAIT_S = 30.0
WAIT_STEP_S = 0.2

Progress = Callable[[str, int], None]
"""Called with a table's name and how many of its rows were sealed anew so far."""


class Rotation(msgspec.Struct, frozen=True):
    """What became of it: the key that counts, how many rows were sealed anew, and which keys are gone or still kept."""

    key: str
    rows: int
    dropped: tuple[str, ...]
    kept: tuple[str, ...]


def rotate(database: Database, seals: Seals, file: KeyFile, progress: Progress | None = None) -> Rotation:
    """Seal everything with a new key and drop the old ones, or go on where that was cut off; raises KioskError.

    The old keys are kept where a transaction that began before is still open: run it again.
    """
    keys = file.read()
    if len(keys) == 1:
        keys = (*keys, new_key())
        file.write(keys)
    seals.refresh()
    since = _moment(database)
    rows = seal_all(database, seals, progress)
    if not _earlier_are_over(database, since):
        return Rotation(seals.newest.id, rows, (), tuple(each.id for each in keys[:-1]))
    rows += seal_all(database, seals, progress)
    file.write(keys[-1:])
    return Rotation(keys[-1].id, rows, tuple(each.id for each in keys[:-1]), ())


def seal_all(database: Database, seals: Seals, progress: Progress | None = None) -> int:
    """Seal with the newest key what rests in clear or under another one; return how many rows."""
    count = 0
    for table in metadata.sorted_tables:
        columns = sealed_columns(table.c)
        if columns:
            count += _seal_table(database, seals, table, columns, progress)
    return count


def stale_count(connection: Connection, key: SealKey) -> int:
    """Return how many rows hold something that is not sealed with a key."""
    count = 0
    for table in metadata.sorted_tables:
        if columns := sealed_columns(table.c):
            stale = or_(*(_is_stale(each, key) for each in columns))
            count += connection.execute(select(func.count()).select_from(table).where(stale)).scalar_one()
    return count


def _seal_table(
    database: Database, seals: Seals, table: Table, columns: Sequence[Column[Any]], progress: Progress | None
) -> int:
    count, after = 0, None
    while True:
        done, after = database.run(lambda connection: _step(connection, seals, table, columns, after))  # noqa: B023
        count += done
        if progress is not None and done:
            progress(table.name, count)
        if done < ROWS_PER_STEP:
            return count


def _step(
    connection: Connection, seals: Seals, table: Table, columns: Sequence[Column[Any]], after: tuple[Any, ...] | None
) -> tuple[int, tuple[Any, ...] | None]:
    """Seal the next rows behind a key anew; return how many, and the last one's key."""
    keys = list(table.primary_key.columns)
    query = select(*keys, *(_as_it_rests(each).label(f"resting_{n}") for n, each in enumerate(columns)))
    query = query.where(or_(*(_is_stale(each, seals.newest) for each in columns)))
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    rows = connection.execute(query.order_by(*keys).limit(ROWS_PER_STEP).with_for_update()).all()
    for row in rows:
        resting = zip(columns, row[len(keys) :], strict=True)
        opened = {each: _opened(seals, each, value) for each, value in resting if value}
        mine = [each == value for each, value in zip(keys, row, strict=False)]
        connection.execute(update(table).where(*mine).values(opened))
    return len(rows), tuple(rows[-1][: len(keys)]) if rows else after


def _opened(seals: Seals, column: Column[Any], resting: Any) -> str | bytes:
    kind = column.type
    if isinstance(kind, SealedText):
        return seals.open_text(resting, kind.purpose, matched=kind.matched)
    if isinstance(kind, SealedBytes):
        return seals.open_bytes(bytes(resting), kind.purpose)
    raise TypeError(f"{column} does not rest sealed")


def _as_it_rests(column: Column[Any]) -> ColumnElement[Any]:
    return type_coerce(column, LargeBinary if isinstance(column.type, SealedBytes) else Text)


def _is_stale(column: Column[Any], key: SealKey) -> ColumnElement[bool]:
    resting, prefix = _as_it_rests(column), key.prefix
    nothing, wanted = (b"", prefix.encode()) if isinstance(column.type, SealedBytes) else ("", prefix)
    begins = type_coerce(func.substr(resting, 1, PREFIX_CHARACTERS), resting.type)
    return (resting != nothing) & (begins != wanted)


def _moment(database: Database) -> str | None:
    """Return the server's time now, when every transaction that goes by the old keys has begun; None on SQLite.

    SQLite has one writer at a time, who looks at the keys once it may write.
    """
    if database.is_sqlite:
        return None
    threading.Event().wait(SETTLE_S)
    with database.read() as connection:
        return str(connection.execute(text("SELECT clock_timestamp()::text")).scalar_one())


def _earlier_are_over(database: Database, since: str | None) -> bool:
    """Wait until no transaction is open that began before a moment; say whether that came to be."""
    if since is None:
        return True
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND xact_start < CAST(:since AS timestamptz)"
    )
    pause = threading.Event()
    for _ in range(int(WAIT_S / WAIT_STEP_S)):
        with database.read() as connection:
            if not connection.execute(others, {"since": since}).scalar_one():
                return True
        pause.wait(WAIT_STEP_S)
    return False
