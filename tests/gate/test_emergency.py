"""The emergency opens every barrier at once, whatever else hangs, and shuts none by itself unless told to."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from kiosk.core.errors import Refused, RetryLater
from kiosk.gate.emergency import ACTIVE_LOOKS, QUIET_LOOKS, Emergency
from kiosk.gate.followers import UNTOLD_MAX, Teller
from kiosk.gate.gpio import GpioBarrier, GpioContact
from kiosk.gate.timers import Timers
from kiosk.local.clock import SystemClock
from tests.gate.barriers import FIRE, RELAY, HandClock, HungBarrier, StubbornPin, make_gate, make_turnstile
from tests.support.wait import eventually, in_time

OPEN_WITHIN_S = 0.05


class Wire:
    """An emergency contact by hand."""

    def __init__(self) -> None:
        self.active = False
        self.broken = False
        self.closed = False

    def read(self) -> bool:
        """Return the level, or fail."""
        if self.broken:
            raise RetryLater("emergency input does not obey")
        return self.active

    def close(self) -> None:
        """Note that it was let go."""
        self.closed = True


class House:
    """Two turnstiles, the loop's queue and the emergency over them, in real time."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.timers = Timers(self.clock)
        self.gates = [make_turnstile(self.clock, self.timers, id=name) for name in ("main", "pool")]
        self.inbox: queue.Queue[Any] = queue.Queue(4)
        self.wire = Wire()
        self.emergency: Emergency | None = None

    def watch(self, *others: Any, **options: Any) -> Emergency:
        """Start the emergency over the turnstiles and further actuators."""
        self.emergency = Emergency([*others, *self.gates], self.inbox, self.clock, self.wire, **options)
        self.emergency.start()
        return self.emergency

    def fire(self) -> None:
        """Let the contact call."""
        self.wire.active = True

    def are_open(self) -> bool:
        """Say whether every turnstile is open."""
        return all(gate.is_open for gate in self.gates)

    def are_shut(self) -> bool:
        """Say whether every turnstile is shut."""
        return not any(gate.is_open for gate in self.gates)

    def heard(self) -> tuple[bool, str]:
        """Return what the loop is told next."""
        change = self.inbox.get(timeout=30)
        return change.active, change.source

    def close(self) -> None:
        """Stop everything."""
        if self.emergency is not None:
            self.emergency.close()
        for gate in self.gates:
            gate.close()
        self.timers.close()


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.close()


def opens_in_time(house: House, begin: Callable[[], None], again: Callable[[], None]) -> bool:
    """Begin an emergency and say whether all turnstiles stood open in time."""

    def once() -> float:
        started = time.monotonic()
        begin()
        eventually(house.are_open, every_s=0.001)
        took_s = time.monotonic() - started
        again()
        eventually(house.are_shut)
        return took_s

    return in_time(OPEN_WITHIN_S, once, 20)


def clear(house: House) -> bool:
    """Clear the emergency when the contact lets go; say whether it did."""
    assert house.emergency is not None
    house.wire.active = False
    try:
        house.emergency.clear()
    except Refused:
        return False
    return True


@pytest.mark.proves("S91")
def test_the_contact_opens_every_barrier_in_time_and_tells_the_loop(house: House) -> None:
    house.watch()
    assert opens_in_time(house, house.fire, lambda: eventually(lambda: clear(house)))
    assert house.heard() == (True, "input")


@pytest.mark.proves("S91")
def test_a_hung_loop_with_a_full_and_locked_queue_keeps_no_barrier_shut(house: House) -> None:
    house.watch()
    while not house.inbox.full():
        house.inbox.put_nowait("unread")
    loop_lock = threading.Lock()

    def hang(_event: object) -> None:
        with loop_lock:
            pass

    house.gates[0].listen(hang)
    with loop_lock, house.inbox.mutex:
        threading.Thread(target=house.gates[0].force, daemon=True).start()
        assert opens_in_time(house, house.fire, lambda: eventually(lambda: clear(house)))


