"""Keeps a connection to the broker up: one thread that connects, serves, waits a random time and connects again."""

import random
import threading
from collections.abc import Callable
from queue import Queue
from typing import Protocol

import msgspec

from kiosk.core.backoff import back_off_s
from kiosk.core.errors import ConfigError, LinkDown
from kiosk.wire.link import Disconnected, LinkEvent, LinkSettings

RETRY_S = (0.2, 30.0)
"""The limit of the random wait before the second attempt, and the highest it doubles to."""

REFUSED_RETRY_S = (5.0, 30.0)
STEADY_S = 5.0
LAST_WORDS_S = 1.0
JOIN_S = 3.0

COUNTERS = (
    "connects", "connect_failures", "refused", "disconnects", "published", "not_published", "arrived", "overflows",
    "silences", "faults", "garbled",
)  # fmt: skip

_chance = random.SystemRandom()


class Connection(Protocol):
    """One connection, from its opening to its end."""

    def serve(self) -> str:
        """Move packets until the connection ends; return why it did."""

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Send at QoS 1 whatever the window; one caller at a time."""

    def settle(self, wait_s: float) -> None:
        """Wait until the broker has what was published, at most so long."""

    def has_room(self) -> bool:
        """Say whether it is ready and its window takes another message."""

    def stood_s(self) -> float | None:
        """Return how long it has been ready; None when it never was."""

    def was_refused(self) -> bool:
        """Say whether the broker did not want us."""

    def drop(self, cause: str, *, politely: bool = False) -> None:
        """End it soon; the broker publishes the will unless told politely. From any thread."""

    def end(self) -> None:
        """Free what it holds. By the thread that served it."""


class ReconnectingLink:
    """A `Link` over connections that `connect` opens. `counters` says how often what happened since it was made."""

    def __init__(
        self,
        settings: LinkSettings,
        connect: Callable[[LinkSettings, "Queue[LinkEvent]", dict[str, int]], Connection],
    ) -> None:
        self.events: Queue[LinkEvent] = Queue()
        self.counters = dict.fromkeys(COUNTERS, 0)
        self._settings = settings
        self._connect = connect
        self._connection: Connection | None = None
        self._publishing = threading.Lock()
        self._hurry = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Connect in the background and keep trying."""
        self._thread = threading.Thread(target=self._run, name=f"link-{self._settings.client_id}", daemon=True)
        self._thread.start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the broker at QoS 1; False without a connection or with the window full."""
        with self._publishing:
            connection = self._connection
            sent = (
                connection is not None
                and connection.has_room()
                and connection.publish(topic, payload, retain=retain)
            )  # fmt: skip
            self.counters["published" if sent else "not_published"] += 1
            return sent

    def reconnect(self) -> None:
        """Drop the connection and make a new one, or cut the wait for the next one short."""
        self._hurry.set()
        if connection := self._connection:
            connection.drop("dropped to connect anew")

    def close(self, last_words: tuple[str, bytes] | None = None) -> None:
        """Publish `last_words` retained, wait up to 1 s until the broker has them, and stop. No event follows."""
        connection = self._connection
        if last_words and connection and connection.stood_s() is not None and not self._closing.is_set():
            with self._publishing:
                connection.publish(*last_words, retain=True)
            connection.settle(LAST_WORDS_S)
        self._closing.set()
        self._hurry.set()
        if connection := self._connection:
            connection.drop("closed", politely=True)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        attempt, said = 0, ""
        while not self._closing.is_set():
            self._hurry.clear()
            ending = self._serve()
            if self._closing.is_set():
                return
            stood = ending.stood_s is not None
            self.counters["disconnects" if stood else "connect_failures"] += 1
            self.counters["refused"] += ending.refused
            if stood or ending.cause != said:
                self.events.put(Disconnected(ending.cause))
            said = ending.cause
            attempt = 0 if (ending.stood_s or 0.0) >= STEADY_S else attempt + 1
            self._hurry.wait(pause_s(attempt, refused=ending.refused))
            self._wait_for_room()

    def _serve(self) -> "_Ending":
        """Run one connection to its end."""
        connection: Connection | None = None
        try:
            connection = self._connection = self._connect(self._settings, self.events, self.counters)
            cause = "closed" if self._closing.is_set() else connection.serve()
        except (ConfigError, LinkDown) as error:
            cause = str(error)
        except Exception as error:  # noqa: BLE001  a client library may fail on a stranger's bytes; the link lives on
            self.counters["faults"] += 1
            cause = f"MQTT client failed: {error!r}"
        finally:
            self._connection = None
            if connection is not None:
                connection.end()
        if connection is None:
            return _Ending(cause)
        return _Ending(cause, connection.stood_s(), connection.was_refused())

    def _wait_for_room(self) -> None:
        """Wait until half of `events_max` is free, so that a reader that stopped is not sent the same again."""
        while self.events.qsize() > self._settings.events_max // 2 and not self._closing.wait(0.05):
            pass


class _Ending(msgspec.Struct, frozen=True):
    cause: str
    stood_s: float | None = None
    refused: bool = False


def pause_s(attempt: int, *, refused: bool) -> float:
    """Return a random wait: below a limit that doubles with each attempt, or long when the broker refused us."""
    if refused:
        return _chance.uniform(*REFUSED_RETRY_S)
    return _chance.uniform(0.0, back_off_s(RETRY_S, attempt))
