"""Facts that nobody waits for, on their way into the journal: in their order, each with the time it happened."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from prometheus_client import Counter

from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import Fact
from kiosk.store.journal import Statement

PENDING_MAX = 256

Append = Callable[[Fact, datetime, Sequence[Statement]], object]

_log = logging.getLogger(__name__)
_dropped = Counter("kiosk_facts_dropped", "Facts lost because the journal took nothing for too long")


class Pending:
    """Keeps what the journal cannot take now, and tries again oldest first: a later fact may undo an earlier one.

    At most PENDING_MAX wait; one more loses the oldest, which is counted in `dropped`.
    """

    def __init__(self, append: Append) -> None:
        self._append = append
        self._waiting: deque[tuple[Fact, datetime, Sequence[Statement]]] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        """Return how many facts wait."""
        return len(self._waiting)

    def write(self, fact: Fact, at: datetime, derived: Sequence[Statement] = ()) -> None:
        """Write a fact of the time `at` and its derived rows, now or as soon as the journal takes it."""
        if len(self._waiting) == PENDING_MAX:
            self._waiting.popleft()
            self.dropped += 1
            _dropped.inc()
        self._waiting.append((fact, at, derived))
        cause = self.again()
        if cause:
            _log.error("fact waits to be recorded", extra={"type": fact.type, "cause": cause})

    def again(self) -> str:
        """Write what waits, up to the first that is not taken; return why it is not, or nothing."""
        while self._waiting:
            try:
                self._append(*self._waiting[0])
            except JournalUnavailable as error:
                return error.message
            self._waiting.popleft()
        return ""
