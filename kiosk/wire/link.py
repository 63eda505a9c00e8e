"""What both ends need of a broker connection; `mqtt.py` is the real one, `loopback.py` the shipped fake."""

from collections.abc import Callable
from queue import Queue
from typing import Protocol

import msgspec


class Connected(msgspec.Struct, frozen=True):
    """A connection stands and every subscription was sent."""


class Disconnected(msgspec.Struct, frozen=True):
    """The connection is gone; the link tries again by itself."""

    cause: str


class Arrived(msgspec.Struct, frozen=True):
    """A message came. Call `done` after its effect is durable: the broker keeps it until then."""

    topic: str
    payload: bytes
    done: Callable[[], None]
    retained: bool = False


class Inside(msgspec.Struct, frozen=True):
    """A word of the process's own that waits in the same queue; what it says is the subclass's."""


LinkEvent = Connected | Disconnected | Arrived | Inside


class Link(Protocol):
    """One connection to a broker that may lose, repeat, reorder and delay.

    Events arrive in `events`, which has a stated limit. `publish` never blocks: it returns False when there is no
    connection or the window is full, and True promises nothing.
    `counters` says how often what happened since the link was made.
    """

    events: "Queue[LinkEvent]"
    counters: dict[str, int]

    def start(self) -> None:
        """Connect in the background and keep trying."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the broker at QoS 1."""

    def reconnect(self) -> None:
        """Drop the connection and make a new one."""

    def close(self, last_words: tuple[str, bytes] | None = None) -> None:
        """Publish `last_words` retained, where possible, and stop. May be called twice."""


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a link connects to and listens for; `will` is topic and payload, retained."""

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    keepalive_s: int = 20
    window: int = 20
    events_max: int = 1000
    subscriptions: tuple[str, ...] = ()
    will: tuple[str, bytes] | None = None
