"""The systemd units: watched, started anew whatever happens, without rights they do not need."""

from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "config" / "systemd"
PROCESSES = ("gate", "sync", "web", "central", "office")


def read_unit(process: str) -> dict[str, list[str]]:
    """Return every directive of a unit with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / f"kiosk-{process}.service").read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_there_is_a_unit_for_every_process() -> None:
    assert sorted(path.name for path in UNITS.iterdir()) == sorted(f"kiosk-{name}.service" for name in PROCESSES)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_unit_is_watched_and_never_given_up(process: str) -> None:
    unit = read_unit(process)
    assert unit["Type"] == ["notify"]
    assert int(unit["WatchdogSec"][0]) > 0
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert f"kiosk {process} --config" in unit["ExecStart"][0]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_unit_has_no_rights_it_does_not_need(process: str) -> None:
    unit = read_unit(process)
    assert unit["User"] == ["kiosk"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"]) == (["yes"], ["strict"])
    assert unit["StateDirectory"] == ["kiosk-central" if process in ("central", "office") else "kiosk"]


def test_the_gate_has_no_network_beyond_loopback() -> None:
    unit = read_unit("gate")
    assert unit["IPAddressDeny"] == ["any"]
    assert unit["IPAddressAllow"] == ["localhost"]
