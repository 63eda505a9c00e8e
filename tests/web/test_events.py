"""The fan-out behind every live page."""

import threading

import pytest

from kiosk.local.events import BEAT_LOOKS, HEARTBEAT, RETRY, Fanout, StreamEnded, StreamSlots, event_stream, event_text


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
    assert ended.wait(30)


def test_slots_are_counted_and_come_back() -> None:
    slots = StreamSlots(2)
    assert [slots.take(), slots.take(), slots.take()] == [True, True, False]
    slots.release()
    assert slots.take()


def test_an_event_is_written_as_browsers_read_it() -> None:
    assert event_text(b'{"a":1}') == b'data: {"a":1}\n\n'
    assert event_text(b"{}", event_id="7", name="status") == b"id: 7\nevent: status\ndata: {}\n\n"


def test_a_stream_ends_with_its_browser_or_its_source_and_beats_where_it_has_nothing_to_say() -> None:
    here = [True]
    says = iter([[b"x"], *[[]] * (BEAT_LOOKS - 1), [b"y", b"z"], *[[]] * (2 * BEAT_LOOKS), [b"end"]])
    stream = event_stream(lambda _timeout_s: next(says), lambda: not here[0])
    assert [next(stream) for _ in range(7)] == [RETRY, b"x", b"y", b"z", HEARTBEAT, HEARTBEAT, b"end"]
    here[0] = False
    assert list(stream) == []

    def ended(_timeout_s: float) -> list[bytes]:
        raise StreamEnded

    assert list(event_stream(ended, lambda: False)) == [RETRY]
