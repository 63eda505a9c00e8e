"""What the gate needs of a barrier; `mock.py` is the shipped fake, `gpio.py` drives a relay."""

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

Direction = Literal["in", "out", ""]
"""Which way somebody went; empty where the sensor cannot tell."""


class AtGate(msgspec.Struct, frozen=True):
    """Something the barrier noticed at `at_ns` of the clock's monotonic time."""

    gate: str
    at_ns: int


class Occupied(AtGate, frozen=True):
    """Somebody or something is in the passage."""


class Cleared(AtGate, frozen=True):
    """The passage is empty again."""


class Passed(AtGate, frozen=True):
    """Somebody went through."""

    direction: Direction = ""


class Fault(AtGate, frozen=True):
    """The barrier does not obey; told once, until it obeys again. `cause` is for the log."""

    cause: str = ""


SensorEvent = Passed | Occupied | Cleared | Fault
Emit = Callable[[SensorEvent], None]


class Actuator(Protocol):
    """One barrier. Every call returns at once; `RetryLater` says that the hardware did not obey.

    Events come from threads of the barrier's own, through `emit`, which must not block.
    """

    @property
    def gate(self) -> str:
        """The gate's id."""

    @property
    def has_sensor(self) -> bool:
        """Whether passages are reported."""

    def listen(self, emit: Emit) -> None:
        """Send events to `emit` from now on; a passage that is occupied already is told at once."""

    def release(self, hold_s: float) -> None:
        """Let people pass for `hold_s` seconds from now. A further release extends, and never shortens.

        Raises RetryLater (nothing was released) and, after `close`, Refused.
        """

    def open_permanently(self) -> None:
        """Stay open until `normal`. Waits for no lock that another thread holds. Raises as `release`."""

    def normal(self) -> None:
        """Follow the releases again. Raises as `release`."""

    def close(self) -> None:
        """Leave the barrier in its fail state and let go of the hardware. May be called twice."""
