"""The reader without hardware, shipped: for the demo, for `kiosk tap`, for tests of everything that has a reader."""

import queue
import threading
import time
from collections.abc import Callable

from kiosk.core.errors import InvalidInput, ReaderLost
from kiosk.core.records import DenyReason
from kiosk.readers.debounce import Debounce
from kiosk.readers.driver import TICK_S, DeviceLost, Driver, MonotonicNs, Session
from kiosk.readers.interpret import interpret
from kiosk.readers.reader import CardRead, ReaderSettings

WAITING_MAX = 256
_FAULTS = (DenyReason.READ_FAILED, DenyReason.IDENTIFIER_NOT_TRUSTED)


class MockReader(Driver):
    """Reads what `present` gives it, in order, through the same number format and identifier rules as any reader.

    Each `present` is a whole tap, card laid on and taken away, and counts: debounced only as `mock:debounce`. At most
    256 taps wait; one more is refused.
    """

    sees_removal = True

    def __init__(
        self, settings: ReaderSettings, *, debounce: bool = False, monotonic_ns: MonotonicNs = time.monotonic_ns
    ) -> None:
        super().__init__(settings, monotonic_ns)
        self._debounce_s = settings.debounce_s if debounce else 0.0
        self._steps: queue.Queue[Callable[[Session], None]] = queue.Queue(WAITING_MAX)
        self._lock = threading.Lock()
        self._lost_cause: str | None = None
        self._blind: str | None = None

    def present(self, raw: str) -> CardRead:
        """Tap a card with this number, as the reader would write it; raises ReaderLost while lost or full.

        Returns the read that will be emitted, unless it is debounced.
        """
        self._tap(lambda session: session.card(raw))
        return interpret(self.name, raw, self._settings.number_format)

    def fault(self, reason: DenyReason) -> None:
        """Tap a card that shows no number; raises ReaderLost, and InvalidInput where it is no reader's fault."""
        if reason not in _FAULTS:
            raise InvalidInput(f"not a fault of a reader: {reason.value}", hint=f"One of {', '.join(_FAULTS)}")
        self._tap(lambda session: session.failed(reason))

    def lose(self, cause: str) -> None:
        """Go blind, as if unplugged, after the taps before it."""

        def step(_: Session) -> None:
            self._blind = cause
            raise self._lost(cause)

        with self._lock:
            if self._lost_cause is None:
                self._put(step)
                self._lost_cause = cause

    def restore(self) -> None:
        """Read again."""

        def step(_: Session) -> None:
            self._blind = None

        with self._lock:
            if self._lost_cause is not None:
                self._put(step)
                self._lost_cause = None

    def _debounce(self) -> Debounce:
        return Debounce(self._debounce_s, sees_removal=self.sees_removal)

    def _read(self, session: Session) -> None:
        if self._blind is not None:
            self._take_step(session)
        if self._blind is not None:
            raise self._lost(self._blind)
        session.ready()
        while not session.halted:
            self._take_step(session)

    def _take_step(self, session: Session) -> None:
        try:
            step = self._steps.get(timeout=TICK_S)
        except queue.Empty:
            return
        step(session)

    def _lost(self, cause: str) -> DeviceLost:
        return DeviceLost(cause, f"mock reader {self.name} was told to be lost")

    def _tap(self, show: Callable[[Session], None]) -> None:
        def step(session: Session) -> None:
            show(session)
            session.gone()

        with self._lock:
            if self._lost_cause is not None:
                raise ReaderLost(f"mock reader {self.name} is lost ({self._lost_cause})", hint="Restore it first")
            self._put(step)

    def _put(self, step: Callable[[Session], None]) -> None:
        try:
            self._steps.put_nowait(step)
        except queue.Full as error:
            self._counts["refused"] += 1
            raise ReaderLost(
                f"mock reader {self.name} has {WAITING_MAX} taps waiting", hint="Is its gate running? Tap again later"
            ) from error
