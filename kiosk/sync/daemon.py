"""The sync process: one loop between the broker, the journals and the roster files."""

import logging
import queue
import secrets
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from kiosk.core.clock import Clock, format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import KioskError, MessageRejected
from kiosk.local.process import notify_watchdog
from kiosk.store.cursors import Cursors
from kiosk.sync import meters
from kiosk.sync.downlink import Downlink
from kiosk.sync.orders import Orders
from kiosk.sync.requests import Questions
from kiosk.sync.trust import Trust
from kiosk.sync.uplink import Next, Uplink
from kiosk.sync.words import Fetched, Poke
from kiosk.wire import topics
from kiosk.wire.link import Arrived, Connected, Disconnected, Link
from kiosk.wire.messages import Ack, Birth, Offline
from kiosk.wire.signing import SigningKey

HEARTBEAT_NS = 60_000_000_000
TIDY_NS = 60_000_000_000
BIRTH_MIN_NS = 500_000_000
BEHIND_LOOK_NS = 50_000_000
WAIT_MIN_S = 0.0005

_log = logging.getLogger(__name__)


class Sync:
    """Everything between this box and central, in one loop; whoever else has a word puts it into the link's events."""

    def __init__(
        self, device: str, link: Link, uplinks: list[Uplink], downlink: Downlink, orders: Orders,
        questions: Questions, trust: Trust, cursors: Cursors, key: SigningKey, clock: Clock, version: str,
        session: str, poll_s: float,
    ) -> None:  # fmt: skip
        self._device, self._link = device, link
        self._uplinks, self._downlink, self._orders = uplinks, downlink, orders
        self._questions, self._trust, self._cursors = questions, trust, cursors
        self._key, self._clock, self._version = key, clock, version
        self._session, self._poll_ns = session, int(poll_s * 1e9)
        self._connected = False
        self._birth_wanted = False
        self._births_ns: int | None = None
        self._birth_retry_ns = 0
        self._look_ns = 0
        self._tidy_ns = clock.monotonic_ns() + TIDY_NS
        self._told: tuple[Any, ...] = ()
        self._poked = threading.Event()
        self._handlers: dict[str, Callable[[bytes], None]] = {
            "dn/ack": self._on_ack,
            "dn/res": downlink.on_response,
            "dn/cmd": orders.on_command,
            "roster/head": downlink.on_head,
            "roster/delta": downlink.on_delta,
            "roster/deny": downlink.on_deny,
            "used": downlink.on_used,
        }
        self.beat_ns = clock.monotonic_ns()

    @property
    def online(self) -> bool:
        """Whether a connection to the broker stands."""
        return self._connected

    def poke(self) -> None:
        """Have the loop look at the journals now; for any thread, and never more than one word in the queue each."""
        if not self._poked.is_set():
            self._poked.set()
            self._link.events.put(Poke())

    def run(self, stop: threading.Event) -> None:
        """Go until `stop`, then say goodbye. Raises ConfigError where the link's files cannot be used."""
        self._guarded("status", lambda: self._say(online=False))
        self._link.start()
        try:
            while not stop.is_set():
                self.beat_ns = now_ns = self._clock.monotonic_ns()
                notify_watchdog()
                self._guarded("work", lambda now_ns=now_ns: self._work(now_ns))  # type: ignore[misc]
                try:
                    event = self._link.events.get(timeout=self._patience_s())
                except queue.Empty:
                    continue
                self._take(event)
        finally:
            self._link.close((topics.state(self._device), canonical(Offline(session=self._session))))
            self._guarded("status", lambda: self._say(online=False))
