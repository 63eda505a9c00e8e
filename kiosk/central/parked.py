"""The office's side of what could not be used: look at it, try it again, or say that it is dealt with."""

from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Select, func, select, update

from kiosk.central.database import Database
from kiosk.central.ingest import Ingest
from kiosk.central.parking import Why
from kiosk.central.tables import parked
from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import InvalidInput
from kiosk.wire.messages import AckStatus

PAGE_MAX = 1000
RECORD_KINDS = (Why.UNKNOWN_TYPE, Why.BAD_DATA)


class Reprojector(Protocol):
    """What tries a stored record again; `Projection` is it."""

    def project_again(self, journal: str, seq: int) -> bool:
        """Say whether the record could be used this time."""


class ParkedItem(msgspec.Struct, frozen=True):
    """One thing that could not be used; `size` is that of its body in bytes."""

    id: int
    at: str
    device: str
    why: str
    journal: str
    first_seq: int
    hash: str
    detail: str
    state: str
    closed_at: str | None
    size: int


class Parked:
    """What is parked. Closing an item, or using it, lets go of its body and keeps the rest."""

    def __init__(self, database: Database, clock: Clock, ingest: Ingest, reprojector: Reprojector) -> None:
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._reprojector = reprojector

    def items(
        self, *, state: str | None = "open", device: str | None = None, after: int = 0, limit: int = PAGE_MAX
    ) -> list[ParkedItem]:
        """Return items by id, 1,000 at most; `state` is open, closed or used, None for all."""
        with self._database.read() as connection:
            return parked_page(connection, state=state, device=device, after=after, limit=limit)

    def show(self, number: int) -> tuple[ParkedItem, bytes]:
        """Return an item and its body: a batch as it came, or a record; raises InvalidInput."""
        with self._database.read() as connection:
            row = connection.execute(_select_items().where(parked.c.id == number)).one_or_none()
            body = connection.execute(select(parked.c.body).where(parked.c.id == number)).scalar_one_or_none()
        if row is None or body is None:
            raise InvalidInput(f"nothing is parked as {number}", hint="See kiosk central parked list")
        return ParkedItem(*row), bytes(body)

    def retry(self, number: int) -> bool:
        """Try an open item again, and say whether it could be used; then it is no longer open. Raises InvalidInput.

        A batch is taken in as if it had just come; a record that is stored already is projected again.
        """
        item, body = self.show(number)
        if item.state != "open":
            raise InvalidInput(f"parked item {number} is {item.state}", hint="Only open items can be tried again")
        if item.why == Why.OVERSPENT:
            raise InvalidInput(f"parked item {number} is a case to decide", hint="Close it when it is decided")
        if item.why in RECORD_KINDS:
            used = self._reprojector.project_again(item.journal, item.first_seq)
        else:
            ack = self._ingest.batch(item.device, body)
            used = ack is not None and ack.status is AckStatus.OK
        if used:
            self._settle(number, "used")
        return used

    def close(self, number: int) -> None:
        """Say that an item is dealt with: the same one is not parked again. Raises InvalidInput."""
        if not self._settle(number, "closed"):
            raise InvalidInput(f"nothing open is parked as {number}", hint="See kiosk central parked list")

    def _settle(self, number: int, state: str) -> bool:
        values = {"state": state, "closed_at": format_utc(self._clock.now()), "body": b""}
        mine = (parked.c.id == number, parked.c.state == "open")
        statement = update(parked).where(*mine).values(**values)
        return self._database.run(lambda connection: connection.execute(statement).rowcount) == 1


def parked_page(
    connection: Connection,
    *,
    state: str | None = None,
    device: str | None = None,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE_MAX,
) -> list[ParkedItem]:
    """Return items behind the id `after`, or without it the newest first, those below `before`; 1,000 at most."""
    query = _select_items().order_by(parked.c.id.desc() if after is None else parked.c.id).limit(min(limit, PAGE_MAX))
    for column, value in ((parked.c.state, state), (parked.c.device, device)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(parked.c.id > after)
    if before is not None:
        query = query.where(parked.c.id < before)
    return [ParkedItem(*row) for row in connection.execute(query)]


def _select_items() -> Select[Any]:
    """Return the query of all items, each row the fields of a ParkedItem."""
    columns = (parked.c.id, parked.c.at, parked.c.device, parked.c.why, parked.c.journal, parked.c.first_seq)
    more = (parked.c.hash, parked.c.detail, parked.c.state, parked.c.closed_at)
    return select(*columns, *more, func.length(parked.c.body))
