"""The one way the edge opens SQLite: one writer a file, durable commits, waits with a limit."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from kiosk.core.errors import JournalUnavailable, StoreDamaged

BUSY_TRIES_MAX = 400
BUSY_STEP_S = 0.0005
WAL_BYTES_KEPT = 8 * 1024 * 1024

T = TypeVar("T")


def open_writer(path: Path) -> sqlite3.Connection:
    """Open or create a file for its one writer; a commit is on the disk when it returns. Raises JournalUnavailable.

    Checkpoints are the owner's to start: an automatic one would run on somebody's tap.
    """
    connection = _connect(path, "rwc")
    try:
        with _translated(path):
            # A neighbour may be replaying the log of a process that was killed; SQLite refuses us meanwhile.
            retrying(lambda: connection.execute("PRAGMA journal_mode=WAL").fetchall())
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES_KEPT}")
            connection.execute("PRAGMA foreign_keys=ON")
    except JournalUnavailable:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open a neighbour's file to read; raises JournalUnavailable where it is not there.

    Not `mode=ro`: after a neighbour was killed somebody has to be able to replay its log, and that may be us.
    """
    if immutable:
        return _connect(path, "ro&immutable=1")
    connection = _connect(path, "rw")
    connection.execute("PRAGMA query_only=ON")
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run one write transaction: all of it is on the disk, or none."""
    retrying(lambda: connection.execute("BEGIN IMMEDIATE"))
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def retrying(action: Callable[[], T]) -> T:
    """Run an action that may meet another process's lock, again and again for 0.2 s at most."""
    for _ in range(BUSY_TRIES_MAX):
        try:
            return action()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        threading.Event().wait(BUSY_STEP_S)
    return action()


class WriterLock:
    """Keeps a second process from writing the same file; raises StoreDamaged where one does.

    Raises JournalUnavailable where there can be no lock.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
        try:
            self._file = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
        except OSError as error:
            raise JournalUnavailable(f"{path} cannot be locked: {error}", hint="Check the disk") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreDamaged(f"{path} is being written by another process", hint="Stop it first") from error

    def release(self) -> None:
        """Let go."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def sync_folder(path: Path) -> None:
    """Make renames in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    with _translated(path):
        return sqlite3.connect(
            f"file:{path}?mode={mode}", uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise JournalUnavailable(
            f"{path} cannot be opened: {error}", hint="Check the disk and its permissions"
        ) from error
