"""What the barriers noticed, written down: who went through, who did not, and what nobody allowed."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from kiosk.core.clock import Clock, ClockReading, epoch_ms
from kiosk.core.errors import JournalUnavailable
from kiosk.core.model import AccessPoint
from kiosk.core.records import AccessNotTaken, AccessTaken, Fact, GateForced, GateHeldOpen
from kiosk.gate.actuator import Cleared, Fault, Occupied, Passed, SensorEvent
from kiosk.gate.passage import Effect, Ended, Forced, Outcome, Passages
from kiosk.gate.pending import Pending
from kiosk.gate.tap import Tap
from kiosk.store import book
from kiosk.store.journal import Journal

_log = logging.getLogger(__name__)


class Passing:
    """Carries each grant to its one end. What the journal cannot take now is `pending`."""

    def __init__(
        self,
        passages: Passages,
        journal: Journal,
        clock: Clock,
        reading: Callable[[], ClockReading],
        ended: Callable[[Ended], None],
    ) -> None:
        self._passages = passages
        self.journal = journal
        self._clock = clock
        self._reading = reading
        self._ended = ended
        self.pending = Pending(lambda *fact: self.journal.append(*fact))
        self.emergency = False

    def supersede(self, point: AccessPoint, credential: str | None) -> None:
        """End the grant a credential has open here, because it taps again."""
        self._apply(self._passages.superseded(point, credential))

    def granted(self, tap: Tap, at_ns: int, *, released: bool) -> None:
        """Wait for somebody to use a grant that was released, or not, at a monotonic time."""
        seq = tap.record.seq if tap.record else None
        credential = tap.decision.event.credential
        self._apply(self._passages.granted(seq, tap.point, credential, at_ns, released=released))

    def sensed(self, event: SensorEvent) -> None:
        """Take in what a barrier noticed."""
        if isinstance(event, Passed):
            self._apply(self._passages.passed(event.gate, event.direction, event.at_ns, emergency=self.emergency))
        elif isinstance(event, Occupied):
            self._passages.occupied(event.gate, event.at_ns)
        elif isinstance(event, Cleared):
            self._passages.cleared(event.gate)
        elif isinstance(event, Fault):
            _log.error("barrier does not obey", extra={"gate": event.gate, "cause": event.cause})

    def settle(self) -> None:
        """End what is due. Only when nothing waits in the inbox: a passage may be in it that belongs to a grant."""
        self._apply(self._passages.due(self._clock.monotonic_ns(), emergency=self.emergency))

    def next_due_ns(self) -> int | None:
        """Return when `settle` has something to do; None while nothing waits."""
        return self._passages.next_due_ns()

    def end_all(self, outcome: Outcome) -> None:
        """End every open grant: those of the last run at a start, all before a stop or a new journal.

        What still waits to be recorded afterwards keeps its grants open.
        """
        self.pending.again()
        self._apply(self._passages.end_all(outcome))
        if self.pending:
            return
        try:
            leftovers = book.open_grants(self.journal)
        except JournalUnavailable as error:
            _log.error("open grants cannot be read", extra={"cause": error.message})
            return
        reading = self._reading()
        for left in leftovers:
            fact = AccessNotTaken(
                clock=reading.state,
                of=left.seq,
                area_from=left.area_from,
                area_to=left.area_to,
                outcome=outcome.value,
            )
            self.pending.write(fact, reading.now, book.on_not_taken(left.seq))

    def _apply(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            reading = self._reading()
            if isinstance(effect, Ended):
                self._end(effect, reading)
            elif isinstance(effect, Forced):
                self.pending.write(GateForced(clock=reading.state, gate=effect.gate), reading.now)
            else:
                fact = GateHeldOpen(clock=reading.state, gate=effect.gate, held_ms=effect.held_ms)
                self.pending.write(fact, reading.now)

    def _end(self, end: Ended, reading: ClockReading) -> None:
        grant = end.grant
        if grant.seq is not None:
            places: dict[str, Any] = {
                "of": grant.seq,
                "area_from": grant.point.area_from,
                "area_to": grant.point.area_to,
            }
            fact: Fact
            if end.taken:
                fact = AccessTaken(clock=reading.state, assumed=end.assumed or None, **places)
                derived = book.on_taken(grant.seq, epoch_ms(reading.now))
            else:
                outcome = end.outcome.value if end.outcome else None
                fact = AccessNotTaken(clock=reading.state, outcome=outcome, **places)
                derived = book.on_not_taken(grant.seq)
            self.pending.write(fact, reading.now, derived)
        self._ended(end)
