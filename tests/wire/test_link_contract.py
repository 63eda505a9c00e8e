"""What every `Link` keeps to: the one over paho against a real mosquitto, and the shipped fake while it is honest."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.wire.link import Arrived, Connected, Disconnected
from tests.support.wait import eventually
from tests.wire.worlds import LoopbackWorld, Peer, World, mosquitto_world

UP = "kiosk/v1/d/gate-1/up/journal"
DN = "kiosk/v1/d/gate-1/dn/ack"
STATE = "kiosk/v1/d/gate-1/state"
ALL_UP = "kiosk/v1/d/+/up/#"
ALL_STATES = "kiosk/v1/d/+/state"
BROKER_WINDOW = 20


@pytest.fixture(params=["loopback", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A broker that knows nothing, and no links."""
    world: World = LoopbackWorld() if request.param == "loopback" else mosquitto_world(tmp_path)
    yield world
    world.close()


def test_a_message_arrives_as_it_was_sent_and_once(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1")
    _start(central, gate)
    payload = bytes(range(256)) * 256
    assert gate.link.publish(UP, payload)
    message = central.receive()
    assert (message.topic, message.payload, message.retained) == (UP, payload, False)
    central.expect_quiet()


def test_messages_arrive_in_the_order_they_were_sent(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1", window=1000)
    _start(central, gate)
    for number in range(300):
        assert gate.link.publish(UP, b"%d" % number)
    assert [central.receive().payload for _ in range(300)] == [b"%d" % number for number in range(300)]


def test_a_retained_message_reaches_who_comes_later_marked_as_retained(world: World) -> None:
    first, gate = world.link("central", ALL_STATES), world.link("gate-1")
    _start(first, gate)
    gate.link.publish(STATE, b"online", retain=True)
    assert not first.receive().retained
    late = world.link("central", ALL_STATES, client_id="late")
    _start(late)
    message = late.receive()
    assert (message.topic, message.payload, message.retained) == (STATE, b"online", True)


def test_an_empty_retained_message_forgets_the_one_before(world: World) -> None:
    first, gate = world.link("central", ALL_STATES), world.link("gate-1")
    _start(first, gate)
    gate.link.publish(STATE, b"online", retain=True)
    gate.link.publish(STATE, b"", retain=True)
    assert [first.receive().payload, first.receive().payload] == [b"online", b""]
    late = world.link("central", ALL_STATES, client_id="late")
    _start(late)
    late.expect_quiet()


def test_a_message_outside_the_subscriptions_does_not_arrive(world: World) -> None:
    central, gate = world.link("central", "kiosk/v1/d/+/up/journal"), world.link("gate-1")
    _start(central, gate)
    gate.link.publish("kiosk/v1/d/gate-1/up/req", b"no")
    gate.link.publish(UP, b"yes")
    assert central.receive().payload == b"yes"


def test_connected_comes_before_every_message_of_the_connection(world: World) -> None:
    gate = world.link("gate-1")
    _start(gate)
    assert gate.link.publish(STATE, b"online", retain=True)
    for round_number in range(5):
        late = world.link("central", ALL_STATES, client_id=f"late-{round_number}")
        late.link.start()
        late.expect(Connected)
        late.expect(Arrived)


def test_the_will_is_published_and_retained_when_the_line_is_cut(world: World) -> None:
    central, gate = world.link("central", ALL_STATES), world.link("gate-1", will=(STATE, b"offline"))
    _start(central, gate)
    gate.link.publish(STATE, b"online", retain=True)
    assert central.receive().payload == b"online"
    world.cut("gate-1")
    assert central.receive().payload == b"offline"
    late = world.link("central", ALL_STATES, client_id="late")
    _start(late)
    assert late.receive().payload == b"offline"


def test_close_publishes_the_last_words_retained_and_no_will(world: World) -> None:
    central, gate = world.link("central", ALL_STATES), world.link("gate-1", will=(STATE, b"will"))
    _start(central, gate)
    gate.link.close((STATE, b"goodbye"))
    assert central.receive().payload == b"goodbye"
    central.expect_quiet()
    late = world.link("central", ALL_STATES, client_id="late")
    _start(late)
    assert late.receive().payload == b"goodbye"


def test_close_without_last_words_publishes_nothing(world: World) -> None:
    central, gate = world.link("central", ALL_STATES), world.link("gate-1", will=(STATE, b"will"))
    _start(central, gate)
    gate.link.close()
    central.expect_quiet()


def test_close_may_be_called_twice_and_before_start_and_no_event_follows_it(world: World) -> None:
    gate, unborn = world.link("gate-1", DN), world.link("gate-2")
    _start(gate)
    gate.link.close((STATE, b"goodbye"))
    gate.link.close((STATE, b"goodbye"))
    unborn.link.close()
    assert not gate.link.publish(UP, b"late")
    gate.expect_quiet()
    unborn.expect_quiet()


def test_publish_says_no_before_the_start(world: World) -> None:
    assert not world.link("gate-1").link.publish(UP, b"early")


def test_publish_refuses_a_topic_with_a_wildcard(world: World) -> None:
    gate = world.link("gate-1")
    _start(gate)
    with pytest.raises(ValueError, match=r"[Tt]opic|wildcard"):
        gate.link.publish(ALL_UP, b"nowhere")


def test_the_window_limits_what_the_broker_has_not_taken(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1", window=3)
    _start(central, gate)
    world.pause()
    assert [gate.link.publish(UP, b"%d" % number) for number in range(5)] == [True, True, True, False, False]
    world.resume()
    assert [central.receive().payload for _ in range(3)] == [b"0", b"1", b"2"]
    eventually(lambda: gate.link.publish(UP, b"5"))
    assert central.receive().payload == b"5"


def test_undone_messages_hold_back_the_ones_behind_the_brokers_window(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1", window=100)
    _start(central, gate)
    for number in range(BROKER_WINDOW + 1):
        gate.link.publish(UP, b"%d" % number)
    undone = [central.expect(Arrived) for _ in range(BROKER_WINDOW)]
    central.expect_quiet()
    undone[0].done()
    assert central.receive().payload == b"%d" % BROKER_WINDOW


def test_an_undone_message_does_not_come_again_but_a_retained_one_does(world: World) -> None:
    """Sessions are clean: what must not be lost is sent again by its sender, not by the broker."""
    central, gate = world.link("central", ALL_UP, ALL_STATES), world.link("gate-1")
    _start(central, gate)
    gate.link.publish(UP, b"once")
    gate.link.publish(STATE, b"online", retain=True)
    assert [central.expect(Arrived).payload, central.expect(Arrived).payload] == [b"once", b"online"]
    central.expect_quiet()
    world.cut("central")
    central.expect_reconnected()
    message = central.receive()
    assert (message.payload, message.retained) == (b"online", True)
    central.expect_quiet()


def test_done_may_be_called_twice_late_and_from_any_thread(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1", window=100)
    _start(central, gate)
    gate.link.publish(UP, b"before")
    before = central.expect(Arrived)
    world.cut("central")
    central.expect_reconnected()
    for number in range(BROKER_WINDOW + 5):
        gate.link.publish(UP, b"%d" % number)
    undone = [central.expect(Arrived) for _ in range(BROKER_WINDOW)]
    before.done()
    central.expect_quiet()
    other = threading.Thread(target=lambda: [undone[0].done(), undone[0].done()], name="other", daemon=True)
    other.start()
    other.join()
    assert central.expect(Arrived).payload == b"%d" % BROKER_WINDOW


def test_the_link_comes_back_by_itself_when_the_broker_was_killed(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1")
    _start(central, gate)
    world.kill()
    assert isinstance(gate.expect(Disconnected).cause, str)
    assert not gate.link.publish(UP, b"into the void")
    world.start()
    central.expect_reconnected()
    while isinstance(gate.link.events.get(timeout=30), Disconnected):
        pass
    assert gate.link.publish(UP, b"again")
    assert central.receive().payload == b"again"


def test_a_link_started_without_a_broker_says_why_and_connects_later(world: World) -> None:
    world.kill()
    gate = world.link("gate-1")
    gate.link.start()
    assert gate.expect(Disconnected).cause
    world.start()
    while isinstance(event := gate.link.events.get(timeout=30), Disconnected):
        pass
    assert isinstance(event, Connected)


def test_reconnect_makes_a_new_connection_with_the_same_subscriptions(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1")
    _start(central, gate)
    central.link.reconnect()
    central.expect_reconnected()
    assert gate.link.publish(UP, b"still heard")
    assert central.receive().payload == b"still heard"


def test_events_nobody_reads_end_the_connection_until_half_of_them_are_read(world: World) -> None:
    central, gate = world.link("central", ALL_UP, events_max=10), world.link("gate-1", window=100)
    _start(central, gate)
    for number in range(15):
        gate.link.publish(UP, b"%d" % number)
    eventually(lambda: central.link.counters["overflows"] == 1)
    assert [central.expect(Arrived).payload for _ in range(5)] == [b"%d" % number for number in range(5)]
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: central.link.counters["connects"] > 1, timeout_s=1)
    assert [central.expect(Arrived).payload for _ in range(5)] == [b"%d" % number for number in range(5, 10)]
    central.expect(Disconnected)
    central.expect(Connected)
    gate.link.publish(UP, b"room again")
    assert central.receive().payload == b"room again"


def test_a_shared_subscription_deals_each_message_to_one_member(world: World) -> None:
    shared = f"$share/central/{ALL_UP}"
    members = [world.link("central", shared, client_id=f"central-{number}") for number in range(2)]
    watcher, gate = world.link("central", ALL_UP), world.link("gate-1", window=100)
    _start(*members, watcher, gate)
    sent = {b"%d" % number for number in range(40)}
    for payload in sorted(sent):
        gate.link.publish(UP, payload)
    for _ in sent:
        watcher.receive()
    dealt: list[list[bytes]] = [[], []]

    def collect() -> bool:
        for hand, member in zip(dealt, members, strict=True):
            while not member.link.events.empty():
                hand.append(member.receive().payload)
        return len(dealt[0]) + len(dealt[1]) >= len(sent)

    eventually(collect)
    assert sorted(dealt[0] + dealt[1]) == sorted(sent)
    assert dealt[0]
    assert dealt[1]


def test_several_threads_may_publish_at_once(world: World) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1", window=1000)
    _start(central, gate)

    def publish(writer: int) -> None:
        for number in range(100):
            assert gate.link.publish(UP, b"%d-%d" % (writer, number))

    threads = [threading.Thread(target=publish, args=(writer,), name="writer", daemon=True) for writer in range(4)]
    for thread in threads:
        thread.start()
    got = [central.receive().payload for _ in range(400)]
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(b"%d-%d" % (writer, number) for writer in range(4) for number in range(100))


def _start(*peers: Peer) -> None:
    for peer in peers:
        peer.link.start()
    for peer in peers:
        peer.expect(Connected)
