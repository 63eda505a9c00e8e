"""The one way to open central's database: SQLite in a file, or PostgreSQL by URL.

A commit is on the disk when it returns, on both. Every wait has a limit; what may go away by itself is RetryLater.
"""

import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    BindParameter,
    Connection,
    Engine,
    Executable,
    Table,
    bindparam,
    create_engine,
    event,
    exc,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from kiosk.central.sealed import Seals, use_seals
from kiosk.central.tables import setting
from kiosk.core.errors import ConfigError, InvalidInput, RetryLater, StoreDamaged

POOL_MAX = 8
POOL_WAIT_S = 10
BUSY_S = 10.0
BUSY_STEP_S = 0.0005
TRIES_MAX = 5
STATEMENTS_KEPT = 512
"""Statements built once and used again: to build one takes four times as long as to run it."""

WAL_BYTES_KEPT = 64 * 1024 * 1024
SQLITE_PRAGMAS = f"""
PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit={WAL_BYTES_KEPT};
"""
POSTGRESQL_OPTIONS = "-c synchronous_commit=on -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"

_CONTENDED = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE of a failed serialization, a deadlock and a lock that was not to be had: the same work may succeed now."""

T = TypeVar("T")


class Contended(RetryLater):
    """Others were in the way, or the connection broke: nothing is known to be wrong with the work itself."""


class Database:
    """Central's database. Safe to share between threads; at most eight connections.

    Without `seals` what rests sealed is taken and given as it rests.
    """

    def __init__(self, url: str, seals: Seals | None = None) -> None:
        self.url = _normalised(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self._pause = threading.Event()
        self._seals = seals
        if seals is not None:
            use_seals(self._engine.dialect, seals)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run one write transaction: all of it is on the disk, or none. Raises RetryLater.

        SQLite: the write lock is held from the start. PostgreSQL: READ COMMITTED; lock rows with `FOR UPDATE`.
        """
        with _translated(self.url), self._engine.connect() as connection:
            self._enter(connection, "BEGIN IMMEDIATE")
            if self._seals is not None:
                self._seals.refresh()
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one read transaction that sees a single moment. Keep it short: it holds back SQLite's checkpoints."""
        with _translated(self.url), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._enter(connection, "BEGIN")
            if self._seals is not None:
                self._seals.refresh()
            try:
                yield connection
            finally:
                connection.rollback()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction, again where others were in the way, five times at most.

        A commit whose answer was lost counts as not done: `work` must be able to meet its own effect.
        """
        for attempt in range(TRIES_MAX - 1):
            try:
                with self.begin() as connection:
                    return work(connection)
            except Contended:
                self._pause.wait(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311  # jitter, no secret
        with self.begin() as connection:
            return work(connection)

    def close(self) -> None:
        """Let go of all connections. May be called twice."""
        self._engine.dispose()

    def _enter(self, connection: Connection, statement: str) -> None:
        """Open the transaction on SQLite, taking the lock or the snapshot now, so that nothing later finds it busy."""
        if not self.is_sqlite:
            return
        cursor = connection.connection.cursor()
        try:
            _patiently(lambda: cursor.execute(statement))
            if statement == "BEGIN":
                _patiently(lambda: cursor.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall())
        finally:
            cursor.close()


def read_setting(connection: Connection, name: str, *, lock: bool = False) -> str | None:
    """Return a row of `setting`, or None. `lock` keeps other transactions from it until this one ends."""
    return connection.execute(_SETTING_LOCKED if lock else _SETTING, {"wanted": name}).scalar_one_or_none()


def write_setting(connection: Connection, name: str, value: str) -> None:
    """Set a row of `setting`."""
    upsert(connection, setting, {"name": name, "value": value})


def insert_missing(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; say whether it was inserted."""
    return connection.execute(_insert_missing(connection.dialect.name, table), dict(row)).rowcount == 1


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row or replace the named columns of the one with its primary key."""
    upsert_many(connection, table, [row])


def upsert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns, or replace these columns of those with their primary keys."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
"""The list in `column.in_(WANTED)` of a statement that is built once; given as `{"wanted": [...]}`."""

_SETTING = select(setting.c.value).where(setting.c.name == bindparam("wanted"))
_SETTING_LOCKED = _SETTING.with_for_update()


@lru_cache(STATEMENTS_KEPT)
def _insert_missing(dialect: str, table: Table) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@lru_cache(STATEMENTS_KEPT)
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> Executable:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _normalised(text: str) -> URL:
    try:
        url = make_url(text)
    except exc.ArgumentError as error:
        raise ConfigError("the database URL cannot be read", hint="Write sqlite:///FILE or postgresql://…") from error
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite")
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ConfigError(f"no database of kind {backend} in a file or on a server is known", hint="Use sqlite:///FILE")


def _sqlite_engine(url: URL) -> Engine:
    path = Path(str(url.database))
    if not path.exists():
        # Members' names and card numbers rest here; SQLite gives its log files the same mode.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise ConfigError(f"{path} cannot be created ({error.strerror})", hint="Make its folder first") from error
    engine = create_engine(
        url, pool_size=POOL_MAX, max_overflow=0, pool_timeout=POOL_WAIT_S, connect_args={"timeout": 0}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        # Of two who switch a new file to its log at once SQLite refuses one on the spot, however long it may wait.
        _patiently(lambda: connection.executescript(SQLITE_PRAGMAS))

    return engine


def _postgresql_engine(url: URL) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": 5}
    if "options" not in url.query:
        arguments["options"] = POSTGRESQL_OPTIONS
    try:
        return create_engine(
            url,
            pool_size=POOL_MAX,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,
            connect_args=arguments,
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "PostgreSQL needs psycopg", hint="Install the extra: pip install 'kiosk[postgresql]'"
        ) from error


@contextmanager
def _translated(url: URL) -> Iterator[None]:
    name = url.database
    try:
        yield
    except exc.TimeoutError as error:
        raise RetryLater(f"database {name}: all {POOL_MAX} connections are taken") from error
    except exc.DataError as error:
        raise InvalidInput(f"database {name} cannot hold a value: {error.orig}") from error
    except exc.OperationalError as error:
        contended = error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _CONTENDED
        kind = Contended if contended else RetryLater
        raise kind(f"database {name} does not answer: {error.orig}", hint="Look at its server or disk") from error
    except sqlite3.OperationalError as error:
        raise RetryLater(f"database {name} is taken: {error}", hint="Look at its disk and other processes") from error
    except (exc.DatabaseError, sqlite3.DatabaseError) as error:
        origin = error.orig if isinstance(error, exc.DatabaseError) else error
        if getattr(origin, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        raise StoreDamaged(f"database {name} is damaged: {origin}", hint="Restore a backup") from error


def _patiently(action: Callable[[], object]) -> None:
    # SQLite's own waiting backs off to 100 ms and starves one writer behind another that never rests.
    for _ in range(int(BUSY_S / BUSY_STEP_S)):
        try:
            action()
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            threading.Event().wait(BUSY_STEP_S)
        else:
            return
    action()


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
