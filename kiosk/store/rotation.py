"""A journal that central holds otherwise is left as it is, and a new one goes on from the common part (CONTRACT §3).

The old file keeps its name with its journal's id in it. Each step can be cut off: `finish` completes what was begun.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import ClockState
from kiosk.core.codec import canonical, chain, decode
from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import JournalOpened, Record
from kiosk.store.database import open_writer, sync_folder, writing
from kiosk.store.journal import Journal, JournalLimits, create_tables
from kiosk.store.reading import JournalReader

COPY_PAGE = 1000


class Parting(msgspec.Struct, frozen=True):
    """Up to `common` both hold the same; `seq` and `hash` (hex) are what central said; `why` is a code."""

    journal: str
    common: int
    seq: int
    hash: str
    why: str


def finish(path: Path) -> None:
    """Complete a rotation that was cut off between its two renames, or forget one that was not ready."""
    coming = path.with_name(path.name + ".next")
    if not coming.exists():
        return
    if path.exists():
        for leftover in (coming, coming.with_name(coming.name + "-wal"), coming.with_name(coming.name + "-shm")):
            leftover.unlink(missing_ok=True)
    else:
        _forget_log(path)
        coming.rename(path)
    sync_folder(path.parent)


def rotate(journal: Journal, parting: Parting, clock: ClockState, at: str, limits: JournalLimits) -> Journal:
    """Close a journal and return the new one, which begins with what the old one holds behind the common part.

    The caller has ended every open grant before: the end of a grant belongs to the journal the grant is in.
    """
    path = journal.path
    coming = path.with_name(path.name + ".next")
    coming.unlink(missing_ok=True)
    journal.checkpoint(force=True)
    connection = open_writer(coming)
    try:
        _fill(connection, journal, parting, clock, at)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise JournalUnavailable(f"no new journal beside {path}: {error}", hint="Check the disk") from error
    finally:
        connection.close()
    old = journal.id
    journal.close()
    _set_aside(path, path.with_name(f"{path.stem}-{old}{path.suffix}"))
    coming.rename(path)
    sync_folder(path.parent)
    return Journal(path, limits)


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


def _fill(connection: sqlite3.Connection, journal: Journal, parting: Parting, clock: ClockState, at: str) -> None:
    with writing(connection):
        new = create_tables(connection)
        opened = JournalOpened(clock=clock, previous=journal.id, seq=parting.seq, hash=parting.hash, why=parting.why)
        moved = _copy_records(connection, journal, parting, canonical(Record(1, at, opened.type, opened)))
        _copy_derived(connection, journal, new, moved)


def _copy_records(connection: sqlite3.Connection, journal: Journal, parting: Parting, first: bytes) -> dict[int, int]:
    """Write the first record and the copies behind it; return the new seq of each copied one."""
    link, seq, moved = chain(bytes(32), first), 1, {}
    connection.execute("INSERT INTO record VALUES (1, ?, ?)", (first, link))
    reader = JournalReader(journal.path)
    after = parting.common
    # Not `read`, which stops at a gap: the oldest records may have been pruned, and what is left has to go on.
    page_of = "SELECT seq, body FROM record WHERE seq > ? ORDER BY seq LIMIT ?"
    while page := reader.query(page_of, after, COPY_PAGE):
        for old_seq, old_body in page:
            seq += 1
            moved[old_seq] = seq
            body = canonical(_copied(decode(old_body), journal.id, seq, moved))
            link = chain(link, body)
            connection.execute("INSERT INTO record VALUES (?, ?, ?)", (seq, body, link))
        after = page[-1][0]
    reader.close()
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
