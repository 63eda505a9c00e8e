"""A whole roster, fetched part by part: any order, twice, over many connections, and after a restart."""

import base64
import binascii
import hashlib
import logging
import shutil
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from kiosk.core.clock import Clock
from kiosk.core.errors import KioskError, MessageRejected, RosterUnavailable
from kiosk.local.files import make_folder
from kiosk.sync import meters
from kiosk.sync.requests import Question, Questions
from kiosk.wire.messages import Snapshot
from kiosk.wire.parts import PartStore
from kiosk.wire.snapshot import assemble, data_parts, missing_parts, verify_snapshot

PARTS_KIND = "roster.parts"
PARTS_PER_QUESTION = 8
QUESTIONS_MAX = 8
SWIFT_NS, SLOW_NS = 1_000_000_000, 2_000_000_000
"""A question that is answered faster than this lets more be asked at once, one that takes longer than that less."""

DISK_RESERVE_BYTES = 256 * 1024**2
"""What a snapshot must leave free: the gate's journal shares the disk."""

STORE_BYTES_MAX = 8 * 1024**3
FAILED_REST_NS = (5_000_000_000, 300_000_000_000)
"""How long a snapshot that cannot be used is left alone at first, and the most it doubles to."""

_log = logging.getLogger(__name__)

Done = Callable[[str, Snapshot], None]


