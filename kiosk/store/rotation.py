"""A journal that central holds otherwise is left as it is, and a new one goes on from the common part (CONTRACT §3).

The old file keeps its name with its journal's id in it. Each step can be cut off: `finish` completes what was begun.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import ClockState
from kiosk.core.codec import canonical, chain, decode
from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import JournalOpened, Record
from kiosk.store.database import WriterLock, open_writer, sync_folder, writing
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.layout import add_till, create_tables, has_till
from kiosk.store.reading import JournalReader

COPY_PAGE = 1000


class Parting(msgspec.Struct, frozen=True):
    """Up to `common` both hold the same; `seq` and `hash` (hex) are what central said; `why` is a code."""

    journal: str
    common: int
    seq: int
    hash: str
    why: str


def _nobody_asks() -> None:
    """Take no notice of the progress."""


def finish(path: Path) -> None:
    """Complete a rotation that was cut off between its two renames, or forget one that was not ready.

    Raises StoreDamaged where another process writes the journal, JournalUnavailable where the disk refuses.
    """
    coming = _coming(path)
    if not coming.exists():
        return
    lock = WriterLock(path)
    try:
        if path.exists():
            for leftover in (coming, *_log_files(coming)):
                leftover.unlink(missing_ok=True)
        elif coming.exists():
            _forget_log(path)
            coming.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise JournalUnavailable(f"{coming} cannot be put in its place: {error}", hint="Check the disk") from error
    finally:
        lock.release()


def rotate(
    journal: Journal,
    parting: Parting,
    clock: ClockState,
    at: str,
    limits: JournalLimits,
    progress: Callable[[], None] = _nobody_asks,
) -> Journal:
    """Close a journal and return the new one, which begins with what the old one holds behind the common part.

    The caller has ended every open grant before: the end of a grant belongs to the journal the grant is in. `progress`
    is called for every 1000 records copied, so that a watchdog sees that a long copy goes on. Raises
    JournalUnavailable; the old journal is then in use as before.
    """
    path = journal.path
    _write_next(journal, parting, clock, at, progress)
    lock = journal.rest()
    _change_places(path, path.with_name(f"{path.stem}-{journal.id}{path.suffix}"))
    fresh = Journal(path, limits, lock)
    journal.retire()
    return fresh


def _write_next(journal: Journal, parting: Parting, clock: ClockState, at: str, progress: Callable[[], None]) -> None:
    coming = _coming(journal.path)
    try:
        for leftover in (coming, *_log_files(coming)):
            leftover.unlink(missing_ok=True)
        journal.checkpoint(force=True)
        connection = open_writer(coming)
        try:
            _fill(connection, journal, parting, clock, at, progress)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise JournalUnavailable(f"no new journal beside {journal.path}: {error}", hint="Check the disk") from error
    progress()


def _change_places(path: Path, kept: Path) -> None:
    """Give the new file the name of the old one; raises JournalUnavailable and leaves the old one where it was."""
    try:
        _set_aside(path, kept)
        _coming(path).rename(path)
        sync_folder(path.parent)
    except OSError as error:
        if not path.exists():
            with suppress(OSError):
                _set_aside(kept, path)
        raise JournalUnavailable(f"{path} cannot be set aside: {error}", hint="Check the disk") from error


def _coming(path: Path) -> Path:
    return path.with_name(path.name + ".next")


def _set_aside(path: Path, kept: Path) -> None:
    """Rename a file that others may be reading, with what is left of its write-ahead log.

    A log left behind would be played into the file that takes the name. It gets its second name before the file loses
    its first: wherever this is cut off, a file finds its own log, or none.
    """
    log, kept_log = _log_files(path)[0], _log_files(kept)[0]
    kept_log.unlink(missing_ok=True)
    if log.exists():
        os.link(log, kept_log)
        sync_folder(path.parent)
    path.rename(kept)
    sync_folder(path.parent)
    _forget_log(path)


def _forget_log(path: Path) -> None:
    for file in _log_files(path):
        file.unlink(missing_ok=True)
    sync_folder(path.parent)


def _log_files(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _fill(
    connection: sqlite3.Connection,
    journal: Journal,
    parting: Parting,
    clock: ClockState,
    at: str,
    progress: Callable[[], None],
) -> None:
    with writing(connection):
        new = create_tables(connection)
        opened = JournalOpened(clock=clock, previous=journal.id, seq=parting.seq, hash=parting.hash, why=parting.why)
        first = canonical(Record(1, at, opened.type, opened))
        with closing(JournalReader(journal.path)) as reader:
            moved = _copy_records(connection, reader, journal.id, parting.common, first, progress)
        _copy_derived(connection, journal, new, moved)


def _copy_records(
    connection: sqlite3.Connection,
    reader: JournalReader,
    journal: str,
    common: int,
    first: bytes,
    progress: Callable[[], None],
) -> dict[int, int]:
    """Write the first record and the copies behind it; return the new seq of each copied one."""
    link, seq, moved = chain(bytes(32), first), 1, {}
    connection.execute("INSERT INTO record VALUES (1, ?, ?)", (first, link))
    after = common
    # Not `read`, which stops at a gap: the oldest records may have been pruned, and what is left has to go on.
    page_of = "SELECT seq, body FROM record WHERE seq > ? ORDER BY seq LIMIT ?"
    while page := reader.query(page_of, after, COPY_PAGE):
        for old_seq, old_body in page:
            seq += 1
            moved[old_seq] = seq
            body = canonical(_copied(decode(old_body), journal, seq, moved))
            link = chain(link, body)
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (seq, body, link))
        after = page[-1][0]
        progress()
    return moved


def _copied(record: dict[str, Any], journal: str, seq: int, moved: dict[int, int]) -> dict[str, Any]:
    data = dict(record["data"])
    data.setdefault("copied_from", {"journal": journal, "seq": record["seq"]})
    if "of" in data and "of_journal" not in data:
        if data["of"] in moved:
            data["of"] = moved[data["of"]]
        else:
            data["of_journal"] = journal
    return {**record, "seq": seq, "data": data}


def _copy_derived(connection: sqlite3.Connection, journal: Journal, new: str, moved: dict[int, int]) -> None:
    def place(name: str, seq: int) -> tuple[str, int]:
        return (new, moved[seq]) if name == journal.id and seq in moved else (name, seq)

    for row in journal.query("SELECT name, value FROM meta WHERE name <> 'journal'"):
        connection.execute("INSERT INTO meta VALUES (?, ?)", row)
    for row in journal.query("SELECT journal, seq, credential, entitlement, at_ms FROM visit"):
        connection.execute("INSERT INTO visit VALUES (?, ?, ?, ?, ?)", (*place(row[0], row[1]), *row[2:]))
    for row in journal.query("SELECT credential, area, at_ms, journal, seq FROM presence"):
        connection.execute("INSERT INTO presence VALUES (?, ?, ?, ?, ?)", (*row[:3], *place(row[3], row[4])))
    if not has_till(journal.connection):
        return
    add_till(connection)
    for row in journal.query("SELECT * FROM till"):
        kept = (row[0], *place(row[1], row[2]), *row[3:])
        connection.execute("INSERT INTO till VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kept)
