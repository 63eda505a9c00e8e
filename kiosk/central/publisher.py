"""The leader's word to the sites: signed heads, deltas, deny lists and use, and the snapshots they point to."""

import logging
from datetime import datetime, timedelta

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, select

from kiosk.central.clockguard import may_sign
from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.denial import deny_list
from kiosk.central.duties import Publish
from kiosk.central.journals import lock_counter
from kiosk.central.keys import Keys
from kiosk.central.roster import REPORTED, Change, changes_after, rise_above, roster_state
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import device
from kiosk.central.usage import used_pages
from kiosk.core.clock import Clock, format_utc, parse_utc
from kiosk.core.codec import decode
from kiosk.core.errors import LinkDown
from kiosk.wire import topics
from kiosk.wire.messages import RosterDelta, RosterHead

LOOK_S = 0.1
SIGN_EVERY = timedelta(minutes=5)
HEARD_WITHIN = timedelta(minutes=10)
DELTAS_MAX = 100
USED_PAGES_MAX = 20

SIGNED_AT, SERIAL, CONFIRMED_AT = "signed_at", "head_serial", "clock_confirmed_at"
"""Names in `setting`: when a head was last signed, how many were, and when an operator confirmed the clock."""

_log = logging.getLogger(__name__)


class Publisher:
    """Publishes what changed within 0.1 s, and every head again every five minutes. Only while leading."""

    def __init__(
        self, database: Database, publish: Publish, keys: Keys, settings: CentralSettings, clock: Clock,
        snapshots: Snapshots,
    ) -> None:  # fmt: skip
        self._database, self._publish, self._keys, self._clock = database, publish, keys, clock
        self._snapshots = snapshots
        self._apart_max = timedelta(seconds=settings.clock_apart_max_s)
        self._told_revision = -1
        self._told_deny = -1
        self._told_used: dict[str, int] = {}
        self._sign_again = datetime.min.replace(tzinfo=clock.now().tzinfo)
        self._signed_ns = 0
        self._refusal = ""

    def connected(self) -> None:
        """Publish everything that is retained again: the broker may have lost it."""
        self._told_revision = self._told_deny = -1

    def tick(self, now: datetime) -> float:
        """Publish what is new and say when to look again; raises RetryLater."""
        self._rise()
        with self._database.read() as connection:
            state = roster_state(connection)
            sites = _sites(connection)
            deny_version = int(read_setting(connection, "deny_version") or 0)
        if state.revision and (state.revision != self._told_revision or self._is_due()):
            self._publish_roster(state.revision, sites, now)
        if deny_version != self._told_deny:
            self._publish_deny(sites)
            self._told_deny = deny_version
        for site in sites:
            self._publish_used(site)
        return LOOK_S

    def _is_due(self) -> bool:
        return self._clock.monotonic_ns() - self._signed_ns >= SIGN_EVERY.total_seconds() * 1e9

    def _rise(self) -> None:
        """After a restore, give the rows a revision above every one that any device has told of."""
        with self._database.read() as connection:
            reported = int(read_setting(connection, REPORTED) or 0)
            behind = reported > roster_state(connection).revision > 0
        if behind:
            at = self._clock.now()
            self._database.run(lambda connection: rise_above(connection, reported, at=at))

    def _publish_roster(self, revision: int, sites: list[str], now: datetime) -> None:
        refusal = self._why_not(now)
        if refusal != self._refusal:
            self._refusal = refusal
            (_log.error if refusal else _log.info)("signing", extra={"refused": refusal or "no longer"})
        if refusal:
            return
        before, self._told_revision = self._told_revision, revision
        with self._database.read() as connection:
            state = roster_state(connection)
            changes = changes_after(connection, before, DELTAS_MAX) if before >= 0 else []
        for change in changes:
            if change.ops is None:
                continue
            for site in sites:
                self._send(topics.site(site, "roster/delta"), delta_of(site, change), retain=False)
        snapshot = self._snapshots.newest(state.revision)
        serial = self._database.run(lambda connection: self._count_signature(connection, now))
        for site in sites:
            head = RosterHead(
                site=site,
                revision=state.revision,
                serial=serial,
                digest=state.digest,
                issued_at=format_utc(now),
                snapshot=snapshot or UNSET,
            )
            self._send(topics.site(site, "roster/head"), head, retain=True)
        self._signed_ns = self._clock.monotonic_ns()

    def _publish_deny(self, sites: list[str]) -> None:
        with self._database.read() as connection:
            lists = [deny_list(connection, site) for site in sites]
        for each in lists:
            if each.version:
                self._send(topics.site(each.site, "roster/deny"), each, retain=True)

    def _publish_used(self, site: str) -> None:
        with self._database.read() as connection:
            if site not in self._told_used:
                self._told_used[site] = int(read_setting(connection, "used_version") or 0)
            pages = list(used_pages(connection, site, self._told_used[site], USED_PAGES_MAX))
        for page in pages:
            self._send(topics.site(site, "used"), page, retain=False)
            self._told_used[site] = page.version

    def _why_not(self, now: datetime) -> str:
        with self._database.read() as connection:
            signed = read_setting(connection, SIGNED_AT)
            confirmed = read_setting(connection, CONFIRMED_AT)
            offsets = _offsets(connection, now)
        return (
            may_sign(
                now,
                parse_utc(signed) if signed else None,
                offsets,
                self._apart_max,
                parse_utc(confirmed) if confirmed else None,
            )
            or ""
        )

    def _count_signature(self, connection: Connection, now: datetime) -> int:
        serial = lock_counter(connection, SERIAL) + 1
        write_setting(connection, SERIAL, str(serial))
        write_setting(connection, SIGNED_AT, format_utc(now))
        return serial

    def _send(self, topic: str, message: msgspec.Struct, *, retain: bool) -> None:
        if not self._publish(topic, self._keys.signing.seal(message), retain):
            self.connected()
            raise LinkDown("the broker takes nothing at the moment")


def delta_of(site: str, change: Change) -> RosterDelta:
    """Return a change as the delta of a site."""
    return RosterDelta(
        site=site,
        from_revision=change.from_revision,
        to_revision=change.revision,
        ops=tuple(decode(change.ops or b"[]")),
        digest=change.digest,
    )


def _sites(connection: Connection) -> list[str]:
    return list(connection.execute(select(device.c.site).distinct().order_by(device.c.site)).scalars())


def _offsets(connection: Connection, now: datetime) -> list[int]:
    """Return the clocks of devices heard of lately, minus ours. `seen_at` is our own time, so judge it generously."""
    query = select(device.c.clock_offset_ms).where(device.c.clock_offset_ms.is_not(None), device.c.state == "online")
    return [int(offset) for offset in connection.execute(query).scalars()]
