"""The price list: what a counter sells, courtesies at no price among it (S55, R162), and times bought for later.

Boxes have it as rows of the roster, with the prices that hold at a till without a line (`club/edge_prices.py`).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import select

from kiosk.central.club.books import Change, Look
from kiosk.central.database import upsert
from kiosk.central.money.sale_tables import sale_item
from kiosk.central.roster import change as change_roster
from kiosk.club.calendar import add_months
from kiosk.club.edge_prices import Days, offers_of
from kiosk.club.prices import BasketLine
from kiosk.club.receipts import PaidFor
from kiosk.club.rulebook import Rules
from kiosk.core import goods
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput
from kiosk.core.roster import row_key

ITEMS_MAX = 1000
MONTHS_AHEAD = 2
"""Boxes hold the member days and promotions of this calendar month and so many more: the rows change once a month."""

EDGE_PRICE_MAX = 10**9
"""What costs more is not sold at a box."""

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z", max_length=32)]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sold: `goods` is the kind that offers go by, "" = its own id; the price in fen, 0 for a courtesy.

    No `tiers` = for everybody. `times` pieces of `times_of` come of buying one, for later.
    """

    id: Code
    name: Name
    name_en: Name
    price_minor: Annotated[int, Meta(ge=0, le=10**11)]
    goods: Annotated[str, Meta(max_length=32)] = ""
    floor_minor: Annotated[int, Meta(ge=0, le=10**11)] = 0
    tiers: tuple[str, ...] = ()
    members_only: bool = False
    times: Annotated[int, Meta(ge=0, le=1000)] = 0
    times_of: Annotated[str, Meta(max_length=32)] = ""
    paid_for: PaidFor = PaidFor.GOODS
    offered: bool = True

    @property
    def kind(self) -> str:
        """The kind of goods by which offers count."""
        return self.goods or self.id


def save(change: Change, item: Item) -> Item:
    """Write an item down, or what changed of it; sales that were made keep their prices."""
    if bool(item.times) != bool(item.times_of):
        raise InvalidInput(f"item {item.id} brings times of nothing", hint="Give both, or neither")
    before = _find(change, item.id)
    row = {"id": item.id, "body": canonical(item).decode(), "name": item.name, "name_en": item.name_en}
    upsert(change.connection, sale_item, row | {"offered": item.offered, "changed_at": format_utc(change.now)})
    change.note("item.save", "item", item.id, before=before, after=item)
    _tell_boxes(change, [item])
    return item


def item_of(look: Look, id: str) -> Item:
    """Return an item; raises InvalidInput where there is none."""
    found = _find(look, id)
    if found is None:
        raise InvalidInput(f"there is no item {id[:32]!r}")
    return found


def items(look: Look, *, all_of_them: bool = False) -> list[Item]:
    """Return the price list by id, without what is no longer offered; 1,000 at most."""
    query = select(sale_item.c.body).order_by(sale_item.c.id).limit(ITEMS_MAX)
    if not all_of_them:
        query = query.where(sale_item.c.offered)
    return [_item(body) for body in look.connection.execute(query).scalars()]


def items_named(look: Look, ids: Iterable[str]) -> dict[str, Item]:
    """Return some items by id; raises InvalidInput where one is not there."""
    return {id: item_of(look, id) for id in ids}


def publish(change: Change) -> int:
    """Make the boxes' price list that of today's rules and the days ahead; return the roster's revision."""
    return _tell_boxes(change, items(change, all_of_them=True))


def _tell_boxes(change: Change, saved: Iterable[Item]) -> int:
    """Put what boxes sell into the roster, and take out of it what they do not."""
    first = change.today.replace(day=1)
    last = add_months(first, MONTHS_AHEAD + 1)
    days = [(day, change.book.on(day)) for day in (first + timedelta(n) for n in range((last - first).days))]
    rows = [(_row(each, change.rules, days), each.offered and each.price_minor <= EDGE_PRICE_MAX) for each in saved]
    sold = [row for row, is_sold in rows if is_sold]
    gone = [row_key(row) for row, is_sold in rows if not is_sold]
    return change_roster(change.connection, sold, gone, at=change.now)


def _row(item: Item, rules: Rules, days: Days) -> goods.Item:
    return goods.Item(
        id=item.id,
        name=item.name,
        name_en=item.name_en,
        goods=item.goods,
        price_minor=item.price_minor,
        members=item.members_only or bool(item.times),
        tiers=item.tiers,
        offers=offers_of(BasketLine(item.id, item.kind, item.price_minor, 1, item.floor_minor), rules, days),
    )


def _find(look: Look, id: str) -> Item | None:
    body = look.connection.execute(select(sale_item.c.body).where(sale_item.c.id == id)).scalar_one_or_none()
    return _item(body) if body is not None else None


def _item(body: Any) -> Item:
    return msgspec.json.decode(body, type=Item)
