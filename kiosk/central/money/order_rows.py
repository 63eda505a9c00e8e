"""Orders with payment providers as rows: what they pay, and how far the cashier has come with each at its provider."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from kiosk.central.money.sale_tables import payment_order
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.self_service import PayFor

ORDERS_MAX = 500
FIRST = timedelta(days=1)
"""What was most likely paid is due since so long: it is looked at before what merely waits."""


class OrderState(StrEnum):
    """Where an order stands in the books. Wire format.

    `expired` one that waits still and is over; `closed` one that its provider takes no money for any more; of one `in_
    doubt` money came that a person has to look at, and rests in suspense.
    """

    WAITING = "waiting"
    PAID = "paid"
    EXPIRED = "expired"
    CLOSED = "closed"
    IN_DOUBT = "in_doubt"


class Order(msgspec.Struct, frozen=True):
    """An order with a provider; of one that waits past `until` nothing is expected any more."""

    id: str
    member: str
    way: PayWay
    amount_minor: int
    bonus_minor: int
    state: OrderState
    until: datetime
    asked_by: str
    paid_at: str | None = None
    pay_for: PayFor = PayFor.TOP_UP


class KeptOrder(msgspec.Struct, frozen=True):
    """An order with all that is kept of it; `state` is the one written down, which `order.state` may be past."""

    order: Order
    state: OrderState
    at: datetime
    periods_ahead: int = 0
    trade: str = ""
    code: str = ""
    payment: str = ""
    given_up: bool = False
    tries: int = 0
    looked_at: datetime | None = None
    next_at: datetime | None = None

    def ends(self, now: datetime) -> bool:
        """Say whether nobody is to pay it any more: it was given up, or its time is over."""
        return self.given_up or now >= self.order.until

    def wants_code(self, now: datetime) -> bool:
        """Say whether its provider is still to be asked for what its QR code says."""
        return self.state is OrderState.WAITING and not self.code and not self.ends(now)


def trade_of(id: str) -> str:
    """Return what a provider calls an order: 32 characters of those that all of them take."""
    return f"k{hashlib.sha256(id.encode()).hexdigest()[:31]}"


def write_new(connection: Connection, kept: KeptOrder) -> None:
    """Write a new order down."""
    row: dict[str, Any] = msgspec.to_builtins(kept.order) | {"until": format_utc(kept.order.until)}
    row |= {"at": format_utc(kept.at), "periods_ahead": kept.periods_ahead, "trade": trade_of(kept.order.id)}
    row["next_at"] = format_utc(kept.next_at) if kept.next_at else None
    connection.execute(insert(payment_order), row)


def find(connection: Connection, id: str, now: datetime, *, lock: bool = False) -> KeptOrder | None:
    """Return an order, with `lock` for this transaction alone; None where there is none."""
    query = select(payment_order).where(payment_order.c.id == id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _read(row, now) if row else None


def named(connection: Connection, trades: Collection[str], now: datetime) -> dict[str, KeptOrder]:
    """Return orders by what their provider calls them."""
    query = select(payment_order).where(payment_order.c.trade.in_(trades))
    return {row["trade"]: _read(row, now) for row in connection.execute(query).mappings()}


def of_member(connection: Connection, member: str, now: datetime) -> list[Order]:
    """Return a member's orders, newest first; 500 at most."""
    query = select(payment_order).where(payment_order.c.member == member).order_by(payment_order.c.at.desc())
    return [_read(row, now).order for row in connection.execute(query.limit(ORDERS_MAX)).mappings()]


def due(connection: Connection, ways: Collection[PayWay], now: datetime, limit: int) -> list[KeptOrder]:
    """Return the orders that the cashier has to look at: first those without a code, then what waited longest."""
    mine = (payment_order.c.next_at <= format_utc(now), payment_order.c.way.in_([each.value for each in ways]))
    order = (payment_order.c.code != "", payment_order.c.next_at, payment_order.c.id)
    query = select(payment_order).where(*mine).order_by(*order).limit(limit)
    return [_read(row, now) for row in connection.execute(query).mappings()]


def followed(connection: Connection, asked_by: str = "") -> int:
    """Return how many orders the cashier follows, of one who asked or of all."""
    query = select(func.count()).select_from(payment_order).where(payment_order.c.next_at.is_not(None))
    query = query.where(payment_order.c.state == OrderState.WAITING.value)
    query = query.where(payment_order.c.asked_by == asked_by) if asked_by else query
    return int(connection.execute(query).scalar_one())


def write(connection: Connection, id: str, *, next_at: datetime | None, **values: Any) -> None:
    """Change an order's row; `next_at` is when the cashier looks at it next, None for never."""
    plain = {name: _plain(value) for name, value in values.items()}
    moment = format_utc(next_at) if next_at else None
    connection.execute(update(payment_order).where(payment_order.c.id == id).values(**plain, next_at=moment))


def look_later(
    connection: Connection, kept: KeptOrder, now: datetime, next_at: datetime, tries: int, code: str
) -> None:
    """Have the cashier look at an order again at a moment, unless somebody wanted it sooner since it was read.

    Its code is asked for again then: a provider gives the same one.
    """
    mine = (payment_order.c.id == kept.order.id, payment_order.c.next_at == _plain(kept.next_at))
    values = {"next_at": format_utc(next_at), "looked_at": format_utc(now), "tries": tries, "code": code}
    connection.execute(update(payment_order).where(*mine).values(**values))


def wake(connection: Connection, trade: str, now: datetime) -> bool:
    """Have the cashier look at an order of which no payment is booked, by what its provider calls it, before others.

    Says whether there is such an order, with a payment or without.
    """
    mine = payment_order.c.trade == trade
    first = format_utc(now - FIRST)
    connection.execute(update(payment_order).where(mine, payment_order.c.payment == "").values(next_at=first))
    return connection.execute(select(payment_order.c.id).where(mine)).one_or_none() is not None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_utc(value)
    return value.value if isinstance(value, StrEnum) else value


def _read(row: Any, now: datetime) -> KeptOrder:
    state, until = OrderState(row["state"]), parse_utc(row["until"])
    shown = OrderState.EXPIRED if state is OrderState.WAITING and now >= until else state
    plain = (row["id"], row["member"], PayWay(row["way"]), row["amount_minor"], row["bonus_minor"])
    order = Order(*plain, shown, until, row["asked_by"], row["paid_at"], PayFor(row["pay_for"]))
    moments = [parse_utc(row[name]) if row[name] else None for name in ("looked_at", "next_at")]
    kept = (parse_utc(row["at"]), row["periods_ahead"], row["trade"], row["code"], row["payment"])
    return KeptOrder(order, state, *kept, bool(row["given_up"]), row["tries"], *moments)
