"""The gate process: builds the parts of one box, runs them, and puts them away."""

import queue
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prometheus_client import Counter

from kiosk.core.clock import Clock, ClockReading
from kiosk.core.model import AccessPoint
from kiosk.gate import hardware
from kiosk.gate.asking import handler
from kiosk.gate.commands import EMERGENCY, Commands, stored_posture
from kiosk.gate.controller import GateController
from kiosk.gate.display import decision_message, passage_message, state_message
from kiosk.gate.emergency import Emergency
from kiosk.gate.loop import GateLoop
from kiosk.gate.passage import Ended
from kiosk.gate.passing import Passing
from kiosk.gate.settings import ControllerSettings, GateSettings
from kiosk.gate.tap import Tap
from kiosk.gate.upkeep import Upkeep
from kiosk.local.box import BoxSettings
from kiosk.local.files import make_folder
from kiosk.local.health import Health, HealthServer
from kiosk.local.process import notify_ready
from kiosk.local.talk import TalkServer
from kiosk.readers.factory import open_reader
from kiosk.readers.reader import CardGone, ReaderEvent, ReaderSettings
from kiosk.store import rotation
from kiosk.store.cursors import CursorReader
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.roster_reader import RosterReader

BEAT_MAX_NS = 5_000_000_000
JOIN_S = 1.5

_overrun = Counter("kiosk_gate_inbox_overrun", "Reads and sensor events lost because the loop's inbox was full")


class GateProcess:
    """One box's gate. `run` blocks until it is told to stop."""

    def __init__(
        self,
        box: BoxSettings,
        reader_settings: Sequence[ReaderSettings],
        gate_settings: Sequence[GateSettings],
        points: Sequence[AccessPoint],
        settings: ControllerSettings,
        clock: Clock,
        version: str,
    ) -> None:
        make_folder(box.data)
        self._box, self._points, self._clock = box, points, clock
        limits = JournalLimits(settings.journal_records_max, settings.journal_bytes_max)
        rotation.finish(box.data / "gate.db")
        journal = Journal(box.data / "gate.db", limits)
        self._roster = RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)
        self._cursors = CursorReader(box.data / "sync.db")
        self._inbox: queue.Queue[Any] = queue.Queue(settings.inbox_max)
        self._barriers = hardware.Barriers(gate_settings, settings, clock, self._put)
        self._readers = [open_reader(each) for each in reader_settings]
        self._passing = Passing(self._barriers.passages(), journal, clock, self._reading, self._passage_ended)
        self.controller = GateController(
            points, journal, self._roster, self._barriers.actuators, clock, box.hash_key(), self._barriers.hold_s,
            self._passing, self._barriers.long_hold_s,
        )  # fmt: skip
        standing = stored_posture(journal)
        self._emergency = Emergency(
            self._barriers.actuators.values(), self._inbox, clock, self._barriers.emergency_contact,
            auto_clear=settings.emergency_auto_clear, standing=standing[EMERGENCY],
        )  # fmt: skip
        handlers = {op: handler(op, self._inbox) for op in ("tap", "command", "part", "status")}
        self.talk = TalkServer(box.socket("gate"), handlers, frozenset({"display", "journal"}))
        self.upkeep = Upkeep(
            self.controller, self._cursors, clock, version, timedelta(days=settings.retention_days),
            self._announce, self._head_moved,
        )  # fmt: skip
        commands = Commands(
            self.controller, self.upkeep, {point.id: point for point in points}, self._emergency, limits, self._status,
            standing, self._let_through,
        )  # fmt: skip
        self.loop = GateLoop(self._inbox, self.controller, self.upkeep, commands, self._readers, self.talk, clock)
        self._health = HealthServer(settings.health_host, settings.health_port, self._check)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop`, then leave the barriers in their fail state and the journal folded."""
        readers = [
            threading.Thread(target=each.run, args=(self._put_read, stop), name=f"reader-{each.name}", daemon=True)
            for each in self._readers
        ]
        self._barriers.start()
        self._emergency.start()
        self._health.start()
        for thread in readers:
            thread.start()
        self.talk.start()
        notify_ready()
        try:
            self.loop.run(stop)
        finally:
            stop.set()
            self._close(readers)

    def _close(self, readers: list[threading.Thread]) -> None:
        self.talk.close()
        for reader in self._readers:
            reader.close()
        for thread in readers:
            thread.join(timeout=JOIN_S)
        self._emergency.close()
        self._barriers.close()
        self._health.close()
        self._roster.close()
        self._cursors.close()
        self.controller.journal.close()

    def _put_read(self, event: ReaderEvent) -> None:
        # A card that leaves is nobody's business here and must not take a tap's place in the inbox.
        if not isinstance(event, CardGone):
            self._put(event)

    def _put(self, item: Any) -> None:
        try:
            self._inbox.put_nowait(item)
        except queue.Full:
            _overrun.inc()

    def _reading(self) -> ClockReading:
        return self.controller.reading()

    def _passage_ended(self, end: Ended) -> None:
        self.talk.publish("display", passage_message(end))

    def _let_through(self, tap: Tap) -> None:
        self.talk.publish("display", decision_message(tap, self._reading()))

    def _head_moved(self, journal: str, seq: int) -> None:
        self.talk.publish("journal", {"kind": "head", "journal": journal, "seq": seq})

    def _announce(self) -> None:
        self.talk.publish("display", self._state())

    def _state(self) -> dict[str, Any]:
        journal, posture = self.controller.journal, self.controller.posture
        return state_message(
            self._points,
            {reader.name: reader.is_up for reader in self._readers},
            self.controller.reading(),
            self.upkeep.line(),
            roster_revision=self._roster.policy.revision,
            journal_ok=journal.full_share < 1,
            lockdown=posture.lockdown,
            emergency=posture.emergency,
            drill=self._emergency.drill,
            unsent=journal.unsent,
        )

    def _status(self) -> dict[str, Any]:
        journal = self.controller.journal
        return {
            **self._state(),
            "journal": journal.id,
            "head": journal.head,
            "discarded": journal.discarded_count,
            "exits_unrecorded": self.controller.counts.exits_unrecorded,
            "entries_unrecorded": self.controller.counts.entries_unrecorded,
            "denials_unrecorded": self.controller.counts.denials_unrecorded,
            "dropped": self._passing.pending.dropped + self.upkeep.notes.dropped,
            "emergency_untold": self._emergency.teller.lost,
        }

    def _check(self) -> Health:
        """Called from the side port's threads: looks at plain values only."""
        journal = self.controller.journal
        late_ns = self._clock.monotonic_ns() - self.loop.beat_ns
        blind = sorted(reader.name for reader in self._readers if not reader.is_up)
        emergency_ok = self._emergency.watching() and not self._emergency.blind
        return Health(
            ok=late_ns < BEAT_MAX_NS and journal.full_share < 1 and emergency_ok and not blind,
            detail={
                "process": "gate",
                "loop_late_ms": late_ns // 1_000_000,
                "journal_full_percent": round(journal.full_share * 100),
                "unsent": journal.unsent,
                "readers_blind": blind,
                "emergency_ok": emergency_ok,
                "roster_revision": self._roster.policy.revision,
            },
        )
