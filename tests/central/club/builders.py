"""Builders for tests of the club's books: who acts, and what the books then say."""

from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.tables import audit, notice
from kiosk.central.lease import Lease
from tests.central.builders import ManualClock

DESK = Actor("desk-1")
MANAGER = Actor("manager-1")


def held_lease(books: Books) -> Lease:
    """The lease, won from whoever had it; held until its clock moves by seconds."""
    clock = books.clock
    assert isinstance(clock, ManualClock)
    clock.elapsed_ns += 60_000_000_000
    lease = Lease(books.database, clock)
    assert lease.try_hold()
    return lease


def told(books: Books, **wanted: str) -> list[dict[str, Any]]:
    """The notices in the outbox, in their order, `data` decoded; `wanted` are columns and their values."""
    query = select(notice).order_by(notice.c.id)
    for column, value in wanted.items():
        query = query.where(notice.c[column] == value)
    with books.look() as look:
        rows = look.connection.execute(query).mappings().all()
    return [{**row, "data": msgspec.json.decode(row["data"])} for row in rows]


def noted(books: Books, **wanted: str) -> list[dict[str, Any]]:
    """The audit trail, in its order, `before` and `after` decoded; `wanted` are columns and their values."""
    query = select(audit).order_by(audit.c.n)
    for column, value in wanted.items():
        query = query.where(audit.c[column] == value)
    with books.look() as look:
        rows = look.connection.execute(query).mappings().all()
    return [{**row, "before": _decoded(row["before"]), "after": _decoded(row["after"])} for row in rows]


def _decoded(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
