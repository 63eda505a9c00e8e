"""Staff accounts as they are read: the list, and one with its keys (S94)."""

import msgspec

from kiosk.central.club.api_keys import api_keys
from kiosk.central.club.books import Look
from kiosk.central.club.staff import ACTIVE, Account, account, accounts
from kiosk.central.members import members_by
from kiosk.club.roles import Permission, Role
from kiosk.office.actions import Ids
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen

KIND, LIST = "staff", "staff_list"


class StaffPage(msgspec.Struct, frozen=True):
    """All accounts by login; `next` is null, as they come at once."""

    items: tuple[Account, ...]
    next: str | None


def list_staff(look: Look, _query: NoQuery, _ids: Ids) -> StaffPage:
    """Return the accounts."""
    return StaffPage(tuple(accounts(look)), None)


def show_staff(look: Look, _query: NoQuery, ids: Ids) -> Account:
    """Return one account; raises InvalidInput where there is none."""
    return account(look, ids["staff"])


def role_names(roles: tuple[Role, ...]) -> list[str]:
    """Return what roles are called."""
    return [chosen("Role", each.value) for each in roles]


def _list_page(look: Look, _ids: Ids) -> Listing:
    rows = [
        (
            Link(each.name, f"/staff/{each.id}"),
            each.login,
            role_names(each.roles),
            each.site,
            each.state == ACTIVE,
            each.factor,
            each.opened_at,
        )
        for each in accounts(look)
    ]
    columns = ("staff_name", "login", "roles", "activity_site", "staff_active", "second_factor", "staff_opened_at")
    return Listing(LIST, "staff", "staff_hint", columns, rows, "no_staff", "no_staff_hint")


def _page(look: Look, ids: Ids) -> str:
    known = account(look, ids["staff"])
    file = members_by(look.connection, "id", [known.member or ""])
    facts = (
        Fact("login", known.login),
        Fact("roles", role_names(known.roles)),
        Fact("second_factor", known.factor),
        Fact("staff_temporary", known.temporary),
        Fact("member_no", file[0].member_no if file else None),
        Fact("activity_site", known.site or "head_office", "" if known.site else "word"),
        Fact("staff_opened_at", known.opened_at),
        Fact("staff_closed_at", known.closed_at),
    )
    keys = [(each.name, role_names(each.roles), each.until, each.revoked_at) for each in api_keys(look, known.id)]
    thing = Thing(
        KIND,
        known.id,
        known.name,
        ids,
        facts,
        view=known,
        state="staff_open" if known.state == ACTIVE else "staff_closed",
        badge="ok" if known.state == ACTIVE else "",
        up="/staff",
        up_label="staff",
        tables=(Table("api_keys", ("api_key", "roles", "api_key_until", "api_key_revoked_at"), keys, "api_keys_none"),),
    )
    return show_thing(look, thing)


ROUTES = (
    Route("/staff", "list_staff", "Staff accounts", NoQuery, StaffPage, Permission.STAFF_WRITE, run=list_staff),
    Route(
        "/staff/{staff}", "show_staff", "One staff account", NoQuery, Account, Permission.STAFF_WRITE, run=show_staff
    ),
)

PAGES = (
    Page("/staff", "staff", Permission.STAFF_WRITE, _list_page, "nav_staff", "staff", about=LIST),
    Page("/staff/{staff}", "staff_account", Permission.STAFF_WRITE, _page, under="staff", about=KIND),
)
