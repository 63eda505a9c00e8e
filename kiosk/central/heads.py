"""What is new of the roster, as deltas and signed heads; and the snapshot that heads point to."""

import logging
from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from kiosk.central.clockguard import SIGNED_AT, why_not
from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.roster import Change, RosterState, changes_after, digest_of, last_gap, roster_state
from kiosk.central.snapshots import Snapshots
from kiosk.core.clock import Clock, format_utc
from kiosk.core.codec import decode
from kiosk.wire import topics
from kiosk.wire.messages import RosterDelta, RosterHead, Snapshot

SIGN_EVERY_NS = 300 * 1_000_000_000
BUILD_AGAIN_NS = 10 * 1_000_000_000
DELTAS_MAX = 32
"""So many at most between two heads: they wait in memory until the broker has taken them."""

SERIAL, SIGNED_REVISION = "head_serial", "signed_revision"
"""Names in `setting`: the number of the last signed head, and its revision."""

_log = logging.getLogger(__name__)

News = list[tuple[str, msgspec.Struct, bool]]
"""Topic, message and whether it is retained, in the order to publish."""


class RosterNews:
    """Says what to publish of the roster. `refusal` is why nothing is signed at the moment, if so."""

    def __init__(
        self, database: Database, lease: Lease, snapshots: Snapshots, clock: Clock, apart_max: timedelta
    ) -> None:
        self.counts = Counts()
        self.refusal = ""
        self._database = database
        self._lease = lease
        self._snapshots = snapshots
        self._clock = clock
        self._apart_max = apart_max
        self._snapshot: Snapshot | None = None
        self._looked_at = -1
        self._build_ns = 0
        self._told: RosterState | None = None
        self._told_snapshot: Snapshot | None = None
        self._sign_ns = 0

    def sign_again(self) -> None:
        """Sign the head again at the next look, whatever is new."""
        self._sign_ns = 0

    def look(self, sites: tuple[str, ...], now: datetime) -> News:
        """Return what is to be published for these sites now; raises RetryLater, LeaseLost among them."""
        with self._database.read() as connection:
            newest = roster_state(connection)
        if not newest.revision or not sites:
            return []
        self._tend_snapshot(newest.revision)
        with self._database.read() as connection:
            target = self._target(connection, newest)
            if target is None or not self._is_due(target):
                return []
            self._note_refusal(why_not(connection, now, self._apart_max) or "")
            if self.refusal:
                return []
            changes = changes_after(connection, self._told.revision, DELTAS_MAX) if self._told else []
        # The roster may have moved on since, and beyond the target there may be a change that no delta leads to.
        changes = [each for each in changes if each.revision <= target.revision]
        if len(changes) == DELTAS_MAX:
            target = RosterState(changes[-1].revision, changes[-1].digest)
        return self._deltas(sites, changes) + self._heads(sites, target, now)

    def look_at_clock(self, now: datetime) -> None:
        """Say whether heads would be signed, while nothing can be sent."""
        with self._database.read() as connection:
            self._note_refusal(why_not(connection, now, self._apart_max) or "")

    def _tend_snapshot(self, newest: int) -> None:
        """Have a snapshot built where one is due. Looks when the roster changed, a build ended, or a head is due."""
        now_ns = self._clock.monotonic_ns()
        failure = self._snapshots.take_failure()
        if failure is not None:
            self.counts.note("snapshot_failures")
            self._build_ns = now_ns + BUILD_AGAIN_NS
            _log.error("roster snapshot not built", extra={"cause": str(failure)})
        is_news = newest != self._looked_at or now_ns >= self._sign_ns
        if self._snapshots.is_building() or now_ns < self._build_ns or not is_news:
            return
        self._snapshot = self._snapshots.newest()
        with self._database.read() as connection:
            is_due = self._snapshots.is_due(connection, self._snapshot)
        if is_due:
            self._snapshots.start()
        else:
            self._looked_at = newest

    def _target(self, connection: Connection, newest: RosterState) -> RosterState | None:
        """Return the newest revision that devices can get to, by deltas or from the newest snapshot.

        While the snapshot that leads to the newest one is being built, that is the last one signed. A device that told
        of a higher one is waited for: the caller raises the roster above it first.
        """
        if self._snapshot is not None and last_gap(connection) <= self._snapshot.revision:
            return newest
        signed = int(read_setting(connection, SIGNED_REVISION) or 0)
        digest = digest_of(connection, signed)
        return RosterState(signed, digest) if digest else None

    def _is_due(self, target: RosterState) -> bool:
        is_news = target != self._told or self._snapshot != self._told_snapshot
        return is_news or self._clock.monotonic_ns() >= self._sign_ns

    def _deltas(self, sites: tuple[str, ...], changes: list[Change]) -> News:
        news: News = []
        for change in changes:
            for site in sites if change.ops is not None else ():
                news.append((topics.site(site, "roster/delta"), delta_of(site, change), False))
        self.counts.note("deltas", len(news))
        return news

    def _heads(self, sites: tuple[str, ...], target: RosterState, now: datetime) -> News:
        def sign(connection: Connection) -> int:
            self._lease.guard(connection)
            return _count_signature(connection, target.revision, now)

        serial = self._database.run(sign)
        news: News = []
        for site in sites:
            head = RosterHead(
                site=site,
                revision=target.revision,
                serial=serial,
                digest=target.digest,
                issued_at=format_utc(now),
                snapshot=self._snapshot or UNSET,
            )
            news.append((topics.site(site, "roster/head"), head, True))
        self.counts.note("heads", len(news))
        self._told, self._told_snapshot = target, self._snapshot
        self._sign_ns = self._clock.monotonic_ns() + SIGN_EVERY_NS
        return news

    def _note_refusal(self, refusal: str) -> None:
        if bool(refusal) != bool(self.refusal):
            level = logging.ERROR if refusal else logging.WARNING
            _log.log(level, "signing of rosters", extra={"refused": refusal or "no longer"})
        self.refusal = refusal


def delta_of(site: str, change: Change) -> RosterDelta:
    """Return a change as the delta of a site."""
    return RosterDelta(
        site=site,
        from_revision=change.from_revision,
        to_revision=change.revision,
        ops=tuple(decode(change.ops or b"[]")),
        digest=change.digest,
    )


def _count_signature(connection: Connection, revision: int, now: datetime) -> int:
    """Give out a serial: above the last one, and above the seconds since 1970, should that be from a backup."""
    serial = max(lock_counter(connection, SERIAL) + 1, int(now.timestamp()))
    write_setting(connection, SERIAL, str(serial))
    write_setting(connection, SIGNED_REVISION, str(revision))
    write_setting(connection, SIGNED_AT, format_utc(now))
    return serial
