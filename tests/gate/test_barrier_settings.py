"""A gate's keys: what contradicts itself is refused by name before anything starts."""

from typing import Any

import msgspec
import pytest

from kiosk.gate.settings import ControllerSettings, GateSettings


def read(**keys: Any) -> GateSettings:
    """Read a gate as a configuration file gives it."""
    return msgspec.convert({"id": "main", **keys}, GateSettings)


def test_a_gate_needs_nothing_but_its_name() -> None:
    assert read() == GateSettings(id="main")
    assert msgspec.convert({}, ControllerSettings) == ControllerSettings()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"actuator": "gpio"}, "names no relay_pin"),
        ({"relay_pin": 17, "passage_pin": 17}, "one pin twice"),
        ({"passage_pin": 27, "passage_in_pin": 22}, "beside passage_in_pin or passage_out_pin"),
        ({"release_hold_s": 9.0, "passage_timeout_s": 8.0}, "stay released longer than a grant waits"),
        ({"id": "Main Gate"}, "matching regex"),
        ({"fail": "open"}, "Invalid enum value"),
        ({"relay_pin": 99}, "<= 53"),
        ({"release_hold_s": 0}, ">= 0.1"),
        ({"open_grants_max": 0}, ">= 1"),
        ({"realy_pin": 17}, "unknown field"),
    ],
)
def test_keys_that_cannot_work_are_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        read(**keys)


def test_two_contacts_of_their_own_direction_go_together() -> None:
    assert read(actuator="gpio", relay_pin=17, passage_in_pin=22, passage_out_pin=23).passage_out_pin == 23
