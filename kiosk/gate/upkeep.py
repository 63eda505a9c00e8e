"""What the gate does between taps: follows roster and acks, watches the clock, reports, and keeps its files small."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from prometheus_client import Gauge

from kiosk.core.clock import Clock, ClockState
from kiosk.core.errors import JournalUnavailable, RosterUnavailable
from kiosk.core.records import ClockStepped, Fact, JournalOpened, ProcessStarted, RosterApplied
from kiosk.gate.controller import GateController
from kiosk.gate.passage import Outcome
from kiosk.local.process import notify_watchdog
from kiosk.store.cursors import CursorReader
from kiosk.store.journal import Statement

STATE_EVERY_NS = 2_000_000_000
CHECKPOINT_EVERY_NS = 5_000_000_000
PRUNE_EVERY_NS = 60_000_000_000
STEP_MIN_S = 2.0
NOTES_MAX = 256

_log = logging.getLogger(__name__)
_unsent = Gauge("kiosk_journal_unsent", "Records central has not confirmed", ["journal"])
_full = Gauge(
    "kiosk_journal_full_ratio", "How full the journal is; from 0.9 only essential facts are written", ["journal"]
)
_unrecorded = Gauge("kiosk_unrecorded", "Taps that left no record because the journal took none", ["what"])


class Upkeep:
    """The small duties of the gate's loop. None of them may keep a tap waiting."""

    def __init__(
        self,
        controller: GateController,
        cursors: CursorReader,
        clock: Clock,
        version: str,
        retention: timedelta,
        announce: Callable[[], None],
        head_moved: Callable[[str, int], None],
    ) -> None:
        self._controller = controller
        self._cursors = cursors
        self._clock = clock
        self._version = version
        self._retention = retention
        self._announce = announce
        self._head_moved = head_moved
        self.readers: dict[str, bool] = {}
        self._notes: list[tuple[Fact, Sequence[Statement]]] = []
        self._revision = -1
        self._clock_state = ClockState.OK
        self._wall_behind_ns = 0
        self._due_ns = {"state": 0, "checkpoint": 0, "prune": 0}
        self._head = 0
        self._folded_head = 0

    def start(self) -> None:
        """Open the journal's story of this run: its first record, the process, and what the last run left open."""
        # What the first records say of the time rests on central's last word on it.
        self._refresh_roster()
        journal, reading = self._controller.journal, self._controller.reading()
        if journal.is_new:
            self.note(JournalOpened(clock=reading.state, why="new"))
        self.note(ProcessStarted(clock=reading.state, process="gate", version=self._version))
        self._controller.passing.end_all(Outcome.UNKNOWN)
        self._clock_state = reading.state
        self._wall_behind_ns = self._wall_minus_monotonic_ns()

    def note(self, fact: Fact, derived: Sequence[Statement] = ()) -> None:
        """Write a fact that nobody waits for; what the journal cannot take now is tried again, 256 at most."""
        self._notes.append((fact, derived))
        del self._notes[:-NOTES_MAX]
        self._write_notes()

    def published(self) -> None:
        """Tell sync that the journal may have grown."""
        journal = self._controller.journal
        if journal.head != self._head:
            self._head = journal.head
            self._head_moved(journal.id, journal.head)

    def tick(self) -> None:
        """Do what is due; called a few times a second."""
        notify_watchdog()
        self._controller.passing.write_pending()
        self._write_notes()
        self._follow_roster()
        self.watch_clock()
        journal = self._controller.journal
        journal.set_acked(self._cursors.acked(journal.id))
        self.published()
        _unsent.labels(journal.path.name).set(journal.unsent)
        _full.labels(journal.path.name).set(journal.full_share)
        _unrecorded.labels("exit").set(self._controller.counts.exits_unrecorded)
        _unrecorded.labels("denial").set(self._controller.counts.denials_unrecorded)
        if self._is_due("state", STATE_EVERY_NS):
            self._announce()

    def idle(self) -> None:
        """Do what would cost a tap time; called when nothing waits."""
        journal = self._controller.journal
        if journal.head != self._folded_head and self._is_due("checkpoint", CHECKPOINT_EVERY_NS):
            journal.checkpoint()
            self._folded_head = journal.head
        if self._is_due("prune", PRUNE_EVERY_NS):
            try:
                journal.prune(self._controller.reading().now - self._retention)
            except JournalUnavailable as error:
                _log.error("journal not pruned", extra={"cause": error.message})

    def finish(self) -> None:
        """End what is open, so that nothing is left in doubt by a clean stop."""
        self._controller.passing.end_all(Outcome.UNKNOWN)
        self.published()

    def line(self) -> dict[str, str]:
        """Return sync's word on the line to central."""
        return self._cursors.status()

    def _write_notes(self) -> None:
        reading = self._controller.reading()
        while self._notes:
            fact, derived = self._notes[0]
            try:
                self._controller.journal.append(fact, reading.now, derived)
            except JournalUnavailable as error:
                _log.error("note waits to be recorded", extra={"type": fact.type, "cause": error.message})
                return
            self._notes.pop(0)
        self.published()

    def _refresh_roster(self) -> bool:
        try:
            self._controller.roster.refresh()
        except RosterUnavailable as error:
            _log.error("roster cannot be read", extra={"cause": error.message})
            return False
        return True

    def _follow_roster(self) -> None:
        if not self._refresh_roster():
            return
        roster = self._controller.roster
        revision, digest = roster.policy.revision, roster.state.digest
        if revision != self._revision and revision > 0:
            self.note(RosterApplied(clock=self._controller.reading().state, revision=revision, digest=digest))
            self._announce()
        self._revision = revision

    def watch_clock(self) -> None:
        """Write down a clock that jumped, or that is believed otherwise than before."""
        reading = self._controller.reading()
        apart_ns = self._wall_minus_monotonic_ns()
        step_s = (apart_ns - self._wall_behind_ns) / 1e9
        if abs(step_s) >= STEP_MIN_S or reading.state is not self._clock_state:
            self.note(ClockStepped(clock=reading.state, step_ms=round(step_s * 1000), before=self._clock_state))
            _log.warning("clock stepped", extra={"step_s": round(step_s, 1), "state": reading.state.value})
        self._wall_behind_ns, self._clock_state = apart_ns, reading.state

    def _wall_minus_monotonic_ns(self) -> int:
        return round(self._clock.now().timestamp() * 1e9) - self._clock.monotonic_ns()

    def _is_due(self, what: str, every_ns: int) -> bool:
        now_ns = self._clock.monotonic_ns()
        if now_ns < self._due_ns[what]:
            return False
        self._due_ns[what] = now_ns + every_ns
        return True
