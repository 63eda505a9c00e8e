"""Actions at a later monotonic time: one thread for every barrier of a box, or `run_due` where time is made by hand."""

import logging
import threading
from collections.abc import Callable, Hashable

from kiosk.core.clock import Clock
from kiosk.core.errors import Refused

TIMERS_MAX = 1024
IDLE_S = 1.0

_log = logging.getLogger(__name__)


class Timers:
    """Holds one action per key; a later one under the same key replaces it. At most TIMERS_MAX."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[Hashable, tuple[int, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._wakes_ns = 0
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run actions as they become due, in a thread."""
        self._thread = threading.Thread(target=self._run, name="gate-timers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; what is not yet due never runs. May be called twice."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=IDLE_S)

    def at(self, key: Hashable, due_ns: int, action: Callable[[], None]) -> None:
        """Run an action at `due_ns`; raises Refused at the limit."""
        with self._changed:
            if key not in self._due and len(self._due) >= TIMERS_MAX:
                raise Refused(f"more than {TIMERS_MAX} timers are running")
            self._due[key] = (due_ns, action)
            if due_ns < self._wakes_ns:
                self._changed.notify()

    def cancel(self, key: Hashable) -> bool:
        """Forget an action; False when there is none, or it runs already."""
        with self._changed:
            return self._due.pop(key, None) is not None

    def run_due(self) -> int:
        """Run what is due now, earliest first; returns how many. An action that fails stops no other."""
        now_ns = self._clock.monotonic_ns()
        with self._changed:
            ready = sorted(
                ((due_ns, key) for key, (due_ns, _) in self._due.items() if due_ns <= now_ns), key=lambda item: item[0]
            )
            actions = [self._due.pop(key)[1] for _, key in ready]
        for action in actions:
            try:
                action()
            except Exception:  # noqa: BLE001 - a barrier must shut whatever went wrong at another
                _log.exception("gate timer failed")
        return len(actions)

    def _run(self) -> None:
        while not self._stopped:
            self.run_due()
            with self._changed:
                now_ns = self._clock.monotonic_ns()
                first_ns = min((due_ns for due_ns, _ in self._due.values()), default=now_ns + int(IDLE_S * 1e9))
                self._wakes_ns = min(first_ns, now_ns + int(IDLE_S * 1e9))
                if not self._stopped and self._wakes_ns > now_ns:
                    self._changed.wait((self._wakes_ns - now_ns) / 1e9)
                self._wakes_ns = 0