def test_a_hung_barrier_holds_up_no_other(house: House) -> None:
    hung = HungBarrier()
    emergency = house.watch(hung)
    assert opens_in_time(house, emergency.trigger, emergency.clear)
    hung.let_go.set()


def test_what_a_full_queue_refuses_is_counted_and_told_when_there_is_room(house: House) -> None:
    emergency = house.watch()
    while not house.inbox.full():
        house.inbox.put_nowait("unread")
    emergency.trigger()
    eventually(lambda: emergency.teller.refused > 0)
    emergency.clear()
    for _ in range(house.inbox.maxsize):
        assert house.inbox.get_nowait() == "unread"
    assert [house.heard(), house.heard()] == [(True, "command"), (False, "command")]


def test_more_changes_than_can_wait_lose_the_oldest_and_are_counted() -> None:
    inbox: queue.Queue[Any] = queue.Queue()
    teller = Teller(inbox)
    for number in range(UNTOLD_MAX + 3):
        teller.tell(number)
    assert teller.lost == 3
    teller.start()
    assert [inbox.get(timeout=30) for _ in range(UNTOLD_MAX)] == list(range(3, UNTOLD_MAX + 3))
    teller.stop()
    teller.join(60)


def test_a_command_opens_and_a_command_clears(house: House) -> None:
    emergency = house.watch()
    emergency.trigger()
    assert emergency.active
    eventually(house.are_open)
    emergency.clear()
    eventually(house.are_shut)
    assert not emergency.active
    assert [house.heard(), house.heard()] == [(True, "command"), (False, "command")]


def test_the_loop_hears_of_changes_only(house: House) -> None:
    emergency = house.watch()
    emergency.clear()
    emergency.trigger()
    emergency.trigger()
    emergency.clear()
    emergency.clear()
    assert [house.heard(), house.heard()] == [(True, "command"), (False, "command")]
    with pytest.raises(queue.Empty):
        house.inbox.get(timeout=0.3)


def test_a_barrier_that_fails_to_open_is_tried_again(house: House) -> None:
    pins = MockFactory()
    relay = pins.pin(RELAY, pin_class=StubbornPin)
    barrier = GpioBarrier(make_gate(actuator="gpio", relay_pin=RELAY), house.clock, house.timers, pins)
    relay.stuck = True
    emergency = house.watch(barrier)
    emergency.trigger()
    eventually(house.are_open)
    relay.stuck = False
    eventually(lambda: relay.state)
    emergency.clear()
    eventually(lambda: not relay.state)
    emergency.close()
    barrier.close()


def test_an_emergency_cleared_while_a_barrier_fails_leaves_that_barrier_shut(house: House) -> None:
    pins = MockFactory()
    relay = pins.pin(RELAY, pin_class=StubbornPin)
    barrier = GpioBarrier(make_gate(actuator="gpio", relay_pin=RELAY), house.clock, house.timers, pins)
    relay.stuck = True
    house.timers.start()
    emergency = house.watch(barrier)
    emergency.trigger()
    eventually(house.are_open)
    emergency.clear()
    eventually(house.are_shut)
    relay.stuck = False
    # Were the emergency still on in the barrier, the end of a release would not shut it.
    barrier.release(0.05)
    eventually(lambda: not relay.state)
    emergency.close()
    barrier.close()


def test_the_emergency_outlasts_the_contact_until_it_is_cleared() -> None:
    look, emergency, wire = by_hand()
    wire.active = True
    look(ACTIVE_LOOKS)
    wire.active = False
    look(QUIET_LOOKS * 3)
    assert emergency.active
    emergency.clear()
    assert not emergency.active


def test_a_contact_that_is_still_active_refuses_the_clearing() -> None:
    look, emergency, wire = by_hand()
    wire.active = True
    look(ACTIVE_LOOKS)
    with pytest.raises(Refused, match="still active"):
        emergency.clear()
    assert emergency.active


