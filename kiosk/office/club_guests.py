"""Guests in the office: children and visitors of a member, their passes, and how much each matters (S13, S14, R120)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import FileKind, file_of
from kiosk.central.club.guest_book import (
    importance_of,
    rate_guest,
)
from kiosk.central.club.guests import Invitation, cut_link, invite, link_child, passes_of, revoke_pass
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.turning import standing
from kiosk.central.roster import rows_of
from kiosk.club.guests import GuestPass, Importance, Mark
from kiosk.club.membership import ENDED
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.standing import Standing
from kiosk.core.model import Product
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_people_acts import KIND, person_named
from kiosk.office.people_fields import Code, Line, MayWhy, MemberNo, Name, Why, named
from kiosk.office.person_view import PersonView, is_host
from kiosk.office.whom import people

Visits = Annotated[int, Meta(ge=0, le=1000, description="Visits on the pass; 0 = as many as its days bring.")]


class LinkChild(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child too young to join comes as the member's guest."""

    name: Name
    born: date
    why: MayWhy = ""


class LinkedChild(msgspec.Struct, frozen=True):
    """The id of a child that was written down."""

    child: str


class CutLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A child comes by its host no more, from today on."""

    why: Why


class InviteGuest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pass for a guest: for one who came before by `guest_no`, else by name and phone."""

    product: Code
    first_day: date
    last_day: date
    visits: Visits = 1
    guest_no: MemberNo = ""
    name: Line = ""
    phone: Code = ""
    why: MayWhy = ""


class RevokePass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pass that the member gave is taken back."""

    pass_id: Code
    why: Why


class RateGuest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a visitor matters: marks from 1 to 5, 0 for none."""

    attention: Mark
    participation: Mark
    support: Mark
    why: MayWhy = ""


def _link(change: Change, wish: LinkChild, ids: Ids) -> LinkedChild:
    return LinkedChild(link_child(change, ids["member"], wish.name, wish.born, why=wish.why))


def _cut(change: Change, wish: CutLink, ids: Ids) -> Standing:
    cut_link(change, ids["member"], why=wish.why)
    return standing(change, ids["member"])


def _invite(change: Change, wish: InviteGuest, ids: Ids) -> GuestPass:
    guest = named(change, wish.guest_no)
    days = (wish.product, wish.first_day, wish.last_day, wish.visits)
    return invite(change, Invitation(ids["member"], *days, guest, wish.name, wish.phone), why=wish.why)


def _revoke(change: Change, wish: RevokePass, ids: Ids) -> GuestPass:
    found = next((each for each in passes_of(change, ids["member"]) if each.id == wish.pass_id), None)
    if found is None:
        raise RuleRefused("no_such_pass", what=f"member {ids['member']}", hint="See the passes of this member")
    revoke_pass(change, found.id, why=wish.why)
    return found


def _rate(change: Change, wish: RateGuest, ids: Ids) -> Importance:
    marks = Importance(wish.attention, wish.participation, wish.support)
    return importance_of(rate_guest(change, ids["member"], marks, why=wish.why))


def _rate_draft(look: Look, ids: Ids) -> Draft:
    marks = importance_of(file_of(look, ids["member"]))
    return person_named(look, ids)._replace(values=msgspec.structs.asdict(marks))


def _invite_draft(look: Look, ids: Ids) -> Draft:
    products = [(row.id, row.id) for row in rows_of(look.connection, "product") if isinstance(row, Product)]
    days = {"first_day": look.today, "last_day": look.today}
    return person_named(look, ids)._replace(values=days, choices={"product": products} if products else {})


def _revoke_draft(look: Look, ids: Ids) -> Draft:
    given = [each for each in passes_of(look, ids["member"]) if each.last_day >= look.today]
    names = people(look, [each.guest for each in given])
    choices = [(each.id, f"{names[each.guest].text} {each.first_day} {each.product}") for each in given]
    return person_named(look, ids)._replace(choices={"pass_id": choices} if choices else {})


def _is_linked_child(view: PersonView) -> bool:
    return view.file.kind is FileKind.CHILD and view.standing.state not in ENDED


def _is_visitor(view: PersonView) -> bool:
    return view.file.kind is FileKind.VISITOR


_WRITES, _TAKES = Permission.MEMBERS_WRITE, Permission.APPLICATIONS_WRITE

ACTIONS = (
    Action(
        "invite_guest",
        "/people/{member}/passes",
        _TAKES,
        InviteGuest,
        GuestPass,
        _invite,
        "Give a guest of the member a pass",
        about=KIND,
        then="/people/{member}",
        possible=is_host,
        drafts=_invite_draft,
        act=OfficeAction.INVITE_GUEST,
    ),
    Action(
        "revoke_pass",
        "/people/{member}/passes/revoked",
        _TAKES,
        RevokePass,
        GuestPass,
        _revoke,
        "Take a guest's pass back",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: bool(view.passes),
        drafts=_revoke_draft,
    ),
    Action(
        "link_child",
        "/people/{member}/children",
        _WRITES,
        LinkChild,
        LinkedChild,
        _link,
        "Write a child down as a guest",
        about=KIND,
        then="/people/{member}",
        possible=is_host,
        drafts=person_named,
        act=OfficeAction.LINK_CHILD,
    ),
    Action(
        "cut_link",
        "/people/{member}/family-link",
        _WRITES,
        CutLink,
        Standing,
        _cut,
        "End a child's link to its host",
        about=KIND,
        then="/people/{member}",
        possible=_is_linked_child,
        drafts=person_named,
    ),
    Action(
        "rate_guest",
        "/people/{member}/importance",
        _WRITES,
        RateGuest,
        Importance,
        _rate,
        "Say how much a visitor matters",
        about=KIND,
        then="/people/{member}",
        possible=_is_visitor,
        drafts=_rate_draft,
        act=OfficeAction.EDIT_MEMBER,
    ),
)
