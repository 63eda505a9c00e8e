"""The sync process: one loop between the broker, the journals and the roster files."""

import logging
import queue
import secrets
import threading
from collections.abc import Callable
from typing import Any

from prometheus_client import Counter, Gauge

from kiosk.core.clock import Clock, format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import KioskError, MessageRejected
from kiosk.local.process import notify_watchdog
from kiosk.store.cursors import Cursors
from kiosk.sync.downlink import Downlink
from kiosk.sync.orders import Orders
from kiosk.sync.requests import Questions
from kiosk.sync.trust import Trust, rejected
from kiosk.sync.uplink import Next, Uplink
from kiosk.sync.words import Fetched
from kiosk.wire import topics
from kiosk.wire.link import Arrived, Connected, Disconnected, Link
from kiosk.wire.messages import Ack, Birth, Offline, Response
from kiosk.wire.signing import SigningKey

HEARTBEAT_NS = 60_000_000_000
LOOK_NS = 1_000_000_000
BIRTH_MIN_NS = 500_000_000
PART_RETRY_NS = 1_000_000_000

_log = logging.getLogger(__name__)
_unsent = Gauge("kiosk_sync_unsent", "Records central has not confirmed", ["owner"])
_reconnects = Counter("kiosk_sync_connects", "Connections to the broker made")
_revision = Gauge("kiosk_sync_roster_revision", "The roster revision that is held")


