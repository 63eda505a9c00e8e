"""What goes wrong at the hostile provider, how often, and by which chance: the same seed, the same faults."""

import random
import threading
from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta

Rate = Annotated[float, Meta(ge=0, le=1)]


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often each fault happens, 0 to 1: of each request, notice, payment or statement line."""

    not_heard: Rate = 0.0
    done_and_not_said: Rate = 0.0
    server_error: Rate = 0.0
    notice_lost: Rate = 0.0
    notice_late: Rate = 0.0
    notice_repeated: Rate = 0.0
    notice_forged: Rate = 0.0
    notice_contradictory: Rate = 0.0
    given_back: Rate = 0.0
    refund_slow: Rate = 0.0
    refund_refused: Rate = 0.0
    refund_closed: Rate = 0.0
    line_missing: Rate = 0.0
    line_extra: Rate = 0.0


WILD = Rates(
    not_heard=0.05,
    done_and_not_said=0.05,
    server_error=0.05,
    notice_lost=0.1,
    notice_late=0.15,
    notice_repeated=0.3,
    notice_forged=0.1,
    notice_contradictory=0.1,
    given_back=0.03,
    refund_slow=0.3,
    refund_refused=0.2,
    refund_closed=0.1,
    line_missing=0.01,
    line_extra=0.01,
)
"""Far worse than any provider is."""


class Faults:
    """Rolls the dice, and counts what happened. For any thread."""

    def __init__(self, rates: Rates, seed: int) -> None:
        self.rates = rates
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)  # noqa: S311  # chance that can be had again, no secret
        self._lock = threading.Lock()

    def happens(self, name: str) -> bool:
        """Say whether a fault happens now."""
        with self._lock:
            happens = self._random.random() < float(getattr(self.rates, name))
            self.counts[name] += happens
        return happens

    def between(self, least: float, most: float) -> float:
        """Return a number of chance."""
        with self._lock:
            return self._random.uniform(least, most)
