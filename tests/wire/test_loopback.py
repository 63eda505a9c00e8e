"""The loopback broker's faults: each does what it says, comes again with its seed, and heals."""

from collections.abc import Callable
from queue import Empty

import pytest

from kiosk.wire.access import matches
from kiosk.wire.link import Arrived, Connected, Disconnected, LinkEvent, LinkSettings
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.loopback_link import INFLIGHT_MAX, QUEUED_MAX, LoopbackLink
from tests.support.wait import eventually

UP = "kiosk/v1/d/gate-1/up/journal"
STATE = "kiosk/v1/d/gate-1/state"
ALL_UP = "kiosk/v1/d/+/up/#"
COUNT = 400


class Pair:
    """A stepped broker, a gate that sends numbers and a central that notes what comes."""

    def __init__(self, seed: int = 1, **faults: float) -> None:
        self.broker = LoopbackBroker(seed, stepped=True)
        self.central = self.link("central", ALL_UP)
        self.gate = self.link("gate-1", will=(STATE, b"offline"), window=10_000)
        self.broker.run()
        self.broker.faults(**faults)

    def link(self, name: str, *subscriptions: str, **settings: object) -> LoopbackLink:
        """Start a link."""
        link = self.broker.link(
            LinkSettings(host="", port=0, client_id=name, subscriptions=subscriptions, **settings)  # type: ignore[arg-type]
        )
        link.start()
        return link

    def send(self, count: int = COUNT) -> list[int]:
        """Send numbers, stepping after each; returns those that arrived, in their order."""
        for number in range(count):
            self.gate.publish(UP, b"%d" % number)
            self.broker.step()
        self.broker.run()
        return [int(event.payload) for event in self.arrived()]

    def arrived(self) -> list[Arrived]:
        """Return what arrived at central, each done."""
        got: list[Arrived] = []
        while events := drain(self.central):
            for event in events:
                if isinstance(event, Arrived):
                    event.done()
                    got.append(event)
            self.broker.run()
        return got


def drain(link: LoopbackLink) -> list[LinkEvent]:
    """Take all events that wait."""
    events: list[LinkEvent] = []
    while True:
        try:
            events.append(link.events.get_nowait())
        except Empty:
            return events


def test_an_honest_broker_passes_everything_on_in_order() -> None:
    assert Pair().send() == list(range(COUNT))


def test_some_messages_are_lost_and_none_when_healed() -> None:
    pair = Pair(lose=0.1)
    got = pair.send()
    assert 0.7 * COUNT < len(got) < 0.9 * COUNT
    assert got == sorted(set(got))
    assert pair.broker.counters["lost"] == COUNT - len(got)
    pair.broker.faults(lose=0)
    assert pair.send() == list(range(COUNT))


def test_a_lost_message_frees_its_place_in_the_window() -> None:
    pair = Pair(lose=1.0)
    assert pair.send(50) == []
    assert pair.gate.session.unconfirmed == 0


def test_some_messages_come_twice() -> None:
    got = Pair(repeat=0.1).send()
    assert set(got) == set(range(COUNT))
    assert 1.1 * COUNT < len(got) < 1.4 * COUNT


def test_delayed_messages_overtake_one_another_and_all_arrive() -> None:
    got = Pair(delay_max=20).send()
    assert sorted(got) == list(range(COUNT))
    assert got != sorted(got)
    assert max(abs(number - place) for place, number in enumerate(got)) <= 2 * 20


def test_connections_are_cut_by_chance_and_come_back() -> None:
    pair = Pair(cut=0.05)
    watcher = pair.link("watcher", STATE)
    pair.send()
    events = drain(pair.gate)
    cuts = [event for event in events if isinstance(event, Disconnected)]
    assert len(cuts) > 5
    assert len([event for event in events if isinstance(event, Connected)]) == len(cuts) + 1
    assert any(isinstance(event, Arrived) and event.payload == b"offline" for event in drain(watcher))


@pytest.mark.parametrize("faults", [{"lose": 0.2}, {"repeat": 0.2}, {"delay_max": 9}, {"cut": 0.02, "lose": 0.1}])
def test_the_same_seed_gives_the_same_course_and_another_seed_another(faults: dict[str, float]) -> None:
    assert Pair(7, **faults).send() == Pair(7, **faults).send()
    assert Pair(7, **faults).send() != Pair(8, **faults).send()


def test_nothing_moves_without_a_step() -> None:
    pair = Pair()
    assert pair.gate.publish(UP, b"1")
    assert pair.gate.session.unconfirmed == 1
    assert drain(pair.central) == [Connected()]
    pair.broker.run()
    assert [event.payload for event in pair.arrived()] == [b"1"]


def test_a_forged_message_looks_like_any_other_and_may_be_retained() -> None:
    pair = Pair()
    pair.broker.forge(UP, b"forged")
    pair.broker.forge(STATE, b"forged state", retain=True)
    pair.broker.run()
    assert [(event.topic, event.payload) for event in pair.arrived()] == [(UP, b"forged")]
    late = pair.link("late", STATE)
    pair.broker.run()
    events = drain(late)
    assert [event.retained for event in events if isinstance(event, Arrived)] == [True]


