"""The leader's word to the sites: signed heads, deltas, deny lists and use.

Nothing published is needed for correctness: whoever misses a message notices by the next one and asks.
"""

import logging
from collections import Counter, deque
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.database import Database, read_setting
from kiosk.central.denial import VERSION as DENY_VERSION
from kiosk.central.denial import deny_list, renew
from kiosk.central.duties import Publish
from kiosk.central.heads import RosterNews
from kiosk.central.keys import Keys
from kiosk.central.lease import Lease, LeaseLost
from kiosk.central.meters import Counts
from kiosk.central.roster import REPORTED, REVISION, rise_above
from kiosk.central.settings import CentralSettings
from kiosk.central.snapshots import Snapshots
from kiosk.central.tables import device
from kiosk.central.usage import VERSION as USED_VERSION
from kiosk.central.usage import newest_number, tell_funds_again, used_pages
from kiosk.core.clock import Clock
from kiosk.wire import topics
from kiosk.wire.messages import Used

LOOK_S = 0.1
BUILDING_LOOK_S = 0.02
USED_PAGES_MAX = 16
"""Of a site at once; they wait in memory until the broker has taken them."""

_log = logging.getLogger(__name__)


class _View(msgspec.Struct, frozen=True):
    """What one look at the database shows."""

    revision: int
    reported: int
    deny_version: int
    used_version: int
    sites: tuple[str, ...]


class Publisher:
    """Publishes what changed within 0.1 s, and every head again every five minutes. Ticks only while leading."""

    def __init__(
        self,
        database: Database,
        lease: Lease,
        publish: Publish,
        keys: Keys,
        settings: CentralSettings,
        clock: Clock,
        snapshots: Snapshots,
    ) -> None:
        self._counts = Counts()
        self._database = database
        self._lease = lease
        self._publish = publish
        self._keys = keys
        self._snapshots = snapshots
        self._roster = RosterNews(database, lease, snapshots, clock, timedelta(seconds=settings.clock_apart_max_s))
        self._outgoing: deque[tuple[str, bytes, bool]] = deque()
        self._sites: tuple[str, ...] = ()
        self._told_deny = -1
        self._told_used: dict[str, int] = {}
        self._seen_used = -1

    @property
    def refusal(self) -> str:
        """Why rosters are not signed at the moment; empty when they are."""
        return self._roster.refusal

    @property
    def counts(self) -> Counter[str]:
        """What was signed, by kind, and what failed."""
        return self._counts + self._roster.counts

    def connected(self) -> None:
        """Publish everything that is retained again, and where the use stands: the broker may have lost it."""
        self._outgoing.clear()
        self._roster.sign_again()
        self._told_deny = -1
        self._told_used.clear()

    def tick(self, now: datetime) -> float:
        """Publish what is new and say when to look again; raises RetryLater, LeaseLost among them."""
        if not self._send():
            self._roster.look_at_clock(now)
            return LOOK_S
        view = self._look()
        if view.reported > view.revision > 0:
            self._rise(view.reported, now)
            return 0.0
        if view.sites != self._sites:
            self.connected()
            self._sites = view.sites
        self._put_deny(view)
        for topic, message, retain in self._roster.look(view.sites, now):
            self._put(topic, message, retain=retain)
        self._put_used(view)
        self._send()
        return BUILDING_LOOK_S if self._snapshots.is_building() else LOOK_S

    def _look(self) -> _View:
        with self._database.read() as connection:
            sites = connection.execute(select(device.c.site).distinct().order_by(device.c.site)).scalars()
            return _View(
                revision=_number(connection, REVISION),
                reported=_number(connection, REPORTED),
                deny_version=_number(connection, DENY_VERSION),
                used_version=_number(connection, USED_VERSION),
                sites=tuple(sites),
            )

    def _rise(self, reported: int, now: datetime) -> None:
        """Central came back from a backup: sign only above every revision that any device has told of."""

        def rise(connection: Connection) -> int:
            self._lease.guard(connection)
            renew(connection, at=now)
            tell_funds_again(connection, now)
            return rise_above(connection, reported, at=now)

        revision = self._database.run(rise)
        _log.warning("roster raised above the devices'", extra={"reported": reported, "revision": revision})

    def _put_deny(self, view: _View) -> None:
        if view.deny_version == self._told_deny:
            return
        with self._database.read() as connection:
            lists = [deny_list(connection, site) for site in view.sites if view.deny_version]
        for each in lists:
            self._put(topics.site(each.site, "roster/deny"), each, retain=True)
        self._counts.note("deny_lists", len(lists))
        self._told_deny = view.deny_version

    def _put_used(self, view: _View) -> None:
        if view.used_version == self._seen_used and len(self._told_used) == len(view.sites):
            return
        is_behind = False
        for site in view.sites:
            with self._database.read() as connection:
                pages = self._used_news(connection, site)
            for page in pages:
                self._put(topics.site(site, "used"), page)
                self._told_used[site] = page.version
            self._counts.note("used_pages", len(pages))
            is_behind = is_behind or len(pages) >= USED_PAGES_MAX
        self._seen_used = -1 if is_behind else view.used_version

    def _used_news(self, connection: Connection, site: str) -> list[Used]:
        if site in self._told_used:
            return used_pages(connection, site, self._told_used[site], USED_PAGES_MAX)
        # An empty page after each connect: whoever lacks something before it asks.
        number = self._told_used[site] = newest_number(connection, site)
        return [Used(site=site, version=number, previous=number, rows=())] if number else []

    def _put(self, topic: str, message: msgspec.Struct, *, retain: bool = False) -> None:
        self._outgoing.append((topic, self._keys.signing.seal(message), retain))

    def _send(self) -> bool:
        """Hand over what is signed, in order; False when the broker does not take all of it now.

        Raises LeaseLost where another one may lead by now, whose word an older one must not follow.
        """
        while self._outgoing:
            if not self._lease.held():
                self.connected()
                raise LeaseLost("another central process may lead")
            if not self._publish(*self._outgoing[0]):
                return False
            self._outgoing.popleft()
        return True


def _number(connection: Connection, name: str) -> int:
    return int(read_setting(connection, name) or 0)
