"""What the web process does for its journal between two sales: follows central's acks and keeps the file small."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from kiosk.core.clock import Clock, epoch_ms
from kiosk.core.errors import JournalUnavailable
from kiosk.local.box import BoxSettings
from kiosk.store import till_book
from kiosk.store.cursors import CursorReader
from kiosk.store.journal import Journal
from kiosk.web.settings import TillSettings

PRUNE_EVERY_NS = 60_000_000_000
RETENTION = timedelta(days=30)

_log = logging.getLogger(__name__)


class Keeper:
    """Called every few seconds by the process's own thread."""

    def __init__(
        self,
        journal: Callable[[], Journal],
        writing: threading.Lock,
        box: BoxSettings,
        clock: Clock,
        till: TillSettings | None,
    ) -> None:
        self._journal, self._writing, self._clock = journal, writing, clock
        self._sells = till is not None
        self._retention = timedelta(days=till.retention_days) if till is not None else RETENTION
        self._cursors = CursorReader(box.data / "sync.db")
        self._prune_ns = 0

    def follow_acks(self) -> int:
        """Take up how far central has confirmed the journal, and return it."""
        with self._writing:
            acked = self._cursors.acked(self._journal().id)
            if acked is not None:
                self._journal().set_acked(acked)
        return acked or 0

    def tick(self) -> None:
        """Fold the log in, and now and then delete what central has confirmed long ago."""
        acked = self.follow_acks()
        with self._writing:
            journal = self._journal()
            if journal.dirty:
                journal.checkpoint()
            if self._clock.monotonic_ns() < self._prune_ns:
                return
            self._prune_ns = self._clock.monotonic_ns() + PRUNE_EVERY_NS
            before = self._clock.now() - self._retention
            try:
                journal.prune(before)
                if self._sells:
                    journal.update(till_book.forget(epoch_ms(before), journal.id, acked))
            except JournalUnavailable as error:
                _log.error("journal not pruned", extra={"cause": error.message})

    def close(self) -> None:
        """Let go of sync's file."""
        self._cursors.close()
