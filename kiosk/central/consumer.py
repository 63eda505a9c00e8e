"""One central process: takes what the broker brings, answers after the commit, and leads while it holds the lease.

Any number of these may run at once and be killed at any point: a batch that came twice or to another process is stored
once, an ack that was lost is given again, and what only one may do needs the lease.
"""

import logging
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from queue import Empty
from typing import TypeVar

import msgspec
from msgspec import UNSET

from kiosk.central import meters
from kiosk.central.database import Database
from kiosk.central.duties import Duty, Requests
from kiosk.central.ingest import Ingest
from kiosk.central.keys import Keys
from kiosk.central.leading import DutyRunner, LeaseKeeper, RequestDesk, Worker
from kiosk.central.lease import Lease
from kiosk.central.settings import CentralSettings
from kiosk.core.clock import Clock
from kiosk.core.errors import Refused, RetryLater
from kiosk.local.health import Health
from kiosk.local.process import notify_watchdog
from kiosk.wire.link import Arrived, Connected, Disconnected, Link, LinkEvent, LinkSettings
from kiosk.wire.messages import Ack
from kiosk.wire.topics import STATE_FILTER, UPLINK_FILTERS, device_of, dn, shared

WINDOW = 200
EVENTS_MAX = 1000
ACKS_MAX = 1000
LOOK_S = 0.1
RETRY_S = (0.1, 5.0)
CROWDED_SHARE = 0.5
CROWDED_PAUSE_MS = 1000
JOIN_S = 5.0
LARGE_BYTES = 32 * 1024
BUSY_NS = 100_000_000

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Central:
    """Wires one process together; `run` is its life. `publish` and `lease` are for the duties wiring makes."""

    def __init__(
        self,
        database: Database,
        link_factory: Callable[[LinkSettings], Link],
        keys: Keys,
        settings: CentralSettings,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self.counts = meters.Counts()
        self.lease = Lease(database, clock)
        self.ingest = Ingest(database, clock)
        self._clock = clock
        self._stop = stop
        self._keys = keys
        self._link = link_factory(link_settings(settings))
        self._connected = False
        self._connections = 0
        self._troubled = ""
        self._large_ns = 0
        self._acks: OrderedDict[tuple[str, str, bool], bytes] = OrderedDict()
        self._desk: RequestDesk | None = None
        self._parts: tuple[Requests | Duty, ...] = ()

    def publish(self, topic: str, payload: bytes, retain: bool) -> bool:
        """Hand a message to the broker; False when it could not be. For any thread."""
        return self._link.publish(topic, payload, retain=retain)

    def busy(self) -> bool:
        """Say whether a backlog is coming in: a large batch within the last tenth of a second. For any thread."""
        return self._clock.monotonic_ns() - self._large_ns < BUSY_NS

    def health(self) -> Health:
        """Say whether records can come in."""
        detail = {
            "connected": self._connected,
            "leading": self.lease.held(),
            "waiting": self._link.events.qsize(),
            "trouble": self._troubled,
            "counts": dict(self._all_counts()),
        }
        return Health(self._connected and not self._troubled and not self._stop.is_set(), detail)

    def _all_counts(self) -> Counter[str]:
        total: Counter[str] = Counter()
        desk = [self._desk] if self._desk else []
        for part in (self, self.ingest, *desk, *self._parts):
            # A copy first: the part's own thread goes on counting.
            total.update(dict(part.counts))
        return total

    def run(self, requests: Requests, duties: Sequence[Duty]) -> None:
        """Serve until `stop` is set. Raises RuntimeError where a thread of it died, so that somebody starts it anew."""
        self._try_lease()
        self._parts = (requests, *duties)
        self._desk = RequestDesk(requests, self.publish, self._stop)
        self._link.start()
        keeper = LeaseKeeper(self.lease, self._link.reconnect, self._stop)
        runner = DutyRunner(duties, self.lease, lambda: self._connections, self._clock, self._stop)
        named = {"lease": keeper.run, "duties": runner.run, "requests": self._desk.run}
        workers = [Worker(f"central-{name}", work, self._stop) for name, work in named.items()]
        try:
            self._consume()
        finally:
            self._stop.set()
            ended = [worker.join(JOIN_S) for worker in workers]
            self._link.close()
            if all(ended):
                self._give_up_lease()
        failed = [name for name, worker in zip(named, workers, strict=True) if worker.failed]
        if failed:
            raise RuntimeError(f"thread {failed[0]} of central died")

    def _consume(self) -> None:
        while not self._stop.is_set():
            notify_watchdog()
            self._measure()
            self._send_acks()
            try:
                event = self._link.events.get(timeout=LOOK_S)
            except Empty:
                continue
            self._take(event)

    def _measure(self) -> None:
        meters.leading.set(self.lease.held())
        meters.connected.set(self._connected)
        meters.waiting.set(self._link.events.qsize())

    def _take(self, event: LinkEvent) -> None:
        if isinstance(event, Connected):
            self._connected = True
            self._connections += 1
        elif isinstance(event, Disconnected):
            self._connected = False
            self._acks.clear()
        elif isinstance(event, Arrived):
            try:
                self._take_message(event)
            except Refused as error:
                self.counts.note("refused")
                _log.error("message refused", extra={"topic": event.topic[:120], "cause": str(error)})
                event.done()
            except RetryLater:
                # Told to stop while the database was away: nothing is confirmed, the device sends it again.
                return

    def _take_message(self, event: Arrived) -> None:
        device, leaf = device_of(event.topic) or ("", "")
        if leaf == "up/journal":
            if len(event.payload) > LARGE_BYTES:
                self._large_ns = self._clock.monotonic_ns()
            ack = self._insist(lambda: self.ingest.batch(device, event.payload))
            if ack is not None:
                self._put_ack(device, ack)
        elif leaf == "state" and event.payload and self.lease.held():
            for ack in self._insist(lambda: self.ingest.state(device, event.payload, retained=event.retained)):
                self._put_ack(device, ack)
        elif leaf in ("up/req", "up/cmdres") and self._desk is not None:
            self._desk.put(device, event.payload, event.done)
            return
        elif leaf != "state":
            self.counts.note("unknown_topic")
        self._send_acks()
        event.done()

    def _insist(self, work: Callable[[], T]) -> T:
        """Do the work, again for as long as the database is away; raises RetryLater when told to stop meanwhile."""
        pause_s = RETRY_S[0]
        while True:
            try:
                result = work()
            except RetryLater as error:
                if not self._troubled:
                    _log.error("database away", extra={"cause": str(error)})
                self._troubled = str(error)
                notify_watchdog()
                if self._stop.wait(pause_s):
                    raise
                pause_s = min(pause_s * 2, RETRY_S[1])
            else:
                self._troubled = ""
                return result

    def _put_ack(self, device: str, ack: Ack) -> None:
        """Sign an ack and let it wait its turn.

        Of one journal only the latest waits, and the latest that answers a birth: only that one may set a cursor down.
        Past 1,000 the oldest is dropped; its device sends again and is answered again.
        """
        if self._link.events.qsize() > EVENTS_MAX * CROWDED_SHARE:
            ack = msgspec.structs.replace(ack, pause_ms=CROWDED_PAUSE_MS)
        place = (device, ack.journal, ack.session is not UNSET)
        self._acks[place] = self._keys.signing.seal(ack)
        self._acks.move_to_end(place)
        while len(self._acks) > ACKS_MAX:
            self._acks.popitem(last=False)
            self.counts.note("acks_dropped")

    def _send_acks(self) -> None:
        while self._acks:
            place, payload = next(iter(self._acks.items()))
            if not self.publish(dn(place[0], "ack"), payload, False):
                return
            del self._acks[place]

    def _try_lease(self) -> None:
        try:
            self.lease.try_hold()
        except RetryLater as error:
            _log.warning("lease not to be had", extra={"cause": str(error)})

    def _give_up_lease(self) -> None:
        try:
            self.lease.release()
        except RetryLater as error:
            _log.warning("lease not given back", extra={"cause": str(error)})


def link_settings(settings: CentralSettings) -> LinkSettings:
    """Say what a central process listens to: every state plainly, the uplink plainly or dealt out."""
    uplink = tuple(shared(each) if settings.shared_subscription else each for each in UPLINK_FILTERS)
    return LinkSettings(
        host=settings.broker.host,
        port=settings.broker.port,
        client_id=f"central-{secrets.token_hex(4)}",
        username=settings.broker.username,
        password=settings.broker_password(),
        ca_file=str(settings.path(settings.broker.ca_file)) if settings.broker.ca_file else "",
        window=WINDOW,
        events_max=EVENTS_MAX,
        subscriptions=(STATE_FILTER, *uplink),
    )
