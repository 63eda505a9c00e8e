"""Who attends the gate: signed in by code and PIN, in memory, for one shift at most."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping

from kiosk.core.clock import Clock
from kiosk.local.pins import is_pin
from kiosk.local.rates import RateLimiter

SESSION_S = 12 * 3600
SESSIONS_MAX = 16
TRIES_MAX, TRIES_WINDOW_S = 5, 300


class Attendants:
    """Signs attendants in and out. For several threads; at most 16 are signed in, then the first one is signed out."""

    def __init__(self, pins: Mapping[str, str], clock: Clock) -> None:
        self._pins, self._clock = pins, clock
        self._tries = RateLimiter(clock, TRIES_MAX, TRIES_WINDOW_S)
        self._lock = threading.Lock()
        self._signed_in: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """Return how many seconds an address has to wait before it may try; 0 where it may."""
        return self._tries.wait_s(address)

    def sign_in(self, code: str, pin: str, address: str) -> str:
        """Return a token for somebody's session, "" where code and PIN do not fit or the address has to wait."""
        # Counted before it is looked at: tries at the same moment are tries too.
        if self._tries.take(address) or not is_pin(pin, self._pins.get(code, "")):
            return ""
        self._tries.forget(address)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._signed_in[token] = (code, self._clock.monotonic_ns() + SESSION_S * 1_000_000_000)
            while len(self._signed_in) > SESSIONS_MAX:
                self._signed_in.popitem(last=False)
        return token

    def who(self, token: str) -> str:
        """Return the code of who is signed in under a token, "" for nobody."""
        with self._lock:
            code, until_ns = self._signed_in.get(token, ("", 0))
            if code and self._clock.monotonic_ns() > until_ns:
                del self._signed_in[token]
                return ""
            return code

    def sign_out(self, token: str) -> None:
        """End a session. May be called twice."""
        with self._lock:
            self._signed_in.pop(token, None)
