"""The threads an emergency sets in motion: one per barrier to open it, one to tell the gate's loop."""

import logging
import queue
import threading
from collections import deque
from typing import Any

from prometheus_client import Counter

from kiosk.gate.actuator import Actuator

UNTOLD_MAX = 16
RETRY_S = 0.2
IDLE_S = 1.0

_log = logging.getLogger(__name__)
_untold = Counter("kiosk_emergency_untold", "Changes of the emergency the gate's loop never heard of")


class Follower(threading.Thread):
    """A daemon thread that sleeps until it is woken or stopped."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._wake = threading.Event()
        self._stopping = False

    def stop(self) -> None:
        """Do nothing more; returns at once."""
        self._stopping = True
        self._wake.set()


class Opener(Follower):
    """Keeps one barrier as ordered, so that one that hangs holds up no other. What fails is tried again."""

    def __init__(self, actuator: Actuator) -> None:
        super().__init__(f"emergency-{actuator.gate}")
        self._actuator = actuator
        self._wanted = False

    def order(self, *, open_: bool) -> None:
        """Say how the barrier is to be; returns at once."""
        self._wanted = open_
        self._wake.set()

    def run(self) -> None:
        """Carry out orders until stopped."""
        done: bool | None = False
        while True:
            self._wake.clear()
            if self._stopping:
                return
            wanted = self._wanted
            if wanted is not done:
                # After a failure nobody knows how the barrier is, so that either order is carried out again.
                done = wanted if self._carry_out(wanted, report=done is not None) else None
            self._wake.wait(RETRY_S if done is None else IDLE_S)

    def _carry_out(self, wanted: bool, *, report: bool) -> bool:
        try:
            if wanted:
                self._actuator.open_permanently()
            else:
                self._actuator.normal()
        except Exception as error:  # noqa: BLE001 - a driver's bug must not end the thread that opens its barrier
            if report:
                fields = {"gate": self._actuator.gate, "cause": repr(error)}
                _log.error("barrier does not follow the emergency", extra=fields)
            return False
        return True


class Teller(Follower):
    """Brings messages to a queue in their order, however long it is full or stuck; the sender never waits.

    At most UNTOLD_MAX wait; then the oldest is lost and counted in `lost`. `refused` counts the tries that met a full
    queue.
    """

    def __init__(self, inbox: "queue.Queue[Any]") -> None:
        super().__init__("emergency-tell")
        self.lost = 0
        self.refused = 0
        self._inbox = inbox
        self._untold: deque[Any] = deque()
        self._lock = threading.Lock()

    def tell(self, message: Any) -> None:
        """Have a message brought; returns at once."""
        with self._lock:
            if len(self._untold) >= UNTOLD_MAX:
                self._untold.popleft()
                self.lost += 1
                _untold.inc()
            self._untold.append(message)
        self._wake.set()

    def run(self) -> None:
        """Bring messages until stopped."""
        while not self._stopping:
            self._wake.clear()
            while self._bring_one():
                pass
            self._wake.wait(RETRY_S if self._untold else IDLE_S)

    def _bring_one(self) -> bool:
        with self._lock:
            if not self._untold:
                return False
            message = self._untold[0]
        try:
            self._inbox.put_nowait(message)  # outside the lock: a stuck queue must not reach the sender
        except queue.Full:
            self.refused += 1
            return False
        with self._lock:
            if self._untold and self._untold[0] is message:
                self._untold.popleft()
        return True
