"""The fan-out behind every live page, and the limits of guessing."""

import threading

import pytest

from kiosk.local.events import HEARTBEAT, RETRY, Fanout, StreamEnded, StreamSlots, event_stream, event_text
from kiosk.local.guard import ADDRESSES_MAX, Attempts
from tests.builders import FakeClock


def test_everybody_gets_every_item_in_order() -> None:
    fanout: Fanout[int] = Fanout()
    with fanout.subscribe() as one, fanout.subscribe([0]) as other:
        fanout.publish(1)
        fanout.publish(2)
        assert one.take(1) == [1, 2]
        assert other.take(1) == [0, 1, 2]
        assert one.take(0.01) == []


def test_a_slow_browser_loses_its_buffer_and_hinders_nobody() -> None:
    fanout: Fanout[int] = Fanout(buffer_max=3)
    with fanout.subscribe() as slow, fanout.subscribe() as quick:
        for item in range(5):
            fanout.publish(item)
            assert quick.take(1) == [item]
        assert slow.lagged()
        assert not slow.lagged()
        assert slow.take(1) == [3, 4]
        assert not quick.lagged()


def test_an_ended_subscription_gets_nothing_more() -> None:
    fanout: Fanout[int] = Fanout()
    with fanout.subscribe() as subscription:
        assert len(fanout) == 1
    assert len(fanout) == 0
    fanout.publish(1)
    with pytest.raises(StreamEnded):
        subscription.take(1)


def test_closing_wakes_who_waits() -> None:
    fanout: Fanout[int] = Fanout()
    subscription = fanout.subscribe()
    ended = threading.Event()

    def wait() -> None:
        try:
            subscription.take(30)
        except StreamEnded:
            ended.set()

    threading.Thread(target=wait, name="waiter", daemon=True).start()
    fanout.close()
    assert ended.wait(5)


def test_slots_are_counted_and_come_back() -> None:
    slots = StreamSlots(2)
    assert [slots.take(), slots.take(), slots.take()] == [True, True, False]
    slots.release()
    assert slots.take()


def test_an_event_is_written_as_browsers_read_it() -> None:
    assert event_text(b'{"a":1}') == b'data: {"a":1}\n\n'
    assert event_text(b"{}", event_id="7", name="status") == b"id: 7\nevent: status\ndata: {}\n\n"


def test_a_stream_ends_with_its_browser_or_its_source_and_beats_in_between() -> None:
    clock = FakeClock()
    here = [True]

    def pull(_timeout_s: float) -> list[bytes]:
        clock.advance(10)
        return [b"x"]

    stream = event_stream(pull, lambda: not here[0], clock)
    assert [next(stream) for _ in range(4)] == [RETRY, b"x", HEARTBEAT, b"x"]
    here[0] = False
    assert list(stream) == [HEARTBEAT]

    def ended(_timeout_s: float) -> list[bytes]:
        raise StreamEnded

    assert list(event_stream(ended, lambda: False, clock)) == [RETRY]


def test_ten_failures_a_minute_are_enough() -> None:
    clock = FakeClock()
    attempts = Attempts(clock)
    for _ in range(10):
        assert attempts.wait_s("a") == 0
        attempts.failed("a")
        clock.advance(1)
    assert attempts.wait_s("a") == 50
    assert attempts.wait_s("b") == 0
    clock.advance(50)
    assert attempts.wait_s("a") == 0
    attempts.failed("a")
    assert attempts.wait_s("a") == 1
    attempts.succeeded("a")
    assert attempts.wait_s("a") == 0


def test_the_number_of_remembered_addresses_has_a_limit() -> None:
    attempts = Attempts(FakeClock(), failures_max=1)
    for number in range(ADDRESSES_MAX + 1):
        attempts.failed(str(number))
    assert attempts.wait_s("0") == 0
    assert attempts.wait_s("1") > 0
