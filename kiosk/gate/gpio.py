"""A barrier on GPIO pins: a relay, and contacts that tell of passages. The one file that imports gpiozero.

The relay's coil rests in the barrier's fail state: at rest it is shut (`secure`) or open (`safe`). A contact connects
its pin, which is pulled up, to ground while it is closed.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import gpiozero

from kiosk.core.clock import Clock
from kiosk.core.errors import ConfigError, RetryLater
from kiosk.gate.actuator import Cleared, Direction, Emit, Fault, Occupied, Passed, SensorEvent
from kiosk.gate.latch import RETRY_S, Latch
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers


class GpioContact:
    """A contact between a pin and ground, active when it leaves its normal state; raises ConfigError.

    `pin_factory` is gpiozero's; None takes the board's own.
    """

    def __init__(self, pin: int, *, normally_closed: bool, what: str, pin_factory: Any = None) -> None:
        self._what = f"{what} on pin {pin}"
        self._normally_closed = normally_closed
        with _configuring(self._what):
            self._device = gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=pin_factory)

    def read(self) -> bool:
        """Return whether the contact is active; raises RetryLater."""
        with _obeying(self._what):
            return bool(self._device.value) is not self._normally_closed

    def on_edge(self, notice: Callable[[], None]) -> None:
        """Call `notice`, which must return at once, whenever the level changes, bounces included."""
        self._device.when_activated = notice
        self._device.when_deactivated = notice

    def close(self) -> None:
        """Let go of the pin. May be called twice."""
        self._device.close()


class GpioBarrier:
    """A relay and the passage contacts of one gate; raises ConfigError where a pin cannot be had."""

    def __init__(self, settings: GateSettings, clock: Clock, timers: Timers, pin_factory: Any = None) -> None:
        if settings.relay_pin is None:
            raise ConfigError(f"gate {settings.id} names no relay_pin", hint="Add relay_pin, a BCM number")
        self.gate = settings.id
        self._clock = clock
        self._emit: Emit | None = None
        self._energised_opens = settings.fail == "secure"
        with contextlib.ExitStack() as held, _configuring(f"relay of gate {self.gate} on pin {settings.relay_pin}"):
            self._relay = gpiozero.DigitalOutputDevice(
                settings.relay_pin,
                active_high=settings.relay_active_high,
                initial_value=not self._energised_opens,
                pin_factory=pin_factory,
            )
            held.callback(self._relay.close)
            self._sensors = [
                held.enter_context(contextlib.closing(_Sensor(settings, pin, direction, clock, timers, pin_factory)))
                for pin, direction in _wired(settings)
            ]
            self._held = held.pop_all()
        self.has_sensor = bool(self._sensors)
        self._latch = Latch(settings, clock, timers, self._drive, self._tell_fault)
        for sensor in self._sensors:
            sensor.watch(self._sensed)

    def listen(self, emit: Emit) -> None:
        """Send events to `emit` from now on; a passage that is occupied already is told at once."""
        self._emit = emit
        for sensor in self._sensors:
            sensor.look()
            if sensor.cause:
                self._tell_fault(sensor.cause)
        if any(sensor.active for sensor in self._sensors):
            self._tell(Occupied(self.gate, self._clock.monotonic_ns()))

    def release(self, hold_s: float) -> None:
        """Let people pass for `hold_s` seconds from now; raises RetryLater, and Refused once closed."""
        self._latch.release(hold_s)

    def open_permanently(self) -> None:
        """Stay open until `normal`; raises RetryLater, and Refused once closed."""
        self._latch.open_permanently()

    def normal(self) -> None:
        """Follow the releases again; raises RetryLater, and Refused once closed."""
        self._latch.normal()

    def close(self) -> None:
        """Let the relay rest, which is the fail state, and let go of the pins."""
        # A relay that no longer obeys cannot be helped here; letting go of its pin is what is left.
        with contextlib.suppress(RetryLater):
            self._latch.close()
        self._held.close()

    def _drive(self, open_: bool) -> None:
        with _obeying(f"relay of gate {self.gate}"):
            self._relay.value = open_ is self._energised_opens

    def _sensed(self, sensor: "_Sensor", at_ns: int) -> None:
        if sensor.cause:
            self._tell_fault(sensor.cause)
            return
        alone = not any(other.active for other in self._sensors if other is not sensor)
        if sensor.active:
            if alone:
                self._tell(Occupied(self.gate, at_ns))
            self._tell(Passed(self.gate, at_ns, sensor.direction))
        elif alone:
            self._tell(Cleared(self.gate, at_ns))

    def _tell_fault(self, cause: str) -> None:
        self._tell(Fault(self.gate, self._clock.monotonic_ns(), cause))

    def _tell(self, event: SensorEvent) -> None:
        if self._emit is not None:
            self._emit(event)


class _Sensor:
    """A contact with its bounces taken out: what it says so long after the first edge is what counts.

    `cause` says why it cannot be read, while it cannot; it is tried again until it can.
    """

    def __init__(
        self, settings: GateSettings, pin: int, direction: Direction, clock: Clock, timers: Timers, pin_factory: Any
    ) -> None:
        self.direction = direction
        self.active = False
        self.cause = ""
        self._debounce_ns = settings.passage_debounce_ms * 1_000_000
        self._clock = clock
        self._timers = timers
        self._settling = False
        self._edge_ns = 0
        self._moved: Callable[[_Sensor, int], None] | None = None
        self._contact = GpioContact(
            pin,
            normally_closed=settings.passage_normally_closed,
            what=f"passage contact of gate {settings.id}",
            pin_factory=pin_factory,
        )

    def watch(self, moved: Callable[["_Sensor", int], None]) -> None:
        """Call `moved` with the time of the edge after each change of `active`, and when `cause` appears."""
        self._moved = moved
        self._contact.on_edge(self._edge)

    def look(self) -> None:
        """Take the contact as it is, without telling; look again later where it cannot be read."""
        try:
            self.active = self._contact.read()
            self.cause = ""
        except RetryLater as error:
            self.cause = str(error)
            self._edge_ns = self._clock.monotonic_ns() + int(RETRY_S * 1e9)
            self._timers.at(self, self._edge_ns, self._settle)

    def close(self) -> None:
        """Let go of the pin."""
        self._timers.cancel(self)
        self._contact.close()

    def _edge(self) -> None:
        if not self._settling:
            self._settling = True
            self._edge_ns = self._clock.monotonic_ns()
            self._timers.at(self, self._edge_ns + self._debounce_ns, self._settle)

    def _settle(self) -> None:
        # Cleared before the pin is read: an edge from here on asks for another look.
        self._settling = False
        at_ns, before, was_well = self._edge_ns, self.active, not self.cause
        self.look()
        moved = self.active is not before or (was_well and self.cause != "")
        if moved and self._moved is not None:
            self._moved(self, at_ns)


def _wired(settings: GateSettings) -> list[tuple[int, Direction]]:
    pins: tuple[tuple[int | None, Direction], ...] = (
        (settings.passage_pin, ""),
        (settings.passage_in_pin, "in"),
        (settings.passage_out_pin, "out"),
    )
    return [(pin, direction) for pin, direction in pins if pin is not None]


@contextlib.contextmanager
def _configuring(what: str) -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:  # as below
        raise ConfigError(
            f"{what} cannot be had: {error}", hint="Check the pin's number, the gpio group and GPIOZERO_PIN_FACTORY"
        ) from error


@contextlib.contextmanager
def _obeying(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # below gpiozero each pin library raises classes of its own
        raise RetryLater(f"{what} does not obey: {error}", hint="Check wiring and power of the GPIO board") from error
