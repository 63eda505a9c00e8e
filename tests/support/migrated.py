"""SQLite files with central's tables: migrated once in each process, then copied, each opened by an engine used before.

SQLAlchemy keeps what it compiled in the engine. To compile the same statements for each test was a quarter of its time.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from kiosk.central.database import Database
from kiosk.central.schema import migrate
from kiosk.central.sealed import Seals


def put_tables(path: Path) -> str:
    """Write a file with central's tables and no rows, as `migrate` would in seconds, and return its URL."""
    _put(path, migrated())
    return f"sqlite:///{path}"


@cache
def migrated() -> bytes:
    """Return what a file with central's tables and no rows holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "central.db")
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


class Reopened:
    """Databases in files of this process, lent to one test after the other with the content that it wants."""

    def __init__(self, make_seals: Callable[[], Seals] | None = None) -> None:
        self._make_seals = make_seals
        self._free: list[tuple[Path, Database]] = []

    @contextmanager
    def holding(self, content: bytes) -> Iterator[Database]:
        """Lend a database that holds what a file held."""
        path, database = self._free.pop() if self._free else self._made()
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        _put(path, content)
        try:
            yield database
        finally:
            database.close()
            self._free.append((path, database))

    def _made(self) -> tuple[Path, Database]:
        path = Path(tempfile.mkdtemp(dir=_folder()), "central.db")
        return path, Database(f"sqlite:///{path}", self._make_seals() if self._make_seals is not None else None)


PLAIN = Reopened()
"""Those without keys for personal data: what rests in them is in clear."""


def _put(path: Path, content: bytes) -> None:
    """Write a new file in the place of the old one, which somebody may still have open."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
