"""What the gate does between taps: follows roster and acks, watches the clock, reports, and keeps its files small."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
from prometheus_client import Gauge

from kiosk.core.clock import Clock, ClockState, epoch_ms
from kiosk.core.errors import JournalUnavailable, RosterUnavailable
from kiosk.core.records import ClockStepped, Fact, ProcessStarted, RosterApplied
from kiosk.gate.controller import GateController
from kiosk.gate.passage import Outcome
from kiosk.gate.pending import Pending
from kiosk.local.process import notify_watchdog
from kiosk.store import book
from kiosk.store.cursors import CursorReader
from kiosk.store.journal import Statement, first_fact

STATE_EVERY_NS = 2_000_000_000
CHECKPOINT_EVERY_NS = 5_000_000_000
PRUNE_EVERY_NS = 60_000_000_000
FORGET_EVERY_NS = 3_600_000_000_000
STEP_MIN_S = 2.0

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
        self.notes = Pending(lambda *fact: controller.journal.append(*fact))
        self._revision = -1
        self._clock_state = ClockState.OK
        self._wall_behind_ns = 0
        self._due_ns = {"state": 0, "checkpoint": 0, "prune": 0, "forget": 0}
        self._head = 0

    def start(self) -> None:
        """Open the journal's story of this run: its first record, the process, and what the last run left open."""
        # What the first records say of the time rests on central's last word on it; room for them on its last ack.
        self._refresh_roster()
        self._follow_acks()
        journal, reading = self._controller.journal, self._controller.reading()
        if journal.is_new:
            self.note(first_fact(reading.state))
        self.note(ProcessStarted(clock=reading.state, process="gate", version=self._version))
        self._controller.passing.end_all(Outcome.UNKNOWN)
        self._clock_state = reading.state
        self._wall_behind_ns = self._wall_minus_monotonic_ns()

    def note(self, fact: Fact, derived: Sequence[Statement] = ()) -> None:
        """Write a fact that nobody waits for, dated now, as soon as the journal takes it (`Pending`)."""
        self.notes.write(fact, self._controller.reading().now, derived)
        self.published()

    def published(self) -> None:
        """Tell sync that the journal may have grown."""
        journal = self._controller.journal
        if journal.head != self._head:
            self._head = journal.head
            self._head_moved(journal.id, journal.head)

    def tick(self) -> None:
        """Do what is due; called a few times a second."""
        notify_watchdog()
        self._controller.passing.pending.again()
        self.notes.again()
        self._follow_roster()
        self.watch_clock()
        journal = self._controller.journal
        self._follow_acks()
        self.published()
        _unsent.labels(journal.path.name).set(journal.unsent)
        _full.labels(journal.path.name).set(journal.full_share)
        for what, count in msgspec.structs.asdict(self._controller.counts).items():
            _unrecorded.labels(what.removesuffix("_unrecorded")).set(count)
        if self._is_due("state", STATE_EVERY_NS):
            self._announce()

    def idle(self) -> None:
        """Do what would cost a tap time; called when nothing waits."""
        journal = self._controller.journal
        if journal.dirty and self._is_due("checkpoint", CHECKPOINT_EVERY_NS):
            journal.checkpoint()
        try:
            now = self._controller.reading().now
            if journal.is_crowded or self._is_due("prune", PRUNE_EVERY_NS):
                journal.prune(now - self._retention)
            if self._is_due("forget", FORGET_EVERY_NS):
                journal.update(book.forget_presence(epoch_ms(now) - self._controller.presence_max_s * 1000))
        except JournalUnavailable as error:
            _log.error("journal not pruned", extra={"cause": error.message})

    def finish(self) -> None:
        """End what is open, so that nothing is left in doubt by a clean stop."""
        self._controller.passing.end_all(Outcome.UNKNOWN)
        self.notes.again()
        self.published()

    def line(self) -> dict[str, str]:
        """Return sync's word on the line to central."""
        return self._cursors.status()

    def _follow_acks(self) -> None:
        journal = self._controller.journal
        acked = self._cursors.acked(journal.id)
        # What cannot be read says nothing: taken for "nothing confirmed" it would fill the journal and shut the gate.
        if acked is not None:
            journal.set_acked(acked)

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
