"""Points of sale and the cards they have: what is left where, what runs low, and moves between them (S26)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import stock
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_lists import sold_by_point
from kiosk.club.card_kinds import UseClass
from kiosk.club.card_stock import PointKind, PointOfSale
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_card_parts import (
    NUMBERS_FIELD,
    Id,
    Numbers,
    Remark,
    kinds_to_choose,
    numbers_in,
    said,
)
from kiosk.office.listing import Listing
from kiosk.office.page import Badge, Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route

KIND, LIST = "point_of_sale", "point_of_sale_list"

PointName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]
Site = Annotated[str, Meta(min_length=1, max_length=32)]
Kinds = Annotated[tuple[Id, ...], Meta(max_length=100)]


class KindInStock(msgspec.Struct, frozen=True):
    """How many cards of a kind a point of sale has; `low` says whether it should have more."""

    kind: str
    left: int
    should_have: bool
    low: bool


class PointStock(msgspec.Struct, frozen=True):
    """A point of sale with its cards."""

    id: str
    kind: PointKind
    site: str
    cards: tuple[KindInStock, ...]


class StockPage(msgspec.Struct, frozen=True):
    """The points of sale by id; `next` is null, as they come at once."""

    items: tuple[PointStock, ...]
    next: str | None


class OpenPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new point of sale, and the kinds of card that it should always have."""

    id: PointName
    kind: PointKind
    site: Site
    sold: Kinds = ()
    why: Remark = ""


class EditPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a point of sale is, and the kinds of card that it should always have."""

    kind: PointKind
    site: Site
    sold: Kinds = ()
    why: Remark = ""


class MoveStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cards go to which other point of sale."""

    target: Id
    numbers: Numbers
    why: Remark = ""


class MovedStock(msgspec.Struct, frozen=True):
    """How many cards went from where to where."""

    source: str
    target: str
    count: int


def list_stock(look: Look, _query: NoQuery, _ids: Ids) -> StockPage:
    """Return every point of sale with its cards."""
    counts, sold = stock.stock(look), sold_by_point(look)
    low = {(each.point, each.kind) for each in stock.running_low(look)}
    found = []
    for point in stock.points(look):
        kinds = sorted({kind for at, kind in counts if at == point.id} | set(sold.get(point.id, ())))
        cards = tuple(
            KindInStock(kind, counts.get((point.id, kind), 0), kind in sold.get(point.id, ()), (point.id, kind) in low)
            for kind in kinds
        )
        found.append(PointStock(point.id, point.kind, point.site, cards))
    return StockPage(tuple(found), None)


def show_point(look: Look, _query: NoQuery, ids: Ids) -> PointStock:
    """Return one point of sale; raises InvalidInput where there is none."""
    for each in list_stock(look, NoQuery(), ids).items:
        if each.id == ids["point"]:
            return each
    raise InvalidInput(f"there is no point of sale {ids['point'][:32]!r}")


def open_sale_point(change: Change, wish: OpenPoint, _ids: Ids) -> PointStock:
    """Write a new point of sale down; raises InvalidInput where there is one of that name."""
    if any(each.id == wish.id for each in stock.points(change)):
        raise InvalidInput(f"there is a point of sale {wish.id!r} already")
    stock.put_point(change, PointOfSale(wish.id, wish.kind, wish.site), wish.sold, why=wish.why)
    return show_point(change, NoQuery(), {"point": wish.id})


def edit_sale_point(change: Change, wish: EditPoint, ids: Ids) -> PointStock:
    """Write down what changed of a point of sale."""
    show_point(change, NoQuery(), ids)
    stock.put_point(change, PointOfSale(ids["point"], wish.kind, wish.site), wish.sold, why=wish.why)
    return show_point(change, NoQuery(), ids)


