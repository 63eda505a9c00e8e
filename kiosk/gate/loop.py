"""The gate's one loop: everything that happens at a box comes through its inbox and is dealt with in turn."""

import logging
import queue
import threading
from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter, Histogram

from kiosk.core.case import Release
from kiosk.core.clock import Clock
from kiosk.core.codec import decode
from kiosk.core.errors import InvalidInput, KioskError, NeighbourDown
from kiosk.core.records import ReaderCameBack, ReaderWasLost
from kiosk.gate.actuator import Cleared, Fault, Occupied, Passed
from kiosk.gate.asking import Errand
from kiosk.gate.commands import Commands
from kiosk.gate.controller import GateController
from kiosk.gate.display import decision_message
from kiosk.gate.emergency import EmergencyChange
from kiosk.gate.tap import Tap
from kiosk.gate.upkeep import Upkeep
from kiosk.local.talk import TalkServer
from kiosk.readers.mock import MockReader
from kiosk.readers.reader import CardRead, Reader, ReaderDown, ReaderUp

TICK_S = 0.25

Asked = tuple[Errand, str | None]
"""Whoever had a card tapped at a mock reader, and the identifier its read will show."""

_log = logging.getLogger(__name__)
_taps = Counter("kiosk_taps", "Taps by access point and reason", ["access_point", "reason"])
_tap_seconds = Histogram(
    "kiosk_tap_seconds",
    "From the read to the release or the refusal",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.02, 0.1, 1),
)


class GateLoop:
    """Reads, sensors, commands and the clock, one after the other, in one thread."""

    def __init__(
        self,
        inbox: "queue.Queue[Any]",
        controller: GateController,
        upkeep: Upkeep,
        commands: Commands,
        readers: Sequence[Reader],
        talk: TalkServer,
        clock: Clock,
    ) -> None:
        self._inbox = inbox
        self._controller = controller
        self._upkeep = upkeep
        self._commands = commands
        self._readers = {reader.name: reader for reader in readers}
        self._talk = talk
        self._clock = clock
        self._asked: dict[str, list[Asked]] = {reader.name: [] for reader in readers}
        self.beat_ns = clock.monotonic_ns()

    def run(self, stop: threading.Event) -> None:
        """Go until `stop`; then every open grant is ended."""
        self._upkeep.start()
        next_tick_ns = 0
        while not stop.is_set():
            self.beat_ns = now_ns = self._clock.monotonic_ns()
            if now_ns >= next_tick_ns:
                self._upkeep.tick()
                next_tick_ns = now_ns + int(TICK_S * 1e9)
            self._one(self._patience_s(next_tick_ns))
        self._upkeep.finish()

    def _patience_s(self, next_tick_ns: int) -> float:
        due_ns = self._controller.passing.next_due_ns()
        until_ns = next_tick_ns if due_ns is None else min(next_tick_ns, due_ns)
        return max((until_ns - self._clock.monotonic_ns()) / 1e9, 0.001)

    def _one(self, patience_s: float) -> None:
        try:
            item = self._inbox.get(timeout=patience_s)
        except queue.Empty:
            self._controller.passing.settle()
            self._upkeep.idle()
            return
        if isinstance(item, CardRead):
            self._card(item)
        elif isinstance(item, Passed | Occupied | Cleared | Fault):
            self._controller.passing.sensed(item)
            self._upkeep.published()
        elif isinstance(item, Errand):
            self._errand(item)
        elif isinstance(item, ReaderDown | ReaderUp):
            self._reader(item)
        elif isinstance(item, EmergencyChange):
            self._commands.emergency_changed(item)

    def _card(self, card: CardRead) -> None:
        started_ns = self._clock.monotonic_ns()
        errand = self._asker(card)
        operator = errand.args.get("operator") if errand else None
        tap = self._controller.handle(card, Release(str(operator)) if operator else None)
        _tap_seconds.observe((self._clock.monotonic_ns() - started_ns) / 1e9)
        event = tap.decision.event
        _taps.labels(event.access_point, event.reason).inc()
        self._talk.publish("display", decision_message(tap, self._controller.reading()))
        self._upkeep.watch_clock()
        self._upkeep.published()
        if errand is not None:
            errand.answer(_tap_answer(tap))

    def _reader(self, event: ReaderDown | ReaderUp) -> None:
        clock = self._controller.reading().state
        if isinstance(event, ReaderDown):
            self._upkeep.note(ReaderWasLost(clock=clock, reader=event.reader, cause=event.cause))
        else:
            self._upkeep.note(ReaderCameBack(clock=clock, reader=event.reader, away_ms=event.away_ms))
        self._talk.publish("display", {"kind": "reader", "reader": event.reader, "up": isinstance(event, ReaderUp)})

    def _errand(self, errand: Errand) -> None:
        if errand.given_up:
            return
        try:
            if errand.op == "tap":
                self._present(errand)
            else:
                errand.answer(self._commands.run(errand.op, errand.args))
        except KioskError as error:
            errand.answer(error)

    def _present(self, errand: Errand) -> None:
        """Tap a card at a mock reader; the answer follows when the read comes through the inbox like any other."""
        name = str(
            errand.args.get("reader") or next((n for n, r in self._readers.items() if isinstance(r, MockReader)), "")
        )
        reader = self._readers.get(name)
        if not isinstance(reader, MockReader):
            mocks = ", ".join(n for n, r in self._readers.items() if isinstance(r, MockReader)) or "none"
            raise InvalidInput(f"{name or 'this gate'!r} is no mock reader", hint=f"Mock readers here: {mocks}")
        if not reader.is_up:
            raise NeighbourDown(f"mock reader {name} is not reading", hint="Wait a moment and tap again")
        read = reader.present(str(errand.args.get("identifier", "")))
        self._asked[name] = [*self._still_asked(name), (errand, read.identifier)]

    def _asker(self, card: CardRead) -> Errand | None:
        """Return who had this card tapped. A read may be left out or lost: the answers behind it must not shift."""
        asked = self._still_asked(card.reader)
        found = next((each for each in asked if each[1] == card.identifier), None)
        self._asked[card.reader] = [each for each in asked if each is not found]
        return found[0] if found else None

    def _still_asked(self, reader: str) -> list[Asked]:
        return [each for each in self._asked[reader] if not each[0].given_up]


def _tap_answer(tap: Tap) -> dict[str, Any]:
    decision = tap.decision
    return {
        "granted": decision.granted,
        "reason": decision.event.reason,
        "detail": decision.detail,
        "record": decode(tap.record.body) if tap.record else None,
    }
