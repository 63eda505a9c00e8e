"""A journal: the facts one process writes down, hash-chained, each durable before `append` returns.

The rows derived from a fact (open grants, visits, presence) change in the fact's own commit.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import ClockState, format_utc
from kiosk.core.codec import GENESIS, RECORD_BYTES_MAX, canonical, chain
from kiosk.core.errors import JournalUnavailable, StoreDamaged
from kiosk.core.records import ESSENTIAL, Fact, JournalOpened, Record, RecordsDiscarded
from kiosk.store.database import WriterLock, open_writer, writing

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE discarded (type TEXT PRIMARY KEY, count INTEGER NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE open_grant (seq INTEGER PRIMARY KEY, access_point TEXT NOT NULL, gate TEXT NOT NULL, credential TEXT,
    entitlement TEXT, area_from TEXT NOT NULL, area_to TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE visit (journal TEXT NOT NULL, seq INTEGER NOT NULL, credential TEXT NOT NULL, entitlement TEXT NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (journal, seq)) WITHOUT ROWID;
CREATE INDEX visit_by_credential ON visit (credential);
CREATE TABLE presence (credential TEXT PRIMARY KEY, area TEXT NOT NULL, at_ms INTEGER NOT NULL, journal TEXT NOT NULL,
    seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX presence_by_area ON presence (area);
"""

RESERVED_SHARE = 0.1
BYTES_CHECKED_EVERY = 64
WAL_PAGES_MAX = 4000

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

    def __init__(self, path: Path, limits: JournalLimits | None = None) -> None:
        self.path = path
        self._limits = limits or JournalLimits()
        self._lock = WriterLock(path)
        self._connection: sqlite3.Connection | None = None
        self._acked = 0
        self._bytes_share = 0.0
        self._since_check = 0
        self._discarded: dict[str, RecordsDiscarded] = {}
        self.id = ""
        self.head = 0
        self.head_hash = GENESIS
        try:
            self._open()
        except BaseException:
            self._lock.release()
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
    def discarded_count(self) -> int:
        """How many records are counted instead of written and not yet reported."""
        return sum(fact.count for fact in self._discarded.values())

    def set_acked(self, seq: int) -> None:
        """Say up to where central has confirmed this journal; it may go down after a restore."""
        self._acked = min(seq, self.head)

    def append(self, fact: Fact, at: datetime, derived: Iterable[Statement] = ()) -> Appended | None:
        """Write one fact and its derived rows in one durable commit; raises JournalUnavailable.

        Statements may name the fact's `:seq` and this `:journal`. Returns None where a nearly full journal only counted
        the fact (CONTRACT §2, Full).
        """
        share = self.full_share
        if share >= 1 or (share >= 1 - RESERVED_SHARE and fact.type not in ESSENTIAL):
            self._count_only(fact, at)
            return None
        reports = list(self._discarded.values()) if share < 1 - RESERVED_SHARE else []
        try:
            with writing(self.connection) as connection:
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
            with writing(self.connection) as connection:
                for sql, parameters in statements:
                    connection.execute(sql, parameters)
        except sqlite3.Error as error:
            self._abandon()
            raise JournalUnavailable(f"{self.path} took no change: {error}", hint="Check the disk") from error

    def checkpoint(self, *, force: bool = False) -> None:
        """Fold the write-ahead log into the file; for idle moments, or when the log has grown past its limit."""
        try:
            mode = "TRUNCATE" if force else "PASSIVE"
            self.connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        except (sqlite3.Error, JournalUnavailable):
            self._abandon()

    def prune(self, older_than: datetime, rows_max: int = 500) -> int:
        """Delete confirmed records from the oldest on, up to the first written since a time; a few at a call.

        Never the newest. A record dated later than the newest one was dated by a wrong clock and decides nothing.
        """
        rows = self.query("SELECT seq, body FROM record ORDER BY seq DESC LIMIT 1")
        rows += self.query("SELECT seq, body FROM record WHERE seq <= ? ORDER BY seq LIMIT ?", (self._acked, rows_max))
        (head, newest), *dated = [(seq, msgspec.json.decode(body, type=Record).at) for seq, body in rows] or [(0, "")]
        bound, last, count = format_utc(older_than), 0, 0
        for number, (seq, at) in enumerate(dated, 1):
            if seq == head or bound <= at <= newest:
                break
            if at < bound:
                last, count = seq, number
        if last:
            self.update([("DELETE FROM record WHERE seq <= ?", (last,))])
        return count

    def close(self) -> None:
        """Fold the log in and let go of the file. May be called twice."""
        if self._connection is not None:
            self.checkpoint(force=True)
            self._abandon()
        self._lock.release()

    def _open(self) -> None:
        fresh = not self.path.exists()
        connection = open_writer(self.path)
        try:
            if fresh or not _has_tables(connection):
                with writing(connection):
                    create_tables(connection)
            self.id = connection.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()[0]
            last = connection.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
            self.head, self.head_hash = last or (0, GENESIS)
            self._discarded = {
                row[0]: RecordsDiscarded(
                    clock=ClockState.OK, of_type=row[0], count=row[1], first_at=row[2], last_at=row[3]
                )
                for row in connection.execute("SELECT type, count, first_at, last_at FROM discarded").fetchall()
            }
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

    def _count_only(self, fact: Fact, at: datetime) -> None:
        if fact.type in ESSENTIAL:
            raise JournalUnavailable(
                f"{self.path} is full: {self.unsent} records unsent", hint="Bring the line to central back"
            )
        known = self._discarded.get(fact.type)
        moment = format_utc(at)
        self._discarded[fact.type] = report = RecordsDiscarded(
            clock=fact.clock,
            of_type=fact.type,
            count=known.count + 1 if known else 1,
            first_at=known.first_at if known else moment,
            last_at=moment,
        )
        try:
            with writing(self.connection) as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO discarded VALUES (?, ?, ?, ?)",
                    (report.of_type, report.count, report.first_at, report.last_at),
                )
        except sqlite3.Error:
            self._abandon()

    def _check_bytes(self, *, now: bool = False) -> None:
        self._since_check += 1
        if not now and self._since_check < BYTES_CHECKED_EVERY:
            return
        self._since_check = 0
        pages, free, size = (
            self.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        self._bytes_share = (pages - free) * size / self._limits.bytes_max

    def _abandon(self) -> None:
        # After a failed write nothing about the connection is known for sure; the next use opens a new one.
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return


def create_tables(connection: sqlite3.Connection) -> str:
    """Lay out a new journal file and return the id the journal is born with, 128 random bits in hex."""
    journal = secrets.token_hex(16)
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('journal', ?)", (journal,))
    return journal


def first_fact(clock: ClockState) -> JournalOpened:
    """Return the first record of a journal that continues no other."""
    return JournalOpened(clock=clock, why="new")


def _bound(parameters: Sequence[Any], seq: int, journal: str) -> list[Any]:
    places = {":seq": seq, ":journal": journal}
    return [places.get(value, value) if isinstance(value, str) else value for value in parameters]


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'record'").fetchone()[0])
