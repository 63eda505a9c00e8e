"""The emergency: every barrier open at once, whatever else hangs.

It stands apart from database, decision and the gate's loop, and waits for no lock of theirs: one thread watches the
contact, one per barrier opens it, one tells the loop. This reports and follows; the fire contact itself is wired to
the barrier's own release (invariant 9).
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from kiosk.core.clock import Clock
from kiosk.core.errors import Refused, RetryLater
from kiosk.gate.actuator import Actuator
from kiosk.gate.followers import Opener, Teller
from kiosk.local.process import notify_watchdog

INPUT = "input"
COMMAND = "command"
DRILL = "drill"

LOOK_EVERY_S = 0.01
ACTIVE_LOOKS = 2
"""So many looks in a row must find the contact active: open within 30 ms, and no spike opens."""
QUIET_LOOKS = 100
"""So many must find it at rest before it has fallen back: 1 s."""
WATCH_LATE_S = 1.0
SPARE_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class EmergencyChange(msgspec.Struct, frozen=True):
    """The emergency began or ended at `at_ns` of the monotonic clock; `source` is `input`, `command` or `drill`."""

    active: bool
    source: str
    at_ns: int


class Contact(Protocol):
    """The emergency input."""

    def read(self) -> bool:
        """Return whether it calls for opening; raises RetryLater."""

    def close(self) -> None:
        """Let go of it. May be called twice."""


class Emergency:
    """Opens every actuator, and tells `inbox`, the loop's queue, in its own time (see `Teller`).

    `standing` names the source of an emergency that was never cleared before the last stop: it goes on, and is not
    told again. With `auto_clear` the contact ends what it began; otherwise only `clear` does.
    """

    def __init__(
        self,
        actuators: Iterable[Actuator],
        inbox: "queue.Queue[Any]",
        clock: Clock,
        contact: Contact | None = None,
        *,
        auto_clear: bool = False,
        standing: str = "",
    ) -> None:
        self.teller = Teller(inbox)
        self.blind = False
        self._clock = clock
        self._contact = contact
        self._auto_clear = auto_clear
        self._causes = frozenset({standing} if standing else ())
        self._causes_lock = threading.Lock()
        self._level, self._looks = False, 0
        self._looked_ns = clock.monotonic_ns()
        self._spared_ns = 0
        self._stop = threading.Event()
        self._openers = [Opener(actuator) for actuator in actuators]
        self._watcher = threading.Thread(target=self._watch, name="emergency-watch", daemon=True)
        self._order()

    @property
    def active(self) -> bool:
        """Whether the barriers are to be open."""
        return bool(self._causes)

    @property
    def drill(self) -> bool:
        """Whether they are to be open for a drill and for nothing else."""
        return self._causes == {DRILL}

    def watching(self) -> bool:
        """Whether the contact was looked at within the last second. For the watchdog."""
        return self._clock.monotonic_ns() - self._looked_ns < WATCH_LATE_S * 1e9

    def start(self) -> None:
        """Watch the contact and keep the barriers as ordered, in threads."""
        for thread in (*self._openers, self.teller, self._watcher):
            thread.start()

    def close(self) -> None:
        """Stop, let go of the contact, and leave the barriers as they are. May be called twice."""
        self._stop.set()
        for follower in (*self._openers, self.teller):
            follower.stop()
        for thread in (*self._openers, self.teller, self._watcher):
            if thread.is_alive():
                thread.join(timeout=WATCH_LATE_S)
        if self._contact is not None:
            self._contact.close()

    def trigger(self, source: str = COMMAND) -> None:
        """Open every barrier until `clear`; returns at once."""
        self._change(source, lambda causes: causes | {source})

    def clear(self, source: str = COMMAND) -> None:
        """End the emergency, if there is one; raises Refused while the contact is active."""
        if self._level:
            raise Refused("the emergency input is still active", hint="Reset the fire panel first, then clear again")
        self._change(source, lambda _: frozenset())

    def look(self) -> None:
        """Look at the contact once. The watching thread does this every LOOK_EVERY_S."""
        if self._contact is not None:
            try:
                self._judge(self._contact.read())
                self.blind = False
            except RetryLater as error:
                if not self.blind:
                    _log.error("emergency input cannot be read", extra={"cause": str(error)})
                self.blind = True
        self._looked_ns = self._clock.monotonic_ns()

    def _judge(self, level: bool) -> None:
        self._looks = self._looks + 1 if level is self._level else 1
        self._level = level
        if level and self._looks == ACTIVE_LOOKS:
            self.trigger(INPUT)
        if not level and self._looks == QUIET_LOOKS and self._auto_clear and INPUT in self._causes:
            self._change(INPUT, lambda causes: causes - {INPUT})

    def _change(self, source: str, edit: Callable[[frozenset[str]], frozenset[str]]) -> None:
        with self._causes_lock:
            before, drilled = self.active, self.drill
            self._causes = edit(self._causes)
            self._order()
            # A drill that turns into earnest is told as well, although the barriers stand open already.
            if self.active is not before or (drilled and self.active and not self.drill):
                self.teller.tell(EmergencyChange(self.active, source, self._clock.monotonic_ns()))

    def _order(self) -> None:
        for opener in self._openers:
            opener.order(open_=self.active)

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._spare()
            self._stop.wait(LOOK_EVERY_S)

    def _spare(self) -> None:
        """While it lasts, feed the watchdog: to kill the process for a hung loop would shut what stands open."""
        if self.active and self._looked_ns - self._spared_ns >= SPARE_EVERY_S * 1e9:
            self._spared_ns = self._looked_ns
            notify_watchdog()
