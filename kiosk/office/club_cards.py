"""The book of cards in the office: search by number, reader or member, and everything of one card (S20, S21, S27)."""

from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.card_lists import CardFilter, CardRow, ListedCard, card_rows, listed_cards
from kiosk.club.cards import CardState
from kiosk.club.roles import Permission
from kiosk.office import club_card_acts
from kiosk.office.actions import Ids
from kiosk.office.club_card_file import KIND, CardFile, badge_of, card_file, thing_of
from kiosk.office.club_card_parts import said
from kiosk.office.listing import ROWS, Listing, Tab, address_of, asked
from kiosk.office.page import Badge, Link, Page, Table, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route

Search = Annotated[
    str,
    Meta(max_length=64, description="The start of a card number, the number as readers read it, or a member number."),
]
State = Annotated[str, Meta(max_length=16, description="Only cards in this state.")]
Kind = Annotated[str, Meta(max_length=32, description="Only cards of this kind.")]
Point = Annotated[str, Meta(max_length=32, description="Only cards of this point of sale.")]
Batch = Annotated[str, Meta(max_length=16, description="Only cards of this production order.")]
After = Annotated[str, Meta(max_length=32, description="`next` of the page before.")]

_SHOWN = (
    CardState.HANDED_OVER, CardState.ASSIGNED, CardState.IN_STOCK, CardState.LOST, CardState.SUSPENDED,
    CardState.REPLACED, CardState.RETURNED, CardState.CANCELLED, CardState.DESTROYED,
)  # fmt: skip


class BookQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cards."""

    q: Search = ""
    state: State = ""
    kind: Kind = ""
    point: Point = ""
    batch: Batch = ""
    after: After = ""
    limit: Limit = LIMIT_DEFAULT


class CardBookPage(msgspec.Struct, frozen=True):
    """Cards of the book by number; `next` is null on the last page.

    `listed` are cards that were looked for and are in no book yet: they came with a list.
    """

    items: tuple[CardRow, ...]
    listed: tuple[ListedCard, ...]
    next: str | None


def list_book(look: Look, query: BookQuery, _ids: Ids) -> CardBookPage:
    """Return a page of the book."""
    wanted = CardFilter(query.q, query.state, query.kind, query.point, query.batch)
    limit = min(query.limit, PAGE_MAX)
    found = card_rows(look, wanted, query.after, limit + 1)
    after = found[limit - 1].number if len(found) > limit else None
    return CardBookPage(tuple(found[:limit]), tuple(listed_cards(look, query.q)), after)


PAGE_MAX = 400
"""Cards of one page at most."""


def show_card(look: Look, _query: NoQuery, ids: Ids) -> CardFile:
    """Return one card; raises InvalidInput where there is none."""
    return card_file(look, ids["number"])


def _list_page(look: Look, _ids: Ids) -> Listing:
    kept = {name: text for name in ("q", "state", "batch", "point", "kind") if (text := asked(name))}
    wanted = CardFilter(kept.get("q", ""), *(kept.get(name, "") for name in ("state", "kind", "point", "batch")))
    found = card_rows(look, wanted, asked("after", 32), ROWS + 1)
    further = address_of(**kept, after=found[ROWS - 1].number) if len(found) > ROWS else ""
    columns = ("card_number", "state", "card_kind", "member", "valid_until", "point")
    return Listing(
        "card_book",
        "card_book",
        "card_book_hint",
        columns,
        [_row(each) for each in found[:ROWS]],
        "no_book_cards",
        "no_book_cards_hint",
        search=wanted.search,
        search_hint="card_search_hint",
        tabs=_tabs(kept),
        tables=[_listed(look, wanted.search)],
        further=further,
        first=address_of(**kept) if asked("after") else "",
        people=True,
    )


def _row(each: CardRow) -> tuple[object, ...]:
    holder: object = said("Holder", each.holder)
    if each.member_no:
        holder = Link(f"{each.member_name} {each.member_no}", f"/members/{quote(each.member_no)}")
    state = Badge(said("CardState", each.state), badge_of(each.state) or "quiet")
    number = Link(each.number, f"/cards/{each.number}")
    return number, state, said("CardKind", each.kind), holder, each.valid_until, each.point


def _tabs(kept: dict[str, str]) -> list[Tab]:
    chosen, others = kept.get("state", ""), {name: text for name, text in kept.items() if name != "state"}
    tabs = [Tab(said("CardState", "all"), address_of(**others), not chosen)]
    for state in _SHOWN:
        address = address_of(**others, state=state.value)
        tabs.append(Tab(said("CardState", state), address, chosen == state.value))
    return tabs


def _listed(look: Look, search: str) -> Table:
    rows = []
    for each in listed_cards(look, search):
        adopt = Link(f"… {each.ending}", f"/do/adopt_card/{each.credential}")
        rows.append((adopt, each.member_no, said("CredentialState", each.state)))
    return Table("cards_of_lists", ("card_read_as", "member_no", "state"), rows)


def _card_page(look: Look, ids: Ids) -> str:
    return show_thing(look, thing_of(look, card_file(look, ids["number"])))


ACTIONS = club_card_acts.ACTIONS

ROUTES = (
    Route(
        "/card-book",
        "list_card_book",
        "Cards of the book by number",
        BookQuery,
        CardBookPage,
        Permission.CARDS_READ,
        run=list_book,
    ),
    Route(
        "/card-book/{number}",
        "show_card",
        "One card with its member, what the gates hold of it, and which of them know that it is denied",
        NoQuery,
        CardFile,
        Permission.CARDS_READ,
        run=show_card,
    ),
)

PAGES = (
    Page("/cards", "card_book", Permission.CARDS_READ, _list_page, "nav_cards", "card_book"),
    Page("/cards/{number}", "card", Permission.CARDS_READ, _card_page, "nav_cards", under="card_book", about=KIND),
)
