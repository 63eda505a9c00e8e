"""Barriers to test on: time made by hand, a mock turnstile and a relay on mock pins behind one way of handling them."""

import threading
from datetime import UTC, datetime
from typing import Any, Protocol

from gpiozero.pins.mock import MockFactory, MockPin

from kiosk.core.clock import Clock
from kiosk.core.model import AccessPoint
from kiosk.gate.actuator import Actuator, SensorEvent
from kiosk.gate.gpio import GpioBarrier
from kiosk.gate.mock import MockTurnstile
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers

RELAY, BEAM, WAY_IN, WAY_OUT, FIRE = 17, 27, 22, 23, 24
DEBOUNCE_S = 0.02


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ns = 5_000_000_000

    def now(self) -> datetime:
        """Return a fixed wall time; barriers never ask."""
        return datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC)

    def monotonic_ns(self) -> int:
        """Return what the hand says."""
        return self.ns

    def boot_id(self) -> str:
        """Return the one boot there is."""
        return "boot"


class Time:
    """A clock by hand and the timers that follow it."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.timers = Timers(self.clock)

    def passes(self, duration_s: float) -> None:
        """Go on by so many seconds in steps of a hundredth, each timer run in its step."""
        end_ns = self.clock.ns + round(duration_s * 1e9)
        while self.clock.ns < end_ns:
            self.clock.ns = min(self.clock.ns + 10_000_000, end_ns)
            self.timers.run_due()


class Bench(Protocol):
    """A barrier of either make, as the contract test handles it."""

    actuator: Actuator

    def is_open(self) -> bool:
        """Say whether somebody could pass."""

    def walk(self) -> None:
        """Let somebody go through, whether it is open or not."""

    def stand_in(self) -> None:
        """Put somebody into the passage, to stay."""


class MockBench:
    """A mock turnstile."""

    def __init__(self, time: Time, **settings: Any) -> None:
        self.actuator = MockTurnstile(
            make_gate(mock_sensor=settings.pop("sensor", True), **settings), time.clock, time.timers
        )

    def is_open(self) -> bool:
        """Ask the turnstile."""
        return self.actuator.is_open

    def walk(self) -> None:
        """Go over the arm."""
        self.actuator.force()

    def stand_in(self) -> None:
        """Block it for an hour."""
        self.actuator.block(3600)


class GpioBench:
    """A relay and a beam on mock pins."""

    def __init__(self, time: Time, **settings: Any) -> None:
        beam = BEAM if settings.pop("sensor", True) else None
        self._time = time
        self._settings = make_gate(actuator="gpio", relay_pin=RELAY, passage_pin=beam, **settings)
        self.pins = MockFactory()
        self.actuator = GpioBarrier(self._settings, time.clock, time.timers, self.pins)

    def is_open(self) -> bool:
        """Look at the relay's pin, and at what the barrier does with its current."""
        energised = self.pins.pin(RELAY).state == self._settings.relay_active_high
        return energised is (self._settings.fail == "secure")

    def walk(self) -> None:
        """Break the beam for a tenth of a second."""
        if self.actuator.has_sensor:
            self.stand_in()
            self._time.passes(0.1)
            self.pins.pin(BEAM).drive_high()
            self._time.passes(DEBOUNCE_S)

    def stand_in(self) -> None:
        """Break the beam."""
        self.pins.pin(BEAM).drive_low()
        self._time.passes(DEBOUNCE_S)


class Heard(list[SensorEvent]):
    """What a barrier told."""

    def kinds(self) -> list[str]:
        """Return the names of the events, in order."""
        return [type(event).__name__ for event in self]


class StubbornPin(MockPin):
    """A pin whose board stops answering while `stuck`."""

    stuck = False

    def _set_state(self, value: float) -> None:
        if self.stuck:
            raise OSError("remote I/O error")
        super()._set_state(value)

    def _get_state(self) -> bool:
        if self.stuck:
            raise OSError("remote I/O error")
        return bool(super()._get_state())


class HungBarrier:
    """An actuator that never returns from `open_permanently`, until it is let go."""

    gate = "hung"
    has_sensor = False

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def listen(self, emit: object) -> None:
        """Hear nothing."""

    def release(self, hold_s: float) -> None:
        """Do nothing."""

    def open_permanently(self) -> None:
        """Hang."""
        self.let_go.wait(30)

    def normal(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def make_gate(**changes: Any) -> GateSettings:
    """Make a gate's settings."""
    return GateSettings(**({"id": "main", "passage_debounce_ms": round(DEBOUNCE_S * 1000)} | changes))


def make_point(**changes: Any) -> AccessPoint:
    """Make the way in through gate `main`."""
    values: dict[str, Any] = {"id": "entrance", "area_from": "outside", "area_to": "club", "gate": "main"}
    return AccessPoint(**(values | changes))


def make_turnstile(clock: Clock, timers: Timers, **changes: Any) -> MockTurnstile:
    """Make a mock turnstile."""
    return MockTurnstile(make_gate(**changes), clock, timers)
