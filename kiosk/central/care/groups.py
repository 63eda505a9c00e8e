"""Members by the groups that offers are made to: the four ways of the file, tier, class, rank, visits, amount (S82).

The groups are those of `segments.groups_of`; here the books look them up for many.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, FromClause, String, case, cast, func, literal, or_, select

from kiosk.central.care.tables import segment
from kiosk.central.club.books import Look
from kiosk.central.club.files import FileKind
from kiosk.central.club.people_tables import member_file
from kiosk.central.tables import member
from kiosk.club.segments import Activity, GroupBy, groups_of
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class Grouped(msgspec.Struct, frozen=True):
    """A member with all groups he is in, as `by:value`."""

    member: str
    member_no: str
    name: str
    groups: tuple[str, ...]


def group_sizes(look: Look, by: GroupBy) -> dict[str, int]:
    """Return how many members are in each group of one way, by its value; raises InvalidInput where it is not used."""
    value = _value(look, by)
    query = select(value, func.count()).select_from(_people()).where(*_theirs(), value != "").group_by(value)
    rows = look.connection.execute(query.order_by(value)).all()
    return {str(name): int(count) for name, count in rows}


def members_in(look: Look, by: GroupBy, value: str, after: str = "", limit: int = 100) -> list[Grouped]:
    """Return the members of a group by number, those behind number `after`; 500 at most."""
    wanted = (_value(look, by) == value, member.c.member_no > after)
    ways = [_value(look, each).label(f"by_{each}") for each in look.rules.segments.groups]
    own = (member.c.id, member.c.member_no, member.c.name, segment.c.joined_on, segment.c.visits, segment.c.spend_minor)
    query = select(*own, *ways).select_from(_people()).where(*_theirs(), *wanted).order_by(member.c.member_no)
    return [_grouped(look, row) for row in look.connection.execute(query.limit(min(limit, PAGE_MAX))).mappings()]


def _grouped(look: Look, row: Mapping[Any, Any]) -> Grouped:
    said = {by: row[f"by_{by}"] or "" for by in look.rules.segments.groups}
    if row["joined_on"] is None:  # no night has looked at this one yet
        groups = tuple(f"{by}:{value}" for by, value in said.items() if value)
    else:
        activity = Activity(date.fromisoformat(row["joined_on"]), visits=row["visits"], spend_minor=row["spend_minor"])
        groups = groups_of(said, activity, look.rules.segments)
    return Grouped(row["id"], row["member_no"], row["name"], groups)


def _value(look: Look, by: GroupBy) -> ColumnElement[str]:
    rules = look.rules.segments
    if by not in rules.groups:
        raise InvalidInput(f"members are not grouped by {by}")
    columns: dict[GroupBy, ColumnElement[Any]] = {
        GroupBy.POST: member_file.c.post,
        GroupBy.UNIT_TYPE: member_file.c.kind,
        GroupBy.REGION: member_file.c.region,
        GroupBy.TRADE: member_file.c.trade,
        GroupBy.TIER: member.c.tier,
        GroupBy.CLASS: segment.c["class"],
        GroupBy.CONTRIBUTION: segment.c.contribution,
        GroupBy.VISITS: _step(segment.c.visits, rules.visit_steps),
        GroupBy.SPEND: _step(segment.c.spend_minor, rules.spend_steps),
    }
    return columns[by]


def _step(column: ColumnElement[int], steps: Sequence[int]) -> ColumnElement[str]:
    """Return how many steps a figure has reached; nothing where there is no figure."""
    reached: ColumnElement[int] = reduce(add, [case((column >= each, 1), else_=0) for each in steps], literal(0))
    return case((column.is_not(None), cast(reached, String)), else_="")


def _people() -> FromClause:
    files = member.join(member_file, member_file.c.member == member.c.id, isouter=True)
    return files.join(segment, segment.c.member == member.c.id, isouter=True)


def _theirs() -> tuple[ColumnElement[bool], ...]:
    is_guest = member_file.c.kind == FileKind.VISITOR.value
    return or_(member_file.c.kind.is_(None), ~is_guest), member_file.c.purged_on.is_(None)
