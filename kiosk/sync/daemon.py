"""The sync process: one loop between the broker, the journals and the roster files."""

import logging
import queue
import secrets
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from kiosk.core.clock import Clock, format_utc, read_clock
from kiosk.core.codec import canonical
from kiosk.core.errors import KioskError, MessageRejected
from kiosk.local.process import notify_watchdog
from kiosk.store.cursors import Cursors
from kiosk.sync import meters
from kiosk.sync.asking_central import CentralQuestions
from kiosk.sync.downlink import Downlink
from kiosk.sync.orders import Orders
from kiosk.sync.requests import Questions
from kiosk.sync.trust import Trust
from kiosk.sync.uplink import REFUSED_NS, Next, Uplink
from kiosk.sync.words import Asked, Fetched, LeftOff, Poke
from kiosk.wire import topics
from kiosk.wire.link import Arrived, Connected, Disconnected, Link
from kiosk.wire.messages import Ack, Birth, Offline
from kiosk.wire.signing import SigningKey

HEARTBEAT_NS = 60_000_000_000
TIDY_NS = 60_000_000_000
BIRTH_MIN_NS = 500_000_000
RECONNECT_NS = 60_000_000_000
RETAINED = ("roster/head", "roster/deny")
"""What the broker says again at every connect."""

BEHIND_LOOK_NS = 50_000_000
WAIT_MIN_S, WAIT_MAX_S = 0.0005, 1.0
AGE_MAX_S = 50 * 365 * 86400
"""Beyond what any roster's age is judged by: here it is only shown."""

_log = logging.getLogger(__name__)


