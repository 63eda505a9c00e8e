"""The price list in the office, and the offers that hold today (S50, S55, R95 to R102, R162)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.money import items
from kiosk.central.money.items import Code, Item, Name, item_of
from kiosk.club.calendar import changes_on
from kiosk.club.office_actions import OfficeAction
from kiosk.club.promotions import faults
from kiosk.club.receipts import PaidFor
from kiosk.club.roles import Permission
from kiosk.club.tiers import rank_of
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import SomeYuan, Yuan, in_fen, in_yuan, shown
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import tier_names, told

KIND, LIST, OFFERS = "item", "items", "offers"
Short = Annotated[str, Meta(max_length=32)]


class SaveItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item as it shall be: prices in yuan, 0 for a courtesy; no `tiers` = for everybody."""

    name: Name
    name_en: Name
    price: Yuan
    goods: Short = ""
    floor: SomeYuan = ""
    tiers: Annotated[tuple[Short, ...], Meta(max_length=50)] = ()
    members_only: bool = False
    times: Annotated[int, Meta(ge=0, le=1000)] = 0
    times_of: Short = ""
    paid_for: PaidFor = PaidFor.GOODS
    offered: bool = True


class AddItem(SaveItem, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new item, with its code."""

    id: Code


class ItemPage(msgspec.Struct, frozen=True):
    """The price list by id; `next` is null, as it comes at once."""

    items: tuple[Item, ...]
    next: str | None


def list_items(look: Look, _query: NoQuery, _ids: Ids) -> ItemPage:
    """Return the price list."""
    return ItemPage(tuple(items.items(look, all_of_them=True)), None)


def show_item(look: Look, _query: NoQuery, ids: Ids) -> Item:
    """Return one item; raises InvalidInput where there is none."""
    return item_of(look, ids["item"])


def add_item(change: Change, wish: AddItem, _ids: Ids) -> Item:
    """Put an item into the price list; raises InvalidInput for a code that is taken."""
    if any(each.id == wish.id for each in items.items(change, all_of_them=True)):
        raise InvalidInput(f"there is an item {wish.id} already", hint="Change it, or take another code")
    return items.save(change, _item(change, wish.id, wish))


def save_item(change: Change, wish: SaveItem, ids: Ids) -> Item:
    """Change an item; sales that were made keep their prices."""
    return items.save(change, _item(change, item_of(change, ids["item"]).id, wish))


def _item(look: Look, id: str, wish: SaveItem) -> Item:
    for tier in wish.tiers:
        rank_of(tier, look.rules.tiers)
    return Item(
        id=id,
        name=wish.name,
        name_en=wish.name_en,
        price_minor=in_fen(wish.price),
        goods=wish.goods,
        floor_minor=in_fen(wish.floor),
        tiers=wish.tiers,
        members_only=wish.members_only,
        times=wish.times,
        times_of=wish.times_of,
        paid_for=wish.paid_for,
        offered=wish.offered,
    )


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows = [
        (Link(each.id, f"/items/{each.id}"), each.name, each.name_en, each.goods, shown(each.price_minor), each.offered)
        for each in items.items(look, all_of_them=True)
    ]
    columns = ("item_id", "item_name", "item_name_en", "item_goods", "item_price", "item_offered")
    return Listing(LIST, "items", "items_hint", columns, rows, "no_items", "no_items_hint")


def _page(look: Look, ids: Ids) -> str:
    item = item_of(look, ids["item"])
    names = tier_names(look)
    facts = (
        Fact("item_name_en", item.name_en),
        Fact("item_price", shown(item.price_minor)),
        Fact("item_floor", shown(item.floor_minor)),
        Fact("item_goods", item.goods),
        Fact("item_tiers", ", ".join(names.get(each, each) for each in item.tiers) or told("item_for_all")),
        Fact("item_members_only", item.members_only),
        Fact("item_times", f"{item.times} {item.times_of}" if item.times else ""),
        Fact("item_paid_for", Word("PaidFor", item.paid_for)),
    )
    thing = Thing(
        KIND, item.id, item.name, {"item": item.id}, facts, view=item,
        state="is_offered" if item.offered else "not_offered", badge="ok" if item.offered else "",
        up="/items", up_label="items",
    )  # fmt: skip
    return show_thing(look, thing)


def _offers_page(look: Look, _ids: Ids) -> Listing:
    rules, names = look.rules, tier_names(look)
    day = changes_on(look.today, rules.calendar)
    wrong = {each.promotion: each for each in faults(rules.promotions)}
    rows = [
        (
            Link(each.code, "/rules/promotions.promotions"), each.first, each.last, each.percent, shown(each.off_minor),
            shown(each.threshold_minor), ", ".join(each.goods), ", ".join(names.get(t, t) for t in each.tiers),
            each.times_max or "", Word("PromotionFault", wrong[each.code].fault) if each.code in wrong else "",
        )
        for each in rules.promotions.promotions
    ]  # fmt: skip
    columns = (
        "offer_code", "offer_first", "offer_last", "offer_percent", "offer_off", "offer_threshold", "item_goods",
        "item_tiers", "offer_times", "offer_fault",
    )  # fmt: skip
    schemes = [
        (Link(each.goods or told("item_for_all"), "/rules/prices.schemes"), each.instant_percent, each.stored_percent)
        for each in rules.prices.schemes
    ]
    tiers = [
        (Link(names.get(each.tier, each.tier), "/rules/prices.tier_prices"), each.goods, each.percent)
        for each in rules.prices.tier_prices
    ]
    gifts = [(shown(each.at_least_minor), each.gift) for each in rules.prices.gifts]
    days = [(" ".join(day.codes), day.price_percent)] if day.codes else []
    tables = (
        Table("offer_schemes", ("item_goods", "offer_instant", "offer_stored"), schemes),
        Table("offer_tiers", ("tier", "item_goods", "offer_percent"), tiers),
        Table("offer_gifts", ("offer_threshold", "offer_gift"), gifts),
        Table("offer_today", ("offer_day", "offer_percent"), days),
    )
    return Listing(OFFERS, "offers", "offers_hint", columns, rows, "no_offers", "no_offers_hint", tables=tables)


def _add_draft(look: Look, _ids: Ids) -> Draft:
    return _with_tiers(look, Draft(values={"offered": True}))


def _with_tiers(look: Look, draft: Draft) -> Draft:
    return draft._replace(choices={"tiers": list(tier_names(look).items())}, kinds={"tiers": "many"})


def _save_draft(look: Look, ids: Ids) -> Draft:
    item = item_of(look, ids["item"])
    values = {name: getattr(item, name) for name in SaveItem.__struct_fields__ if hasattr(item, name)}
    values |= {"price": in_yuan(item.price_minor)}
    values |= {"floor": in_yuan(item.floor_minor) if item.floor_minor else ""}
    return _with_tiers(look, Draft(item.name, values))


_WRITE, _READ = Permission.PRICES_WRITE, Permission.MONEY_READ

ACTIONS = (
    Action(
        "add_item", "/items", _WRITE, AddItem, Item, add_item, "Put an item into the price list",
        about=LIST, then="/items/{id}", act=OfficeAction.EDIT_PRICES, drafts=_add_draft,
    ),
    Action(
        "save_item", "/items/{item}", _WRITE, SaveItem, Item, save_item,
        "Change an item of the price list", about=KIND, then="/items/{item}", act=OfficeAction.EDIT_PRICES,
        drafts=_save_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route("/items", "list_items", "The price list", NoQuery, ItemPage, _READ, run=list_items),
    Route("/items/{item}", "show_item", "One item of the price list", NoQuery, Item, _READ, run=show_item),
)

PAGES = (
    Page("/items", "items", _READ, _list_page, "nav_money", "items", about=LIST),
    Page("/items/{item}", "item", _READ, _page, "nav_money", under="items", about=KIND),
    Page("/offers", "offers", _READ, _offers_page, "nav_money", "offers", about=OFFERS),
)
