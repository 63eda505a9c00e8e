"""What sync remembers of its own: how far central has confirmed each journal, and which commands ran."""

import logging
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.codec import GENESIS
from kiosk.core.errors import JournalUnavailable
from kiosk.store.database import WriterLock, open_reader, open_writer, retrying, writing

COMMANDS_KEPT = 10_000

_log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS cursor (journal TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS command (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS status (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Cursor(msgspec.Struct, frozen=True):
    """Everything of a journal up to `seq`, chain hash `hash`, is committed at central."""

    seq: int = 0
    hash: bytes = GENESIS


class Cursors:
    """Sync's own file."""

    def __init__(self, path: Path) -> None:
        self._lock = WriterLock(path)
        self._connection = open_writer(path)
        with writing(self._connection):
            for statement in SCHEMA.split(";"):
                self._connection.execute(statement)

    def get(self, journal: str) -> Cursor:
        """Return how far a journal is confirmed."""
        row = self._connection.execute("SELECT seq, hash FROM cursor WHERE journal = ?", (journal,)).fetchone()
        return Cursor(*row) if row else Cursor()

    def set(self, journal: str, cursor: Cursor) -> None:
        """Move a journal's cursor. The caller has seen central's signed word for it."""
        with writing(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", (journal, cursor.seq, cursor.hash)
            )

    def first_time(self, command: str) -> bool:
        """Remember a command's id durably; returns False when it ran before."""
        with writing(self._connection):
            done = self._connection.execute("INSERT OR IGNORE INTO command (id) VALUES (?)", (command,)).rowcount
            self._connection.execute(
                "DELETE FROM command WHERE n <= (SELECT max(n) FROM command) - ?", (COMMANDS_KEPT,)
            )
        return done == 1

    def set_status(self, **values: str) -> None:
        """Leave words for the neighbours: `online`, `since`."""
        with writing(self._connection):
            self._connection.executemany("INSERT OR REPLACE INTO status VALUES (?, ?)", list(values.items()))

    def tidy(self) -> None:
        """Fold the log into the file."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._lock.release()


class CursorReader:
    """The neighbours' side: how far central has confirmed, and whether the line is up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def acked(self, journal: str) -> int | None:
        """Return the confirmed seq of a journal: 0 while sync has never run, None where its file cannot be read."""
        rows = self._query("SELECT seq FROM cursor WHERE journal = ?", journal)
        if rows is None:
            return None
        return int(rows[0][0]) if rows else 0

    def status(self) -> dict[str, str]:
        """Return sync's words on the line; empty while sync has never run, and where its file cannot be read."""
        return {str(name): str(value) for name, value in self._query("SELECT name, value FROM status") or ()}

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]] | None:
        try:
            if self._connection is None:
                if not _is_there(self._path):
                    return []
                self._connection = open_reader(self._path)
            connection = self._connection
            return retrying(lambda: connection.execute(sql, parameters).fetchall())
        except (sqlite3.Error, OSError, JournalUnavailable) as error:
            _log.debug("cursors cannot be read", extra={"cause": str(error)})
            self.close()
            return None


def _is_there(path: Path) -> bool:
    """Say whether a file is there; raises OSError where that cannot be known (`Path.exists` then says no)."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True
