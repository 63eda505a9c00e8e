"""How often something may happen: so often within a while, then it has to wait."""

import threading
from collections import OrderedDict, deque

from kiosk.core.clock import Clock

KEYS_MAX = 1000


class RateLimiter:
    """Counts by key, as an address, an account or a device: `most` within `window_s` seconds, then it has to wait.

    Where everything counts, `take` does it all. Where only failures do, `wait_s` is asked before, `count` notes what
    failed and `forget` what did not. For several threads; remembers the 1,000 keys that were counted last, and an older
    one starts afresh.
    """

    def __init__(self, clock: Clock, most: int = 10, window_s: int = 60) -> None:
        self._clock, self._most, self._window_ns = clock, most, window_s * 1_000_000_000
        self._lock = threading.Lock()
        self._counted: OrderedDict[str, deque[int]] = OrderedDict()

    def take(self, key: str) -> int:
        """Count one and return 0; where it would be one too many, count nothing and return how many seconds to wait."""
        with self._lock:
            if left_s := self._left_s(key):
                return left_s
            self._note(key)
            return 0

    def wait_s(self, key: str) -> int:
        """Return how many seconds this key has to wait; 0 where it may go on. Counts nothing."""
        with self._lock:
            return self._left_s(key)

    def count(self, key: str) -> None:
        """Count one, whether it was one too many or not."""
        with self._lock:
            self._note(key)

    def forget(self, key: str) -> None:
        """Forget what was counted of a key."""
        with self._lock:
            self._counted.pop(key, None)

    def _left_s(self, key: str) -> int:
        counted = self._counted.get(key)
        if counted is None or len(counted) < self._most:
            return 0
        left_ns = counted[0] + self._window_ns - self._clock.monotonic_ns()
        return max(-(-left_ns // 1_000_000_000), 0)

    def _note(self, key: str) -> None:
        counted = self._counted.setdefault(key, deque(maxlen=self._most))
        counted.append(self._clock.monotonic_ns())
        self._counted.move_to_end(key)
        while len(self._counted) > KEYS_MAX:
            self._counted.popitem(last=False)
