"""Members who came in today and have somebody to look after them: for that one of the staff, and for the desk (S72)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.owner_arrivals import OwnArrival, own_arrivals_today
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.listing import Listing, Tab, asked, caller
from kiosk.office.page import Page
from kiosk.office.routes import Route
from kiosk.office.saying import moment
from kiosk.office.whom import people, staff_by_id


class OwnArrivalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose members."""

    staff: Annotated[
        str, Meta(max_length=32, description="Only members that this one of the staff looks after, by account id.")
    ] = ""


class OwnArrivalPage(msgspec.Struct, frozen=True):
    """The arrivals of today, the latest first, 500 at most; `next` is null."""

    items: tuple[OwnArrival, ...]
    next: str | None


def list_own_arrivals(look: Look, query: OwnArrivalQuery, _ids: Ids) -> OwnArrivalPage:
    """Return who came in today of the tiers that are announced."""
    return OwnArrivalPage(tuple(own_arrivals_today(look, query.staff or None)), None)


def _page(look: Look, _ids: Ids) -> Listing:
    part, who = asked("part", 8), caller()
    staff = who.staff.id if who is not None and part != "all" else None
    found = own_arrivals_today(look, staff)
    names, owners = people(look, [each.member for each in found]), staff_by_id(look)
    rows = [
        (moment(each.at), names.get(each.member), each.site, each.access_point, owners.get(each.staff, each.staff))
        for each in found
    ]
    tabs = [Tab("own_arrivals_mine", "?part=mine", part != "all"), Tab("own_arrivals_all", "?part=all", part == "all")]
    return Listing(
        "own_arrivals", "own_arrivals", "own_arrivals_hint", ("time", "member", "site", "place", "owner_staff"), rows,
        "no_own_arrivals", "no_own_arrivals_hint", tabs=tabs, people=True,
    )  # fmt: skip


_READ = Permission.CARE_READ

ROUTES = (
    Route(
        "/care/arrivals", "list_own_arrivals", "Members of the announced tiers who came in today", OwnArrivalQuery,
        OwnArrivalPage, _READ, run=list_own_arrivals,
    ),
)  # fmt: skip
PAGES = (Page("/care/arrivals", "own_arrivals", _READ, _page, "nav_care", "own_arrivals"),)
