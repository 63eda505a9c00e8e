"""The club's own rules as a file: sites, areas, tiers, products and schedules (`config/club.toml`)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.roster import change, rows_of
from kiosk.central.tables import entitlement, member
from kiosk.core.errors import ConfigError, InvalidInput
from kiosk.core.model import AnyRow, Area, Product, Schedule, Site, SpecialDay, Tier, VisitRule, Window
from kiosk.core.roster import row_key
from kiosk.local.settings import load_settings

ROWS_MAX = 1000
SMALL_KINDS = ("area", "product", "schedule", "site", "tier")

_SITE_NAME = re.compile(r"[a-z0-9-]{1,32}\Z")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}\Z")


class SiteText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[sites.NAME]`: a venue and its IANA time zone."""

    zone: str
    name: str = ""


class AreaText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[areas.NAME]`: a space between gates, how many people it holds, and how many places are kept for a tier."""

    name: str = ""
    capacity: int | None = None
    kept: int = 0
    kept_for: str = ""


class TierText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tiers.NAME]`: a rung of the ladder; a higher `rank` is a better one."""

    rank: int
    name: str = ""
    name_en: str = ""
    stale: bool = False
    products: tuple[str, ...] = ()


class ScheduleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[schedules.NAME]`: the week's windows, and the days that have their own."""

    windows: tuple[Window, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()


class ProductText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[products.NAME]`: what can be bought: where, when, how often."""

    name: str = ""
    name_en: str = ""
    sites: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    schedule: str | None = None
    visits: VisitRule | None = None


class ClubPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole policy file; the names of its tables are the ids."""

    sites: dict[str, SiteText]
    areas: dict[str, AreaText] = {}
    tiers: dict[str, TierText] = {}
    schedules: dict[str, ScheduleText] = {}
    products: dict[str, ProductText] = {}


def load_policy(path: Path) -> ClubPolicy:
    """Read a policy file and check that it holds together; raises ConfigError naming file, table and key."""
    policy = load_settings(path, ClubPolicy)
    fault = next(_faults(policy), None)
    if fault is not None:
        raise ConfigError(f"{path}: {fault}")
    try:
        policy_rows(policy)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", hint=error.hint) from error
    return policy


def policy_rows(policy: ClubPolicy) -> list[AnyRow]:
    """Return a policy's roster rows; raises ConfigError for a time zone that is not known here."""
    rows: list[AnyRow] = []
    for name, site in policy.sites.items():
        try:
            rows.append(Site(id=name, zone=site.zone, name=site.name))
        except ValueError as error:
            raise ConfigError(f"[sites.{name}] {error}", hint="Use an IANA name such as Asia/Shanghai") from error
    tables: tuple[tuple[type[AnyRow], Mapping[str, msgspec.Struct]], ...] = (
        (Area, policy.areas),
        (Tier, policy.tiers),
        (Schedule, policy.schedules),
        (Product, policy.products),
    )
    for kind, texts in tables:
        rows.extend(kind(id=name, **msgspec.structs.asdict(text)) for name, text in texts.items())
    return rows


def apply_policy(connection: Connection, policy: ClubPolicy, *, at: datetime) -> int:
    """Make the roster's small rows exactly those of a policy and return the revision.

    Raises InvalidInput where members still hold a product or tier that the policy lacks.
    """
    _check_in_use(connection, policy)
    rows = policy_rows(policy)
    kept = {row_key(row) for row in rows}
    held = {row_key(row) for row in rows_of(connection, *SMALL_KINDS)}
    return change(connection, rows, sorted(held - kept), at=at)


def _check_in_use(connection: Connection, policy: ClubPolicy) -> None:
    held = connection.execute(select(entitlement.c.product).distinct()).scalars()
    worn = connection.execute(select(member.c.tier).distinct()).scalars()
    for kind, names, known in (("product", held, policy.products), ("tier", worn, policy.tiers)):
        missing = sorted(name for name in names if name and name not in known)
        if missing:
            raise InvalidInput(
                f"the policy lacks {kind} {', '.join(missing[:5])}, and members have it",
                hint="Keep it in the file until nobody has it any more",
            )


def _faults(policy: ClubPolicy) -> Iterator[str]:
    """Yield what does not hold together, one sentence each."""
    yield from _name_faults(policy)
    for name, area in policy.areas.items():
        if area.capacity is not None and area.capacity < 1:
            yield f"[areas.{name}] capacity is below 1"
        if area.kept < 0 or (area.kept and (area.capacity or 0) <= area.kept):
            yield f"[areas.{name}] keeps {area.kept} places and holds {area.capacity or 'any number'}"
        if bool(area.kept) is not bool(area.kept_for):
            yield f"[areas.{name}] kept and kept_for go together"
        yield from _unknown(f"[areas.{name}] kept_for", (area.kept_for,) if area.kept_for else (), policy.tiers)
    for name, tier in policy.tiers.items():
        yield from _unknown(f"[tiers.{name}] products", tier.products, policy.products)
    for name, product in policy.products.items():
        yield from _product_faults(f"[products.{name}]", product, policy)
    for name, schedule in policy.schedules.items():
        days = [special.day for special in schedule.special_days]
        for day in sorted({day for day in days if days.count(day) > 1}):
            yield f"[schedules.{name}] names the special day {day.isoformat()} twice"
    ranks = [tier.rank for tier in policy.tiers.values()]
    if len(set(ranks)) < len(ranks):
        yield "two tiers have the same rank"


def _name_faults(policy: ClubPolicy) -> Iterator[str]:
    tables: dict[str, Mapping[str, object]] = {
        "sites": policy.sites,
        "areas": policy.areas,
        "tiers": policy.tiers,
        "schedules": policy.schedules,
        "products": policy.products,
    }
    if sum(map(len, tables.values())) > ROWS_MAX:
        yield f"more than {ROWS_MAX} tables"
    for table, texts in tables.items():
        pattern = _SITE_NAME if table == "sites" else _NAME
        for name in texts:
            if not pattern.match(name):
                yield f"[{table}.{name[:40]}] is not named by 1 to 32 of a-z, 0-9 and -" + (
                    "" if table == "sites" else ", or A-Z, _ and ."
                )


def _product_faults(where: str, product: ProductText, policy: ClubPolicy) -> Iterator[str]:
    yield from _unknown(f"{where} sites", product.sites, policy.sites)
    yield from _unknown(f"{where} areas", product.areas, policy.areas)
    yield from _unknown(f"{where} schedule", filter(None, [product.schedule]), policy.schedules)
    rule = product.visits or VisitRule()
    if any(limit is not None and limit < 1 for limit in (rule.ever, rule.per_period, rule.days)):
        yield f"{where} visits allows fewer than 1"
    if rule.gap_s < 0 or rule.grace_s < 0:
        yield f"{where} visits has a time below 0"


def _unknown(where: str, names: Iterable[str], known: Mapping[str, object]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f'{where} names "{name}", which the file does not have'
