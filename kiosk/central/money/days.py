"""Business days of each site: open until somebody closes them, and then never changed.

What comes late goes to the day that is open. A posting and the closing of its day wait for one another.
"""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Executable, bindparam, insert, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import insert_missing
from kiosk.central.money import proof_records
from kiosk.central.money.tables import ledger_closing, ledger_site
from kiosk.central.roster import rows_of
from kiosk.club.business_days import DayRules, business_day
from kiosk.club.ledger import LedgerReason
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.model import Site

_NEVER = date.min


class DayClosed(RuleRefused):
    """The business day of a posting is closed."""

    def __init__(self, site: str, day: date, closed_until: date) -> None:
        detail = {"site": site, "day": day.isoformat(), "closed_until": closed_until.isoformat()}
        super().__init__(LedgerReason.DAY_CLOSED, detail, what="ledger", hint="It goes to the open day, as late")


class Place(msgspec.Struct, frozen=True):
    """The business day on which something is posted, and whether it comes late for its own."""

    day: date
    late: bool


class Closing(msgspec.Struct, frozen=True):
    """A business day that was closed."""

    site: str
    day: date
    by: str
    at: str


def day_rules(look: Look) -> DayRules:
    """Return the rules of business days."""
    return look.rules.days


def day_of(look: Look, site: str, at: datetime) -> date:
    """Return the business day of a moment by a site's own zone and hour; what lies ahead counts for today's."""
    rules, zone = day_rules(look), _zone(look, site)
    return min(business_day(at, zone, rules), business_day(look.now, zone, rules))


def open_day(look: Look, site: str) -> date:
    """Return the business day on which a site works now: today's, or the next where that is closed already."""
    return max(day_of(look, site, look.now), _next(_closed_until(look, site)))


def place(change: Change, site: str, at: datetime) -> Place:
    """Return where to post what happened at a moment; the day stays open until this change is written."""
    day = day_of(change, site, at)
    if day > _closed_until(change, site, lock=True):
        return Place(day, late=False)
    return Place(open_day(change, site), late=True)


def check_open(change: Change, site: str, day: date) -> None:
    """Return when a day can be posted to, and keep it open until this change is written; raises DayClosed.

    What belongs to no site has no business day that anybody closes.
    """
    if site and day <= (closed := _closed_until(change, site, lock=True)):
        raise DayClosed(site, day, closed)


def is_closed(look: Look, site: str, day: date) -> bool:
    """Say whether a site's business day is closed."""
    return day <= _closed_until(look, site)


def close(change: Change, site: str, day: date, *, by: str) -> Closing:
    """Close a business day and all before it; raises RuleRefused where the books' last proof failed.

    A day that has not begun cannot be closed. Closing a closed day again is refused as well.
    """
    if not site:
        raise InvalidInput("a business day is a site's")
    _site_row(change, site)
    query = select(ledger_site.c.closed_until).where(ledger_site.c.site == site).with_for_update()
    closed = date.fromisoformat(change.connection.execute(query).scalar_one())
    if day <= closed:
        raise DayClosed(site, day, closed)
    if day > day_of(change, site, change.now):
        raise RuleRefused(LedgerReason.DAY_NOT_BEGUN, {"site": site, "day": day.isoformat()}, what="day close")
    if (last := proof_records.last_proof(change)) is not None and not last.holds:
        first = last.found[0]
        detail = {"check": first.check.value, "where": first.where, "found": len(last.found), "proved_at": last.at}
        raise RuleRefused(LedgerReason.PROOF_FAILED, detail, what="day close", hint="Put it right, then prove again")
    now = format_utc(change.now)
    change.connection.execute(
        update(ledger_site).where(ledger_site.c.site == site).values(closed_until=day.isoformat())
    )
    closing = Closing(site, day, by, now)
    change.connection.execute(insert(ledger_closing), msgspec.to_builtins(closing))
    return closing


def closings(look: Look, site: str, limit: int = 400) -> list[Closing]:
    """Return the closings of a site, newest first."""
    query = select(ledger_closing).where(ledger_closing.c.site == site).order_by(ledger_closing.c.day.desc())
    return [msgspec.convert(row, Closing, from_attributes=True) for row in look.connection.execute(query.limit(limit))]


def _closed_until(look: Look, site: str, *, lock: bool = False) -> date:
    query, named = _closed(lock), {"of": site}
    found = look.connection.execute(query, named).scalar_one_or_none()
    if found is None and lock:
        # Whoever closes the site's first day must meet a row to wait for.
        _site_row(look, site)
        found = look.connection.execute(query, named).scalar_one()
    return date.fromisoformat(found) if found else _NEVER


@cache
def _closed(lock: bool) -> Executable:
    """Return the query for the last closed day of a site; made once, as every posting runs it."""
    query = select(ledger_site.c.closed_until).where(ledger_site.c.site == bindparam("of"))
    return query.with_for_update(read=True) if lock else query


def _site_row(look: Look, site: str) -> None:
    insert_missing(look.connection, ledger_site, {"site": site, "closed_until": _NEVER.isoformat()})


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _zone(look: Look, site: str) -> ZoneInfo:
    sites = (row for row in rows_of(look.connection, "site") if isinstance(row, Site))
    return next((ZoneInfo(each.zone) for each in sites if each.id == site), look.zone)
