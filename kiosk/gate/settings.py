"""How the barriers and the controller of one box are set up; `config/edge.toml` comments every key."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z")]
Pin = Annotated[int, Meta(ge=0, le=53)]
Port = Annotated[int, Meta(ge=0, le=65535)]


class GateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One barrier. Pins are BCM numbers; raises ValueError where the keys contradict each other.

    `fail` is what the barrier does without power or program: stay shut (`secure`) or open (`safe`). The relay rests in
    that state and is driven for the other. `passage_pin` is one contact for both directions, the other two name
    theirs; with none of them a grant counts as taken. `mock_passage_s` lets somebody walk through so long after each
    release of a mock.
    """

    id: Name
    actuator: Literal["mock", "gpio"] = "mock"
    fail: Literal["secure", "safe"] = "secure"
    release_hold_s: Annotated[float, Meta(ge=0.1, le=60)] = 3.0
    release_hold_long_s: Annotated[float, Meta(ge=0.1, le=60)] = 7.0
    passage_timeout_s: Annotated[float, Meta(ge=0.5, le=120)] = 8.0
    held_open_s: Annotated[float, Meta(ge=0.5, le=3600)] = 10.0
    open_grants_max: Annotated[int, Meta(ge=1, le=64)] = 8
    relay_pin: Pin | None = None
    relay_active_high: bool = True
    passage_pin: Pin | None = None
    passage_in_pin: Pin | None = None
    passage_out_pin: Pin | None = None
    passage_normally_closed: bool = False
    passage_debounce_ms: Annotated[int, Meta(ge=0, le=1000)] = 20
    mock_sensor: bool = True
    mock_passage_s: Annotated[float, Meta(ge=0, le=60)] | None = None

    @property
    def long_hold_s(self) -> float:
        """For how long the barrier stays released for a member who needs more time, seconds."""
        return min(max(self.release_hold_long_s, self.release_hold_s), self.passage_timeout_s)

    def __post_init__(self) -> None:
        pins = [
            pin
            for pin in (self.relay_pin, self.passage_pin, self.passage_in_pin, self.passage_out_pin)
            if pin is not None
        ]
        if self.actuator == "gpio" and self.relay_pin is None:
            raise ValueError(f"gate {self.id} is on gpio and names no relay_pin")
        if len(set(pins)) < len(pins):
            raise ValueError(f"gate {self.id} uses one pin twice")
        if self.passage_pin is not None and (self.passage_in_pin, self.passage_out_pin) != (None, None):
            raise ValueError(f"gate {self.id} has passage_pin beside passage_in_pin or passage_out_pin")
        if self.release_hold_s > self.passage_timeout_s:
            raise ValueError(f"gate {self.id} would stay released longer than a grant waits (passage_timeout_s)")


class ControllerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the whole box: the journals' limits, the emergency input, the gate's side port.

    `inbox_max` is how many reads and sensor events may wait for the loop. A normally closed emergency contact opens
    the gates when its wire is cut too. `emergency_auto_clear` shuts them again when the contact falls back; otherwise
    an operator has to clear.
    """

    journal_records_max: Annotated[int, Meta(ge=1000, le=100_000_000)] = 1_000_000
    journal_bytes_max: Annotated[int, Meta(ge=1024**2)] = 2 * 1024**3
    retention_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    inbox_max: Annotated[int, Meta(ge=16, le=100_000)] = 1000
    emergency_pin: Pin | None = None
    emergency_normally_closed: bool = True
    emergency_auto_clear: bool = False
    health_host: str = "127.0.0.1"
    health_port: Port = 9101
