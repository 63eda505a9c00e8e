"""What runs beside ingest: keeping the lease, doing the leader's duties, and answering requests; a thread each.

Ingest waits for none of them, so an ack never waits for a snapshot that is being built.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue

from kiosk.central.duties import Duty, Publish, Requests
from kiosk.central.lease import RENEW_S, Lease, LeaseLost
from kiosk.central.meters import Counts
from kiosk.core.backoff import back_off_s
from kiosk.core.clock import Clock
from kiosk.core.errors import KioskError, RetryLater

CONTEND_S = 1.0
LOOK_S = 0.1
RETRY_S = (0.5, 30.0)
REQUESTS_MAX = 256
ANSWER_TRIES_MAX = 250
ANSWER_STEP_S = 0.02

_log = logging.getLogger(__name__)


class Worker:
    """One daemon thread that runs `work`. Where that ends before `stop` is set, it sets it and counts as failed."""

    def __init__(self, name: str, work: Callable[[], None], stop: threading.Event) -> None:
        self.failed = False
        self._work = work
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end, and say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work()
        finally:
            if not self._stop.is_set():
                self.failed = True
                self._stop.set()


class LeaseKeeper:
    """Holds on to the lease or tries to get it; calls `on_won` when it was won."""

    def __init__(self, lease: Lease, on_won: Callable[[], None], stop: threading.Event) -> None:
        self._lease = lease
        self._on_won = on_won
        self._stop = stop

    def run(self) -> None:
        """Keep on until stopped."""
        while not self._stop.is_set():
            pause_s = CONTEND_S
            try:
                held = self._lease.held()
                if self._lease.try_hold():
                    pause_s = RENEW_S
                    if not held:
                        self._on_won()
            except RetryLater as error:
                _log.warning("lease not to be had", extra={"cause": str(error)})
            self._stop.wait(pause_s)


class DutyRunner:
    """Runs the leader's duties, one after the other, while the lease is held.

    `connections` tells how often the broker connection was made; each duty hears of a new one before its next tick.
    """

    def __init__(
        self, duties: Sequence[Duty], lease: Lease, connections: Callable[[], int], clock: Clock, stop: threading.Event
    ) -> None:
        self._duties = duties
        self._lease = lease
        self._connections = connections
        self._clock = clock
        self._stop = stop
        self._due_ns = [0] * len(duties)
        self._retries = [0] * len(duties)
        self._heard = [0] * len(duties)

    def run(self) -> None:
        """Keep on until stopped."""
        while not self._stop.is_set():
            for number in range(len(self._duties)):
                if self._lease.held() and not self._stop.is_set():
                    self._do(number)
            self._stop.wait(self._rest_s())

    def _rest_s(self) -> float:
        if not self._lease.held():
            self._due_ns = [0] * len(self._duties)
            return LOOK_S
        now_ns = self._clock.monotonic_ns()
        return min([LOOK_S, *(max(due_ns - now_ns, 0) / 1_000_000_000 for due_ns in self._due_ns)])

    def _do(self, number: int) -> None:
        duty, connections = self._duties[number], self._connections()
        if connections != self._heard[number]:
            self._heard[number] = connections
            self._due_ns[number] = 0
            duty.connected()
        if self._clock.monotonic_ns() < self._due_ns[number]:
            return
        try:
            pause_s = duty.tick(self._clock.now())
            self._retries[number] = 0
        except LeaseLost:
            pause_s = LOOK_S
        except KioskError as error:
            pause_s = back_off_s(RETRY_S, self._retries[number])
            self._retries[number] += 1
            _log.warning("duty put off", extra={"duty": type(duty).__name__, "cause": str(error), "pause_s": pause_s})
        self._due_ns[number] = self._clock.monotonic_ns() + round(pause_s * 1_000_000_000)


class RequestDesk:
    """Answers requests in their order. At most 256 wait; what comes on top is dropped, counted, and asked again."""

    def __init__(self, requests: Requests, publish: Publish, stop: threading.Event) -> None:
        self.counts = Counts()
        self._requests = requests
        self._publish = publish
        self._stop = stop
        self._waiting: Queue[tuple[str, bytes, Callable[[], None]]] = Queue(REQUESTS_MAX)

    def put(self, device: str, payload: bytes, done: Callable[[], None]) -> None:
        """Take in a request; `done` is called when it was answered or given up."""
        try:
            self._waiting.put_nowait((device, payload, done))
        except Full:
            self.counts.note("requests_dropped")
            done()

    def run(self) -> None:
        """Keep on until stopped."""
        while not self._stop.is_set():
            try:
                device, payload, done = self._waiting.get(timeout=LOOK_S)
            except Empty:
                continue
            try:
                answers = self._requests.handle(device, payload)
                self.counts.note("requests_answered")
            except KioskError as error:
                answers = []
                self.counts.note("requests_refused")
                _log.warning("request not answered", extra={"device": device, "cause": str(error)})
            for topic, body in answers:
                self._send(topic, body)
            done()

    def _send(self, topic: str, body: bytes) -> None:
        for _ in range(ANSWER_TRIES_MAX):
            if self._publish(topic, body, False):
                return
            if self._stop.wait(ANSWER_STEP_S):
                return
        self.counts.note("answers_dropped")
