"""Builders for tests of the streams at work: many members with visits and purchases, and jobs run to their end."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, insert, select

from kiosk.central.club.books import Books, Change
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file, membership
from kiosk.central.club.points_tables import purchase
from kiosk.central.tables import credential, member, visit
from kiosk.core.clock import epoch_ms, format_utc
from tests.central.club.builders_people import ZONE
from tests.central.club.builders_points import TODAY, card_id, do, member_id, run_job

DAY = timedelta(days=1)
OLD = date(2025, 1, 10)

__all__ = ["DAY", "OLD", "TODAY", "do", "member_id", "run_job"]


def put_people(books: Books, count: int, *, first: int = 1, joined: date = OLD, **file: Any) -> list[str]:
    """Write members down who collected a card on a day; returns their ids."""
    numbers = range(first, first + count)

    def work(change: Change) -> None:
        at = format_utc(change.now)
        run = change.connection.execute
        run(insert(member), [{"id": member_id(n), "member_no": f"M{n}", "name": "王小明", "tier": ""} for n in numbers])
        cards = [
            {"id": card_id(n), "identifier": f"04{n:012X}", "member": member_id(n), "state": "active"} for n in numbers
        ]
        run(insert(credential), cards)
        rows = {
            "kind": "person",
            "opened_on": joined.isoformat(),
            "confirmed_on": "2026-11-01",
            "changed_at": at,
        } | file
        run(insert(member_file), [{"member": member_id(n), **rows} for n in numbers])
        spell = {"spell": 1, "approved_on": joined.isoformat(), "collected_on": joined.isoformat(), "owes_fees": False}
        run(insert(membership), [{"member": member_id(n), **spell} for n in numbers])

    do(books, work)
    return [member_id(n) for n in numbers]


def put_visits(books: Books, visits: Iterable[tuple[int, date]]) -> None:
    """Write passages of member `n` at ten o'clock of local days."""

    def work(change: Change) -> None:
        last = change.connection.execute(select(visit.c.n).order_by(visit.c.n.desc()).limit(1)).scalar() or 0
        rows = [
            {
                "n": last + place,
                "site": "demo",
                "credential": card_id(number),
                "entitlement": "gym",
                "at_ms": epoch_ms(datetime.combine(day, time(10), ZONE).astimezone(UTC)),
            }
            for place, (number, day) in enumerate(visits, 1)
        ]
        if rows:
            change.connection.execute(insert(visit), rows)

    do(books, work)


def put_purchases(books: Books, purchases: Iterable[tuple[int, date, int]]) -> None:
    """Write purchases of member `n` on local days, minor units."""

    def work(change: Change) -> None:
        rows = [
            {
                "sale": f"s{number}-{day}-{amount}",
                "member": member_id(number),
                "on": day.isoformat(),
                "amount_minor": amount,
                "earned": False,
                "at": format_utc(change.now),
            }
            for number, day, amount in purchases
        ]
        if rows:
            change.connection.execute(insert(purchase), rows)

    do(books, work)


def rows_of(books: Books, table: Table) -> list[dict[str, Any]]:
    """Return every row of a table, in the order of its key."""
    with books.look() as look:
        rows = look.connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        return [dict(row) for row in rows]


def run_all(books: Books, *jobs: Callable[[Books, date, str], Step]) -> None:
    """Run jobs of today to their end, one after the other."""
    for each in jobs:
        run_job(each, books)
