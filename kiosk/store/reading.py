"""A journal read by others: sync sends it, `journal show` prints it, `journal verify` checks its chain."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.codec import GENESIS, chain, parse
from kiosk.core.errors import JournalUnavailable, MessageRejected
from kiosk.store.database import open_reader, retrying

PAGE = 1000


class JournalMark(msgspec.Struct, frozen=True):
    """Where a journal stands: its id, its last seq, and h(last)."""

    journal: str
    head: int
    hash: bytes


class StoredRecord(msgspec.Struct, frozen=True):
    """One record as it rests: its seq, its canonical bytes, and the chain hash after it."""

    seq: int
    body: bytes
    hash: bytes


class JournalReader:
    """Reads a journal another process writes. Every read is short: it never holds up the writer's checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def mark(self) -> JournalMark:
        """Return where the journal stands; raises JournalUnavailable.

        Only here the reader follows to a new file at the same path: what is read next belongs to the journal named.
        """
        self._follow()
        rows = self.query(
            "SELECT value, seq, hash FROM meta LEFT JOIN (SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1)"
            " WHERE name = 'journal'"
        )
        if not rows:
            raise JournalUnavailable(f"{self.path} has no journal yet")
        journal, head, link = rows[0]
        return JournalMark(journal, head or 0, link or GENESIS)

    def hash_at(self, seq: int) -> bytes | None:
        """Return h(seq); None for a record that is not there."""
        if seq == 0:
            return GENESIS
        rows = self.query("SELECT hash FROM record WHERE seq = ?", seq)
        return rows[0][0] if rows else None

    def read(self, after: int, records_max: int, bytes_max: int) -> list[StoredRecord]:
        """Return the records behind a seq, oldest first, without a gap, within both limits but at least one."""
        found: list[StoredRecord] = []
        size = 0
        for record in self._page(after, records_max):
            size += len(record.body) + 1
            if record.seq != after + len(found) + 1 or (found and size > bytes_max):
                break
            found.append(record)
        return found

    def walk(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield every record behind a seq that is still there, oldest first, gaps or not; raises JournalUnavailable."""
        while page := self._page(after, PAGE):
            yield from page
            after = page[-1].seq

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def query(self, sql: str, *parameters: object) -> list[Any]:
        """Run one read and fetch all of it; raises JournalUnavailable."""
        connection = self._connection or self._follow()
        try:
            return retrying(lambda: connection.execute(sql, parameters).fetchall())
        except sqlite3.Error as error:
            self.close()
            raise JournalUnavailable(f"{self.path} cannot be read: {error}") from error

    def _page(self, after: int, records_max: int) -> list[StoredRecord]:
        rows = self.query("SELECT seq, body, hash FROM record WHERE seq > ? ORDER BY seq LIMIT ?", after, records_max)
        return [StoredRecord(*row) for row in rows]

    def _follow(self) -> sqlite3.Connection:
        try:
            inode = self.path.stat().st_ino
        except OSError as error:
            self.close()
            raise JournalUnavailable(f"{self.path} is not there") from error
        if self._connection is None or inode != self._inode:
            self.close()
            self._connection, self._inode = self._open(inode), inode
        return self._connection

    def _open(self, inode: int) -> sqlite3.Connection:
        """Open the file that was just looked at, and its log with it; raises JournalUnavailable.

        The log is found by the file's name at the first read: between the two another file may have taken that name.
        """
        connection = open_reader(self.path)
        try:
            retrying(lambda: connection.execute("SELECT count(*) FROM sqlite_master").fetchone())
            if self.path.stat().st_ino == inode:
                return connection
        except (sqlite3.Error, OSError) as error:
            connection.close()
            raise JournalUnavailable(f"{self.path} cannot be read: {error}") from error
        connection.close()
        raise JournalUnavailable(f"{self.path} has just become another journal")


def verify(path: Path) -> tuple[int, str | None]:
    """Walk a journal's chain; return how many records hold, and what breaks first, or None.

    The oldest records may have been pruned after central confirmed them: the walk then starts at the first one left.
    """
    reader = JournalReader(path)
    try:
        first = reader.query("SELECT seq, hash FROM record ORDER BY seq LIMIT 1")
        held, link, after = 0, GENESIS, 0
        if first and first[0][0] > 1:
            after, link = first[0]
            held = 1
        for record in reader.walk(after):
            if record.seq != after + 1:
                return held, f"record {after + 1} is missing"
            try:
                said = parse(record.body)["seq"]
            except (MessageRejected, KeyError, TypeError):
                return held, f"record {record.seq} is not in canonical form"
            link = chain(link, record.body)
            if link != record.hash or said != record.seq:
                return held, f"the chain breaks at record {record.seq}"
            held, after = held + 1, record.seq
        return held, None
    finally:
        reader.close()
