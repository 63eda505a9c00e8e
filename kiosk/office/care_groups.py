"""Members by group, as offers are made to them: the four ways of the file, tier, class, rank, visits, amount (S82)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care.groups import Grouped, group_sizes, members_in
from kiosk.central.club.books import Look
from kiosk.club.roles import Permission
from kiosk.club.segments import GroupBy
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.listing import Listing, Tab, address_of, asked, rows_a_page
from kiosk.office.page import Link, Page
from kiosk.office.routes import LIMIT_DEFAULT, Cursor, Limit, Route
from kiosk.office.saying import chosen, tier_names, told

_ENUMS = {GroupBy.UNIT_TYPE: "FileKind", GroupBy.CLASS: "MemberClass", GroupBy.CONTRIBUTION: "Contribution"}


class GroupQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which way of grouping, and the members of which group."""

    by: Annotated[
        str, Meta(max_length=16, description="A way of grouping, as the rule book has it; else the first.")
    ] = ""
    value: Annotated[str, Meta(max_length=100, description="The group whose members are listed.")] = ""
    after: Cursor = ""
    limit: Limit = LIMIT_DEFAULT


class GroupSize(msgspec.Struct, frozen=True):
    """How many members are in a group."""

    value: str
    members: int


class GroupPage(msgspec.Struct, frozen=True):
    """The groups of one way, and the members of the one that is asked for; `next` is null at the end of them."""

    by: GroupBy
    items: tuple[GroupSize, ...]
    members: tuple[Grouped, ...]
    next: str | None


def list_groups(look: Look, query: GroupQuery, _ids: Ids) -> GroupPage:
    """Return the groups of one way, with the members of one group."""
    ways = look.rules.segments.groups
    by = next((each for each in ways if each == query.by), ways[0] if ways else GroupBy.TIER)
    limit = min(query.limit, 400)
    found = members_in(look, by, query.value, query.after, limit + 1) if query.value else []
    sizes = tuple(GroupSize(each, count) for each, count in group_sizes(look, by).items())
    return GroupPage(by, sizes, tuple(found[:limit]), found[limit - 1].member_no if len(found) > limit else None)


def _page(look: Look, _ids: Ids) -> Listing:
    value, after = asked("value", 100), asked("after")
    found = list_groups(look, GroupQuery(asked("by", 16), value, after, rows_a_page()), {})
    tiers = tier_names(look)
    tabs = [Tab(chosen("GroupBy", each), f"?by={each}", each is found.by) for each in look.rules.segments.groups]
    if not value:
        rows: list[tuple[Any, ...]] = [
            (
                Link(_said(look, found.by, each.value, tiers), address_of(by=found.by.value, value=each.value)),
                each.members,
            )
            for each in found.items
        ]
        columns: tuple[str, ...] = ("member_group", "group_members")
    else:
        rows = [_row(look, each, tiers) for each in found.members]
        columns = ("member_no", "name", "groups")
    kept = {"by": found.by.value, "value": value}
    return Listing(
        "groups", "member_groups", "member_groups_hint", columns, rows, "no_group", "no_group_hint", tabs=tabs,
        first=address_of(**kept) if after else "",
        further=address_of(**kept, after=found.next) if found.next else "",
        people=bool(value),
    )  # fmt: skip


def _row(look: Look, each: Grouped, tiers: dict[str, str]) -> tuple[Any, ...]:
    said = []
    for group in each.groups:
        by, _, value = group.partition(":")
        said.append(told("group_is", by=chosen("GroupBy", by), group=_said(look, GroupBy(by), value, tiers)))
    return Link(each.member_no, f"/care/members/{each.member}"), each.name, said


def _said(look: Look, by: GroupBy, value: str, tiers: dict[str, str]) -> str:
    rules = look.rules.segments
    if by is GroupBy.TIER:
        return tiers.get(value, value)
    if by is GroupBy.VISITS:
        return _step(rules.visit_steps, value, str)
    if by is GroupBy.SPEND:
        return _step(rules.spend_steps, value, shown)
    return chosen(_ENUMS[by], value) if by in _ENUMS else value


def _step(steps: tuple[int, ...], value: str, say: Any) -> str:
    """Return between which figures a step lies."""
    place = int(value) if value.isdecimal() else 0
    low = say(steps[place - 1]) if 0 < place <= len(steps) else say(0)
    if place >= len(steps):
        return told("group_from", n=low)
    return told("group_between", least=low, below=say(steps[place]))


_READ = Permission.CARE_READ

ROUTES = (Route("/care/groups", "list_groups", "Members by group", GroupQuery, GroupPage, _READ, run=list_groups),)
PAGES = (Page("/member-groups", "member_groups", _READ, _page, "nav_care", "member_groups"),)
