"""What only a relay and contacts can get wrong: levels, bounces, wires and boards that stop answering."""

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from kiosk.core.errors import ConfigError, RetryLater
from kiosk.gate.actuator import Fault, Passed
from kiosk.gate.gpio import GpioBarrier, GpioContact
from tests.gate.barriers import BEAM, DEBOUNCE_S, FIRE, RELAY, WAY_IN, WAY_OUT, Heard, StubbornPin, Time, make_gate


class Rig:
    """A barrier on mock pins and what it told."""

    def __init__(self) -> None:
        self.time = Time()
        self.pins = MockFactory()
        self.heard = Heard()
        self._made: list[GpioBarrier] = []

    def barrier(self, **settings: Any) -> GpioBarrier:
        """Make a barrier with a relay, listening."""
        gate = make_gate(actuator="gpio", relay_pin=RELAY, **settings)
        self._made.append(GpioBarrier(gate, self.time.clock, self.time.timers, self.pins))
        self._made[-1].listen(self.heard.append)
        return self._made[-1]

    def close(self) -> None:
        """Let go of everything."""
        for barrier in self._made:
            barrier.close()
        self.pins.reset()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


@pytest.mark.parametrize(
    ("fail", "active_high", "level_shut"),
    [("secure", True, False), ("secure", False, True), ("safe", True, True), ("safe", False, False)],
)
def test_the_relay_is_driven_only_away_from_the_fail_state(
    rig: Rig, fail: str, active_high: bool, level_shut: bool
) -> None:
    barrier = rig.barrier(fail=fail, relay_active_high=active_high)
    relay = rig.pins.pin(RELAY)
    assert relay.state is level_shut
    barrier.release(1.0)
    assert relay.state is not level_shut
    rig.time.passes(1.0)
    assert relay.state is level_shut


def test_one_release_is_one_pulse_however_often_it_is_extended(rig: Rig) -> None:
    barrier = rig.barrier()
    for _ in range(5):
        barrier.release(1.0)
        rig.time.passes(0.5)
    rig.time.passes(1.0)
    assert [change.state for change in rig.pins.pin(RELAY).states] == [False, True, False]


def test_bounces_shorter_than_the_debounce_are_no_passage(rig: Rig) -> None:
    rig.barrier(passage_pin=BEAM)
    for _ in range(3):
        rig.pins.pin(BEAM).drive_low()
        rig.time.passes(DEBOUNCE_S / 2)
        rig.pins.pin(BEAM).drive_high()
        rig.time.passes(DEBOUNCE_S * 2)
    assert rig.heard == []


def test_a_bouncing_contact_is_one_passage_at_its_first_edge(rig: Rig) -> None:
    rig.barrier(passage_pin=BEAM)
    first_ns = rig.time.clock.ns
    for _ in range(10):
        rig.pins.pin(BEAM).drive_low()
        rig.pins.pin(BEAM).drive_high()
    rig.pins.pin(BEAM).drive_low()
    rig.time.passes(0.5)
    assert rig.heard.kinds() == ["Occupied", "Passed"]
    assert rig.heard[1].at_ns == first_ns


def test_a_contact_that_never_stops_bouncing_is_still_heard(rig: Rig) -> None:
    rig.barrier(passage_pin=BEAM)
    for _ in range(20):
        rig.pins.pin(BEAM).drive_high()
        rig.pins.pin(BEAM).drive_low()
        rig.time.passes(DEBOUNCE_S / 2)
    assert rig.heard.kinds() == ["Occupied", "Passed"]


def test_a_normally_closed_contact_tells_of_a_passage_when_it_opens(rig: Rig) -> None:
    rig.pins.pin(BEAM).drive_low()
    gate = make_gate(actuator="gpio", relay_pin=RELAY, passage_pin=BEAM, passage_normally_closed=True)
    barrier = GpioBarrier(gate, rig.time.clock, rig.time.timers, rig.pins)
    rig.pins.pin(BEAM).drive_low()
    rig.time.passes(DEBOUNCE_S)
    barrier.listen(rig.heard.append)
    rig.pins.pin(BEAM).drive_high()
    rig.time.passes(DEBOUNCE_S)
    barrier.close()
    assert rig.heard.kinds() == ["Occupied", "Passed"]