class Sync:
    """Everything between this box and central, in one loop; whoever else has a word puts it into the link's events."""

    def __init__(
        self, device: str, link: Link, uplinks: list[Uplink], downlink: Downlink, orders: Orders,
        questions: Questions, trust: Trust, cursors: Cursors, key: SigningKey, clock: Clock, version: str,
        session: str, poll_s: float, asking: CentralQuestions,
    ) -> None:  # fmt: skip
        self._device, self._link = device, link
        self._uplinks, self._downlink, self._orders = uplinks, downlink, orders
        self._questions, self._trust, self._cursors = questions, trust, cursors
        self._key, self._clock, self._version = key, clock, version
        self._session, self._poll_ns = session, int(poll_s * 1e9)
        self._asking = asking
        self._connected = False
        self._birth_wanted = False
        self._births_ns: int | None = None
        self._birth_retry_ns = 0
        self._look_ns = 0
        self._tidy_ns = clock.monotonic_ns() + TIDY_NS
        self._again_wanted = False
        self._again_ns = 0
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
        self._say(online=False)
        self._link.start()
        try:
            while not stop.is_set():
                self.beat_ns = now_ns = self._clock.monotonic_ns()
                notify_watchdog()
                self._work(now_ns)
                try:
                    event = self._link.events.get(timeout=self._patience_s())
                except queue.Empty:
                    continue
                self._take(event)
        finally:
            self._link.close((topics.state(self._device), canonical(Offline(session=self._session))))
            for uplink in self._uplinks:
                self._guarded("cursor", lambda each: each.keep(0, at_once=True), uplink)
            self._say(online=False)

    def _take(self, event: Any) -> None:
        if isinstance(event, Arrived):
            leaf = event.topic.split("/", 4)[-1]
            if leaf in self._handlers:
                self._guarded(leaf, self._handlers[leaf], event.payload)
            # Also what the disk would not take: a broker stops sending to whoever leaves too much unanswered.
            event.done()
        elif isinstance(event, Connected):
            self._on_connected()
        elif isinstance(event, Disconnected):
            was_connected, self._connected = self._connected, False
            if was_connected:
                _log.warning("line is down", extra={"cause": event.cause})
                self._say(online=False)
        elif isinstance(event, Fetched):
            self._guarded("snapshot", self._downlink.on_fetched, event.name, event.snapshot)
        elif isinstance(event, Asked):
            self._asking.ask(event, online=self._connected)
        elif isinstance(event, LeftOff):
            self._asking.leave_off(event.name)
        elif isinstance(event, Poke):
            self._poked.clear()
            self._look_ns = 0

    def _on_connected(self) -> None:
        meters.connects.inc()
        self._connected, self._birth_wanted, self._births_ns, self._birth_retry_ns = True, True, None, 0
        for uplink in self._uplinks:
            uplink.connected()
        self._questions.connected()
        self._guarded("used", self._downlink.connected)
        self._say(online=True)

    def _guarded(self, what: str, action: Callable[..., None], *args: Any) -> bool:
        """Run one step; whatever a message, a disk or a neighbour does to it, the loop goes on."""
        try:
            action(*args)
        except MessageRejected as error:
            meters.count_rejected(what, error)
            _log.warning("message not taken", extra={"leaf": what, "cause": str(error)})
        except (KioskError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            meters.failures.inc()
            _log.error("step failed", extra={"step": what, "cause": str(error)})
            self._again_wanted = self._again_wanted or what in RETAINED
        else:
            return True
        return False

    def _on_ack(self, payload: bytes) -> None:
        ack = self._trust.open(payload, Ack)
        now_ns = self._clock.monotonic_ns()
        for uplink in self._uplinks:
            if uplink.journal == ack.journal:
                step = uplink.on_ack(ack, self._session, now_ns)
                self._birth_wanted = self._birth_wanted or step is Next.BIRTH
                self._send(uplink, now_ns)
                uplink.keep(now_ns)

    def _work(self, now_ns: int) -> None:
        if now_ns >= self._look_ns:
            self._look_ns = now_ns + self._poll_ns
            self._guarded("look", self._look)
            for uplink in self._uplinks:
                self._guarded("cursor", uplink.keep, now_ns)
        if self._connected:
            self._guarded("birth", self._announce, now_ns)
            for uplink in self._uplinks:
                if not self._guarded("journal", self._send, uplink, now_ns):
                    uplink.refused(now_ns)
            self._guarded("req", self._ask, now_ns)
        self._guarded("roster", self._downlink.tick, now_ns)
        self._hear_again(now_ns)
        if now_ns >= self._tidy_ns:
            self._tidy_ns = now_ns + TIDY_NS
            self._guarded("tidy", self._cursors.tidy)
            self._guarded("tidy", self._downlink.tidy)

    def _hear_again(self, now_ns: int) -> None:
        """Have the broker say again what our disk would not take, at most once a minute."""
        if self._again_wanted and self._connected and now_ns >= self._again_ns:
            self._again_wanted, self._again_ns = False, now_ns + RECONNECT_NS
            _log.warning("connecting again for what could not be kept")
            self._link.reconnect()

    def _look(self) -> None:
        for uplink in self._uplinks:
            if uplink.refresh():
                self._birth_wanted = True
            meters.unsent.labels(uplink.owner).set(uplink.unsent)
        for what, count in self._link.counters.items():
            meters.link.labels(what).set(count)
        state = self._downlink.state
        meters.revision.set(state.revision)
        meters.roster_age.set(read_clock(self._clock, state.anchor, AGE_MAX_S).roster_age_s)

    def _send(self, uplink: Uplink, now_ns: int) -> None:
        payload = uplink.send(now_ns) if self._connected else None
        if payload is None:
            return
        if self._link.publish(topics.up(self._device, "journal"), payload):
            uplink.sent(now_ns)
            uplink.prepare()
        else:
            uplink.refused(now_ns)

    def _ask(self, now_ns: int) -> None:
        for name, payload in self._questions.due(now_ns):
            taken = self._link.publish(topics.up(self._device, "req"), payload)
            self._questions.sent(name, now_ns, taken=taken)

    def _announce(self, now_ns: int) -> None:
        """Publish a birth: on connecting, when a journal or the roster is another, when asked for, and every minute."""
        standing = (tuple(uplink.journal for uplink in self._uplinks), self._downlink.revision)
        late = self._births_ns is None or now_ns - self._births_ns >= HEARTBEAT_NS
        self._birth_wanted = self._birth_wanted or late or standing != self._told
        if not self._birth_wanted or now_ns < self._birth_due_ns():
            return
        birth = Birth(
            session=self._session,
            version=self._version,
            journals=tuple(head for uplink in self._uplinks if (head := uplink.announce()) is not None),
            roster=self._downlink.revision,
            time=format_utc(self._clock.now()),
        )
        if self._link.publish(topics.state(self._device), self._key.seal(birth), retain=True):
            self._birth_wanted, self._births_ns, self._told = False, now_ns, standing
        else:
            self._birth_retry_ns = now_ns + REFUSED_NS

    def _birth_due_ns(self) -> int:
        return max(self._birth_retry_ns, 0 if self._births_ns is None else self._births_ns + BIRTH_MIN_NS)

    def _patience_s(self) -> float:
        now_ns = self._clock.monotonic_ns()
        moments = [self._look_ns]
        if self._connected:
            moments += [due for uplink in self._uplinks if (due := uplink.due_ns()) is not None]
            moments += [due for due in (self._questions.next_due_ns(),) if due is not None]
            if self._birth_wanted:
                moments.append(self._birth_due_ns())
            if (due_ns := self._downlink.next_due_ns()) is not None:
                moments.append(max(due_ns, now_ns + BEHIND_LOOK_NS))
        return min(max((min(moments) - now_ns) / 1e9, WAIT_MIN_S), WAIT_MAX_S)

    def _say(self, *, online: bool) -> None:
        words = {"online": "yes" if online else "no", "since": format_utc(self._clock.now())}
        self._guarded("status", lambda: self._cursors.set_status(**words))


def new_session() -> str:
    """Return a name for one run of the process."""
    return secrets.token_hex(16)
