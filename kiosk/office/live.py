"""New records as they are stored: one thread asks the database, every open page and stream is told."""

import logging
import threading
from typing import NamedTuple

import msgspec

from kiosk.central.club.photos import with_photo
from kiosk.central.database import Database
from kiosk.central.queries import member_names
from kiosk.central.streams import newest_n, read_records
from kiosk.core.errors import KioskError
from kiosk.local.events import Fanout, Subscription
from kiosk.office.rows import EntryRow, make_row, members_in

POLL_S = 0.2
RETRY_S = 2.0
PAGE = 200

_log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A stored record: its JSON for programs, and its line for staff."""

    n: int
    body: bytes
    row: EntryRow


class Turn(NamedTuple):
    """How often central came back from a backup since the office started, and the newest record it then had."""

    number: int
    newest: int


class LiveRecords:
    """Follows the stored records in one thread, from the first time somebody looks, until `close`.

    Asks every `poll_s` seconds, and every `retry_s` while the database does not answer.
    """

    def __init__(self, database: Database, poll_s: float = POLL_S, retry_s: float = RETRY_S) -> None:
        self.position = 0
        self.turn = Turn(0, 0)
        self._poll_s = poll_s
        self._retry_s = retry_s
        self._database = database
        self._fanout: Fanout[list[Entry]] = Fanout()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failing = False

    def start(self) -> None:
        """Begin at the newest record; raises RetryLater. May be called twice."""
        with self._lock:
            if self._thread is None:
                self.position = self.newest()
                self._thread = threading.Thread(target=self._run, name="office-records", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop, and end every stream. May be called twice."""
        self._stop.set()
        self._fanout.close()
        if self._thread is not None:
            self._thread.join(2)

    def working(self) -> bool:
        """Say whether new records are seen; true while nobody has asked for any."""
        return not self._failing and (self._thread is None or self._thread.is_alive())

    def newest(self) -> int:
        """Return the number of the newest record as it is stored; raises RetryLater."""
        with self._database.read() as connection:
            return newest_n(connection)

    def read(self, after: int, limit: int = PAGE) -> list[Entry]:
        """Return the entries behind number `after`; raises RetryLater."""
        with self._database.read() as connection:
            stored = read_records(connection, after, limit)
            names = member_names(connection, members_in(stored))
            pictured = with_photo(connection, names)
        return [Entry(item["n"], msgspec.json.encode(item), make_row(item, names, pictured)) for item in stored]

    def follow(self, after: int) -> "RecordStream":
        """Return a stream of everything behind number `after`, or the newest one; raises RetryLater and StreamEnded."""
        self.start()
        turn = self.turn
        after = min(after, self.newest())
        return RecordStream(self, self._fanout.subscribe(), after, turn)

    def _run(self) -> None:
        wait_s = self._poll_s
        while not self._stop.wait(wait_s):
            try:
                self._poll()
                wait_s, self._failing = self._poll_s, False
            except KioskError as error:
                if not self._failing:
                    _log.warning("records cannot be read", extra={"cause": str(error)})
                wait_s, self._failing = self._retry_s, True

    def _poll(self) -> None:
        newest = self.newest()
        if newest < self.position:
            self.position, self.turn = newest, Turn(self.turn.number + 1, newest)
        elif not len(self._fanout) or newest - self.position > PAGE:
            # Nobody is looking, or each stream does better to read what it lacks at its own pace.
            self.position = newest
        elif newest > self.position and (entries := self.read(self.position)):
            self.position = entries[-1].n
            self._fanout.publish(entries)


class RecordStream:
    """Every record behind a number, in order and once: from the database while behind, then as they are stored."""

    def __init__(self, live: LiveRecords, subscription: Subscription[list[Entry]], after: int, turn: Turn) -> None:
        self._live = live
        self._subscription = subscription
        self._last = after
        self._turn = turn

    def pull(self, timeout_s: float) -> list[Entry]:
        """Return what comes next, waiting at most `timeout_s` for it; raises StreamEnded and RetryLater."""
        if self._live.turn != self._turn:
            self._turn = self._live.turn
            self._last = min(self._last, self._turn.newest)
            self._subscription.take(0)  # what is no longer stored
        behind = self._live.position > self._last
        told = self._subscription.take(0 if behind else timeout_s)
        entries = [entry for batch in told for entry in batch]
        # Numbers have no gaps: anything but the next one means that this stream was not told of some, or has some.
        if (entries and entries[0].n != self._last + 1) or (not entries and self._live.position > self._last):
            entries = self._live.read(self._last)
        if entries:
            self._last = entries[-1].n
        return entries

    def close(self) -> None:
        """End the stream. May be called twice."""
        self._subscription.close()
