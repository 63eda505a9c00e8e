"""The way back of empty gift cards, in the office: from the store to the fund department, on, and destroyed (R31, R32).

Whoever acts gives the cards on: the store to the funds, the funds to customer service, which destroys them.
"""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.gift_lists import WayBackRow, gift_rows, numbers_on, way_back_row, way_back_rows
from kiosk.club.gift_cards import GiftState
from kiosk.club.gift_recovery import WayBack
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_card_parts import NUMBERS_FIELD, colleagues, said
from kiosk.office.club_gift_steps import (
    DestroyGiftCards,
    GiveGiftCards,
    destroy_gift_cards,
    hand_gift_cards_to_funds,
    send_gift_cards,
)
from kiosk.office.listing import ROWS, Listing, address_of, asked
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.whom import staff_by_id

KIND, LIST = "gift_way_back", "gift_way_back_list"
PAGE_MAX = 400


class WayBackQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which records."""

    after: Annotated[str, Meta(max_length=16, description="`next` of the page before: the newest come first.")] = ""
    limit: Limit = LIMIT_DEFAULT


class WayBackPage(msgspec.Struct, frozen=True):
    """Records of the way back, the newest first; `next` is null on the last page."""

    items: tuple[WayBackRow, ...]
    next: str | None


class WayBackFile(msgspec.Struct, frozen=True):
    """One record of the way back with its gift cards."""

    record: WayBackRow
    numbers: tuple[str, ...]


def list_way_back(look: Look, query: WayBackQuery, _ids: Ids) -> WayBackPage:
    """Return a page of the records of the way back."""
    limit = min(query.limit, PAGE_MAX)
    found = way_back_rows(look, query.after, limit + 1)
    return WayBackPage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def show_way_back(look: Look, _query: NoQuery, ids: Ids) -> WayBackFile:
    """Return one record; raises InvalidInput where there is none."""
    return WayBackFile(way_back_row(look, ids["way_back"]), numbers_on(look, ids["way_back"]))


def _way_back_page(look: Look, _ids: Ids) -> Listing:
    found, names = way_back_rows(look, asked("after", 16), ROWS + 1), staff_by_id(look)
    rows = [
        (
            Link(each.at, f"/gift-way-back/{each.id}"),
            said("Stage", each.stage),
            each.count,
            names.get(each.given_by, each.given_by),
            names.get(each.taken_by, each.taken_by),
        )
        for each in found[:ROWS]
    ]
    return Listing(
        LIST,
        "way_back",
        "way_back_hint",
        ("time", "stage", "quantity", "given_by", "taken_by"),
        rows,
        "no_way_back",
        "no_way_back_hint",
        first="?" if asked("after") else "",
        further=address_of(after=found[ROWS - 1].id) if len(found) > ROWS else "",
    )


def _record_page(look: Look, ids: Ids) -> str:
    file, names = show_way_back(look, NoQuery(), ids), staff_by_id(look)
    record = file.record
    facts = (
        Fact("given_by", names.get(record.given_by, record.given_by)),
        Fact("taken_by", names.get(record.taken_by, record.taken_by)),
        Fact("time", record.at),
        Fact("quantity", record.count),
    )
    cards = Table("gift_cards", ("card_number",), [(Link(each, f"/cards/{each}"),) for each in file.numbers])
    title = said("Stage", record.stage)
    thing = Thing(
        KIND, record.id, title, ids, facts, view=file, up="/gift-way-back", up_label="way_back", tables=(cards,)
    )
    return show_thing(look, thing)


def _give(state: GiftState, field: str, permission: Permission, look: Look, _ids: Ids) -> Draft:
    """Begin with all the cards that lie there, as they go together."""
    numbers = "\n".join(each.number for each in gift_rows(look, state, limit=PAGE_MAX))
    return Draft("", {"numbers": numbers}, {field: colleagues(look, permission)}, NUMBERS_FIELD)


_BACK = "/gift-way-back"
_O, _P = OfficeAction, Permission

ACTIONS = (
    Action(
        "hand_gift_cards_to_funds", "/gift-way-back/funds", _P.GIFTS_TAKE_IN, GiveGiftCards, WayBack,
        hand_gift_cards_to_funds, "Hand gift cards that a store took in to the fund department, all or none",
        about=LIST, then=_BACK, act=_O.HAND_GIFT_CARDS_TO_FUNDS,
        drafts=partial(_give, GiftState.RECOVERED, "taken_by", _P.GIFTS_FUND),
    ),
    Action(
        "send_gift_cards", "/gift-way-back/service", _P.GIFTS_FUND, GiveGiftCards, WayBack, send_gift_cards,
        "Send gift cards from the fund department to customer service, all or none",
        about=LIST, then=_BACK, act=_O.SEND_GIFT_CARDS,
        drafts=partial(_give, GiftState.WITH_FUNDS, "taken_by", _P.GIFTS_DESTROY),
    ),
    Action(
        "destroy_gift_cards", "/gift-way-back/destruction", _P.GIFTS_DESTROY, DestroyGiftCards, WayBack,
        destroy_gift_cards, "Destroy gift cards before a witness",
        about=LIST, then=_BACK, act=_O.DESTROY_GIFT_CARDS,
        drafts=partial(_give, GiftState.WITH_SERVICE, "seen_by", _P.CARDS_READ),
    ),
)  # fmt: skip

ROUTES = (
    Route("/gift-way-back", "list_way_back", "The way back of empty gift cards, the newest record first", WayBackQuery,
          WayBackPage, _P.CARDS_READ, run=list_way_back),
    Route("/gift-way-back/{way_back}", "show_way_back", "One record of the way back with its gift cards", NoQuery,
          WayBackFile, _P.CARDS_READ, run=show_way_back),
)  # fmt: skip

PAGES = (
    Page("/gift-way-back", "way_back", _P.CARDS_READ, _way_back_page, "nav_cards", "way_back", about=LIST),
    Page(
        "/gift-way-back/{way_back}", "way_back_record", _P.CARDS_READ, _record_page, "nav_cards", "", "way_back", KIND
    ),
)
