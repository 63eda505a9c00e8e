"""Fetches each provider's statement of the day before and hands it to the match, so that every line has its place (D2).

A payment in it that is not booked has its order looked at again: what was paid is credited, however late.
"""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.database import read_setting, write_setting
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.money import order_rows, payout_rows
from kiosk.central.money.order_rows import KeptOrder
from kiosk.central.money.payouts import PREFIX as PAYOUT
from kiosk.central.money.provider_lines import ID_MAX, REFUND, Line, take_lines
from kiosk.central.money.provider_receiving import event_of_payment
from kiosk.central.pay.bills import CHINA
from kiosk.central.pay.provider import BillLine, NoStatement, Provider, ProviderDown
from kiosk.central.roster import in_steps
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import Refused

ACTOR = Actor("job:statements", "job")
READY_HOUR = 11
"""The hour of China's day from which the statement of the day before is there: both say ten."""

AGAIN_S = 600.0
BEHIND_DAYS_MAX = 30
EMPTY_AFTER_DAYS = 3
"""A day of which there is no statement so much later had no payments."""

IDS_AT_ONCE = 300
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9._:|*@+=-]")

_log = logging.getLogger(__name__)


class Statements:
    """Fetches what is missing, one day at a time; for the cashier's thread."""

    def __init__(self, books: Books, lease: Lease, counts: Counts) -> None:
        self._books, self._lease, self._counts = books, lease, counts
        self._next_ns: dict[PayWay, int] = {}

    def fetch(self, provider: Provider) -> bool:
        """Fetch the oldest statement that is missing, where one may be there by now; say whether one was taken."""
        clock = self._books.clock
        if clock.monotonic_ns() < self._next_ns.get(provider.way, 0):
            return False
        self._next_ns[provider.way] = clock.monotonic_ns() + round(AGAIN_S * 1_000_000_000)
        day, newest = self._missing(provider.way), _newest(clock.now())
        if day > newest:
            return False
        try:
            lines = provider.statement(day)
        except NoStatement:
            if (newest - day).days < EMPTY_AFTER_DAYS:
                return False
            lines = ()
        except (ProviderDown, Refused) as error:
            self._counts.note("statements_put_off")
            _log.warning("statement put off", extra={"way": provider.way.value, "day": day, "cause": str(error)})
            return False
        self._books.change(ACTOR, lambda change: self._take(change, provider.way, day, lines))
        self._counts.note("statements_taken")
        self._next_ns[provider.way] = 0 if day < newest else self._next_ns[provider.way]
        return True

    def _missing(self, way: PayWay) -> date:
        """Return the oldest day of which there is no statement."""
        last = self._books.database.run(lambda connection: self._last(connection, way))
        return max(last + timedelta(days=1), _newest(self._books.clock.now()) - timedelta(BEHIND_DAYS_MAX))

    def _last(self, connection: Connection, way: PayWay) -> date:
        """Return the last day that is done with; where there is none, note yesterday as the last before our time.

        A first day that cannot be fetched for a while would else be taken for one of those.
        """
        last = read_setting(connection, _name(way))
        if last:
            return date.fromisoformat(last)
        self._lease.guard(connection)
        before = self._books.clock.now().astimezone(CHINA).date() - timedelta(days=1)
        write_setting(connection, _name(way), before.isoformat())
        return before

    def _take(self, change: Change, way: PayWay, day: date, lines: Sequence[BillLine]) -> None:
        self._lease.guard(change.connection)
        orders: dict[str, KeptOrder] = {}
        for step in in_steps(sorted({each.trade for each in lines}), IDS_AT_ONCE):
            orders |= order_rows.named(change.connection, step, change.now)
        numbers = {each.own for each in lines if each.own}
        ours: set[str] = set()
        for step in in_steps(sorted(numbers), IDS_AT_ONCE):
            ours |= payout_rows.known(change.connection, step)
            payout_rows.wake(change.connection, step, change.now)
        take_lines(change, way, _told(lines, orders, ours))
        for each in lines:
            kept = orders.get(each.trade)
            if kept is not None and not each.refund and not kept.payment:
                order_rows.wake(change.connection, each.trade, change.now)
                self._counts.note("orders_found_in_statement")
        write_setting(change.connection, _name(way), day.isoformat())


def _told(lines: Sequence[BillLine], orders: Mapping[str, KeptOrder], payouts: Collection[str]) -> list[Line]:
    """Return a provider's lines under the ids of their events: ours, or where we know of none the provider's own."""
    first = {trade: kept.payment for trade, kept in orders.items() if kept.payment}
    told = []
    for each in lines:
        kept = orders.get(each.trade)
        if each.own in payouts:
            id = f"{PAYOUT}{each.own}"
        elif each.refund:
            id = f"{REFUND}{each.refund}"
        elif kept is None:
            id = each.trade or each.payment
        else:
            id = event_of_payment(kept.order.id, first.setdefault(each.trade, each.payment), each.payment)
        told.append(Line(_NOT_IN_IDS.sub("_", id)[:ID_MAX], each.amount_minor, each.at))
    return told


def _newest(now: datetime) -> date:
    """Return the last day of which providers have their statements ready."""
    local = now.astimezone(CHINA)
    return local.date() - timedelta(days=1 if local.hour >= READY_HOUR else 2)


def _name(way: PayWay) -> str:
    return f"statement_of_{way.value}"
