"""A whole roster, fetched part by part: any order, twice, over many connections, and after a restart."""

import base64
import binascii
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.core.errors import KioskError, MessageRejected, RosterUnavailable
from kiosk.sync.requests import Questions
from kiosk.wire.messages import Snapshot
from kiosk.wire.parts import PartStore
from kiosk.wire.snapshot import assemble, missing_parts, verify_snapshot

PARTS_PER_QUESTION = 8
QUESTIONS_MAX = 8
STORE_BYTES_MAX = 8 * 1024**3

_log = logging.getLogger(__name__)

Done = Callable[[str, Snapshot], None]


class SnapshotFetch:
    """Gathers the parts of one snapshot, then builds and verifies its file in a thread of its own.

    `done` is called from that thread with the file's name; it must only pass the word on.
    """

    def __init__(self, folder: Path, questions: Questions, bytes_per_s: int, done: Done) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._store = PartStore(folder / "parts", STORE_BYTES_MAX)
        self._questions = questions
        self._bytes_per_s = bytes_per_s
        self._done = done
        self._snapshot: Snapshot | None = None
        self._missing: list[str] = []
        self._asked: set[str] = set()
        self._builder: threading.Thread | None = None

    def want(self, snapshot: Snapshot) -> None:
        """Fetch this snapshot; a newer one replaces an older wish, parts they share are kept."""
        if self._snapshot == snapshot or self._building:
            return
        self._snapshot = snapshot
        self._asked.clear()
        self._look()

    def got(self, body: dict[str, Any]) -> None:
        """Take a part; raises MessageRejected for one that is not what its name says."""
        try:
            data = base64.b64decode(str(body.get("data", "")), validate=True)
        except (binascii.Error, ValueError) as error:
            raise MessageRejected("roster part is not base64") from error
        name = str(body.get("part", ""))
        if name not in self._asked:
            return
        if self._store.put(data) != name:
            raise MessageRejected(f"roster part is not {name[:12]}")
        self._asked.discard(name)
        if not self._asked and not self._missing:
            self._look()

    def tick(self, _now_ns: int) -> None:
        """Ask for more parts, and again for those nobody answered."""
        if self._snapshot is None or self._building:
            return
        if not self._missing and self._asked and not self._questions.is_open("roster.parts"):
            self._asked.clear()
            self._look()
        while self._missing and self._open_questions() < QUESTIONS_MAX:
            some, self._missing = self._missing[:PARTS_PER_QUESTION], self._missing[PARTS_PER_QUESTION:]
            if not self._questions.ask("roster.parts", {"parts": some}):
                self._missing = some + self._missing
                return
            self._asked.update(some)

    @property
    def _building(self) -> bool:
        return self._builder is not None and self._builder.is_alive()

    def _open_questions(self) -> int:
        return len(self._questions)

    def _look(self) -> None:
        if self._snapshot is None:
            return
        try:
            self._missing = missing_parts(self._snapshot, self._store)
        except (MessageRejected, RosterUnavailable) as error:
            _log.error("roster snapshot does not add up", extra={"cause": str(error)})
            self._snapshot = None
            return
        if not self._missing:
            self._builder = threading.Thread(
                target=self._build, args=(self._snapshot,), name="snapshot-build", daemon=True
            )
            self._builder.start()

    def _build(self, snapshot: Snapshot) -> None:
        name = f"snapshot-{snapshot.revision}-{snapshot.digest[:16]}.db"
        try:
            assemble(snapshot, self._store, self._folder / name, bytes_per_s_max=self._bytes_per_s)
            verify_snapshot(self._folder / name, snapshot.revision, snapshot.digest)
        except KioskError as error:
            _log.error("roster snapshot not usable", extra={"cause": str(error)})
            (self._folder / name).unlink(missing_ok=True)
            self._snapshot = None
            return
        self._snapshot = None
        self._done(name, snapshot)
        self._store.keep_only(())
