"""A clock that real processes and the desk of one test share, and that a story moves ahead by weeks."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.local.clock import SystemClock
from tests.support.faketime import TimeFile

ZONE = ZoneInfo("Asia/Shanghai")


class MovedClock:
    """The time of a story: it goes on as the true time does, so far ahead of it as it was last set.

    `env` makes a process read it. It is a `kiosk.core.clock.Clock`; the monotonic clock is the machine's.
    """

    def __init__(self, file: Path) -> None:
        self._file = TimeFile(file, at_once=False)
        self.env = self._file.env
        self._true = SystemClock()
        self._ahead = timedelta()

    @property
    def today(self) -> date:
        """The venue's local day."""
        return self.now().astimezone(ZONE).date()

    def now(self) -> datetime:
        """Return the time of the story, UTC."""
        return self._true.now() + self._ahead

    def monotonic_ns(self) -> int:
        """Return the machine's monotonic clock."""
        return self._true.monotonic_ns()

    def boot_id(self) -> str:
        """Return the machine's boot."""
        return self._true.boot_id()

    def set(self, day: date, at: time) -> None:
        """Go to a moment of a local day, for every process at once."""
        ahead = datetime.combine(day, at, ZONE) - self._true.now()
        self._ahead = timedelta(seconds=round(ahead.total_seconds()))
        self._file.write(f"{self._ahead.total_seconds():+.0f}s")