def test_with_auto_clear_the_contact_ends_what_it_began_once_it_stays_quiet() -> None:
    look, emergency, wire = by_hand(auto_clear=True)
    wire.active = True
    look(ACTIVE_LOOKS)
    wire.active = False
    look(QUIET_LOOKS - 1)
    wire.active = True
    look(1)
    wire.active = False
    look(QUIET_LOOKS - 1)
    assert emergency.active
    look(1)
    assert not emergency.active


def test_with_auto_clear_the_contact_does_not_end_what_a_command_began() -> None:
    look, emergency, wire = by_hand(auto_clear=True)
    emergency.trigger()
    wire.active = True
    look(ACTIVE_LOOKS)
    wire.active = False
    look(QUIET_LOOKS)
    assert emergency.active


def test_a_spike_on_the_wire_opens_nothing() -> None:
    look, emergency, wire = by_hand()
    for _ in range(5):
        wire.active = True
        look(ACTIVE_LOOKS - 1)
        wire.active = False
        look(1)
    assert not emergency.active


def test_a_contact_that_cannot_be_read_is_known_and_changes_nothing() -> None:
    look, emergency, wire = by_hand()
    wire.broken = True
    look(10)
    assert emergency.blind
    assert not emergency.active
    wire.broken = False
    wire.active = True
    look(ACTIVE_LOOKS)
    assert not emergency.blind
    assert emergency.active


def test_an_emergency_left_standing_goes_on_after_a_restart_and_is_not_told_again(house: House) -> None:
    emergency = house.watch(standing="command")
    eventually(house.are_open)
    emergency.clear()
    eventually(house.are_shut)
    assert house.heard() == (False, "command")
    assert house.inbox.empty()


def test_closing_leaves_the_barriers_as_they_are_and_lets_the_contact_go(house: House) -> None:
    emergency = house.watch()
    emergency.trigger()
    eventually(house.are_open)
    emergency.close()
    emergency.close()
    assert house.are_open()
    assert house.wire.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("emergency-")]


def test_while_it_lasts_a_hung_loop_does_not_get_the_process_killed(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        emergency = house.watch()
        systemd.settimeout(0.2)
        with pytest.raises(TimeoutError):
            systemd.recv(64)
        systemd.settimeout(30)
        emergency.trigger()
        assert [systemd.recv(64), systemd.recv(64)] == [b"WATCHDOG=1"] * 2


def test_a_watch_that_stops_looking_is_noticed() -> None:
    clock = HandClock()
    emergency = Emergency([], queue.Queue(), clock)
    clock.ns += 1_100_000_000
    assert not emergency.watching()
    emergency.look()
    assert emergency.watching()


def test_a_pin_opens_a_relay_through_every_part(house: House) -> None:
    pins = MockFactory()
    barrier = GpioBarrier(make_gate(actuator="gpio", relay_pin=RELAY), house.clock, house.timers, pins)
    contact = GpioContact(FIRE, normally_closed=True, what="emergency input", pin_factory=pins)
    pins.pin(FIRE).drive_low()
    emergency = Emergency([barrier], house.inbox, house.clock, contact)
    emergency.start()
    assert not pins.pin(RELAY).state
    pins.pin(FIRE).drive_high()
    eventually(lambda: pins.pin(RELAY).state, every_s=0.001)
    assert house.heard() == (True, "input")
    emergency.close()
    barrier.close()


def by_hand(**options: Any) -> tuple[Callable[[int], None], Emergency, Wire]:
    """Make an emergency whose looks are taken by hand: the function that looks so many times, it, and its wire."""
    wire = Wire()
    emergency = Emergency([], queue.Queue(), HandClock(), wire, **options)

    def look(times: int) -> None:
        for _ in range(times):
            emergency.look()

    return look, emergency, wire