def test_two_contacts_tell_the_direction_and_share_one_passage(rig: Rig) -> None:
    rig.barrier(passage_in_pin=WAY_IN, passage_out_pin=WAY_OUT)
    for pin in (WAY_IN, WAY_OUT):
        rig.pins.pin(pin).drive_low()
        rig.time.passes(DEBOUNCE_S)
    for pin in (WAY_IN, WAY_OUT):
        rig.pins.pin(pin).drive_high()
        rig.time.passes(DEBOUNCE_S)
    assert rig.heard.kinds() == ["Occupied", "Passed", "Passed", "Cleared"]
    assert [event.direction for event in rig.heard if isinstance(event, Passed)] == ["in", "out"]


def test_a_relay_that_does_not_obey_releases_nothing_and_not_later_either(rig: Rig) -> None:
    relay = rig.pins.pin(RELAY, pin_class=StubbornPin)
    barrier = rig.barrier()
    relay.stuck = True
    with pytest.raises(RetryLater, match="relay of gate main does not obey: remote I/O error"):
        barrier.release(3.0)
    relay.stuck = False
    rig.time.passes(2.0)
    assert [change.state for change in relay.states] == [False]


def test_a_relay_that_cannot_be_shut_is_told_once_and_shut_as_soon_as_it_obeys(rig: Rig) -> None:
    relay = rig.pins.pin(RELAY, pin_class=StubbornPin)
    barrier = rig.barrier()
    barrier.release(1.0)
    relay.stuck = True
    rig.time.passes(5.0)
    assert rig.heard.kinds() == ["Fault"]
    assert isinstance(rig.heard[0], Fault)
    assert "relay of gate main" in rig.heard[0].cause
    relay.stuck = False
    assert relay.state
    rig.time.passes(0.3)
    assert not relay.state
    barrier.release(1.0)
    relay.stuck = True
    rig.time.passes(2.0)
    assert rig.heard.kinds() == ["Fault", "Fault"]
    relay.stuck = False


def test_a_contact_that_cannot_be_read_is_told_once_and_read_again_by_itself(rig: Rig) -> None:
    beam = rig.pins.pin(BEAM, pin_class=StubbornPin)
    rig.barrier(passage_pin=BEAM)
    beam.drive_low()
    beam.stuck = True
    rig.time.passes(3.0)
    assert rig.heard.kinds() == ["Fault"]
    beam.stuck = False
    rig.time.passes(0.3)
    assert rig.heard.kinds() == ["Fault", "Occupied", "Passed"]


def test_a_dead_relay_does_not_keep_the_pins_from_being_let_go(rig: Rig) -> None:
    relay = rig.pins.pin(RELAY, pin_class=StubbornPin)
    barrier = rig.barrier(passage_pin=BEAM)
    relay.stuck = True
    barrier.close()
    relay.stuck = False
    rig.barrier(passage_pin=BEAM)


@pytest.mark.parametrize("settings", [{"relay_pin": RELAY}, {"relay_pin": 18, "passage_pin": RELAY}])
def test_a_pin_that_another_device_has_is_a_configuration_error(rig: Rig, settings: dict[str, int]) -> None:
    rig.barrier()
    second = make_gate(id="pool", actuator="gpio", **settings)
    with pytest.raises(ConfigError, match="of gate pool on pin 17 cannot be had"):
        GpioBarrier(second, rig.time.clock, rig.time.timers, rig.pins)
    third = make_gate(id="pool", actuator="gpio", relay_pin=18)
    GpioBarrier(third, rig.time.clock, rig.time.timers, rig.pins).close()


def test_a_board_without_pins_is_a_configuration_error(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nosuch")
    with pytest.raises(ConfigError, match="relay of gate main on pin 17 cannot be had"):
        GpioBarrier(make_gate(actuator="gpio", relay_pin=RELAY), rig.time.clock, rig.time.timers)


@pytest.mark.parametrize(("normally_closed", "cut_wire"), [(True, True), (False, False)])
def test_a_cut_wire_calls_for_opening_on_a_normally_closed_contact(
    rig: Rig, normally_closed: bool, cut_wire: bool
) -> None:
    contact = GpioContact(FIRE, normally_closed=normally_closed, what="emergency input", pin_factory=rig.pins)
    assert contact.read() is cut_wire
    rig.pins.pin(FIRE).drive_low()
    assert contact.read() is not cut_wire
    contact.close()
    contact.close()


def test_a_contact_that_is_gone_says_which(rig: Rig) -> None:
    pin = rig.pins.pin(FIRE, pin_class=StubbornPin)
    contact = GpioContact(FIRE, normally_closed=True, what="emergency input", pin_factory=rig.pins)
    pin.stuck = True
    with pytest.raises(RetryLater, match="emergency input on pin 24 does not obey"):
        contact.read()
    pin.stuck = False
    contact.close()
