"""Who of the staff looks after a member, and how that changes hands: four steps, or a leaver's hand-over (S71)."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.care import ownership
from kiosk.central.care.ownership import KnownChange, change_of, change_page
from kiosk.central.club.books import Change, Look
from kiosk.central.club.staff import accounts
from kiosk.club.office_actions import OfficeAction
from kiosk.club.ownership import CHANGE_LIFE, ChangeAction, ChangeState
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import StaffId, staff_to_pick
from kiosk.office.listing import Listing, Tab, word
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.saying import told
from kiosk.office.whom import people, person_of, staff_by_id

KIND, LIST = "owner_change", "owner_changes"

_OPEN = (ChangeState.REQUESTED, ChangeState.STORE_AGREED, ChangeState.AGREED, ChangeState.CHANGED)
_TABS = {"open": "owner_changes_open", "over": "owner_changes_over"}


class AskOwner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to look after the member, and the paper it was asked for with."""

    owner_to: StaffId
    paper: Annotated[str, Meta(max_length=64)] = ""


class NoMore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more to say."""


class RefuseOwner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is refused."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who leaves, and who gets the members."""

    leaver: StaffId
    owner_to: StaffId


class HandedOver(msgspec.Struct, frozen=True):
    """How many members are left to hand over: the act goes on with the next ones."""

    left: int


class OwnerChangeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many changes."""

    limit: Limit = LIMIT_DEFAULT


class OwnerChangePage(msgspec.Struct, frozen=True):
    """Changes of owners that are not filed yet, the earliest first."""

    items: tuple[KnownChange, ...]
    next: str | None


def ask_owner(change: Change, wish: AskOwner, ids: Ids) -> KnownChange:
    """Ask for another owner."""
    return ownership.ask_change(change, person_of(change, ids["member"]).id, wish.owner_to, wish.paper)


def agree_store(change: Change, _wish: NoMore, ids: Ids) -> KnownChange:
    """Agree as the store manager."""
    return ownership.agree_store(change, ids["change"])


def agree(change: Change, _wish: NoMore, ids: Ids) -> KnownChange:
    """Agree as the manager."""
    return ownership.agree(change, ids["change"])


def carry_out(change: Change, _wish: NoMore, ids: Ids) -> KnownChange:
    """Change the file."""
    return ownership.carry_out(change, ids["change"])


def file_change(change: Change, _wish: NoMore, ids: Ids) -> KnownChange:
    """File the papers."""
    return ownership.file_change(change, ids["change"])


def refuse_change(change: Change, wish: RefuseOwner, ids: Ids) -> KnownChange:
    """Refuse it."""
    return ownership.refuse_change(change, ids["change"], why=wish.why)


def hand_over(change: Change, wish: HandOver, _ids: Ids) -> HandedOver:
    """Hand a leaver's members over."""
    return HandedOver(ownership.hand_over_all(change, wish.leaver, wish.owner_to))


def list_changes(look: Look, query: OwnerChangeQuery, _ids: Ids) -> OwnerChangePage:
    """Return changes of owners that are not filed yet."""
    return OwnerChangePage(tuple(change_page(look, _OPEN, query.limit)), None)


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = "over" if request.args.get("part") == "over" else "open"
    states = (ChangeState.FILED, ChangeState.REFUSED) if part == "over" else _OPEN
    found, staff = change_page(look, states, 500), staff_by_id(look)
    names = people(look, [each.change.member for each in found])
    rows: list[tuple[Any, ...]] = [
        (
            Link(_who(names, each), f"/owner-changes/{each.id}"),
            staff.get(each.change.owner_from, each.change.owner_from),
            staff.get(each.change.owner_to, each.change.owner_to), word(each.change.state), each.change.changed_on,
        )
        for each in found
    ]  # fmt: skip
    columns = ("member", "owner_from", "owner_to", "state", "changed_on")
    return Listing(
        LIST, "owner_changes", "owner_changes_hint", columns, rows, "no_owner_changes", "no_owner_changes_hint",
        [Tab(label, f"/owner-changes?part={name}", name == part) for name, label in _TABS.items()], people=True,
    )  # fmt: skip


