"""What offline spending can cost at each site, computed from who is registered and what the rules allow (O4)."""

from datetime import timedelta

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Look
from kiosk.central.money.edge_tables import funds
from kiosk.central.money.top_ups import caps_of
from kiosk.central.tables import device
from kiosk.club.exposure import SiteExposure, worst_case
from kiosk.club.ledger import AMOUNT_MAX
from kiosk.club.rule_packs import FigureKind

HEARD_WITHIN = timedelta(minutes=10)
"""How long it takes at most until central has told its devices of a new rule: the line and a leader's change-over."""


class SiteBound(msgspec.Struct, frozen=True):
    """The worst overdraft of a site in fen: of one owner's money, and of everybody's who is known there.

    `leased` are the devices that spend only what is held for them, and so overdraw nothing; `counters` the others.
    """

    site: str
    counters: int
    leased: int
    owners: int
    per_owner_minor: int
    per_site_minor: int


def bounds(look: Look) -> list[SiteBound]:
    """Return the bound of each site, by name. They add up to the club's: everybody may spend everywhere.

    Every registered device counts as a till of its own that sees no other, and the one place where the money is in
    order as lying elsewhere. Whoever is told of no money can spend none.
    """
    owners = int(look.connection.execute(select(func.count()).where(funds.c.owner != "")).scalar_one())
    most = caps_of(look).value(FigureKind.NAMED_CARD_MINOR)
    leased = _leased(look)
    query = select(device.c.site, device.c.name).where(device.c.replaced_by.is_(None))
    devices: dict[str, list[str]] = {}
    for site, name in look.connection.execute(query.order_by(device.c.site)):
        devices.setdefault(site, []).append(name)
    found = []
    for site, names in devices.items():
        counters = sum(each not in leased for each in names)
        of = SiteExposure(site, counters, owners, AMOUNT_MAX if most is None else most)
        bound = worst_case(of, look.rules.exposure)
        per_owner_minor, per_site_minor = bound.per_card_minor, bound.per_site_minor
        found.append(SiteBound(site, counters, len(names) - counters, owners, per_owner_minor, per_site_minor))
    return found


def _leased(look: Look) -> frozenset[str]:
    """Return the devices that spend only what is held for them, since all they were told before is too old.

    A rule of a day may have been written at its end.
    """
    rules = look.rules.exposure
    then = look.now - timedelta(seconds=rules.age_max_s) - HEARD_WITHIN
    before = look.book.on(then.astimezone(look.zone).date() - timedelta(days=1)).exposure
    return frozenset(rules.lease_devices) & frozenset(before.lease_devices)
