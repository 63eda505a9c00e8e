"""What follows from the records, in the order central stored them: visits, presence, and what a person must look at.

The leader's job. A durable cursor says how far it came; effects and cursor change in one transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from kiosk.central.club.card_use import for_members
from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.facts import (
    CHUNK,
    Read,
    Row,
    Unusable,
    find_grants,
    grant_places,
    join_passage,
    read_fact,
    rows_where,
)
from kiosk.central.journals import lock_counter
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.parking import Parcel, Why, park
from kiosk.central.passages import Overspent, Passage, Rules, counted_at, fold, new_visits
from kiosk.central.tables import record
from kiosk.central.usage import next_version
from kiosk.central.visit_rules import known_sites, site_zones, visit_rules
from kiosk.core.clock import Clock, format_utc

IDLE_S = 0.2
BUSY_STEP_NS = 1_000_000_000

Effect = Callable[[Connection, Sequence[Read], datetime], Sequence[tuple[Row, Unusable]]]
"""What else follows from records, in the same transaction; returns those it cannot use. May run again over the same."""


class Projection:
    """A duty: reads on from where it stopped, 1,000 records a transaction. `zone` is for sites whose own is unknown.

    While `busy` says that a backlog is being taken in, it takes one step a second: acks go first. `effects` are the
    club's: what a record does to its books.
    """

    def __init__(
        self,
        database: Database,
        lease: Lease,
        clock: Clock,
        zone: str,
        busy: Callable[[], bool] = lambda: False,
        effects: Sequence[Effect] = (),
    ) -> None:
        self.counts = Counts()
        self._database = database
        self._lease = lease
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._busy = busy
        self._effects = tuple(effects)
        self._stepped_ns = 0

    def tick(self, now: datetime) -> float:
        """Project the next records and say when to look again; raises RetryLater, LeaseLost among them."""
        held_back = self._clock.monotonic_ns() - self._stepped_ns < BUSY_STEP_NS and self._busy()
        if held_back or not self._is_behind():
            return IDLE_S
        self._stepped_ns = self._clock.monotonic_ns()
        done = self._database.run(lambda connection: self._step(connection, now))
        self.counts.note("projected", done)
        return 0.0 if done == CHUNK else IDLE_S

    def connected(self) -> None:
        """Nothing of the projection rests at the broker."""

    def project_again(self, journal: str, seq: int) -> bool:
        """Try one stored record once more, and say whether it could be used this time."""
        now = self._clock.now()

        def work(connection: Connection) -> bool:
            lock_counter(connection, "projected")
            rows = rows_where(connection, record.c.journal == journal, record.c.seq == seq)
            return bool(rows) and self._apply(connection, rows, now) == 0

        return self._database.run(work)

    def _is_behind(self) -> bool:
        with self._database.read() as connection:
            return read_setting(connection, "records") != read_setting(connection, "projected")

    def _step(self, connection: Connection, now: datetime) -> int:
        self._lease.guard(connection)
        cursor = lock_counter(connection, "projected")
        rows = rows_where(connection, record.c.n > cursor)
        if rows:
            self._apply(connection, rows, now)
            write_setting(connection, "projected", str(rows[-1].n))
        return len(rows)

    def _apply(self, connection: Connection, rows: Sequence[Row], now: datetime) -> int:
        """Take the effect of records and return how many could not be used. Running it again changes nothing."""
        at = format_utc(now)
        reads: list[Read] = []
        passages: list[Passage] = []
        refused: list[tuple[Row, Unusable]] = []
        for row in rows:
            try:
                reads.append(read_fact(row))
            except Unusable as error:
                refused.append((row, error))
        places = grant_places(reads)
        grants = find_grants(connection, places.values(), reads)
        for read in reads:
            try:
                passage = join_passage(read, places, grants)
            except Unusable as error:
                refused.append((read.row, error))
            else:
                passages += [passage] if passage else []
        # The use first, then what is parked: in this order `add-device` locks too.
        if passages:
            for overspent in self._fold(connection, passages, now):
                self._open_case(connection, overspent, at)
        for effect in self._effects:
            refused += effect(connection, reads, now)
        for row, refusal in refused:
            self._park(connection, row, refusal.why, str(refusal), at)
        return len(refused)

    def _fold(self, connection: Connection, passages: Sequence[Passage], now: datetime) -> list[Overspent]:
        # Under this lock no site can be added, nor its rows copied (`site_use.py`), between reading and writing here.
        version = next_version(connection, now)
        passages = for_members(connection, passages)
        same = for_members(connection, _passages_at(connection, counted_at(connection, passages)))
        fresh = new_visits(connection, passages, same)
        sites = known_sites(connection) | {each.site for each in passages}
        names = {each.entitlement for each in passages if each.entitlement is not None}
        rules = Rules(site_zones(connection, sites, self._zone), visit_rules(connection, names))
        return fold(connection, passages, fresh, rules, version)

    def _open_case(self, connection: Connection, overspent: Overspent, at: str) -> None:
        limit = " ".join(f"{name}={value}" for name, value in overspent.limit.items())
        detail = f"credential={overspent.key[0]} entitlement={overspent.key[1]} {limit}"
        for row in rows_where(connection, record.c.n == overspent.n):
            self._park(connection, row, Why.OVERSPENT, detail, at)

    def _park(self, connection: Connection, row: Row, why: Why, detail: str, at: str) -> None:
        self.counts.note(why.value)
        parcel: dict[str, Any] = {"device": row.device, "journal": row.journal, "first": row.seq, "body": row.body}
        park(connection, Parcel(why=why, hash=row.hash.hex(), detail=detail, **parcel), at)


def _passages_at(connection: Connection, numbers: Sequence[int]) -> list[Passage]:
    """Return counted passages by their records' numbers."""
    reads = [read_fact(row) for n in numbers for row in rows_where(connection, record.c.n == n)]
    places = grant_places(reads)
    grants = find_grants(connection, places.values(), ())
    return [passage for each in reads if (passage := join_passage(each, places, grants))]
