"""All files at a glance: how complete each site's are, which lack what, who did not confirm, and who is out of reach.

Worked out in the database, for a club has a hundred thousand files (S17, S18, R116, R157, R158).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Integer, Select, and_, case, exists, func, literal, or_, select

from kiosk.central.club.books import Look
from kiosk.central.club.files import FileKind
from kiosk.central.club.people_tables import consent, contact_failure, member_file, paper
from kiosk.central.tables import member
from kiosk.club.completeness import Confirmation, FileField, complete_by, confirmation_on
from kiosk.club.joining import Document

FILES_MAX = 500

_F = member_file
_PAPERS = {
    FileField.PHOTO: (Document.PHOTO.value,),
    FileField.ID_DOCUMENT: (Document.ID_COPY.value, Document.ID_ORIGINAL.value),
}


class SiteFiles(msgspec.Struct, frozen=True):
    """The files of a site: how many, how complete in per cent, and how many wait to be confirmed by their members."""

    site: str
    files: int
    percent: int
    unconfirmed: int


class FileLine(msgspec.Struct, frozen=True):
    """A file that needs work. `late` is a new member's, which had to be complete by now (R158)."""

    member: str
    member_no: str
    name: str
    home_site: str
    owner_staff: str
    percent: int
    opened_on: date
    confirmed_on: date | None
    late: bool


def site_files(look: Look) -> list[SiteFiles]:
    """Return the figures of every site, those without a site under an empty name (seeds 003:356)."""
    sums = (func.count(), func.sum(_points(look)), func.sum(case((_unconfirmed(look), 1), else_=0)))
    query = select(_F.c.home_site, *sums).where(*_of_members()).group_by(_F.c.home_site).order_by(_F.c.home_site)
    most = _most(look)
    return [
        SiteFiles(site, count, int(points) * 100 // (most * count) if most else 100, int(waiting))
        for site, count, points, waiting in look.connection.execute(query)
    ]


def incomplete_files(look: Look, site: str = "", skip: int = 0, limit: int = 50) -> list[FileLine]:
    """Return files that lack something, the newest members first; of one site, or of all (R158)."""
    return _lines(look, _points(look) < _most(look), site, skip, limit, _F.c.opened_on.desc())


def unconfirmed_files(look: Look, site: str = "", skip: int = 0, limit: int = 50) -> list[FileLine]:
    """Return files that their members were asked to confirm and did not, the longest waiting first (R116)."""
    return _lines(look, _unconfirmed(look), site, skip, limit, _F.c.confirmed_on)


def unreachable_files(look: Look, site: str = "", skip: int = 0, limit: int = 50) -> list[FileLine]:
    """Return members whose every contact is missing or dead (S18, R157)."""
    dead = contact_failure.c.failures >= look.rules.completeness.failures_to_dead
    mine = (contact_failure.c.member == _F.c.member) & dead
    gone = [
        or_(_F.c[kind] == "", exists().where(mine, contact_failure.c.kind == kind,
                                             contact_failure.c.value == _F.c[kind]))
        for kind in ("phone", "email")
    ]  # fmt: skip
    return _lines(look, and_(*gone), site, skip, limit, _F.c.opened_on.desc())


def _lines(
    look: Look, wanted: ColumnElement[bool], site: str, skip: int, limit: int, order: ColumnElement[Any]
) -> list[FileLine]:
    columns = (member.c.member_no, member.c.name, _points(look).label("points"))
    query: Select[Any] = select(_F, *columns).join(member, member.c.id == _F.c.member).where(*_of_members(), wanted)
    if site:
        query = query.where(_F.c.home_site == site)
    query = query.order_by(order, _F.c.member).offset(skip).limit(min(limit, FILES_MAX))
    most = _most(look)
    return [_line(look, row, most) for row in look.connection.execute(query).mappings()]


def _line(look: Look, row: Mapping[Any, Any], most: int) -> FileLine:
    opened_on = date.fromisoformat(row["opened_on"])
    percent = row["points"] * 100 // most if most else 100
    return FileLine(
        member=row["member"],
        member_no=row["member_no"],
        name=row[member.c.name],
        home_site=row["home_site"],
        owner_staff=row["owner_staff"],
        percent=percent,
        opened_on=opened_on,
        confirmed_on=date.fromisoformat(row["confirmed_on"]) if row["confirmed_on"] else None,
        late=percent < 100 and complete_by(opened_on, look.rules.completeness) <= look.today,
    )


def _of_members() -> tuple[ColumnElement[bool], ...]:
    """Return what the files of members have in common: neither guests' nor leavers'."""
    kinds = (FileKind.PERSON.value, FileKind.ORGANISATION.value)
    return _F.c.kind.in_(kinds), _F.c.purged_on.is_(None), _F.c.keep_until.is_(None)


def _most(look: Look) -> int:
    return sum(each.points for each in look.rules.completeness.weights)


def _points(look: Look) -> ColumnElement[int]:
    weights = look.rules.completeness.weights
    found: ColumnElement[int] = literal(0, Integer)
    for each in weights:
        found = found + case((_has(each.field), each.points), else_=0)
    return found


def _has(field: FileField) -> ColumnElement[bool]:
    if field is FileField.CONSENT:
        return exists().where(consent.c.member == _F.c.member)
    if field is FileField.BORN:
        return _F.c.born.is_not(None)
    held = _F.c[field.value] != ""
    if field in _PAPERS:
        return or_(held, exists().where(paper.c.member == _F.c.member, paper.c.document.in_(_PAPERS[field])))
    return held


def _unconfirmed(look: Look) -> ColumnElement[bool]:
    asked = confirmation_on(date.min, look.rules.completeness, look.today)
    if asked.state is Confirmation.CONFIRMED or asked.asked_on is None:
        return literal(1) == 0
    return or_(_F.c.confirmed_on.is_(None), _F.c.confirmed_on < asked.asked_on.isoformat())
