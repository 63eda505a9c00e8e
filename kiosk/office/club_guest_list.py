"""The list of visitors: passes and visits, how much each matters, and who became a member (S14, R120)."""

from typing import Any

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.club.guest_book import GuestFigures, GuestLine, guest_figures, guest_lines
from kiosk.club.guests import GuestRules, is_important
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.listing import ROWS, Listing, address_of, skipped
from kiosk.office.page import Link, Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import people


class GuestPage(msgspec.Struct, frozen=True):
    """Visitors, the last to come first, and how many of all became members; `next` is null, as 500 come at most."""

    items: tuple[GuestLine, ...]
    figures: GuestFigures
    next: str | None


def list_guests(look: Look, _query: NoQuery, _ids: Ids) -> GuestPage:
    """Return the visitors, 500 at most."""
    return GuestPage(tuple(guest_lines(look, limit=500)), guest_figures(look), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    skip = skipped()
    found = guest_lines(look, skip, ROWS + 1)
    hosts = people(look, [each.host for each in found if each.host])
    rows = [_row(each, hosts, look.rules.guests) for each in found[:ROWS]]
    columns = ("guest", "host", "passes", "guest_visits", "guest_last_day", "guest_importance", "guest_joined_on")
    return Listing(
        "guests",
        "guest_list",
        "guest_list_hint",
        columns,
        rows,
        "no_guests",
        "no_guests_hint",
        first="?" if skip else "",
        further=address_of(skip=skip + ROWS) if len(found) > ROWS else "",
        people=True,
    )


def _row(each: GuestLine, hosts: dict[str, Link], rules: GuestRules) -> tuple[Any, ...]:
    name = Link(f"{each.member_no} {each.name}", f"/people/{each.guest}")
    marks = each.importance
    text = f"{marks.attention} / {marks.participation} / {marks.support}" if any(msgspec.structs.astuple(marks)) else ""
    if is_important(marks, rules):
        text = f"{text} {told('guest_important')}"
    return name, hosts.get(each.host or ""), each.passes, each.visits, each.last_day, text, each.joined_on


ROUTES = (
    Route(
        "/guests",
        "list_guests",
        "Visitors with passes, visits and marks, and how many became members",
        NoQuery,
        GuestPage,
        Permission.MEMBERS_READ,
        run=list_guests,
    ),
)

PAGES = (Page("/guests", "guest_list", Permission.MEMBERS_READ, _list_page, "nav_people", "guest_list"),)
