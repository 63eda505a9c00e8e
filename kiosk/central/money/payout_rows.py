"""Parts of refunds that go back through a provider, as rows: what is asked of it, and how far the cashier has come."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from kiosk.central.money.sale_tables import payment_order, refund_payout
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput


class PayoutState(StrEnum):
    """Where the part of a refund stands that a provider pays: `refused` parts are for staff to decide. Wire format."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Payout(msgspec.Struct, frozen=True):
    """A part of a refund that goes back on an order; `trade` and `total_minor` are the order's at its provider."""

    number: str
    refund: str
    order: str
    way: PayWay
    amount_minor: int
    state: PayoutState
    at: datetime
    tries: int = 0
    refusals: int = 0
    why: str = ""
    next_at: datetime | None = None
    trade: str = ""
    total_minor: int = 0


def number_of(refund: str, order: str) -> str:
    """Return what a provider calls a part of a refund: the same whoever asks, so that it pays it once."""
    return f"r{hashlib.sha256(f'{refund}|{order}'.encode()).hexdigest()[:31]}"


def write_new(connection: Connection, refund: str, order: str, way: PayWay, amount_minor: int, now: datetime) -> None:
    """Write a part down that the cashier is to ask for."""
    row = {"number": number_of(refund, order), "refund": refund, "order": order, "way": way.value}
    row |= {"state": PayoutState.WAITING.value, "at": format_utc(now), "next_at": format_utc(now)}
    connection.execute(insert(refund_payout), row | {"amount_minor": amount_minor})


def named(connection: Connection, number: str) -> Payout:
    """Return a part by its number; raises InvalidInput where there is none."""
    row = connection.execute(_joined().where(refund_payout.c.number == number)).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no part of a refund {number[:64]!r}")
    return _read(row)


def of_refund(connection: Connection, refund: str) -> list[Payout]:
    """Return the parts of a refund that go back through a provider, by order."""
    query = _joined().where(refund_payout.c.refund == refund).order_by(refund_payout.c.order)
    return [_read(row) for row in connection.execute(query).mappings()]


def due(connection: Connection, ways: Collection[PayWay], now: datetime, limit: int) -> list[Payout]:
    """Return the parts that the cashier has to look at, the one that waited longest first."""
    mine = (refund_payout.c.next_at <= format_utc(now), refund_payout.c.way.in_([each.value for each in ways]))
    query = _joined().where(*mine).order_by(refund_payout.c.next_at, refund_payout.c.number).limit(limit)
    return [_read(row) for row in connection.execute(query).mappings()]


def known(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Return which numbers are parts of refunds of ours."""
    query = select(refund_payout.c.number).where(refund_payout.c.number.in_(numbers))
    return set(connection.execute(query).scalars())


def waiting(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Return which of these parts are asked of their provider still."""
    mine = (refund_payout.c.number.in_(numbers), refund_payout.c.state == PayoutState.WAITING.value)
    return set(connection.execute(select(refund_payout.c.number).where(*mine)).scalars())


def write(connection: Connection, number: str, *, next_at: datetime | None, **values: Any) -> None:
    """Change a part's row; `next_at` is when the cashier looks at it next, None for never."""
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    moment = format_utc(next_at) if next_at else None
    connection.execute(update(refund_payout).where(refund_payout.c.number == number).values(**plain, next_at=moment))


def wake(connection: Connection, numbers: Collection[str], now: datetime) -> None:
    """Have the cashier look at parts again of which nothing is booked: their provider's statement names them."""
    mine = (refund_payout.c.number.in_(numbers), refund_payout.c.state != PayoutState.DONE.value)
    connection.execute(update(refund_payout).where(*mine).values(next_at=format_utc(now)))


def _joined() -> Any:
    order = payment_order.c
    query = select(refund_payout, order.trade, order.amount_minor.label("total_minor"))
    return query.join(payment_order, order.id == refund_payout.c.order)


def _read(row: Any) -> Payout:
    values = {name: row[name] for name in Payout.__struct_fields__}
    values |= {"way": PayWay(row["way"]), "state": PayoutState(row["state"]), "at": parse_utc(row["at"])}
    return Payout(**values | {"next_at": parse_utc(row["next_at"]) if row["next_at"] else None})
