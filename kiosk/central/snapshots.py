"""Whole rosters for devices that are new or too far behind: built by the leader, served by every central process."""

import logging
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.roster import changes_after, roster_state
from kiosk.central.tables import roster_row
from kiosk.core.errors import StoreDamaged
from kiosk.wire.messages import Snapshot
from kiosk.wire.parts import PartStore
from kiosk.wire.snapshot import build_snapshot, cut

CHANGES_MAX = 500
"""With more deltas than this since the last snapshot a new one is built."""

KEPT = 2
BYTES_MAX = 8 * 1024**3
ROWS_PER_READ = 5000
SETTING = "snapshot"

_log = logging.getLogger(__name__)
_snapshot = msgspec.json.Decoder(Snapshot)


class Snapshots:
    """One file of parts a snapshot, named by its revision; the newest two are kept. Only the leader builds."""

    def __init__(self, database: Database, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database, self._folder = database, folder
        self._stores: dict[int, PartStore] = {}

    def newest(self, revision: int) -> Snapshot:
        """Return a snapshot from which deltas lead to `revision`, building one where there is none."""
        with self._database.read() as connection:
            known = _known(connection)
            if known is not None and self._reaches(connection, known, revision):
                return known
        return self._build()

    def get(self, name: str) -> bytes | None:
        """Return a part of a snapshot that is still kept."""
        for _ in range(2):
            for store in list(self._stores.values()):
                data = store.get(name)
                if data is not None:
                    return data
            with self._database.read() as connection:
                known = _known(connection)
            if known is None or known.revision in self._stores or not self._path(known.revision).exists():
                return None
            self._open(known.revision)
        return None

    def close(self) -> None:
        """Let go of the files."""
        while self._stores:
            self._stores.popitem()[1].close()

    def _reaches(self, connection: Connection, known: Snapshot, revision: int) -> bool:
        if not self._path(known.revision).exists():
            return False
        if known.revision == revision:
            return True
        changes = changes_after(connection, known.revision, CHANGES_MAX + 1)
        whole = bool(changes) and changes[-1].revision == revision
        return whole and len(changes) <= CHANGES_MAX and all(change.ops is not None for change in changes)

    def _build(self) -> Snapshot:
        with self._database.read() as connection:
            state = roster_state(connection)
            query = select(roster_row.c.key, roster_row.c.body).order_by(roster_row.c.key)
            found = connection.execution_options(yield_per=ROWS_PER_READ).execute(query)
            path = self._folder / f"snapshot-{state.revision}.db"
            rows = ((bytes(row.key), bytes(row.body)) for part in found.partitions() for row in part)
            digest = build_snapshot(path, rows, state.revision)
        if digest != state.digest:
            raise StoreDamaged(
                f"the roster's rows add up to {digest[:12]}…, the books say {state.digest[:12]}…",
                hint="Restore a backup, or import the members again",
            )
        self._path(state.revision).unlink(missing_ok=True)
        snapshot = cut(path, self._open(state.revision))
        path.unlink()
        text = msgspec.json.encode(snapshot).decode()
        self._database.run(lambda connection: write_setting(connection, SETTING, text))
        _log.info("roster snapshot built", extra={"revision": state.revision, "parts": snapshot.count})
        self._tidy()
        return snapshot

    def _open(self, revision: int) -> PartStore:
        if revision in self._stores:
            self._stores.pop(revision).close()
        self._stores[revision] = PartStore(self._path(revision), BYTES_MAX)
        for old in sorted(self._stores)[:-KEPT]:
            self._stores.pop(old).close()
        return self._stores[revision]

    def _tidy(self) -> None:
        files = sorted(self._folder.glob("parts-*.bin"), key=lambda path: path.stat().st_mtime)
        for path in files[:-KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, revision: int) -> Path:
        return self._folder / f"parts-{revision}.bin"


def _known(connection: Connection) -> Snapshot | None:
    text = read_setting(connection, SETTING)
    return _snapshot.decode(text) if text else None
