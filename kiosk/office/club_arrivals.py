"""Members of other sites who came in today: whom a desk makes welcome, and what it should know (S15, 003:97)."""

from typing import Any

import msgspec

from kiosk.central.club.arrivals import Arrival, arrivals_today
from kiosk.central.club.books import Look
from kiosk.central.club.files import file_of
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.listing import Listing, asked
from kiosk.office.page import Link, Page
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import people


class ArrivalPage(msgspec.Struct, frozen=True):
    """The arrivals of today, the latest first, 500 at most; `next` is null."""

    items: tuple[Arrival, ...]
    next: str | None


def list_arrivals(look: Look, _query: NoQuery, _ids: Ids) -> ArrivalPage:
    """Return who came in today from another site."""
    return ArrivalPage(tuple(arrivals_today(look)), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    wanted = asked("q", 32)
    found = [each for each in arrivals_today(look) if wanted in ("", each.site)]
    names = people(look, [each.member for each in found])
    columns = ("time", "member", "site", "home_site", "interests", "accessible")
    rows = [_row(look, each, names) for each in found]
    return Listing(
        "arrivals",
        "arrivals",
        "arrivals_hint",
        columns,
        rows,
        "no_arrivals",
        "no_arrivals_hint",
        search=wanted,
        search_hint="arrivals_search_hint",
        people=True,
    )


def _row(look: Look, each: Arrival, names: dict[str, Link]) -> tuple[Any, ...]:
    file = file_of(look, each.member)
    return each.at, names.get(each.member), each.site, each.home_site, file.interests, file.accessible


_READS = Permission.MEMBERS_READ

ROUTES = (
    Route("/arrivals", "list_arrivals", "Members of other sites who came in today", NoQuery, ArrivalPage, _READS,
          run=list_arrivals),
)  # fmt: skip

PAGES = (Page("/arrivals", "arrivals", _READS, _list_page, "nav_people", "arrivals"),)