def move_stock(change: Change, wish: MoveStock, ids: Ids) -> MovedStock:
    """Move cards from a point of sale to another one, all or none."""
    count = stock.move(change, numbers_in(wish.numbers), ids["point"], wish.target, why=wish.why)
    return MovedStock(ids["point"], wish.target, count)


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows: list[tuple[object, ...]] = []
    for point in list_stock(look, NoQuery(), {}).items:
        name = Link(point.id, f"/stock/{point.id}")
        rows += [(name, said("PointKind", point.kind), *_row(point.id, each)) for each in point.cards]
        if not point.cards:
            rows.append((name, said("PointKind", point.kind), None, None, None))
    columns = ("point", "point_kind", "card_kind", "left_in_stock", "state")
    return Listing(LIST, "card_stock", "card_stock_hint", columns, rows, "no_points", "no_points_hint")


def _row(point: str, each: KindInStock) -> tuple[object, ...]:
    state = Badge(said("Stock", "low" if each.low else "enough"), "attention" if each.low else "ok")
    number = Link(str(each.left), f"/cards?state=in_stock&point={point}&kind={each.kind}")
    return said("CardKind", each.kind), number, state if each.should_have else None


def _point_page(look: Look, ids: Ids) -> str:
    point = show_point(look, NoQuery(), ids)
    rows = [(said("CardKind", each.kind), each.left, each.should_have, each.low) for each in point.cards]
    thing = Thing(
        KIND,
        point.id,
        point.id,
        ids,
        (Fact("point_kind", said("PointKind", point.kind)), Fact("site", point.site)),
        view=point,
        state="stock_low" if any(each.low for each in point.cards) else "",
        badge="attention",
        up="/stock",
        up_label="card_stock",
        tables=(Table("cards", ("card_kind", "left_in_stock", "should_have", "stock_low"), rows),),
    )
    return show_thing(look, thing)


def _has_cards(view: PointStock) -> bool:
    return any(each.left for each in view.cards)


def _kinds(look: Look) -> list[tuple[str, str]]:
    special = UseClass.SPECIAL
    return kinds_to_choose(each.code for each in look.rules.cards.kinds if each.use_class is not special)


def _open(look: Look, _ids: Ids) -> Draft:
    return Draft(choices={"sold": _kinds(look)}, kinds={"sold": "many"})


def _edit(look: Look, ids: Ids) -> Draft:
    point = show_point(look, NoQuery(), ids)
    sold = [each.kind for each in point.cards if each.should_have]
    values = {"kind": point.kind.value, "site": point.site, "sold": sold}
    return Draft(point.id, values, {"sold": _kinds(look)}, kinds={"sold": "many"})


def _move(look: Look, ids: Ids) -> Draft:
    here = show_point(look, NoQuery(), ids).id
    others = [(each.id, each.id) for each in stock.points(look) if each.id != here]
    return Draft(here, choices={"target": others}, types=NUMBERS_FIELD)


_THEN, _P = "/stock/{point}", Permission

ACTIONS = (
    Action(
        "open_sale_point", "/stock", _P.STOCK_MOVE, OpenPoint, PointStock, open_sale_point,
        "Write down a new point of sale",
        about=LIST, then="/stock/{id}", drafts=_open,
    ),
    Action(
        "move_stock", "/stock/{point}/moves", _P.STOCK_MOVE, MoveStock, MovedStock, move_stock,
        "Move cards from a point of sale to another one, all or none",
        about=KIND, then=_THEN, possible=_has_cards, act=OfficeAction.MOVE_STOCK, drafts=_move,
    ),
    Action(
        "edit_sale_point", "/stock/{point}", _P.STOCK_MOVE, EditPoint, PointStock, edit_sale_point,
        "Write down what changed of a point of sale",
        about=KIND, then=_THEN, drafts=_edit,
    ),
)  # fmt: skip

ROUTES = (
    Route("/stock", "list_stock", "Points of sale with the cards they have", NoQuery, StockPage, _P.CARDS_READ,
          run=list_stock),
    Route("/stock/{point}", "show_point", "One point of sale with its cards", NoQuery, PointStock, _P.CARDS_READ,
          run=show_point),
)  # fmt: skip

PAGES = (
    Page("/stock", "card_stock", _P.CARDS_READ, _list_page, "nav_cards", "card_stock", about=LIST),
    Page("/stock/{point}", "point", _P.CARDS_READ, _point_page, "nav_cards", "", "card_stock", KIND),
)
