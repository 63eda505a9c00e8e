"""What all drivers share: the loop that loses a device and finds it again, and the way from a number to an event."""

import errno
import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from typing import ClassVar

from kiosk.core.errors import ReaderLost
from kiosk.core.records import DenyReason
from kiosk.readers.debounce import Debounce
from kiosk.readers.interpret import failed_read, interpret
from kiosk.readers.reader import CardGone, Cause, Emit, ReaderDown, ReaderSettings, ReaderUp

RETRY_S = 0.5
TICK_S = 0.1
"""How long a driver may wait for its device before it looks whether it should stop."""

MonotonicNs = Callable[[], int]

_log = logging.getLogger(__name__)
_CAUSES = {
    errno.ENOENT: Cause.ABSENT,
    errno.ENODEV: Cause.ABSENT,
    errno.ENXIO: Cause.ABSENT,
    errno.EACCES: Cause.NO_PERMISSION,
    errno.EPERM: Cause.NO_PERMISSION,
    errno.EBUSY: Cause.IN_USE,
    errno.EAGAIN: Cause.IN_USE,
    errno.ENOTTY: Cause.UNUSABLE,
    errno.EINVAL: Cause.UNUSABLE,
    errno.EISDIR: Cause.UNUSABLE,
}


class DeviceLost(ReaderLost):
    """A driver cannot read; `cause` is the code that goes into the journal."""

    def __init__(self, cause: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.cause = cause


def cause_of(error: BaseException) -> Cause:
    """Return the code for an operating system's error; FAILED for all that have no word of their own."""
    number = error.errno if isinstance(error, OSError) else None
    return _CAUSES.get(number, Cause.FAILED) if number is not None else Cause.FAILED


class Session:
    """One `run` of a driver: what it reports is counted, debounced and emitted here, in the driver's thread."""

    def __init__(
        self,
        settings: ReaderSettings,
        emit: Emit,
        stop: threading.Event,
        *,
        closed: threading.Event,
        debounce: Debounce,
        counts: Counter[str],
        monotonic_ns: MonotonicNs,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._stop = stop
        self._closed = closed
        self._debounce = debounce
        self._counts = counts
        self._monotonic_ns = monotonic_ns
        self._lost_ns: int | None = None
        self._showing = False
        self.is_up = False

    @property
    def halted(self) -> bool:
        """Say whether the driver should return."""
        return self._stop.is_set() or self._closed.is_set()

    def wait(self, seconds: float) -> None:
        """Let time pass, at most until the stop."""
        self._stop.wait(seconds)

    def ready(self) -> None:
        """Report that the device reads."""
        self.is_up = True
        if self._lost_ns is not None:
            away_ms = (self._monotonic_ns() - self._lost_ns) // 1_000_000
            self._lost_ns = None
            _log.info("reader is back", extra={"reader": self._settings.name, "away_ms": away_ms})
            self._emit(ReaderUp(self._settings.name, away_ms))

    def lost(self, error: DeviceLost) -> None:
        """Report that the device is blind."""
        self.is_up = False
        self._counts["tries_failed"] += 1
        if self._lost_ns is None:
            self._lost_ns = self._monotonic_ns()
            _log.warning("reader lost", extra={"reader": self._settings.name, "cause": error.cause, "why": str(error)})
            self._emit(ReaderDown(self._settings.name, error.cause))

    def card(self, raw: str) -> None:
        """Report a number as the device wrote it."""
        read = interpret(self._settings.name, raw, self._settings.number_format)
        if read.identifier is None:
            self.failed()
        elif self._debounce.tap(read.identifier, self._monotonic_ns()):
            self._showing = True
            self._emit(read)
        else:
            self._counts["repeated"] += 1

    def failed(self, fault: DenyReason = DenyReason.READ_FAILED) -> None:
        """Report a card that showed no number."""
        if self._debounce.failure(self._monotonic_ns()):
            self._showing = True
            self._emit(failed_read(self._settings.name, fault))
        else:
            self._counts["repeated"] += 1

    def gone(self) -> None:
        """Report that no card is there."""
        self._debounce.gone(self._monotonic_ns())
        if self._showing:
            self._showing = False
            self._emit(CardGone(self._settings.name))


class Driver(ABC):
    """A reader whose `_read` opens its device, calls `session.ready()`, and reports cards until `session.halted`.

    `_read` raises DeviceLost for every fault of the device, and closes what it opened.
    """

    sees_removal: ClassVar[bool] = False

    def __init__(self, settings: ReaderSettings, monotonic_ns: MonotonicNs = time.monotonic_ns) -> None:
        self._settings = settings
        self._monotonic_ns = monotonic_ns
        self._counts: Counter[str] = Counter()
        self._closed = threading.Event()
        self._session: Session | None = None

    @property
    def name(self) -> str:
        """Return the name it has in the configuration and in records."""
        return self._settings.name

    @property
    def is_up(self) -> bool:
        """Say whether the device reads now; False before `run` and after it."""
        session = self._session
        return session is not None and session.is_up and not session.halted

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how often something was left out since the start, by name."""
        return dict(self._counts)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Emit events until `stop`; tries a lost device again every half second (`reader.Reader.run`)."""

        self._session = session = Session(
            self._settings,
            emit,
            stop,
            closed=self._closed,
            debounce=self._debounce(),
            counts=self._counts,
            monotonic_ns=self._monotonic_ns,
        )
        while not session.halted:
            try:
                self._read(session)
            except DeviceLost as error:
                session.lost(error)
                session.wait(RETRY_S)
            except Exception as error:  # noqa: BLE001 - a bug of a driver or its library must not end a reader unseen
                session.lost(_bug(self.name, error))
                session.wait(RETRY_S)

    def close(self) -> None:
        """End a `run` that is still going; the device is given up with it. May be called again."""
        self._closed.set()

    def _debounce(self) -> Debounce:
        return Debounce(self._settings.debounce_s, sees_removal=self.sees_removal)

    @abstractmethod
    def _read(self, session: Session) -> None: ...


def _bug(reader: str, error: Exception) -> DeviceLost:
    """Say where it happened and not with what: an error's own words may hold a card number."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"reader {reader}: {type(error).__name__} in {place.name}, {place.filename} line {place.lineno}"
    return DeviceLost(Cause.FAILED, what, hint="This is a defect: report it")
