"""The close of a site's business day: what keeps it open is named, and so are the devices it is closed without (D1).

A closed day never changes: the ledger puts what comes late on the open one.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import days, proof_records
from kiosk.central.money.tables import ledger_hold, ledger_posting, ledger_site
from kiosk.central.money.till_book import sessions_on, till_day, uncounted
from kiosk.central.money.till_tables import day_close
from kiosk.central.roster import rows_of
from kiosk.central.rows import as_struct
from kiosk.central.tables import device, journal
from kiosk.club import day_close as rules
from kiosk.club.day_close import Close, DeviceDay, SiteDay, TillDay
from kiosk.club.ledger_holds import HoldState
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.codec import canonical
from kiosk.core.model import Site

PAGE_MAX = 400
PROOF_AGE = timedelta(hours=36)
"""A proof older than this says nothing of the day that is closed."""

_DAY = timedelta(days=1)


class ClosedDay(msgspec.Struct, frozen=True):
    """A day that was closed: its tills with what was over or short, and the devices it was closed without."""

    site: str
    day: date
    tills: tuple[rules.TillResult, ...]
    named: tuple[str, ...]
    pending: int
    by: str
    at: str
    why: str


def preview(look: Look, site: str, day: date, named: Iterable[str] = ()) -> Close:
    """Return whether a site's day can be closed now, and everything that keeps it open."""
    return rules.close(site_day(look, site, day, named), look.now, look.rules.closing)


def site_day(look: Look, site: str, day: date, named: Iterable[str] = ()) -> SiteDay:
    """Return a site's business day as the rules of its close take it."""
    over_at = ends_at(look, site, day)
    tills = [till_day(look, each) for each in sessions_on(look, site, day)]
    tills += [TillDay(each, 0, 0, 0) for each in uncounted(look, site, day)]
    return SiteDay(
        site,
        day,
        over_at,
        tuple(tills),
        tuple(_devices(look, site, over_at)),
        frozenset(named),
        days.is_closed(look, site, day),
        _open_before(look, site, day),
        _proof(look),
        _pending(look, site, day),
    )


def close_day(change: Change, site: str, day: date, named: Iterable[str], *, why: str = "") -> ClosedDay:
    """Close a site's business day; raises RuleRefused with the first thing that keeps it open."""
    found = preview(change, site, day, named)
    if not found.may_close:
        first = found.blocks[0]
        detail: dict[str, str | int] = {"of": first.of, "blocks": len(found.blocks)}
        raise RuleRefused(first.reason, detail, what=f"{site} on {day}", hint="The page of the day names them all")
    days.close(change, site, day, by=change.actor.id)
    closed = ClosedDay(
        site, day, found.tills, found.missing, found.pending, change.actor.id, format_utc(change.now), why
    )  # fmt: skip
    row = msgspec.to_builtins(closed)
    row |= {"tills": canonical(closed.tills).decode(), "named": canonical(closed.named).decode()}
    change.connection.execute(insert(day_close), row)
    change.note("day.close", "day", f"{site}:{day}", after={"missing": " ".join(found.missing)}, why=why)
    return closed


def closed_days(look: Look, site: str = "", limit: int = PAGE_MAX) -> list[ClosedDay]:
    """Return the days that were closed, newest first; 400 at most."""
    query = select(day_close).order_by(day_close.c.day.desc(), day_close.c.site).limit(min(limit, PAGE_MAX))
    if site:
        query = query.where(day_close.c.site == site)
    return [_closed(dict(row)) for row in look.connection.execute(query).mappings()]


def closed_day(look: Look, site: str, day: date) -> ClosedDay | None:
    """Return the close of a day, None while it is open."""
    query = select(day_close).where(day_close.c.site == site, day_close.c.day == day.isoformat())
    row = look.connection.execute(query).mappings().one_or_none()
    return _closed(dict(row)) if row else None


def next_day(look: Look, site: str) -> date:
    """Return the business day of a site that is closed next."""
    return _open_before(look, site, date.max) or days.day_of(look, site, look.now)


def ends_at(look: Look, site: str, day: date) -> datetime:
    """Return the moment at which a site's business day is over."""
    zone = next(
        (
            ZoneInfo(each.zone)
            for each in rows_of(look.connection, "site")
            if isinstance(each, Site) and each.id == site
        ),
        look.zone,
    )
    return datetime.combine(day + _DAY, time(days.day_rules(look).cutoff_hour), zone)


def _devices(look: Look, site: str, over_at: datetime) -> Iterable[DeviceDay]:
    """Yield each device's records: one that was replaced can bring no more than its journals announced."""
    sums = (func.coalesce(func.sum(journal.c.seq), 0), func.coalesce(func.sum(journal.c.head), 0))
    query = select(device.c.name, device.c.seen_at, device.c.replaced_by, *sums)
    query = query.join(journal, journal.c.device == device.c.name, isouter=True).where(device.c.site == site)
    grouped = query.group_by(device.c.name, device.c.seen_at, device.c.replaced_by).order_by(device.c.name)
    for name, seen_at, replaced_by, stored, head in look.connection.execute(grouped):
        seen = over_at if replaced_by else parse_utc(seen_at) if seen_at else None
        yield DeviceDay(name, int(stored), max(int(stored), int(head)), seen)


def _open_before(look: Look, site: str, day: date) -> date | None:
    """Return the earliest day before this one that something was posted on and nobody closed."""
    query = select(ledger_site.c.closed_until).where(ledger_site.c.site == site)
    closed = look.connection.execute(query).scalar_one_or_none() or date.min.isoformat()
    mine = (ledger_posting.c.site == site, ledger_posting.c.day > closed, ledger_posting.c.day < day.isoformat())
    found = look.connection.execute(select(func.min(ledger_posting.c.day)).where(*mine)).scalar_one()
    return date.fromisoformat(found) if found else None


def _proof(look: Look) -> tuple[str, ...] | None:
    last = proof_records.last_proof(look)
    if last is None or look.now - parse_utc(last.at) > PROOF_AGE:
        return None
    return tuple(f"{each.check} {each.where}" for each in last.found)


def _pending(look: Look, site: str, day: date) -> int:
    query = select(func.count()).select_from(ledger_hold)
    query = query.join(ledger_posting, ledger_posting.c.n == ledger_hold.c.posting)
    mine = (ledger_posting.c.site == site, ledger_posting.c.day <= day.isoformat())
    return int(
        look.connection.execute(query.where(*mine, ledger_hold.c.state == HoldState.PENDING.value)).scalar_one()
    )  # fmt: skip


def _closed(row: dict[str, object]) -> ClosedDay:
    row["tills"] = msgspec.json.decode(str(row["tills"]))
    row["named"] = msgspec.json.decode(str(row["named"]))
    return as_struct(row, ClosedDay)
