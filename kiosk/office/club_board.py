"""The notice board in the office: announcements for every kiosk, written, changed and taken down (S75)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import board
from kiosk.central.club.board import announcement_of
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.board import Announcement, is_over
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import Listing
from kiosk.office.page import Badge, Fact, Link, Page, Thing, show_thing
from kiosk.office.places import names_of_sites
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told

KIND, LIST = "announcement", "announcements"

Words = Annotated[str, Meta(min_length=1, max_length=200)]
Sites = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=50)]


class PinUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is announced, from and until which day, both included; no `sites` = at all, the smallest `order` first."""

    zh: Words
    en: Words
    valid_from: date | None = None
    valid_until: date | None = None
    sites: Sites = ()
    order: Annotated[int, Meta(ge=0, le=999)] = 0


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


class BoardPage(msgspec.Struct, frozen=True):
    """All announcements in the order in which they are shown; `next` is null, as they come at once."""

    items: tuple[Announcement, ...]
    next: str | None


def pin_up(change: Change, wish: PinUp, _ids: Ids) -> Announcement:
    """Pin a new one up."""
    return board.pin_up(
        change, Announcement("", wish.zh, wish.en, wish.order, wish.valid_from, wish.valid_until, wish.sites)
    )


def change_announcement(change: Change, wish: PinUp, ids: Ids) -> Announcement:
    """Change one that is up."""
    found = announcement_of(change, ids["announcement"])
    said = Announcement(found.id, wish.zh, wish.en, wish.order, wish.valid_from, wish.valid_until, wish.sites)
    return board.pin_up(change, said)


def take_down(change: Change, _wish: Nothing, ids: Ids) -> Announcement:
    """Take one down."""
    return board.take_down(change, ids["announcement"])


def list_announcements(look: Look, _query: NoQuery, _ids: Ids) -> BoardPage:
    """Return what is on the board."""
    return BoardPage(tuple(board.board(look)), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    names = names_of_sites(look)
    rows = [
        (
            Link(each.zh, f"/announcements/{each.id}"),
            each.en,
            _badge(look, each),
            each.valid_from,
            each.valid_until or told("without_end"),
            _where(names, each),
            each.order,
        )
        for each in board.board(look)
    ]
    columns = (
        "announced_zh",
        "announced_en",
        "state",
        "valid_from",
        "valid_until",
        "announced_where",
        "announced_order",
    )
    return Listing(LIST, "announcements", "announcements_hint", columns, rows, "no_announcements",
                   "no_announcements_hint")  # fmt: skip


def _page(look: Look, ids: Ids) -> str:
    found = announcement_of(look, ids["announcement"])
    state = _state(look, found)
    thing = Thing(
        KIND, found.id, found.zh, ids,
        (
            Fact("announced_en", found.en),
            Fact("valid_from", found.valid_from),
            Fact("valid_until", found.valid_until or told("without_end")),
            Fact("announced_where", _where(names_of_sites(look), found)),
            Fact("announced_order", found.order),
        ),
        view=found, state=state, badge=_BADGES[state], up="/announcements", up_label="announcements",
    )  # fmt: skip
    return show_thing(look, thing)


_BADGES = {"announced_now": "ok", "announced_to_come": "attention", "announced_over": "quiet"}


def _state(look: Look, found: Announcement) -> str:
    if is_over(found, look.today):
        return "announced_over"
    return "announced_to_come" if found.valid_from is not None and found.valid_from > look.today else "announced_now"


def _badge(look: Look, found: Announcement) -> Badge:
    state = _state(look, found)
    return Badge(told(state), _BADGES[state])


def _where(names: Mapping[str, str], found: Announcement) -> str:
    return ", ".join(names.get(each, each) for each in found.sites) or told("announced_everywhere")


def _draft(look: Look, _ids: Ids) -> Draft:
    return _with_sites(look, Draft(values={"valid_from": look.today}))


def _draft_change(look: Look, ids: Ids) -> Draft:
    found = announcement_of(look, ids["announcement"])
    values = {name: getattr(found, name) for name in PinUp.__struct_fields__}
    return _with_sites(look, Draft(found.zh, values))


def _draft_title(look: Look, ids: Ids) -> Draft:
    return Draft(announcement_of(look, ids["announcement"]).zh)


def _with_sites(look: Look, draft: Draft) -> Draft:
    return draft._replace(choices={"sites": list(names_of_sites(look).items())}, kinds={"sites": "many"})


_READ, _WRITE, _ACT = Permission.NOTICES_READ, Permission.NOTICES_WRITE, OfficeAction.PIN_UP

ACTIONS = (
    Action(
        "pin_up", "/announcements", _WRITE, PinUp, Announcement, pin_up, "Announce something at the kiosks",
        about=LIST, then="/announcements/{id}", act=_ACT, drafts=_draft,
    ),
    Action(
        "change_announcement", "/announcements/{announcement}", _WRITE, PinUp, Announcement, change_announcement,
        "Change an announcement", about=KIND, then="/announcements/{announcement}", act=_ACT, drafts=_draft_change,
    ),
    Action(
        "take_down", "/announcements/{announcement}/take-down", _WRITE, Nothing, Announcement, take_down,
        "Take an announcement down", about=KIND, then="/announcements", act=_ACT, drafts=_draft_title,
    ),
)  # fmt: skip
ROUTES = (
    Route("/announcements", "list_announcements", "What the kiosks announce", NoQuery, BoardPage, _READ,
          run=list_announcements),
)  # fmt: skip
PAGES = (
    Page("/announcements", "announcements", _READ, _list_page, "nav_club", "announcements"),
    Page("/announcements/{announcement}", "announcement", _READ, _page, under="announcements", about=KIND),
)
