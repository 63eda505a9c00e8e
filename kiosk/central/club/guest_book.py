"""Visitors as the club knows them: passes and visits, who became a member, and how much each matters (S14, R120)."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import distinct, func, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import FileKind, MemberFile, change_file, file_of, read_file
from kiosk.central.club.people_tables import guest_pass, member_file
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import spells_of
from kiosk.central.members import MemberRecord, cards_by, members_by
from kiosk.central.tables import visit
from kiosk.club.guests import Importance

IMPORTANCE = "guest_importance"
"""Under which name a guest's marks stand among the preferences of the file."""

GUESTS_MAX = 500


class GuestLine(msgspec.Struct, frozen=True):
    """A visitor: passes and hosts so far, visits on them, the last day, the marks, and since when a member."""

    guest: str
    member_no: str
    name: str
    host: str | None
    hosts: int
    passes: int
    visits: int
    last_day: date
    importance: Importance
    joined_on: date | None


class GuestFigures(msgspec.Struct, frozen=True):
    """How many visitors there were, and how many of them are members now (seeds 000:232)."""

    guests: int
    joined: int


def rate_guest(change: Change, guest: str, importance: Importance, *, why: str) -> MemberFile:
    """Write down how much a visitor matters; raises RuleRefused for somebody who is none."""
    file = file_of(change, guest)
    if file.kind is not FileKind.VISITOR:
        raise RuleRefused("no_visitor", what=f"member {guest}")
    marks = msgspec.to_builtins(importance)
    return change_file(change, guest, {"preferences": {**file.preferences, IMPORTANCE: marks}}, why=why)


def importance_of(file: MemberFile) -> Importance:
    """Return the marks of a guest; all 0 where nobody gave any."""
    return msgspec.convert(file.preferences.get(IMPORTANCE, {}), Importance)


def guest_lines(look: Look, skip: int = 0, limit: int = 50) -> list[GuestLine]:
    """Return visitors with their passes, the last to come first, 500 at most; passes taken back do not count."""
    table = guest_pass
    columns = (table.c.guest, func.count().label("passes"), func.count(distinct(table.c.host)).label("hosts"))
    query = select(*columns, func.max(table.c.last_day).label("last_day")).where(table.c.revoked_on.is_(None))
    query = query.group_by(table.c.guest).order_by(func.max(table.c.last_day).desc(), table.c.guest)
    rows = look.connection.execute(query.offset(skip).limit(min(limit, GUESTS_MAX))).all()
    ids = [row.guest for row in rows]
    people = {each.id: each for each in members_by(look.connection, "id", ids)}
    files = _files(look, ids)
    visits = _visits(look, ids)
    joined = _joined(look, [each for each in ids if files[each].kind is FileKind.PERSON])
    return [
        _line(people[row.guest], files[row.guest], row.hosts, row.passes, row.last_day, visits, joined) for row in rows
    ]


def guest_figures(look: Look) -> GuestFigures:
    """Return how many visitors had a pass, and how many of them became members."""
    guests = select(guest_pass.c.guest).distinct().where(guest_pass.c.revoked_on.is_(None))
    among = select(func.count()).select_from(member_file).where(member_file.c.member.in_(guests))
    count = look.connection.execute(select(func.count()).select_from(guests.subquery())).scalar_one()
    joined = look.connection.execute(among.where(member_file.c.kind == FileKind.PERSON.value)).scalar_one()
    return GuestFigures(count, joined)


def _line(
    person: MemberRecord,
    file: MemberFile,
    hosts: int,
    passes: int,
    last_day: str,
    visits: dict[str, int],
    joined: dict[str, date | None],
) -> GuestLine:
    return GuestLine(
        guest=person.id,
        member_no=person.member_no,
        name=person.name,
        host=person.guest_of,
        hosts=hosts,
        passes=passes,
        visits=visits.get(person.id, 0),
        last_day=date.fromisoformat(last_day),
        importance=importance_of(file),
        joined_on=joined.get(person.id),
    )


def _files(look: Look, ids: Sequence[str]) -> dict[str, MemberFile]:
    rows = look.connection.execute(select(member_file).where(member_file.c.member.in_(ids))).mappings()
    found = {row["member"]: read_file(row) for row in rows}
    return {each: found.get(each) or MemberFile(each, FileKind.VISITOR) for each in ids}


def _visits(look: Look, ids: Sequence[str]) -> dict[str, int]:
    """Return how many visits were made on passes, by guest."""
    holders = {card.id: card.member or "" for card in cards_by(look.connection, "member", ids)}
    passes = select(guest_pass.c.id).where(guest_pass.c.guest.in_(ids))
    query = select(visit.c.credential, func.count()).where(
        visit.c.credential.in_(list(holders)), visit.c.entitlement.in_(passes)
    )
    found: dict[str, int] = {}
    for card, count in look.connection.execute(query.group_by(visit.c.credential)):
        found[holders[card]] = found.get(holders[card], 0) + count
    return found


def _joined(look: Look, ids: Sequence[str]) -> dict[str, date | None]:
    return {name: each.facts.approved_on for name, each in spells_of(look, ids).items()}