def _who(names: Mapping[str, Link], known: KnownChange) -> str:
    found = names.get(known.change.member)
    return str(found.text) if found else known.id


def _change_page(look: Look, ids: Ids) -> str:
    known, staff = change_of(look, ids["change"]), staff_by_id(look)
    found, names = known.change, people(look, [known.change.member])
    thing = Thing(
        KIND, known.id, f"{told('owner_change')} {_who(names, known)}", ids,
        (
            Fact("member", names.get(found.member)),
            Fact("state", word(found.state)),
            Fact("owner_from", staff.get(found.owner_from, found.owner_from)),
            Fact("owner_to", staff.get(found.owner_to, found.owner_to)),
            Fact("owner_asked_by", staff.get(found.asked_by, found.asked_by)),
            Fact("owner_paper", found.paper),
            Fact("owner_agreed_by", [staff.get(each, each) for each in found.agreed_by]),
            Fact("changed_on", found.changed_on),
            Fact("owner_leaver", known.leaver),
        ),
        view=known, up="/owner-changes", up_label="owner_changes",
    )  # fmt: skip
    return show_thing(look, thing)


def _draft(look: Look, ids: Ids) -> Draft:
    known = change_of(look, ids["change"])
    return Draft(_who(people(look, [known.change.member]), known))


def _draft_ask(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, ids["member"]).name, choices={"owner_to": staff_to_pick(look)})


def _draft_leaver(look: Look, _ids: Ids) -> Draft:
    everybody = [(each.id, f"{each.name} ({each.login})") for each in accounts(look)]
    return Draft(choices={"leaver": everybody, "owner_to": staff_to_pick(look)})


def _leads(action: ChangeAction, known: KnownChange) -> bool:
    return action in CHANGE_LIFE.actions(known.change.state)


_DECIDE, _WRITE = Permission.CARE_DECIDE, Permission.CARE_WRITE
_C = ChangeAction


def _act(name: str, run: Any, step: ChangeAction, summary: str, wish: Any = NoMore, by: Permission = _DECIDE) -> Action:
    act = OfficeAction.DECIDE_CARE if by is _DECIDE else OfficeAction.DO_CARE
    return Action(
        name, f"/owner-changes/{{change}}/{step.value.replace('_', '-')}", by, wish, KnownChange, run, summary,
        about=KIND, then="/owner-changes/{change}", possible=partial(_leads, step), act=act, drafts=_draft,
    )  # fmt: skip


ACTIONS = (
    Action(
        "ask_owner", "/care/members/{member}/owner-changes", _WRITE, AskOwner, KnownChange, ask_owner,
        "Ask in writing for another owner of a member", about="care_member", then="/owner-changes/{id}",
        act=OfficeAction.DO_CARE, drafts=_draft_ask,
    ),
    _act("agree_owner_store", agree_store, _C.AGREE_STORE, "Agree as the store manager"),
    _act("agree_owner", agree, _C.AGREE, "Agree as the manager"),
    _act("change_owner", carry_out, _C.CHANGE, "Give the member to the other owner"),
    _act("file_owner", file_change, _C.FILE, "File the papers at customer service", by=_WRITE),
    _act("refuse_owner", refuse_change, _C.REFUSE, "Refuse a change of owner", RefuseOwner),
    Action(
        "hand_over_members", "/owner-changes/hand-over", _DECIDE, HandOver, HandedOver, hand_over,
        "Hand over the members of somebody who leaves", about=LIST, then="/owner-changes",
        act=OfficeAction.DECIDE_CARE, drafts=_draft_leaver,
    ),
)  # fmt: skip
ROUTES = (
    Route("/owner-changes", "list_owner_changes", "Changes of owners", OwnerChangeQuery, OwnerChangePage,
          Permission.CARE_READ, run=list_changes),
)  # fmt: skip
PAGES = (
    Page("/owner-changes", "owner_changes", Permission.CARE_READ, _list_page, "nav_care", "owner_changes"),
    Page("/owner-changes/{change}", "owner_change", Permission.CARE_READ, _change_page, under="owner_changes",
         about=KIND),
)  # fmt: skip