class Sync:
    """Everything between this box and central, in one loop; whoever else has a word puts it into the link's events."""

    def __init__(
        self, device: str, site: str, link: Link, uplinks: list[Uplink], downlink: Downlink, orders: Orders,
        questions: Questions, trust: Trust, cursors: Cursors, key: SigningKey, clock: Clock, version: str,
        part: Callable[[Uplink], None], session: str,
    ) -> None:  # fmt: skip
        self._device, self._site, self._link = device, site, link
        self._uplinks, self._downlink, self._orders = uplinks, downlink, orders
        self._questions, self._trust, self._cursors = questions, trust, cursors
        self._key, self._clock, self._version = key, clock, version
        self._part, self._session = part, session
        self._connected = False
        self._births_ns = 0
        self._birth_wanted = False
        self._look_ns = 0
        self._told: tuple[Any, ...] = ()
        self._parting_ns = 0
        self.beat_ns = clock.monotonic_ns()

    @property
    def online(self) -> bool:
        """Whether a connection to the broker stands."""
        return self._connected

    def run(self, stop: threading.Event) -> None:
        """Go until `stop`, then say goodbye."""
        self._say(online=False)
        self._link.start()
        while not stop.is_set():
            self.beat_ns = now_ns = self._clock.monotonic_ns()
            notify_watchdog()
            self._work(now_ns)
            try:
                event = self._link.events.get(timeout=self._patience_s())
            except queue.Empty:
                continue
            self._take(event)
        goodbye = canonical(Offline(session=self._session))
        self._link.close((topics.state(self._device), goodbye))
        self._say(online=False)

    def _take(self, event: Any) -> None:
        if isinstance(event, Arrived):
            self._arrived(event)
        elif isinstance(event, Connected):
            self._on_connected()
        elif isinstance(event, Disconnected):
            if self._connected:
                _log.warning("line is down", extra={"cause": event.cause})
                self._say(online=False)
            self._connected = False
        elif isinstance(event, Fetched):
            self._guarded("snapshot", lambda: self._downlink.on_fetched(event.name, event.snapshot))
        else:
            self._look_ns = 0

    def _on_connected(self) -> None:
        _reconnects.inc()
        self._connected, self._birth_wanted, self._births_ns = True, True, 0
        for uplink in self._uplinks:
            uplink.connected()
        self._questions.connected()
        self._downlink.connected()
        self._say(online=True)

    def _arrived(self, event: Arrived) -> None:
        leaf = event.topic.split("/", 4)[-1]
        handlers: dict[str, Callable[[bytes], None]] = {
            "dn/ack": self._on_ack,
            "dn/res": lambda payload: self._downlink.on_response(self._trust.open(payload, Response)),
            "dn/cmd": self._orders.on_command,
            "roster/head": self._downlink.on_head,
            "roster/delta": self._downlink.on_delta,
            "roster/deny": self._downlink.on_deny,
            "used": self._downlink.on_used,
        }
        handle = handlers.get(leaf)
        if handle is not None:
            self._guarded(leaf, lambda: handle(event.payload))
        event.done()

    def _guarded(self, leaf: str, action: Callable[[], None]) -> None:
        try:
            action()
        except MessageRejected as error:
            rejected.labels(leaf, error.message.split(":")[0][:40]).inc()
            _log.warning("message not taken", extra={"leaf": leaf, "cause": str(error)})
        except KioskError as error:
            _log.error("message not carried out", extra={"leaf": leaf, "cause": str(error)})

    def _on_ack(self, payload: bytes) -> None:
        ack = self._trust.open(payload, Ack)
        now_ns = self._clock.monotonic_ns()
        for uplink in self._uplinks:
            if uplink.journal == ack.journal:
                step = uplink.on_ack(ack, self._session, now_ns)
                self._birth_wanted = self._birth_wanted or step is Next.BIRTH
                self._send(uplink, now_ns)

    def _work(self, now_ns: int) -> None:
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + LOOK_NS
            self._look()
        if self._connected:
            self._announce(now_ns)
            for uplink in self._uplinks:
                self._send(uplink, now_ns)
            for payload in self._questions.due(now_ns):
                self._link.publish(topics.up(self._device, "req"), payload)
        self._downlink.tick(now_ns)
        _revision.set(self._downlink.revision)
        if now_ns >= self._parting_ns and any(uplink.parting for uplink in self._uplinks):
            self._parting_ns = now_ns + PART_RETRY_NS
            for uplink in self._uplinks:
                if uplink.parting is not None:
                    self._part(uplink)

    def _look(self) -> None:
        for uplink in self._uplinks:
            if uplink.refresh():
                self._birth_wanted = True
            _unsent.labels(uplink.owner).set(uplink.head - uplink.acked)

    def _send(self, uplink: Uplink, now_ns: int) -> None:
        if not self._connected:
            return
        payload = uplink.send(now_ns)
        if payload is not None:
            self._link.publish(topics.up(self._device, "journal"), payload)
            uplink.read_ahead()

    def _announce(self, now_ns: int) -> None:
        """Publish a birth: on connecting, when a journal or the roster is another, when asked for, and every minute."""
        standing = (tuple(uplink.journal for uplink in self._uplinks), self._downlink.revision)
        wanted = self._birth_wanted or standing != self._told or now_ns - self._births_ns >= HEARTBEAT_NS
        if not wanted or now_ns - self._births_ns < BIRTH_MIN_NS:
            return
        heads = tuple(head for uplink in self._uplinks if (head := uplink.announce()) is not None)
        birth = Birth(
            session=self._session,
            version=self._version,
            journals=heads,
            roster=self._downlink.revision,
            time=format_utc(self._clock.now()),
        )
        if self._link.publish(topics.state(self._device), self._key.seal(birth), retain=True):
            self._birth_wanted, self._births_ns, self._told = False, now_ns, standing

    def _patience_s(self) -> float:
        now_ns = self._clock.monotonic_ns()
        moments = [self._look_ns]
        if self._connected:
            moments += [due for uplink in self._uplinks if (due := uplink.due_ns()) is not None]
            moments += [due for due in (self._questions.next_due_ns(),) if due is not None]
            if self._birth_wanted:
                moments.append(self._births_ns + BIRTH_MIN_NS)
        due_ns = self._downlink.next_due_ns()
        if due_ns is not None:
            moments.append(max(due_ns, now_ns + 50_000_000))
        return max((min(moments) - now_ns) / 1e9, 0.0005)

    def _say(self, *, online: bool) -> None:
        self._cursors.set_status(online="yes" if online else "no", since=format_utc(self._clock.now()))


def new_session() -> str:
    """Return a name for one run of the process."""
    return secrets.token_hex(16)