class SnapshotFetch:
    """Gathers the parts of one snapshot, then builds and verifies its file in a thread of its own.

    It begins with one question at a time, asks more at once while answers come swiftly, and for fewer parts where they
    do not: acks share the line.

    `done` is called from that thread with the file's name, empty where it could not be used; it must only pass the
    word on. The loop answers with `finished`. Both fetching and building stay below `bytes_per_s`: the gate's journal
    shares the disk.
    """

    def __init__(
        self, folder: Path, questions: Questions, clock: Clock, bytes_per_s: int, done: Done,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:  # fmt: skip
        make_folder(folder)
        self._folder = folder
        self._store = PartStore(folder / "parts", STORE_BYTES_MAX)
        self._questions, self._clock = questions, clock
        self._bytes_per_s = bytes_per_s
        self._done = done
        self._free_bytes = free_bytes
        self._snapshot: Snapshot | None = None
        self._missing: dict[str, None] = {}
        self._window = 1
        self._size = PARTS_PER_QUESTION
        self._asked: set[str] = set()
        self._building = False
        self._ask_ns = 0
        self._failures = 0

    @property
    def is_building(self) -> bool:
        """Whether a file is being built or waits to be switched to."""
        return self._building

    def want(self, snapshot: Snapshot) -> None:
        """Fetch this snapshot, unless another is being fetched: a club that changes often must not start it over."""
        if self._snapshot is None and self._clock.monotonic_ns() >= self._ask_ns:
            self._snapshot = snapshot
            self._look()

    def forget(self) -> None:
        """Give the wish up: it is not needed any more, or central no longer has it. Parts that came are kept."""
        if not self._building:
            self._snapshot = None

    def got(self, body: dict[str, Any]) -> None:
        """Take a part; raises MessageRejected for one that is not what its name says, RosterUnavailable.

        One that comes late, after its question was given up, is as good as any: its name vouches for it.
        """
        name = str(body.get("part", ""))
        if name not in self._asked and name not in self._missing:
            return
        try:
            data = base64.b64decode(str(body.get("data", "")), validate=True)
        except (binascii.Error, ValueError) as error:
            raise MessageRejected("roster part is not base64") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise MessageRejected(f"roster part is not {name[:12]}")
        try:
            self._store.put(data)
        except RosterUnavailable:
            self._questions.rest(PARTS_KIND)
            raise
        now_ns = self._clock.monotonic_ns()
        self._ask_ns = max(self._ask_ns, now_ns) + len(data) * 1_000_000_000 // self._bytes_per_s
        self._asked.discard(name)
        self._missing.pop(name, None)
        if not self._asked and not self._missing:
            self._look()

    def tick(self, now_ns: int) -> None:
        """Ask for more parts, and again for those nobody answered."""
        if self._snapshot is None or self._building or now_ns < self._ask_ns:
            return
        if not self._missing and not self._questions.count(PARTS_KIND):
            self._look()
        while self._missing and self._questions.count(PARTS_KIND) < self._window:
            some = list(islice(self._missing, self._size))
            if not self._questions.ask(PARTS_KIND, {"parts": some}):
                return
            for name in some:
                del self._missing[name]
            self._asked.update(some)

    def answered(self, question: Question) -> None:
        """Take note that a question for parts was answered to the end: more are asked at once while that is swift."""
        took_ns = self._clock.monotonic_ns() - question.asked_ns
        if question.asked > 1 or took_ns > SLOW_NS:
            if self._window == 1:
                self._size = max(1, self._size // 2)
            self._window = max(1, self._window - 1)
        elif took_ns < SWIFT_NS and len(question.args["parts"]) >= self._size:
            if self._size == PARTS_PER_QUESTION:
                self._window = min(QUESTIONS_MAX, self._window + 1)
            self._size = min(PARTS_PER_QUESTION, self._size * 2)

    def finished(self, *, usable: bool) -> None:
        """Take note that the loop has heard `done`; what is left of the parts goes where the file is in use."""
        self._snapshot, self._building = None, False
        if usable:
            self._failures = 0
            self._store.clear()
            return
        rest_ns = min(FAILED_REST_NS[0] << min(self._failures, 10), FAILED_REST_NS[1])
        self._failures += 1
        self._ask_ns = self._clock.monotonic_ns() + rest_ns

    def _look(self) -> None:
        """See what is missing; where nothing is, build."""
        snapshot = self._snapshot
        if snapshot is None:
            return
        self._asked.clear()
        try:
            self._missing = dict.fromkeys(self._lacking(snapshot))
        except (MessageRejected, RosterUnavailable) as error:
            _log.error("roster snapshot does not add up", extra={"cause": str(error)})
            self.finished(usable=False)
            return
        if not self._has_room(snapshot):
            self.finished(usable=False)
        elif not self._missing:
            self._building = True
            threading.Thread(target=self._build, args=(snapshot,), name="snapshot-build", daemon=True).start()

    def _lacking(self, snapshot: Snapshot) -> list[str]:
        """Return what is to be fetched; parts of other rosters go once they are the most of what is here."""
        lacking = missing_parts(snapshot, self._store)
        if all(self._store.has(name) for name in snapshot.parts):
            wanted = {*snapshot.parts, *data_parts(snapshot, self._store)}
            if self._store.clear_unless(wanted):
                return missing_parts(snapshot, self._store)
        return lacking

    def _has_room(self, snapshot: Snapshot) -> bool:
        """Say whether the disk takes what is still to come, twice the snapshot at most: its parts, and its file."""
        parts_bytes = max(0, snapshot.size - self._store.held_bytes) if self._missing else 0
        free = self._free_bytes(self._folder)
        if free >= snapshot.size + parts_bytes + DISK_RESERVE_BYTES:
            return True
        meters.no_room.inc()
        _log.warning("no room for the roster snapshot", extra={"free": free, "snapshot_bytes": snapshot.size})
        return False

    def _build(self, snapshot: Snapshot) -> None:
        name = f"snapshot-{snapshot.revision}-{snapshot.digest[:16]}.db"
        usable = False
        try:
            assemble(snapshot, self._store, self._folder / name, bytes_per_s_max=self._bytes_per_s)
            verify_snapshot(self._folder / name, snapshot.revision, snapshot.digest)
            usable = True
        except KioskError as error:
            _log.error("roster snapshot not usable", extra={"cause": str(error)})
            (self._folder / name).unlink(missing_ok=True)
        finally:
            self._done(name if usable else "", snapshot)
