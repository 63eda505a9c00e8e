"""Who leads: one row of the database, held for four seconds at a time and judged by monotonic time alone.

A holder counts its term from before it asked. On the same boot of the same machine everybody reads the same monotonic
clock, and `until_ms` can be compared; on another machine a contender waits until it has itself seen the row unchanged
for longer than a term. Neither trusts a wall clock.
"""

import logging
import secrets
import threading

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.database import Database, insert_missing
from kiosk.central.tables import lease
from kiosk.core.clock import Clock
from kiosk.core.errors import RetryLater

NAME = "leader"
TERM_S = 4.0
RENEW_S = 1.0
DRIFT = 1.1
"""How much longer than a term a contender on another machine waits: clocks do not run equally fast."""

_FREE = ""
_log = logging.getLogger(__name__)


class LeaseLost(RetryLater):
    """Another process leads now, or may: whatever was under way for the leader must not take effect."""


class _Seen(msgspec.Struct, frozen=True):
    holder: str
    until_ms: int
    since_ns: int


class Lease:
    """One process's hold on leadership. `try_hold` belongs to one thread; the rest is for any."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._holder = f"{clock.boot_id()[:40]}:{secrets.token_hex(8)}"
        self._until_ns = 0
        self._seen: _Seen | None = None
        self._lock = threading.Lock()

    def held(self) -> bool:
        """Say whether this process leads for certain. Asks the clock only."""
        with self._lock:
            return self._clock.monotonic_ns() < self._until_ns

    def try_hold(self) -> bool:
        """Renew the lease, or take it where it is free or has run out; say whether this process leads."""
        begun_ns = self._clock.monotonic_ns()
        won = self._database.run(lambda connection: self._take(connection, begun_ns))
        with self._lock:
            was_held = begun_ns < self._until_ns
            self._until_ns = begun_ns + _ns(TERM_S) if won else 0
        if won != was_held:
            _log.warning("leadership %s", "won" if won else "lost", extra={"holder": self._holder})
        return won

    def guard(self, connection: Connection) -> None:
        """Raise LeaseLost unless this process leads, and keep it so until the transaction ends.

        This is what stops a leader that was asleep: its time may be over while it believes that it leads.
        """
        query = select(lease.c.holder).where(lease.c.name == NAME).with_for_update(read=True)
        if not self.held() or connection.execute(query).scalar_one_or_none() != self._holder:
            raise LeaseLost("another central process leads")

    def release(self) -> None:
        """Give the lease back at once. May be called without holding it."""
        with self._lock:
            self._until_ns = 0
        mine = (lease.c.name == NAME, lease.c.holder == self._holder)
        self._database.run(lambda c: c.execute(update(lease).where(*mine).values(holder=_FREE, until_ms=0)))

    def _take(self, connection: Connection, begun_ns: int) -> bool:
        insert_missing(connection, lease, {"name": NAME, "holder": _FREE, "until_ms": 0})
        query = select(lease.c.holder, lease.c.until_ms).where(lease.c.name == NAME).with_for_update()
        holder, until_ms = connection.execute(query).one()
        if not self._may_take(holder, until_ms, begun_ns):
            return False
        mine = {"holder": self._holder, "until_ms": (begun_ns + _ns(TERM_S)) // 1_000_000}
        connection.execute(update(lease).where(lease.c.name == NAME).values(**mine))
        return True

    def _may_take(self, holder: str, until_ms: int, now_ns: int) -> bool:
        if holder in (_FREE, self._holder):
            return True
        if holder.rpartition(":")[0] == self._holder.rpartition(":")[0]:
            return now_ns > until_ms * 1_000_000 + 1_000_000
        seen = self._seen
        if seen is None or (seen.holder, seen.until_ms) != (holder, until_ms):
            self._seen = _Seen(holder, until_ms, self._clock.monotonic_ns())
            return False
        return now_ns - seen.since_ns > _ns(TERM_S * DRIFT)


def _ns(seconds: float) -> int:
    return round(seconds * 1_000_000_000)
