"""From the configuration to the barriers of a box. GPIO is imported only where a barrier or the emergency needs it."""

from collections.abc import Callable, Sequence
from typing import Any

from kiosk.core.clock import Clock
from kiosk.core.errors import ConfigError
from kiosk.gate.actuator import Actuator
from kiosk.gate.emergency import Contact
from kiosk.gate.mock import MockTurnstile
from kiosk.gate.passage import Passages
from kiosk.gate.settings import ControllerSettings, GateSettings
from kiosk.gate.timers import Timers


class Barriers:
    """Every barrier of a box, by gate id; what they notice goes to `emit`, which must not block."""

    def __init__(
        self, gates: Sequence[GateSettings], settings: ControllerSettings, clock: Clock, emit: Callable[[Any], None]
    ) -> None:
        self._gates = gates
        self._emit = emit
        self._timers = Timers(clock)
        self.actuators: dict[str, Actuator] = {each.id: _open(each, clock, self._timers) for each in gates}
        self.hold_s = {each.id: each.release_hold_s for each in gates}
        self.long_hold_s = {each.id: each.long_hold_s for each in gates}
        self.emergency_contact = _emergency_contact(settings)

    def passages(self) -> Passages:
        """Return a lane for each gate."""
        return Passages((each, self.actuators[each.id].has_sensor) for each in self._gates)

    def start(self) -> None:
        """Begin to listen."""
        self._timers.start()
        for actuator in self.actuators.values():
            actuator.listen(self._emit)

    def close(self) -> None:
        """Leave every barrier in its fail state."""
        for actuator in self.actuators.values():
            actuator.close()
        self._timers.close()


def _open(settings: GateSettings, clock: Clock, timers: Timers) -> Actuator:
    if settings.actuator == "mock":
        return MockTurnstile(settings, clock, timers)
    try:
        from kiosk.gate.gpio import GpioBarrier
    except ImportError as error:
        raise ConfigError(
            f"gate {settings.id} is on gpio, which needs what is not installed here ({error})",
            hint="Install the extra: pip install 'kiosk[actuators]'",
        ) from error
    return GpioBarrier(settings, clock, timers)


def _emergency_contact(settings: ControllerSettings) -> Contact | None:
    if settings.emergency_pin is None:
        return None
    try:
        from kiosk.gate.gpio import GpioContact
    except ImportError as error:
        raise ConfigError(
            f"emergency_pin needs what is not installed here ({error})",
            hint="Install the extra: pip install 'kiosk[actuators]'",
        ) from error
    return GpioContact(
        settings.emergency_pin, normally_closed=settings.emergency_normally_closed, what="emergency input"
    )
