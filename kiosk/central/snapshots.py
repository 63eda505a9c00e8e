"""Whole rosters for devices that are new or too far behind: built by the leader, served by every central process.

What is kept stands in the database; the parts lie in files that the central processes of one machine share.
"""

import logging
import secrets
import threading
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.roster import forget_changes, last_gap, roster_state
from kiosk.central.tables import roster_change, roster_row
from kiosk.core.errors import KioskError, MessageRejected, StoreDamaged
from kiosk.wire.messages import Snapshot
from kiosk.wire.parts import PartStore
from kiosk.wire.snapshot import build_snapshot, cut, missing_parts

CHANGES_MAX = 1000
DELTA_BYTES_MAX = 4 * 1024 * 1024
"""Past either of these since the last snapshot a new one is built: the whole costs little more than the way there."""

KEPT = 2
"""Snapshots kept: a device may be half way through the one before."""

PARTS_BYTES_MAX = 8 * 1024**3
ROWS_PER_READ = 5000
SETTING = "snapshots"

_log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True):
    """A snapshot and the file that holds its parts."""

    file: str
    snapshot: Snapshot


_kept = msgspec.json.Decoder(tuple[Kept, ...])


class Snapshots:
    """The newest snapshot and the one before it. Only the leader builds; `get` is for any thread and process."""

    def __init__(self, database: Database, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = database
        self._folder = folder
        self._lock = threading.Lock()
        self._stores: dict[str, PartStore] = {}
        self._builder: threading.Thread | None = None
        self._failure: KioskError | None = None

    def newest(self) -> Snapshot | None:
        """Return the newest snapshot whose parts are all here."""
        with self._database.read() as connection:
            kept = _read_kept(connection)
        return next((each.snapshot for each in kept if self._is_whole(each)), None)

    def get(self, name: str) -> bytes | None:
        """Return a part of a snapshot that is kept, None for any other."""
        for looked_again in (False, True):
            if looked_again:
                with self._database.read() as connection:
                    self._open(_read_kept(connection))
            with self._lock:
                for store in self._stores.values():
                    if (data := store.get(name)) is not None:
                        return data
        return None

    def is_due(self, connection: Connection, newest: Snapshot | None) -> bool:
        """Say whether a new snapshot is needed, or better than the way from the newest one."""
        if newest is None or last_gap(connection) > newest.revision:
            return True
        since = roster_change.c.revision > newest.revision
        count, size = connection.execute(
            select(func.count(), func.coalesce(func.sum(func.length(roster_change.c.ops)), 0)).where(since)
        ).one()
        return bool(count > CHANGES_MAX or size > DELTA_BYTES_MAX)

    def start(self) -> None:
        """Build in a thread of its own, unless one is at it."""
        if not self.is_building():
            self._builder = threading.Thread(target=self._try, name="central-snapshot", daemon=True)
            self._builder.start()

    def is_building(self) -> bool:
        """Say whether a snapshot is on its way."""
        return self._builder is not None and self._builder.is_alive()

    def take_failure(self) -> KioskError | None:
        """Return once what the last build died of."""
        failure, self._failure = self._failure, None
        return failure

    def build(self) -> Snapshot:
        """Build a snapshot of the newest revision and keep it; raises RosterUnavailable, RetryLater, StoreDamaged."""
        name = f"{secrets.token_hex(8)}.parts"
        path = self._folder / f"{name}.db"
        try:
            revision = self._write(path)
            with PartStore(self._folder / name, PARTS_BYTES_MAX) as store:
                snapshot = cut(path, store)
        except BaseException:
            (self._folder / name).unlink(missing_ok=True)
            raise
        finally:
            path.unlink(missing_ok=True)
        kept = self._database.run(lambda connection: _keep(connection, Kept(name, snapshot)))
        self._open(kept)
        for file in self._folder.iterdir():
            if file.name not in {each.file for each in kept}:
                file.unlink(missing_ok=True)
        _log.info("roster snapshot built", extra={"revision": revision, "parts": snapshot.count})
        return snapshot

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            while self._stores:
                self._stores.popitem()[1].close()

    def _try(self) -> None:
        try:
            self.build()
        except KioskError as error:
            self._failure = error

    def _write(self, path: Path) -> int:
        with self._database.read() as connection:
            state = roster_state(connection)
            query = select(roster_row.c.key, roster_row.c.body).order_by(roster_row.c.key)
            with connection.execution_options(yield_per=ROWS_PER_READ).execute(query) as result:
                rows = ((bytes(key), bytes(body)) for part in result.partitions() for key, body in part)
                digest = build_snapshot(path, rows, state.revision)
        if digest != state.digest:
            raise StoreDamaged(
                f"the roster's rows add up to {digest[:12]}…, the books say {state.digest[:12]}…",
                hint="Restore a backup",
            )
        return state.revision

    def _is_whole(self, kept: Kept) -> bool:
        self._open((kept,), close_others=False)
        with self._lock:
            store = self._stores.get(kept.file)
            try:
                return store is not None and not missing_parts(kept.snapshot, store)
            except MessageRejected:
                return False

    def _open(self, kept: tuple[Kept, ...], *, close_others: bool = True) -> None:
        with self._lock:
            wanted = {each.file for each in kept}
            for file in set(self._stores) - wanted if close_others else ():
                self._stores.pop(file).close()
            for file in wanted - set(self._stores):
                if (self._folder / file).exists():
                    self._stores[file] = PartStore(self._folder / file, PARTS_BYTES_MAX)


def _keep(connection: Connection, new: Kept) -> tuple[Kept, ...]:
    kept = (new, *_read_kept(connection))[:KEPT]
    write_setting(connection, SETTING, msgspec.json.encode(kept).decode())
    forget_changes(connection, min(each.snapshot.revision for each in kept))
    return kept


def _read_kept(connection: Connection) -> tuple[Kept, ...]:
    text = read_setting(connection, SETTING)
    return _kept.decode(text) if text else ()
