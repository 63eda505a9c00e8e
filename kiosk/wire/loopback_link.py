"""A client's end of the loopback broker: its session, its windows, and the `Link` it works with."""

import threading
from collections import deque
from collections.abc import Callable
from queue import Queue
from typing import Protocol

import msgspec

from kiosk.wire.link import Arrived, Connected, Disconnected, LinkEvent, LinkSettings
from kiosk.wire.reconnecting import COUNTERS

INFLIGHT_MAX = 20
"""Messages sent to one client and not yet done; mosquitto's default."""

QUEUED_MAX = 1000
"""Messages that wait for one client; what comes on top is dropped and counted, as mosquitto does."""


class Message(msgspec.Struct, frozen=True):
    """What the broker has for a client."""

    topic: str
    payload: bytes
    retained: bool = False


class Session:
    """What lives and dies with one connection."""

    def __init__(self, *, ended: bool = False) -> None:
        self.ended = ended
        self.unconfirmed = 0
        self.undone: set[int] = set()
        self.waiting: deque[Message] = deque()


class Exchange(Protocol):
    """What a link needs of its broker; called with `changed` held."""

    changed: threading.Condition
    counters: dict[str, int]

    def enrol(self, link: "LoopbackLink") -> None:
        """Take in a link that was started."""

    def dismiss(self, link: "LoopbackLink") -> None:
        """Let a closed link go."""

    def welcome(self, link: "LoopbackLink") -> None:
        """Send a link that connected what is retained for it."""

    def submit(self, link: "LoopbackLink", topic: str, payload: bytes, retain: bool) -> None:
        """Take in a message."""

    def route(self, topic: str, payload: bytes, retain: bool) -> None:
        """Pass a message on at once."""

    def end_session(self, link: "LoopbackLink", cause: str) -> None:
        """End a connection without a goodbye."""

    def soon(self, action: Callable[[], None]) -> None:
        """Do something with the next step."""


class LoopbackLink:
    """A `Link` whose broker is in the same process. `counters` are those of `MqttLink`."""

    def __init__(self, broker: Exchange, settings: LinkSettings) -> None:
        self.events: Queue[LinkEvent] = Queue()
        self.counters = dict.fromkeys(COUNTERS, 0)
        self.settings = settings
        self.session = Session(ended=True)
        shared = [wanted for wanted in settings.subscriptions if wanted.startswith("$share/")]
        self.shared_filters = {wanted: wanted.split("/", 2)[2] for wanted in shared}
        self.plain_filters = [wanted for wanted in settings.subscriptions if wanted not in self.shared_filters]
        self._broker = broker
        self._closed = False
        self._overflowed = False
        self._last_mid = 0

    def start(self) -> None:
        """Connect with the broker's next step, and again whenever the connection ends."""
        with self._broker.changed:
            self._broker.enrol(self)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the broker; False without a connection or with the window full."""
        if "+" in topic or "#" in topic or not topic:
            raise ValueError(f"not a topic to publish to: {topic!r}")
        with self._broker.changed:
            sent = not self.session.ended and self.session.unconfirmed < self.settings.window
            if sent:
                self._broker.submit(self, topic, payload, retain)
            self.counters["published" if sent else "not_published"] += 1
            return sent

    def reconnect(self) -> None:
        """Drop the connection and make a new one."""
        with self._broker.changed:
            self._broker.end_session(self, "dropped to connect anew")

    def close(self, last_words: tuple[str, bytes] | None = None) -> None:
        """Publish `last_words` retained and stop; the will is not published, and no event follows."""
        with self._broker.changed:
            if self._closed:
                return
            self._closed = True
            if last_words and not self.session.ended:
                self._broker.route(*last_words, retain=True)
            self.session.ended = True
            self._broker.dismiss(self)

    # What follows is for the broker, which holds its lock.

    def wants_to_connect(self) -> bool:
        """Say whether it is without a connection and has room for what would come."""
        if self._overflowed:
            self._overflowed = self.events.qsize() > self.settings.events_max // 2
        return self.session.ended and not self._closed and not self._overflowed

    def connect(self) -> None:
        """Begin a session."""
        self.session = Session()
        self.counters["connects"] += 1
        self.events.put(Connected())
        self._broker.welcome(self)

    def leave(self, cause: str) -> bool:
        """End the session; returns whether there was one."""
        if self.session.ended:
            return False
        self.session.ended = True
        self.counters["disconnects"] += 1
        self.events.put(Disconnected(cause))
        return True

    def forget(self) -> None:
        """Lose what is between client and broker, both ways."""
        self.session.unconfirmed = 0
        self.session.undone.clear()
        self.session.waiting.clear()

    def take(self, message: Message) -> None:
        """Take a message in when the window allows, else let it wait."""
        if len(self.session.undone) < INFLIGHT_MAX and not self.session.waiting:
            self._hand_over(message)
        elif len(self.session.waiting) < QUEUED_MAX:
            self.session.waiting.append(message)
        else:
            self._broker.counters["dropped"] += 1

    def _hand_over(self, message: Message) -> None:
        if self.events.qsize() >= self.settings.events_max:
            self.counters["overflows"] += 1
            self._overflowed = True
            self._broker.end_session(self, f"{self.settings.events_max} events wait to be read")
            return
        self._last_mid += 1
        self.session.undone.add(self._last_mid)
        self.counters["arrived"] += 1
        self._broker.counters["delivered"] += 1
        self.events.put(
            Arrived(message.topic, message.payload, self._once(self._last_mid, self.session), message.retained)
        )

    def _once(self, mid: int, session: Session) -> Callable[[], None]:
        def done() -> None:
            with self._broker.changed:
                if mid in session.undone:
                    session.undone.discard(mid)
                    self._broker.soon(fill)

        def fill() -> None:
            while not session.ended and session.waiting and len(session.undone) < INFLIGHT_MAX:
                self._hand_over(session.waiting.popleft())

        return done
