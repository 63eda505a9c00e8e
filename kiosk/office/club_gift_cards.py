"""Gift cards in the office: where each stands today, sold, extended and taken in (R26 to R31, S29)."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.card_book import card_of
from kiosk.central.club.gift_lists import gift_counts, gift_rows
from kiosk.central.club.stock import points
from kiosk.club.gift_cards import GiftCard, GiftState, state_on
from kiosk.club.gift_recovery import WayBack
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.club_card_file import KIND as CARD
from kiosk.office.club_card_file import gift_stands, gift_without_balance
from kiosk.office.club_card_parts import said
from kiosk.office.club_gift_steps import (
    ExtendGiftCard,
    OpenGiftBalance,
    SellGiftCard,
    TakeInGiftCard,
    extend_gift_card,
    open_gift_balance,
    sell_gift_card,
    take_in_gift_card,
)
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked
from kiosk.office.page import Badge, Link, Page
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route

LIST = "gift_card_list"
PAGE_MAX = 400

_COLOURS = {GiftState.ACTIVE: "ok", GiftState.EMPTY: "attention", GiftState.EXPIRED: "attention"}


class GiftQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which gift cards."""

    state: Annotated[str, Meta(max_length=16, description="Only gift cards that stand so today.")] = ""
    after: Annotated[str, Meta(max_length=32, description="`next` of the page before.")] = ""
    limit: Limit = LIMIT_DEFAULT


class GiftCardPage(msgspec.Struct, frozen=True):
    """Gift cards by number as they are written down; `next` is null on the last page.

    What is empty or over today is asked for with `state`.
    """

    items: tuple[GiftCard, ...]
    next: str | None


def list_gift_cards(look: Look, query: GiftQuery, _ids: Ids) -> GiftCardPage:
    """Return a page of gift cards."""
    limit = min(query.limit, PAGE_MAX)
    state = next((each for each in GiftState if each == query.state), None)
    found = gift_rows(look, state, query.after, limit + 1) if state or not query.state else []
    return GiftCardPage(tuple(found[:limit]), found[limit - 1].number if len(found) > limit else None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    chosen = next((each for each in GiftState if each == asked("state")), None)
    found = gift_rows(look, chosen, asked("after", 32), ROWS + 1)
    rows = []
    for each in found[:ROWS]:
        state = state_on(each, look.today)
        badge = Badge(said("GiftState", state), _COLOURS.get(state, "quiet"))
        number = Link(each.number, f"/cards/{each.number}")
        rows.append((number, badge, shown(each.balance_minor), each.sold_on, each.valid_until))
    tabs = [Tab(said("GiftState", "all"), "?", chosen is None)]
    for state, count in gift_counts(look).items():
        tabs.append(Tab(said("GiftState", state), f"?state={state}", state is chosen, count))
    part = chosen.value if chosen else ""
    return Listing(
        LIST,
        "gift_cards",
        "gift_cards_hint",
        ("card_number", "state", "balance", "sold_on", "valid_until"),
        rows,
        "no_gift_cards",
        "no_gift_cards_hint",
        tabs=tabs,
        first=address_of(state=part) if asked("after") else "",
        further=address_of(state=part, after=found[ROWS - 1].number) if len(found) > ROWS else "",
    )


def _card(look: Look, ids: Ids) -> Draft:
    return Draft(card_of(look, ids["number"]).card.number)


def _take_in(look: Look, ids: Ids) -> Draft:
    return _card(look, ids)._replace(choices={"store": [(each.id, each.id) for each in points(look)]})


_PATH, _THEN = "/gift-cards/{number}/", "/cards/{number}"
_O, _P = OfficeAction, Permission

ACTIONS = (
    Action(
        "sell_gift_card", _PATH + "sale", _P.GIFTS_SELL, SellGiftCard, GiftCard, sell_gift_card,
        "Sell a gift card from stock, loaded and with its end",
        about=CARD, then=_THEN, possible=partial(gift_stands, GiftState.IN_STOCK), act=_O.SELL_GIFT_CARD, drafts=_card,
    ),
    Action(
        "take_in_gift_card", _PATH + "return", _P.GIFTS_TAKE_IN, TakeInGiftCard, WayBack, take_in_gift_card,
        "Take an empty gift card in at a store",
        about=CARD, then=_THEN, possible=partial(gift_stands, GiftState.EMPTY), act=_O.TAKE_IN_GIFT_CARD,
        drafts=_take_in,
    ),
    Action(
        "extend_gift_card", _PATH + "extension", _P.GIFTS_FUND, ExtendGiftCard, GiftCard, extend_gift_card,
        "Give a gift card that ran out a later end",
        about=CARD, then=_THEN, possible=partial(gift_stands, GiftState.EXPIRED), act=_O.EXTEND_GIFT_CARD,
        drafts=_card,
    ),
    Action(
        "open_gift_balance", _PATH + "balance", _P.GIFTS_FUND, OpenGiftBalance, GiftCard, open_gift_balance,
        "Write down what is on a gift card that came with a list",
        about=CARD, then=_THEN, possible=gift_without_balance, act=_O.OPEN_GIFT_BALANCE, drafts=_card,
    ),
)  # fmt: skip

ROUTES = (
    Route("/gift-cards", "list_gift_cards", "Gift cards by number", GiftQuery, GiftCardPage, _P.CARDS_READ,
          run=list_gift_cards),
)  # fmt: skip

PAGES = (Page("/gift-cards", "gift_cards", _P.CARDS_READ, _list_page, "nav_cards", "gift_cards", about=LIST),)