def test_wipe_forgets_what_is_retained_and_on_its_way_and_frees_windows() -> None:
    pair = Pair()
    pair.gate.publish(STATE, b"online", retain=True)
    pair.broker.run()
    pair.gate.publish(UP, b"on its way")
    pair.broker.wipe()
    pair.broker.run()
    assert pair.arrived() == []
    assert pair.broker.retained == {}
    assert pair.gate.session.unconfirmed == 0
    assert pair.send(5) == [0, 1, 2, 3, 4]


def test_a_dead_broker_publishes_no_will_and_keeps_what_is_retained() -> None:
    pair = Pair()
    pair.gate.publish(STATE, b"online", retain=True)
    pair.broker.run()
    pair.gate.publish(UP, b"on its way")
    pair.broker.down()
    pair.broker.run()
    assert drain(pair.gate) == [Connected(), Disconnected("the broker died")]
    assert not pair.gate.publish(UP, b"unheard")
    pair.broker.up()
    pair.broker.run()
    assert drain(pair.gate) == [Connected()]
    assert pair.broker.retained == {STATE: b"online"}
    assert pair.arrived() == []


def test_a_slow_reader_gets_a_window_and_a_queue_and_the_rest_is_counted() -> None:
    pair = Pair()
    for number in range(INFLIGHT_MAX + QUEUED_MAX + 5):
        pair.gate.publish(UP, b"%d" % number)
    pair.broker.run()
    assert pair.central.events.qsize() == 1 + INFLIGHT_MAX
    assert pair.broker.counters["dropped"] == 5
    assert [int(event.payload) for event in pair.arrived()] == list(range(INFLIGHT_MAX + QUEUED_MAX))


def test_done_twice_makes_room_for_one() -> None:
    pair = Pair()
    for number in range(INFLIGHT_MAX + 3):
        pair.gate.publish(UP, b"%d" % number)
    pair.broker.run()
    first = next(event for event in drain(pair.central) if isinstance(event, Arrived))
    first.done()
    first.done()
    pair.broker.run()
    assert len(drain(pair.central)) == 1


def test_a_connection_that_is_gone_already_publishes_no_second_will() -> None:
    pair = Pair()
    watcher = pair.link("watcher", STATE)
    pair.broker.run()
    pair.broker.cut("gate-1")
    pair.broker.cut("gate-1")
    pair.broker.run()
    assert len([event for event in drain(watcher) if isinstance(event, Arrived)]) == 1


def test_a_client_that_comes_under_the_same_name_takes_over() -> None:
    pair = Pair()
    twin = pair.link("gate-1")
    pair.broker.step()
    assert drain(twin) == [Connected()]
    assert drain(pair.gate)[1:] == [Disconnected("taken over")]


def test_what_was_dealt_to_a_member_that_died_is_gone() -> None:
    pair = Pair()
    members = [pair.link(f"member-{number}", f"$share/central/{ALL_UP}") for number in range(3)]
    pair.broker.run()
    for number in range(60):
        pair.gate.publish(UP, b"%d" % number)
    pair.broker.run()
    hands = [[event for event in drain(member) if isinstance(event, Arrived)] for member in members]
    assert sum(map(len, hands)) + sum(len(member.session.waiting) for member in members) == 60
    pair.broker.cut("member-0")
    pair.broker.run()
    assert not [event for event in drain(members[0]) if isinstance(event, Arrived)]


def test_a_broker_that_never_gets_quiet_says_so() -> None:
    pair = Pair()
    echo = pair.link("echo", STATE, will=(STATE, b"again"), events_max=10**9)
    pair.broker.run()
    pair.broker.faults(cut=1.0)
    echo.publish(UP, b"start")
    with pytest.raises(RuntimeError, match="not quiet"):
        pair.broker.run(1000)


def test_in_a_thread_delays_pass_by_themselves() -> None:
    with LoopbackBroker(delay_max=30) as broker:
        central = broker.link(LinkSettings(host="", port=0, client_id="central", subscriptions=(ALL_UP,)))
        gate = broker.link(LinkSettings(host="", port=0, client_id="gate-1", window=1000))
        for link in (central, gate):
            link.start()
            assert link.events.get(timeout=30) == Connected()
        for number in range(100):
            assert gate.publish(UP, b"%d" % number)
        got: list[int] = []
        eventually(_collector(central, got, 100))
        assert sorted(got) == list(range(100))
        assert got != sorted(got)


def _collector(link: LoopbackLink, got: list[int], wanted: int) -> Callable[[], bool]:
    def collect() -> bool:
        for event in drain(link):
            if isinstance(event, Arrived):
                event.done()
                got.append(int(event.payload))
        return len(got) >= wanted

    return collect


@pytest.mark.parametrize(
    ("topic_filter", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b", "a", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("+/+", "/b", True),
        ("+", "/b", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("#", "$SYS/broker", False),
        ("+/broker", "$SYS/broker", False),
        ("$SYS/#", "$SYS/broker", True),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/+/#", "a/b", True),
        ("A/b", "a/b", False),
    ],
)
def test_filters_fit_topics_as_the_standard_says(topic_filter: str, topic: str, fits: bool) -> None:
    assert matches(topic_filter, topic) is fits
