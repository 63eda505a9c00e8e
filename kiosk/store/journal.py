"""A journal: the facts one process writes down, hash-chained, each durable before `append` returns.

The rows derived from a fact (open grants, visits, presence) change in the fact's own commit.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import ClockState, format_utc
from kiosk.core.codec import GENESIS, RECORD_BYTES_MAX, canonical, chain
from kiosk.core.errors import JournalUnavailable, StoreDamaged
from kiosk.core.records import ESSENTIAL, Fact, JournalOpened, Record
from kiosk.store.database import WriterLock, open_writer, writing
from kiosk.store.discarded import Discarded
from kiosk.store.layout import create_tables, has_tables
from kiosk.store.spare import Spare

RESERVED_SHARE = 0.1
CROWDED_SHARE = 0.8
BYTES_CHECKED_EVERY = 64

Statement = tuple[str, Sequence[Any]]


class JournalLimits(msgspec.Struct, frozen=True):
    """How much a journal may hold that central has not confirmed. At nine tenths only ESSENTIAL facts go on."""

    records_max: int = 1_000_000
    bytes_max: int = 2 * 1024**3


class Appended(msgspec.Struct, frozen=True):
    """A fact as it rests in the journal."""

    seq: int
    body: bytes


class Journal:
    """The one writer of a journal file. Not for several threads."""

    def __init__(self, path: Path, limits: JournalLimits | None = None, lock: WriterLock | None = None) -> None:
        self.path = path
        self._limits = limits or JournalLimits()
        self._lock: WriterLock | None = lock or WriterLock(path)
        self._spare = Spare(path)
        self._connection: sqlite3.Connection | None = None
        self._acked = 0
        self._bytes_share = 0.0
        self._since_check = 0
        self._discarded = Discarded()
        self.id = ""
        self.head = 0
        self.head_hash = GENESIS
        self.dirty = True
        """Whether something was written since the write-ahead log was last folded in whole."""
        try:
            self._start()
        except BaseException:
            if lock is None:
                self._release()
            raise

    @property
    def is_new(self) -> bool:
        """Whether nothing was written yet."""
        return self.head == 0

    @property
    def connection(self) -> sqlite3.Connection:
        """The writer's connection, to read derived rows; raises JournalUnavailable."""
        if self._connection is None:
            self._open()
        if self._connection is None:
            raise JournalUnavailable(f"{self.path} is not open")
        return self._connection

    @property
    def unsent(self) -> int:
        """How many records central has not confirmed."""
        return self.head - self._acked

    @property
    def full_share(self) -> float:
        """How full the journal is: 0 empty, from 0.9 only essential facts are written, at 1 none."""
        return max(self.unsent / self._limits.records_max, self._bytes_share)

    @property
    def is_crowded(self) -> bool:
        """Whether the file nears its limit, so that `prune` deletes confirmed records before their time."""
        return self._bytes_share >= CROWDED_SHARE

    @property
    def discarded_count(self) -> int:
        """How many records are counted instead of written and not yet reported."""
        return self._discarded.total

    def set_acked(self, seq: int) -> None:
        """Say up to where central has confirmed this journal; it may go down after a restore."""
        self._acked = min(seq, self.head)

    def append(self, fact: Fact, at: datetime, derived: Iterable[Statement] = ()) -> Appended | None:
        """Write one fact and its derived rows in one durable commit; raises JournalUnavailable.

        Statements may name the fact's `:seq` and this `:journal`. Returns None where a nearly full journal only counted
        the fact (CONTRACT §2, Full); its derived rows are written all the same, `:seq` is then 0.
        """
        share = self.full_share
        if share >= 1 or (share >= 1 - RESERVED_SHARE and fact.type not in ESSENTIAL):
            self._count_only(fact, at, derived)
            return None
        reports = self._discarded.reports() if share < 1 - RESERVED_SHARE else []
        try:
            with self._writing() as connection:
                for report in reports:
                    self._insert(connection, msgspec.structs.replace(report, clock=fact.clock), at)
                if reports:
                    connection.execute("DELETE FROM discarded")
                appended, link = self._insert(connection, fact, at)
                for sql, parameters in derived:
                    connection.execute(sql, _bound(parameters, appended.seq, self.id))
        except sqlite3.Error as error:
            self._abandon()
            raise JournalUnavailable(f"{self.path} took no record: {error}", hint="Free or replace the disk") from error
        self.head, self.head_hash = appended.seq, link
        if reports:
            self._discarded.clear()
        self._check_bytes()
        return appended

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Read derived rows, all at once; raises JournalUnavailable."""
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            self._abandon()
            raise JournalUnavailable(f"{self.path} cannot be read: {error}", hint="Check the disk") from error

    def update(self, statements: Iterable[Statement]) -> None:
        """Change derived rows without a fact, for upkeep; raises JournalUnavailable."""
        try:
            with self._writing() as connection:
                for sql, parameters in statements:
                    connection.execute(sql, parameters)
        except sqlite3.Error as error:
            self._abandon()
            raise JournalUnavailable(f"{self.path} took no change: {error}", hint="Check the disk") from error

    def checkpoint(self, *, force: bool = False) -> None:
        """Fold the write-ahead log into the file, for idle moments. `dirty` stays where a reader kept part of it."""
        mode = "TRUNCATE" if force else "PASSIVE"
        try:
            busy, logged, folded = self.connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except (sqlite3.Error, JournalUnavailable):
            self._abandon()
            return
        self.dirty = bool(busy) or logged != folded
        self._spare.keep()

    def prune(self, older_than: datetime, rows_max: int = 500) -> int:
        """Delete confirmed records from the oldest on, up to the first written since a time; a few at a call.

        Never the newest. A record dated later than the newest one was dated by a wrong clock and decides nothing. Of a
        crowded file the oldest confirmed records go whatever their date: the limit of the disk comes before the wish
        to keep them (CONTRACT §3: configurable by space). Raises JournalUnavailable.
        """
        rows = self.query("SELECT seq, body FROM record ORDER BY seq DESC LIMIT 1")
        rows += self.query("SELECT seq, body FROM record WHERE seq <= ? ORDER BY seq LIMIT ?", (self._acked, rows_max))
        (head, newest), *dated = [(seq, msgspec.json.decode(body, type=Record).at) for seq, body in rows] or [(0, "")]
        bound, last, count = format_utc(older_than), 0, 0
        for number, (seq, at) in enumerate(dated, 1):
            if seq == head or (bound <= at <= newest and not self.is_crowded):
                break
            if at < bound or self.is_crowded:
                last, count = seq, number
        if last:
            self.update([("DELETE FROM record WHERE seq <= ?", (last,))])
            self._check_bytes(now=True)
        return count

    def rest(self) -> WriterLock:
        """Close the file until the next use, and keep others from writing it; returns what keeps them from it."""
        self.checkpoint(force=True)
        self._abandon()
        if self._lock is None:
            raise JournalUnavailable(f"{self.path} is no longer this journal's")
        return self._lock

    def retire(self) -> None:
        """Leave file and lock to the journal that has taken this one's place."""
        self._abandon()
        self._lock = None

    def close(self) -> None:
        """Fold the log in and let go of the file. May be called twice."""
        if self._connection is not None:
            self.checkpoint(force=True)
            self._abandon()
            # What the log has just given back to a full disk is what opening the file again will need.
            self._spare.seize()
        self._release()

    def _start(self) -> None:
        try:
            self._open()
        except (JournalUnavailable, StoreDamaged):
            if not self._spare.give():
                raise
            self._open()
        self._spare.keep()

    def _open(self) -> None:
        fresh = not self.path.exists()
        if fresh and self.id:
            raise JournalUnavailable(f"{self.path} is not there any more", hint="Restart the process")
        connection = open_writer(self.path)
        try:
            if fresh or not has_tables(connection):
                with writing(connection):
                    create_tables(connection)
            self.id = connection.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()[0]
            last = connection.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
            self.head, self.head_hash = last or (0, GENESIS)
            self._discarded.load(connection)
        except sqlite3.DatabaseError as error:
            connection.close()
            if self.id:
                raise JournalUnavailable(f"{self.path} cannot be read: {error}") from error
            raise StoreDamaged(f"{self.path} is no journal: {error}", hint="Move it away and keep it") from error
        self._connection = connection
        self._check_bytes(now=True)

    def _insert(self, connection: sqlite3.Connection, fact: Fact, at: datetime) -> tuple[Appended, bytes]:
        # The place in the chain is read under the write lock: memory may be wrong after a failed commit.
        seq, link = connection.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone() or (
            0,
            GENESIS,
        )
        body = canonical(Record(seq=seq + 1, at=format_utc(at), type=fact.type, data=fact))
        if len(body) > RECORD_BYTES_MAX:
            raise JournalUnavailable(f"a {fact.type} of {len(body)} bytes, the limit is {RECORD_BYTES_MAX}")
        link = chain(link, body)
        connection.execute("INSERT INTO record VALUES (?, ?, ?)", (seq + 1, body, link))
        return Appended(seq + 1, body), link

    def _count_only(self, fact: Fact, at: datetime, derived: Iterable[Statement]) -> None:
        if fact.type in ESSENTIAL:
            raise JournalUnavailable(
                f"{self.path} is full: {self.unsent} records unsent", hint="Bring the line to central back"
            )
        try:
            with self._writing() as connection:
                report = self._discarded.add(connection, fact, at)
                for sql, parameters in derived:
                    connection.execute(sql, _bound(parameters, 0, self.id))
        except sqlite3.Error as error:
            self._abandon()
            raise JournalUnavailable(f"{self.path} took no count: {error}", hint="Free or replace the disk") from error
        self._discarded.keep(report)

    def _check_bytes(self, *, now: bool = False) -> None:
        self._since_check += 1
        if not now and self._since_check < BYTES_CHECKED_EVERY:
            return
        self._since_check = 0
        try:
            pages, free, size = (
                self.connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        except sqlite3.Error:
            # What was written stays written: the next use opens the file anew, and looks again.
            self._abandon()
            return
        self._bytes_share = (pages - free) * size / self._limits.bytes_max

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with writing(self.connection) as connection:
            yield connection
            self.dirty = True

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _abandon(self) -> None:
        # After a failed write nothing about the connection is known for sure; the next use opens a new one.
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return


def first_fact(clock: ClockState) -> JournalOpened:
    """Return the first record of a journal that continues no other."""
    return JournalOpened(clock=clock, why="new")


def _bound(parameters: Sequence[Any], seq: int, journal: str) -> list[Any]:
    places = {":seq": seq, ":journal": journal}
    return [places.get(value, value) if isinstance(value, str) else value for value in parameters]
