"""What staff and other programs read of the club and the fleet. Reads only; pages go by key, never by offset."""

import re
from collections.abc import Collection
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from kiosk.central.database import read_setting
from kiosk.central.members import EntitlementRecord, MemberRecord, entitlements_of
from kiosk.central.roster import rows_of
from kiosk.central.tables import credential, discarded, member
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState, Site, Tier

PAGE_MAX = 5000
NAMES_MAX = 5000

R = TypeVar("R", bound=msgspec.Struct)

_LAST_CHARACTER = "\U0010ffff"
_NOT_IN_A_CARD_NUMBER = re.compile(r"[\s:\-]")


class CardView(msgspec.Struct, frozen=True):
    """A card that was issued, under the number printed on it. A gift card has no member."""

    identifier: str
    credential: str
    member_no: str | None
    state: CredentialState
    gift: bool
    assurance: Assurance
    valid_from: date | None
    valid_until: date | None


class MemberDetail(msgspec.Struct, frozen=True):
    """A member with the cards and entitlements that are held."""

    member: MemberRecord
    cards: tuple[CardView, ...]
    entitlements: tuple[EntitlementRecord, ...]


class Discarded(msgspec.Struct, frozen=True):
    """What was neither stored nor parked, but counted."""

    device: str
    why: str
    count: int
    last_at: str


def member_page(connection: Connection, after: str, limit: int, search: str = "") -> list[MemberRecord]:
    """Return members by number, those behind `after`.

    `search` is a card or the start of a number, as written or in capitals; where nobody has that, part of a name.
    """
    query = _member_query().where(member.c.member_no > after).order_by(member.c.member_no).limit(min(limit, PAGE_MAX))
    if search:
        # Numbers and cards have an index; for a name all members are read.
        exact = or_(*_number_begins(connection, search), member.c.id.in_(_holders(connection, search)))
        is_known = connection.execute(select(member.c.id).where(exact).limit(1)).first() is not None
        query = query.where(exact if is_known else member.c.name.icontains(search, autoescape=True))
    return _read(connection, query, MemberRecord)


def _number_begins(connection: Connection, text: str) -> list[ColumnElement[bool]]:
    starts = sorted({text, text.upper()})
    if connection.dialect.name != "sqlite":
        return [member.c.member_no.startswith(start, autoescape=True) for start in starts]
    # SQLite's LIKE reads every row.
    return [and_(member.c.member_no >= start, member.c.member_no < start + _LAST_CHARACTER) for start in starts]


def _holders(connection: Connection, text: str) -> list[str]:
    identifier = _NOT_IN_A_CARD_NUMBER.sub("", text).upper()
    holder = select(credential.c.member).where(credential.c.identifier == identifier, credential.c.member.is_not(None))
    return list(connection.execute(holder).scalars())


def member_detail(connection: Connection, member_no: str) -> MemberDetail | None:
    """Return a member with what is held; None when there is none of that number."""
    found = _read(connection, _member_query().where(member.c.member_no == member_no), MemberRecord)
    if not found:
        return None
    person = found[0]
    cards = _read(connection, _card_query().where(credential.c.member == person.id), CardView)
    return MemberDetail(person, tuple(cards), tuple(entitlements_of(connection, [person.id])))


def member_names(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return number and name of members by id; 5,000 at most."""
    columns = (member.c.id, member.c.member_no, member.c.name)
    rows = connection.execute(select(*columns).where(member.c.id.in_(list(ids)[:NAMES_MAX])))
    return {key: (number, name) for key, number, name in rows}


def card_page(connection: Connection, after: str, limit: int) -> list[CardView]:
    """Return cards by number, those behind `after`."""
    query = _card_query().where(credential.c.identifier > after).limit(min(limit, PAGE_MAX))
    return _read(connection, query, CardView)


def tier_list(connection: Connection) -> list[Tier]:
    """Return the tiers, lowest rank first."""
    tiers = [row for row in rows_of(connection, "tier") if isinstance(row, Tier)]
    return sorted(tiers, key=lambda tier: (tier.rank, tier.id))


def venue_zone(connection: Connection, default: str = "Asia/Shanghai") -> ZoneInfo:
    """Return the time zone of the first site, in which staff read dates."""
    sites = [row for row in rows_of(connection, "site") if isinstance(row, Site)]
    return ZoneInfo(min(sites, key=lambda site: site.id).zone if sites else default)


def roster_revision(connection: Connection) -> int:
    """Return the newest revision of the roster; 0 before the first."""
    return int(read_setting(connection, "roster_revision") or 0)


def discarded_counts(connection: Connection) -> list[Discarded]:
    """Return what was only counted, by device and cause."""
    columns = (discarded.c.device, discarded.c.why, discarded.c.count, discarded.c.last_at)
    rows = connection.execute(select(*columns).order_by(discarded.c.device, discarded.c.why))
    return [Discarded(*row) for row in rows]


def _member_query() -> Select[tuple[object, ...]]:
    return select(*(member.c[name] for name in MemberRecord.__struct_fields__))


def _card_query() -> Select[tuple[object, ...]]:
    columns = (credential.c.identifier, credential.c.id, member.c.member_no, credential.c.state, credential.c.gift)
    more = (credential.c.assurance, credential.c.valid_from, credential.c.valid_until)
    holder = member.c.id == credential.c.member
    return select(*columns, *more).join(member, holder, isouter=True).order_by(credential.c.identifier)


def _read(connection: Connection, query: Select[tuple[object, ...]], kind: type[R]) -> list[R]:
    names = kind.__struct_fields__
    return [msgspec.convert(dict(zip(names, row, strict=True)), kind) for row in connection.execute(query)]
