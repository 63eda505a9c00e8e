"""What every browser-facing process holds to: what a page may load, and how often a stranger may guess."""

import threading
from collections import OrderedDict, deque

from kiosk.core.clock import Clock

ADDRESSES_MAX = 1000

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer: nothing from outside, no inline script or style, no foreign frame."""


class Attempts:
    """Counts failures per address: `failures_max` within `window_s` seconds, then nothing is looked at.

    Remembers the 1,000 addresses that failed last; an older one starts afresh.
    """

    def __init__(self, clock: Clock, failures_max: int = 10, window_s: int = 60) -> None:
        self._clock = clock
        self._failures_max = failures_max
        self._window_ns = window_s * 1_000_000_000
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """Return how many seconds this address has to wait; 0 when it may try."""
        with self._lock:
            failures = self._failures.get(address)
            if failures is None or len(failures) < self._failures_max:
                return 0
            left_ns = failures[0] + self._window_ns - self._clock.monotonic_ns()
            return max(-(-left_ns // 1_000_000_000), 0)

    def failed(self, address: str) -> None:
        """Count one failure."""
        with self._lock:
            failures = self._failures.setdefault(address, deque(maxlen=self._failures_max))
            failures.append(self._clock.monotonic_ns())
            self._failures.move_to_end(address)
            while len(self._failures) > ADDRESSES_MAX:
                self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget an address's failures."""
        with self._lock:
            self._failures.pop(address, None)
