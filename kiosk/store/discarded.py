"""What a nearly full journal only counts: how many facts of each type, and from when to when (CONTRACT §2, Full)."""

import sqlite3
from datetime import datetime

from kiosk.core.clock import ClockState, format_utc
from kiosk.core.records import Fact, RecordsDiscarded


class Discarded:
    """The counts of one journal that no record has reported yet. They rest in the file and are kept in memory."""

    def __init__(self) -> None:
        self._reports: dict[str, RecordsDiscarded] = {}

    @property
    def total(self) -> int:
        """How many facts were counted."""
        return sum(report.count for report in self._reports.values())

    def reports(self) -> list[RecordsDiscarded]:
        """Return one report a type."""
        return list(self._reports.values())

    def load(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        rows = connection.execute("SELECT type, count, first_at, last_at FROM discarded").fetchall()
        self._reports = {
            name: RecordsDiscarded(clock=ClockState.OK, of_type=name, count=count, first_at=first, last_at=last)
            for name, count, first, last in rows
        }

    def add(self, connection: sqlite3.Connection, fact: Fact, at: datetime) -> RecordsDiscarded:
        """Write one more fact of its type into the file; the caller commits and then calls `keep`."""
        known, moment = self._reports.get(fact.type), format_utc(at)
        report = RecordsDiscarded(
            clock=fact.clock,
            of_type=fact.type,
            count=known.count + 1 if known else 1,
            first_at=known.first_at if known else moment,
            last_at=moment,
        )
        row = (report.of_type, report.count, report.first_at, report.last_at)
        connection.execute("INSERT OR REPLACE INTO discarded VALUES (?, ?, ?, ?)", row)
        return report

    def keep(self, report: RecordsDiscarded) -> None:
        """Remember what was committed."""
        self._reports[report.of_type] = report

    def clear(self) -> None:
        """Forget what has been reported."""
        self._reports.clear()
