"""When a barrier is to be open: while a release holds, or for good in an emergency.

No lock: an emergency must get through whatever another thread hangs in. Each change of what is wanted is followed by
a write, and each write by a look at whether it still is what is wanted; so the last write is always right.
"""

from collections.abc import Callable

from kiosk.core.clock import Clock
from kiosk.core.errors import Refused, RetryLater
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers

RETRY_S = 0.2
ROUNDS_MAX = 8


class Latch:
    """Drives `write(open)` of one barrier, which returns at once and raises RetryLater.

    `on_fault` hears once of a barrier that could not be shut in time; shutting is tried again until it works.
    """

    def __init__(
        self,
        settings: GateSettings,
        clock: Clock,
        timers: Timers,
        write: Callable[[bool], None],
        on_fault: Callable[[str], None],
    ) -> None:
        self._gate = settings.id
        self._open_on_close = settings.fail == "safe"
        self._clock = clock
        self._timers = timers
        self._write = write
        self._on_fault = on_fault
        self._until_ns = 0
        self._permanent = False
        self._closed = False
        self._faulty = False

    @property
    def wanted(self) -> bool:
        """Whether the barrier is to be open now."""
        if self._closed:
            return self._open_on_close
        return self._permanent or self._clock.monotonic_ns() < self._until_ns

    def release(self, hold_s: float) -> None:
        """Be open for at least `hold_s` seconds from now; raises RetryLater, and Refused once closed."""
        self._refuse_when_closed()
        before_ns = self._until_ns
        until_ns = max(before_ns, self._clock.monotonic_ns() + int(hold_s * 1e9))
        # Shutting is arranged before opening: a failure in between leaves the barrier shut.
        self._timers.at(self, until_ns, self._follow)
        self._until_ns = until_ns
        try:
            self._apply()
        except RetryLater:
            self._until_ns = before_ns
            self._timers.at(self, self._clock.monotonic_ns() + int(RETRY_S * 1e9), self._follow)
            raise

    def open_permanently(self) -> None:
        """Be open until `normal`; raises RetryLater, and Refused once closed."""
        self._refuse_when_closed()
        self._permanent = True
        self._apply()

    def normal(self) -> None:
        """Be open only while a release holds; raises RetryLater, and Refused once closed."""
        self._refuse_when_closed()
        self._permanent = False
        self._apply()

    def close(self) -> None:
        """Go to the fail state for good; raises RetryLater. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._timers.cancel(self)
        self._apply()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Refused(f"gate {self._gate} is closed down")

    def _apply(self) -> None:
        for _ in range(ROUNDS_MAX):
            wanted = self.wanted
            self._write(wanted)
            if self.wanted is wanted:
                return

    def _follow(self) -> None:
        """Do what is wanted when a hold has ended; runs in the timers' thread."""
        if self._closed:
            return
        try:
            self._apply()
        except RetryLater as error:
            if not self._faulty:
                self._faulty = True
                self._on_fault(str(error))
            self._timers.at(self, self._clock.monotonic_ns() + int(RETRY_S * 1e9), self._follow)
            return
        self._faulty = False
        if self._until_ns > self._clock.monotonic_ns():
            self._timers.at(self, self._until_ns, self._follow)
