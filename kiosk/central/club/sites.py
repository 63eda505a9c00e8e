"""Each site of the club at a glance: its devices, ways in, members, staff, and what is to come there (S93)."""

from collections import Counter, defaultdict
from datetime import datetime

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.activities import open_to_come
from kiosk.central.club.books import Look
from kiosk.central.club.card_taps import points_seen
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.site_names import site_names
from kiosk.central.club.staff import ACTIVE, Account, accounts
from kiosk.central.tables import device
from kiosk.central.visit_rules import site_zones
from kiosk.core.clock import parse_utc
from kiosk.core.errors import InvalidInput


class SiteDevice(msgspec.Struct, frozen=True):
    """A box at a site, as central last heard of it."""

    name: str
    state: str
    seen_at: datetime | None


class SiteView(msgspec.Struct, frozen=True):
    """A site. `members` are those at home there, `access_points` the ways in that somebody used of late."""

    id: str
    zone: str
    devices: tuple[SiteDevice, ...]
    access_points: tuple[str, ...]
    members: int
    staff: tuple[str, ...]
    activities: int


def sites(look: Look) -> list[SiteView]:
    """Return every site by its name; `staff` are ids of open accounts."""
    names = site_names(look)
    zones = site_zones(look.connection, names, look.zone)
    devices = _devices(look)
    points: dict[str, list[str]] = defaultdict(list)
    for site, point in points_seen(look):
        points[site].append(point)
    count = select(member_file.c.home_site, func.count()).group_by(member_file.c.home_site)
    kept = look.connection.execute(count.where(member_file.c.purged_on.is_(None)))
    members: dict[str, int] = {site: number for site, number in kept}
    staff: dict[str, list[Account]] = defaultdict(list)
    for each in accounts(look):
        if each.state == ACTIVE:
            staff[each.site].append(each)
    to_come = Counter(each.site for each in open_to_come(look))
    return [
        SiteView(
            id=name,
            zone=zones[name].key,
            devices=tuple(devices[name]),
            access_points=tuple(points[name]),
            members=members.get(name, 0),
            staff=tuple(each.id for each in staff[name]),
            activities=to_come[name],
        )
        for name in names
    ]


def site_of(look: Look, site: str) -> SiteView:
    """Return one site; raises InvalidInput where there is none."""
    for each in sites(look):
        if each.id == site:
            return each
    raise InvalidInput(f"there is no site {site[:32]!r}")


def _devices(look: Look) -> dict[str, list[SiteDevice]]:
    columns = (device.c.name, device.c.site, device.c.state, device.c.seen_at)
    found: dict[str, list[SiteDevice]] = defaultdict(list)
    for row in look.connection.execute(select(*columns).where(device.c.replaced_by.is_(None)).order_by(device.c.name)):
        seen_at = parse_utc(row.seen_at) if row.seen_at else None
        found[row.site].append(SiteDevice(row.name, row.state, seen_at))
    return found
