"""The club's sites in the office: what stands there, who works there, and who is at home there (S93)."""

import msgspec

from kiosk.central.club.books import Look
from kiosk.central.club.sites import SiteView, site_of, sites
from kiosk.central.club.staff import account
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.club_staff_pages import role_names
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route

KIND, LIST = "site", "site_list"
ONLINE = "online"


class ClubSitePage(msgspec.Struct, frozen=True):
    """All sites by name; `next` is null, as they come at once."""

    items: tuple[SiteView, ...]
    next: str | None


def list_sites(look: Look, _query: NoQuery, _ids: Ids) -> ClubSitePage:
    """Return the sites."""
    return ClubSitePage(tuple(sites(look)), None)


def show_site(look: Look, _query: NoQuery, ids: Ids) -> SiteView:
    """Return one site; raises InvalidInput where there is none."""
    return site_of(look, ids["site"])


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows = [
        (
            Link(each.id, f"/sites/{each.id}"),
            each.zone,
            f"{sum(one.state == ONLINE for one in each.devices)} / {len(each.devices)}",
            each.members,
            len(each.staff),
            each.activities,
        )
        for each in sites(look)
    ]
    columns = ("activity_site", "site_zone", "site_online", "site_members", "site_staff", "activities_to_come")
    return Listing(LIST, "sites", "sites_hint", columns, rows, "no_sites", "no_sites_hint")


def _page(look: Look, ids: Ids) -> str:
    found = site_of(look, ids["site"])
    staff = [account(look, each) for each in found.staff]
    facts = (
        Fact("site_zone", found.zone),
        Fact("site_members", found.members),
        Fact("activities_to_come", found.activities),
        Fact("site_points", list(found.access_points)),
    )
    people = [(each.name, role_names(each.roles)) for each in staff]
    devices = [(each.name, each.state == ONLINE, each.seen_at) for each in found.devices]
    thing = Thing(
        KIND,
        found.id,
        found.id,
        ids,
        facts,
        view=found,
        up="/sites",
        up_label="sites",
        tables=(
            Table("devices", ("device", "online", "last_seen"), devices, "no_devices"),
            Table("site_staff", ("staff_name", "roles"), people, "site_staff_none"),
        ),
    )
    return show_thing(look, thing)


ROUTES = (
    Route("/sites", "list_sites", "The club's sites", NoQuery, ClubSitePage, Permission.REPORTS_READ, run=list_sites),
    Route("/sites/{site}", "show_site", "One site", NoQuery, SiteView, Permission.REPORTS_READ, run=show_site),
)

PAGES = (
    Page("/sites", "sites", Permission.REPORTS_READ, _list_page, "nav_club", "sites", about=LIST),
    Page("/sites/{site}", "site", Permission.REPORTS_READ, _page, "nav_club", under="sites", about=KIND),
)
