"""Which providers are let alone for a while, because they did not answer."""

import random
import threading
from collections.abc import Iterable

import msgspec

from kiosk.club.paying_back import PayWay
from kiosk.core.backoff import back_off_s
from kiosk.core.clock import Clock

REST_S = (0.5, 5.0)
DOWN_AFTER = 3
"""How long a provider rests that failed three times in a row, doubling: then a few orders see whether it is back."""


class _Rest(msgspec.Struct):
    """How often a provider has failed in a row, until when it rests, and why."""

    failures: int = 0
    until_ns: int = 0
    why: str = ""


class Resting:
    """Counts failures in a row, whichever thread they come to."""

    def __init__(self, ways: Iterable[PayWay], clock: Clock) -> None:
        self._clock = clock
        self._rests = {way: _Rest() for way in ways}
        self._lock = threading.Lock()

    def is_awake(self, way: PayWay) -> bool:
        """Say whether a provider may be asked."""
        return self._clock.monotonic_ns() >= self._rests[way].until_ns

    def awake(self) -> list[PayWay]:
        """Return the providers that may be asked."""
        return [way for way in self._rests if self.is_awake(way)]

    def answered(self, way: PayWay) -> None:
        """Note that a provider answered."""
        with self._lock:
            self._rests[way] = _Rest()

    def failed(self, way: PayWay, why: str) -> bool:
        """Note that a provider did not answer, and say whether it rests now."""
        with self._lock:
            rest = self._rests[way]
            rest.failures, rest.why = rest.failures + 1, why
            if rest.failures < DOWN_AFTER:
                return False
            until_s = back_off_s(REST_S, rest.failures - DOWN_AFTER) * random.uniform(0.7, 1.0)  # noqa: S311
            rest.until_ns = self._clock.monotonic_ns() + round(until_s * 1_000_000_000)
            return True

    def reasons(self) -> dict[str, str]:
        """Return why each provider rests that does."""
        return {way.value: rest.why for way, rest in self._rests.copy().items() if not self.is_awake(way)}
