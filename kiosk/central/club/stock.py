"""Points of sale and the cards they have: moved all or none, and asked for when few are left (S26)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, func, insert, select, update

from kiosk.central.club.books import Actor, Books, Change, Look, Telling
from kiosk.central.club.card_book import CARDS_PER_QUERY, lock_cards
from kiosk.central.club.card_tables import card, point_of_sale, sold_at
from kiosk.central.club.jobs import Step
from kiosk.central.club.refused import refuse
from kiosk.central.database import upsert
from kiosk.central.roster import in_steps
from kiosk.club.card_kinds import kind_of
from kiosk.club.card_stock import LowStock, PointKind, PointOfSale, StockRefusal, low, moved
from kiosk.club.cards import CardState
from kiosk.club.notices import CATALOGUE, NoticeCode
from kiosk.core.errors import InvalidInput

JOB = "stock"
MOVED_MAX = 5000
"""Cards of one move."""


def put_point(change: Change, point: PointOfSale, kinds: Iterable[str] = (), *, why: str = "") -> None:
    """Write a point of sale down, or what changed of it, with the kinds of card it should always have."""
    sold = sorted({kind_of(kind, change.rules.cards).code for kind in kinds})
    known = next((each for each in points(change) if each.id == point.id), None)
    before = {"kind": known.kind, "site": known.site, "sold": _sold_at(change, point.id)} if known else None
    upsert(change.connection, point_of_sale, {"id": point.id, "kind": point.kind.value, "site": point.site})
    change.connection.execute(delete(sold_at).where(sold_at.c.point == point.id))
    if sold:
        change.connection.execute(insert(sold_at), [{"point": point.id, "kind": kind} for kind in sold])
    after = {"kind": point.kind, "site": point.site, "sold": sold}
    change.note("stock.point", "point_of_sale", point.id, before=before, after=after, why=why)


def points(look: Look) -> list[PointOfSale]:
    """Return the points of sale by id."""
    rows = look.connection.execute(select(point_of_sale).order_by(point_of_sale.c.id))
    return [PointOfSale(row.id, PointKind(row.kind), row.site) for row in rows]


def check_point(look: Look, point: str) -> None:
    """Return where there is such a point of sale; raises InvalidInput."""
    known = [each.id for each in points(look)]
    if point not in known:
        raise InvalidInput(f"there is no point of sale {point!r}", hint=", ".join(known[:10]))


def move(change: Change, numbers: Sequence[str], source: str, target: str, *, why: str = "") -> int:
    """Move cards from one point of sale to another, all or none, and return how many; raises RuleRefused (S26)."""
    if len(numbers) > MOVED_MAX:
        raise InvalidInput(f"{len(numbers)} cards in one move, the limit is {MOVED_MAX}", hint="Move them in parts")
    check_point(change, target)
    result = moved([each.card for each in lock_cards(change, numbers)], source, target)
    if isinstance(result, StockRefusal):
        raise refuse(result, f"cards from {source} to {target}")
    for step in in_steps((each.number for each in result), CARDS_PER_QUERY):
        change.connection.execute(update(card).where(card.c.number.in_(step)).values(point=target))
    first, last = result[0].number, result[-1].number
    after = {"source": source, "target": target, "count": len(result), "first": first, "last": last}
    change.note("stock.move", "point_of_sale", target, after=after, why=why)
    return len(result)


def stock(look: Look) -> Mapping[tuple[str, str], int]:
    """Return how many cards in stock each point of sale has of each kind, as (point, kind) (S26)."""
    query = select(card.c.point, card.c.kind, func.count()).where(card.c.state == CardState.IN_STOCK.value)
    return {
        (point, kind): count
        for point, kind, count in look.connection.execute(query.group_by(card.c.point, card.c.kind))
    }


def running_low(look: Look) -> tuple[LowStock, ...]:
    """Return the points of sale that have few cards left of a kind they should have (S26)."""
    pairs = [(row.point, row.kind) for row in look.connection.execute(select(sold_at.c.point, sold_at.c.kind))]
    return low(stock(look), pairs, look.rules.batches)


def ask_for_more(change: Change) -> int:
    """Tell staff, once a day, of what runs low at which point of sale; return how many notices are new (S26)."""
    channels = tuple(each.value for each in CATALOGUE[NoticeCode.STOCK_LOW].channels)
    fresh = 0
    for each in running_low(change):
        topic = f"{NoticeCode.STOCK_LOW}.{each.point}.{each.kind}.{change.today}"
        data: dict[str, str | int] = {"point": each.point, "kind": each.kind, "left": each.left}
        fresh += change.tell(Telling(topic, NoticeCode.STOCK_LOW.value, data=data, channels=channels))
    return fresh


def run(books: Books, day: date, place: str) -> Step:
    """Tell staff of what runs low, as a nightly job in one step."""
    books.change(Actor(f"job:{JOB}", "job"), ask_for_more)
    return Step(1, 1, place, finished=True)


def _sold_at(look: Look, point: str) -> list[str]:
    query = select(sold_at.c.kind).where(sold_at.c.point == point).order_by(sold_at.c.kind)
    return list(look.connection.execute(query).scalars())
