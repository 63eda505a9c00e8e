"""Staff accounts in the office: opened with a password shown once, described, given roles, closed (S94)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care.ownership import check_leaving
from kiosk.central.club.books import Change, Look
from kiosk.central.club.site_names import site_names
from kiosk.central.club.staff import (
    Account,
    OpenAccount,
    account,
    close_account,
    describe_account,
    give_roles,
    open_account,
)
from kiosk.central.members import members_by
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission, Role
from kiosk.office import club_keys, club_staff_access, club_staff_pages
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_staff_access import (
    ChangeStaff,
    NewPassword,
    Ready,
    draft_of,
    is_open,
    matter_of,
    with_password,
    without_password,
)
from kiosk.office.club_staff_pages import KIND, LIST
from kiosk.office.whom import member_named

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Roles = Annotated[tuple[Role, ...], Meta(max_length=len(Role))]
SiteName = Annotated[str, Meta(max_length=32)]
Number = Annotated[str, Meta(max_length=64)]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class OpenStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account; `member_no` where its person is a member too, `site` where it works, empty for the head office."""

    login: Annotated[str, Meta(min_length=2, max_length=64)]
    name: Name
    roles: Roles
    member_no: Number = ""
    site: SiteName = ""


class GiveRoles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All the roles of the account from now on."""

    roles: Roles
    why: Reason


class DescribeStaff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name, the member number where its person is a member too, and where it works."""

    name: Name
    member_no: Number = ""
    site: SiteName = ""
    why: Annotated[str, Meta(max_length=500)] = ""


def open_staff(change: Change, ready: Ready, _ids: Ids) -> NewPassword:
    """Open an account."""
    wish: OpenStaff = ready.wish
    member = member_named(change, wish.member_no) if wish.member_no.strip() else None
    opened = open_account(change, OpenAccount(wish.login, wish.name, wish.roles, ready.kept, member, wish.site))
    return NewPassword(opened.id, opened.login, ready.password)


def give_staff_roles(change: Change, wish: GiveRoles, ids: Ids) -> Account:
    """Set the roles."""
    return give_roles(change, ids["staff"], wish.roles, wish.why)


def describe_staff(change: Change, wish: DescribeStaff, ids: Ids) -> Account:
    """Set name, file and site."""
    member = member_named(change, wish.member_no) if wish.member_no.strip() else None
    return describe_account(change, ids["staff"], wish.name, member, wish.why, site=wish.site)


def close_staff(change: Change, wish: ChangeStaff, ids: Ids) -> Account:
    """Close the account for good; whoever still looks after members hands them over before (R131)."""
    check_leaving(change, ids["staff"])
    return close_account(change, ids["staff"], wish.why)


def _draft_description(look: Look, ids: Ids) -> Draft:
    known = account(look, ids["staff"])
    file = members_by(look.connection, "id", [known.member or ""])
    number = file[0].member_no if file else ""
    return Draft(
        f"{known.name} ({known.login})", {"name": known.name, "member_no": number, "site": known.site}, _sites(look)
    )


def _draft_new(look: Look, _ids: Ids) -> Draft:
    return Draft(choices=_sites(look))


def _sites(look: Look) -> dict[str, list[tuple[str, str]]]:
    return {"site": [(each, each) for each in site_names(look)]}


ACTIONS = (
    Action(
        "open_staff",
        "/staff",
        Permission.STAFF_WRITE,
        OpenStaff,
        NewPassword,
        open_staff,
        "Open a staff account; its password is in the first answer alone",
        about=LIST,
        then="/staff/{id}",
        act=OfficeAction.EDIT_STAFF,
        drafts=_draft_new,
        prepare=with_password,
        kept=without_password,
    ),
    Action(
        "give_roles",
        "/staff/{staff}/roles",
        Permission.STAFF_WRITE,
        GiveRoles,
        Account,
        give_staff_roles,
        "Set the roles of an account",
        about=KIND,
        then="/staff/{staff}",
        possible=is_open,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=draft_of,
    ),
    Action(
        "describe_staff",
        "/staff/{staff}/name",
        Permission.STAFF_WRITE,
        DescribeStaff,
        Account,
        describe_staff,
        "Set name, file and site of an account",
        about=KIND,
        then="/staff/{staff}",
        possible=is_open,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=_draft_description,
    ),
    Action(
        "close_staff",
        "/staff/{staff}/close",
        Permission.STAFF_WRITE,
        ChangeStaff,
        Account,
        close_staff,
        "Close an account for good",
        about=KIND,
        then="/staff/{staff}",
        possible=is_open,
        act=OfficeAction.EDIT_STAFF,
        matter=matter_of,
        drafts=draft_of,
    ),
    *club_staff_access.ACTIONS,
    *club_keys.ACTIONS,
)

ROUTES = (*club_staff_pages.ROUTES, *club_keys.ROUTES)
PAGES = (*club_staff_pages.PAGES, *club_keys.PAGES)
