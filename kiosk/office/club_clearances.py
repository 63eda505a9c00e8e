"""Clearances in the office: until when a member may go into an area by health, without a word of why (S81)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.clearances import Clearance, clearances_of, set_clearance
from kiosk.central.club.greeting import note_members
from kiosk.club.clearances import AREA_CHARACTERS_MAX, is_cleared
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_people_acts import KIND, is_kept, person_named
from kiosk.office.page import Badge, Table
from kiosk.office.people_fields import member_of
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import staff_by_id


class SetClearance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until which local day somebody is cleared for an area; without a day the clearance is taken back."""

    area: Annotated[str, Meta(min_length=1, max_length=AREA_CHARACTERS_MAX)]
    until: date | None = None


class Clearances(msgspec.Struct, frozen=True):
    """A member's clearances by area; `next` is null, as they come at once."""

    items: tuple[Clearance, ...]
    next: str | None


def clear_member(change: Change, wish: SetClearance, ids: Ids) -> Clearances:
    """Clear a member for an area; the gates know it with the commit."""
    member = member_of(change, ids["member"]).id
    set_clearance(change, member, wish.area, wish.until)
    note_members(change, [member])
    return Clearances(tuple(clearances_of(change, member)), None)


def list_clearances(look: Look, _query: NoQuery, ids: Ids) -> Clearances:
    """Return a member's clearances."""
    return Clearances(tuple(clearances_of(look, member_of(look, ids["member"]).id)), None)


def clearance_table(look: Look, member_id: str) -> list[Table]:
    """Return a table with each area that asks for a clearance, and how it stands; none where no area asks."""
    held, staff = {each.area: each for each in clearances_of(look, member_id)}, staff_by_id(look)
    areas = sorted({*look.rules.clearances.areas, *held})
    rows = []
    for area in areas:
        found = held.get(area)
        until = found.until if found else None
        is_now = is_cleared(until, look.today)
        state = Badge(told("is_cleared" if is_now else "is_not_cleared"), "ok" if is_now else "attention")
        rows.append((area, state, until, staff.get(found.by, found.by) if found else None))
    return [Table("clearances", ("area", "state", "until", "cleared_by"), rows)] if rows else []


def _draft(look: Look, ids: Ids) -> Draft:
    areas = [(each, each) for each in look.rules.clearances.areas]
    return person_named(look, ids)._replace(choices={"area": areas})


_PATH = "/people/{member}/clearances"

ACTIONS = (
    Action(
        "clear_member", _PATH, Permission.MEMBERS_WRITE, SetClearance, Clearances, clear_member,
        "Clear a member for an area until a day, or take it back", about=KIND, then="/people/{member}",
        possible=is_kept, act=OfficeAction.EDIT_MEMBER, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = (
    Route(
        _PATH, "list_clearances", "Until when a member is cleared for areas by health", NoQuery, Clearances,
        Permission.MEMBERS_READ, run=list_clearances,
    ),
)  # fmt: skip
