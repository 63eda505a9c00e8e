"""What a site that is new has to know: visits count at all sites together, so it begins with what the others count."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, null, select, update

from kiosk.central.journals import lock_counter
from kiosk.central.tables import device, used, visit
from kiosk.central.usage import VERSION, next_version
from kiosk.central.visit_rules import known_sites, site_zones
from kiosk.core.codec import canonical
from kiosk.core.visits import Usage, count_visit

ROWS_PER_VERSION = 1000
"""What is told in one go: `used_pages` never stops within a version."""


def begin_site(connection: Connection, site: str, fallback: ZoneInfo, now: datetime) -> int:
    """Give a site that has no device yet the counts of another one, and return how many rows that were.

    Called before its first device is written. `fallback` is the zone of sites whose own is unknown. Presence is a
    matter of each site and is not copied.
    """
    # The projection reads the sites under this lock too: it counts the next visit here, or it is counted already.
    lock_counter(connection, VERSION)
    if site in known_sites(connection):
        return 0
    source, zone = _source(connection, site, fallback)
    mine = (used.c.site == site, used.c.entitlement != "")
    connection.execute(delete(used).where(*mine))
    theirs = (used.c.site == source, used.c.entitlement != "")
    rows = connection.execute(select(func.count()).select_from(used).where(*theirs)).scalar_one()
    if not rows:
        return 0
    first = next_version(connection, now, -(-rows // ROWS_PER_VERSION))
    place = func.row_number().over(order_by=(used.c.credential, used.c.entitlement)) - 1
    copied = select(
        used.c.credential, used.c.entitlement, literal(site), used.c.counts, null(), literal(0), used.c.folded,
        literal(first) + place // ROWS_PER_VERSION,
    )  # fmt: skip
    names = ("credential", "entitlement", "site", "counts", "area", "area_at_ms", "folded", "version")
    connection.execute(insert(used).from_select(names, copied.where(*theirs)))
    if zone is not None:
        _recount(connection, site, zone)
    return rows


def _source(connection: Connection, site: str, fallback: ZoneInfo) -> tuple[str | None, ZoneInfo | None]:
    """Return the site to copy from, and the zone to count in anew where the days there are other days."""
    first = func.min(device.c.registered_at)
    by_age = select(device.c.site).group_by(device.c.site).order_by(first, device.c.site)
    sites = list(connection.execute(by_age).scalars())
    zones = site_zones(connection, [*sites, site], fallback)
    same = [each for each in sites if zones[each] == zones[site]]
    if same:
        return same[0], None
    return (sites[0], zones[site]) if sites else (None, None)


def _recount(connection: Connection, site: str, zone: ZoneInfo) -> None:
    mine = (used.c.site == site, used.c.credential == bindparam("card"), used.c.entitlement == bindparam("held"))
    statement = update(used).where(*mine).values(counts=bindparam("anew"))
    for cards in _cards(connection, site):
        anew = [
            {"card": card, "held": held, "anew": canonical(_count(moments, zone))}
            for (card, held), moments in _visits(connection, cards)
        ]
        if anew:
            connection.execute(statement, anew)


def _cards(connection: Connection, site: str) -> Iterator[list[str]]:
    """Yield the cards that a site has counts of, so many at a time as are read in one go."""
    last = ""
    query = select(used.c.credential).where(used.c.site == site, used.c.entitlement != "").distinct()
    in_order = query.order_by(used.c.credential).limit(ROWS_PER_VERSION)
    while cards := list(connection.execute(in_order.where(used.c.credential > last)).scalars()):
        yield cards
        last = cards[-1]


def _visits(connection: Connection, cards: Sequence[str]) -> Iterator[tuple[tuple[str, str], Iterable[int]]]:
    order = (visit.c.credential, visit.c.entitlement, visit.c.at_ms, visit.c.n)
    query = select(*order[:3]).where(visit.c.credential.in_(cards)).order_by(*order)
    for key, rows in groupby(connection.execute(query), lambda row: (row.credential, row.entitlement)):
        yield key, (row.at_ms for row in rows)


def _count(moments: Iterable[int], zone: ZoneInfo) -> Usage:
    usage = Usage()
    for at_ms in moments:
        usage = count_visit(usage, at_ms, zone)
    return usage
