"""What the club's own rows say to projection: the sites' time zones and the entitlements' visit rules."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.roster import rows_of
from kiosk.central.tables import device, entitlement
from kiosk.core.model import Product, Site, VisitRule

TIER_PREFIX = "tier."
"""An entitlement that comes with a tier is named after its product (`core/decision.py`)."""

_rule = msgspec.json.Decoder(VisitRule)


def known_sites(connection: Connection) -> set[str]:
    """Return every site that has a device."""
    return set(connection.execute(select(device.c.site).distinct()).scalars())


def site_zones(connection: Connection, sites: Iterable[str], fallback: ZoneInfo) -> dict[str, ZoneInfo]:
    """Return the time zone of each site; `fallback` where the roster names none that is known here."""
    rows = {row.id: row for row in rows_of(connection, "site") if isinstance(row, Site)}
    zones = {}
    for site in sorted(set(sites)):
        try:
            zones[site] = ZoneInfo(rows[site].zone) if site in rows else fallback
        except (ZoneInfoNotFoundError, ValueError):
            zones[site] = fallback
    return zones


def visit_rules(connection: Connection, entitlements: Iterable[str]) -> dict[str, VisitRule]:
    """Return the visit rule of each entitlement that has one: its own, or else its product's."""
    names = sorted(set(entitlements))
    products = {name: name.removeprefix(TIER_PREFIX) for name in names if name.startswith(TIER_PREFIX)}
    rules: dict[str, VisitRule] = {}
    columns = (entitlement.c.id, entitlement.c.product, entitlement.c.visits)
    for name, product, own in connection.execute(select(*columns).where(entitlement.c.id.in_(names))):
        products[name] = product
        if own is not None:
            rules[name] = _rule.decode(own)
    rows = rows_of(connection, "product") if products else []
    known = {row.id: row.visits for row in rows if isinstance(row, Product) and row.visits is not None}
    return {name: known[product] for name, product in products.items() if product in known} | rules
