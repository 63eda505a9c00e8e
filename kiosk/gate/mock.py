"""A turnstile without hardware: the shipped fake, for the demo, the benchmarks and tests."""

from collections import deque

import msgspec

from kiosk.core.clock import Clock
from kiosk.gate.actuator import Cleared, Direction, Emit, Fault, Occupied, Passed, SensorEvent
from kiosk.gate.latch import Latch
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers

RELEASES_KEPT = 1000
WALKERS_MAX = 64


class MockRelease(msgspec.Struct, frozen=True):
    """One call of `release`, at a monotonic time."""

    at_ns: int
    hold_s: float


class MockTurnstile:
    """A turnstile that people walk through by call, or by themselves `mock_passage_s` after each release.

    `releases` holds the last RELEASES_KEPT. At most WALKERS_MAX people are on their way; more are counted in
    `walkers_lost` and never arrive.
    """

    def __init__(self, settings: GateSettings, clock: Clock, timers: Timers) -> None:
        self.gate = settings.id
        self.has_sensor = settings.mock_sensor
        self.is_open = False
        self.releases: deque[MockRelease] = deque(maxlen=RELEASES_KEPT)
        self.walkers_lost = 0
        self._passage_s = settings.mock_passage_s
        self._clock = clock
        self._timers = timers
        self._emit: Emit | None = None
        self._blocked = False
        self._walkers: deque[object] = deque()
        self._latch = Latch(settings, clock, timers, self._move, self._tell_fault)
        self._move(False)

    def listen(self, emit: Emit) -> None:
        """Send events to `emit` from now on."""
        self._emit = emit
        if self._blocked:
            self._tell(Occupied(self.gate, self._clock.monotonic_ns()))

    def release(self, hold_s: float) -> None:
        """Let people pass for `hold_s` seconds; raises Refused once closed."""
        self._latch.release(hold_s)
        self.releases.append(MockRelease(self._clock.monotonic_ns(), hold_s))
        if self._passage_s is not None:
            self._send_walker(self._passage_s)

    def open_permanently(self) -> None:
        """Stay open until `normal`; raises Refused once closed."""
        self._latch.open_permanently()

    def normal(self) -> None:
        """Follow the releases again; raises Refused once closed."""
        self._latch.normal()

    def close(self) -> None:
        """Go to the fail state; nobody walks any more."""
        self.refuse()
        self._timers.cancel((self, "block"))
        self._latch.close()

    def walk_through(self, direction: Direction = "") -> bool:
        """Go through; False when the turnstile is shut."""
        if not self.is_open:
            return False
        self._pass(direction)
        return True

    def refuse(self) -> None:
        """Turn back everybody who is on the way."""
        while self._walkers:
            self._timers.cancel(self._walkers.popleft())

    def force(self, direction: Direction = "") -> None:
        """Go through whether it is open or not."""
        self._pass(direction)

    def block(self, duration_s: float) -> None:
        """Stand in the passage for `duration_s` seconds."""
        now_ns = self._clock.monotonic_ns()
        self._blocked = True
        self._tell(Occupied(self.gate, now_ns))
        self._timers.at((self, "block"), now_ns + int(duration_s * 1e9), self._unblock)

    def _unblock(self) -> None:
        self._blocked = False
        self._tell(Cleared(self.gate, self._clock.monotonic_ns()))

    def _send_walker(self, after_s: float) -> None:
        if len(self._walkers) >= WALKERS_MAX:
            self.walkers_lost += 1
            return
        walker = object()
        self._walkers.append(walker)
        self._timers.at(walker, self._clock.monotonic_ns() + int(after_s * 1e9), self._walker_arrives)

    def _walker_arrives(self) -> None:
        if self._walkers:
            self._walkers.popleft()
        self.walk_through()

    def _pass(self, direction: Direction) -> None:
        now_ns = self._clock.monotonic_ns()
        if not self._blocked:
            self._tell(Occupied(self.gate, now_ns))
        self._tell(Passed(self.gate, now_ns, direction))
        if not self._blocked:
            self._tell(Cleared(self.gate, now_ns))

    def _move(self, open_: bool) -> None:
        self.is_open = open_

    def _tell_fault(self, cause: str) -> None:
        self._tell(Fault(self.gate, self._clock.monotonic_ns(), cause))

    def _tell(self, event: SensorEvent) -> None:
        if self._emit is not None and (self.has_sensor or isinstance(event, Fault)):
            self._emit(event)
