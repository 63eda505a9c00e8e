"""A reader running in its own thread, and what it said so far."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.readers.factory import open_reader
from kiosk.readers.reader import CardGone, CardRead, Reader, ReaderDown, ReaderEvent, ReaderSettings, ReaderUp
from tests.support.wait import eventually


class Running:
    """Starts a reader and keeps its events."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.events: list[ReaderEvent] = []
        self.emitters: set[threading.Thread] = set()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=reader.run, args=(self._emit, self.stop), daemon=True)
        self.thread.start()

    @property
    def taps(self) -> list[CardRead]:
        """Return the taps so far."""
        return [event for event in self.events if isinstance(event, CardRead)]

    @property
    def numbers(self) -> list[str | None]:
        """Return the identifiers of the taps so far."""
        return [tap.identifier for tap in self.taps]

    @property
    def departures(self) -> int:
        """Return how many cards were seen to leave."""
        return sum(isinstance(event, CardGone) for event in self.events)

    @property
    def health(self) -> list[ReaderDown | ReaderUp]:
        """Return when the reader went blind and came back."""
        return [event for event in self.events if isinstance(event, ReaderDown | ReaderUp)]

    def wait_until_up(self) -> None:
        """Wait until the device reads."""
        eventually(lambda: self.reader.is_up)

    def wait_for_taps(self, count: int, timeout_s: float = 15.0) -> list[CardRead]:
        """Wait for so many taps and return all."""
        eventually(lambda: len(self.taps) >= count, timeout_s)
        return self.taps

    def wait_for_health(self, *kinds: type, timeout_s: float = 15.0) -> list[ReaderDown | ReaderUp]:
        """Wait until the reader has said exactly this of itself, and return it."""
        eventually(lambda: [type(event) for event in self.health] == list(kinds), timeout_s)
        return self.health

    def finish(self) -> float:
        """Stop the reader; returns how many seconds it took."""
        began = time.monotonic()
        self.stop.set()
        self.thread.join(60)
        self.reader.close()
        assert not self.thread.is_alive(), "run() did not return"
        return time.monotonic() - began

    def _emit(self, event: ReaderEvent) -> None:
        self.emitters.add(threading.current_thread())
        self.events.append(event)


@contextmanager
def running(settings: ReaderSettings) -> Iterator[Running]:
    """Run the reader of these settings for the time of the block."""
    started = Running(open_reader(settings))
    try:
        yield started
    finally:
        started.finish()
