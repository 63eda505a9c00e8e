"""Live pages: one source fanned out to many browsers as server-sent events, each behind a bounded buffer."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

from prometheus_client import Counter

from kiosk.core.errors import RetryLater

BUFFER_MAX = 64
LOOK_S = 1.0
"""How often a quiet stream looks whether its browser is still there."""

BEAT_LOOKS = 10
"""After so many looks in a row with nothing to say a stream beats."""

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": still here\nevent: beat\ndata: {}\n\n"
"""A comment for proxies, and an event because a page cannot see comments."""

T = TypeVar("T")

_refused = Counter("kiosk_event_streams_refused", "Event streams turned away, or behind by a full buffer", ["cause"])


class StreamEnded(RetryLater):
    """The source is closed, or this stream fell too far behind; the browser connects again by itself."""

    def __init__(self) -> None:
        super().__init__("event stream ended")


class Subscription(Generic[T]):
    """One browser's buffer. Past `buffer_max` items it is emptied, and `lagged` says so until it is asked."""

    def __init__(self, fanout: "Fanout[T]", buffer_max: int) -> None:
        self._fanout = fanout
        self._ready = threading.Condition()
        self._items: deque[T] = deque()
        self._buffer_max = buffer_max
        self._lagged = False
        self._closed = False

    def __enter__(self) -> "Subscription[T]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self, timeout_s: float) -> list[T]:
        """Return what came, in order, waiting at most `timeout_s` for the first; raises StreamEnded once closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._items or self._closed, timeout_s)
            if self._closed:
                raise StreamEnded
            items = list(self._items)
            self._items.clear()
            return items

    def lagged(self) -> bool:
        """Say whether items were lost since this was last asked."""
        with self._ready:
            lagged, self._lagged = self._lagged, False
            return lagged

    def close(self) -> None:
        """End the subscription. May be called twice, from any thread."""
        self._fanout.forget(self)
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def put(self, item: T) -> None:
        """Add an item without waiting; a full buffer is emptied first, and counted."""
        with self._ready:
            if len(self._items) >= self._buffer_max:
                self._items.clear()
                self._lagged = True
                _refused.labels("lagged").inc()
            self._items.append(item)
            self._ready.notify_all()


class Fanout(Generic[T]):
    """Hands each item to every subscription and waits for none."""

    def __init__(self, buffer_max: int = BUFFER_MAX) -> None:
        self._buffer_max = buffer_max
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription[T]] = set()
        self._closed = False

    def __len__(self) -> int:
        """Return how many are subscribed."""
        with self._lock:
            return len(self._subscriptions)

    def subscribe(self, first: Iterable[T] = ()) -> Subscription[T]:
        """Return a new subscription that begins with the items `first`; raises StreamEnded once closed."""
        subscription: Subscription[T] = Subscription(self, self._buffer_max)
        for item in first:
            subscription.put(item)
        with self._lock:
            if self._closed:
                raise StreamEnded
            self._subscriptions.add(subscription)
        return subscription

    def publish(self, item: T) -> None:
        """Give an item to everybody. Never waits."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.put(item)

    def forget(self, subscription: Subscription[T]) -> None:
        """Stop serving a subscription."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every subscription, now and later. May be called twice."""
        with self._lock:
            self._closed = True
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.close()


class StreamSlots:
    """How many event streams a process serves at once; those turned away are counted."""

    def __init__(self, streams_max: int) -> None:
        self._free = threading.BoundedSemaphore(streams_max)

    def take(self) -> bool:
        """Take a slot; False when there is none. Give it back with `release`."""
        taken = self._free.acquire(blocking=False)
        if not taken:
            _refused.labels("no_slot").inc()
        return taken

    def release(self) -> None:
        """Give a slot back."""
        self._free.release()


def event_text(data: bytes, *, event_id: str = "", name: str = "") -> bytes:
    """Write one server-sent event. `data` is JSON on one line."""
    head = (f"id: {event_id}\n" if event_id else "") + (f"event: {name}\n" if name else "")
    return b"%bdata: %b\n\n" % (head.encode(), data)


def event_stream(pull: Callable[[float], Iterable[bytes]], gone: Callable[[], bool]) -> Iterator[bytes]:
    """Yield what `pull(timeout_s)` returns, and a heartbeat after ten seconds of nothing, until it raises RetryLater.

    StreamEnded is one; a browser connects again by itself. `gone` says whether the browser went away.
    """
    quiet = 0
    yield RETRY
    while not gone():
        try:
            said = [*pull(LOOK_S)]
        except RetryLater:
            return
        yield from said
        quiet = 0 if said else quiet + 1
        if quiet >= BEAT_LOOKS:
            quiet = 0
            yield HEARTBEAT
