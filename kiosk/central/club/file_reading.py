"""What is read of member files: who is meant, how complete a file is, and how somebody can be reached (S17 to S19)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.channels import Message
from kiosk.central.club.files import FileKind, MemberFile, file_of, read_file
from kiosk.central.club.people_tables import consent, contact_failure, member_file, paper
from kiosk.central.database import upsert
from kiosk.central.sealed import is_text
from kiosk.central.tables import credential, member
from kiosk.club.completeness import (
    ConfirmationDue,
    Contact,
    ContactKind,
    ContactState,
    FileField,
    Score,
    blind_spots,
    confirmation_on,
    score,
    unreachable,
)
from kiosk.club.joining import Consent, Document
from kiosk.club.notices import Channel
from kiosk.core.clock import format_utc

FOUND_MAX = 1001
"""A page of 1,000, and one more that says whether there is another page."""

_LAST_CHARACTER = "\U0010ffff"
_BLANKS = str.maketrans("", "", " -:")
_CONTACTS: Mapping[str, ContactKind] = {Channel.EMAIL: ContactKind.EMAIL, Channel.SMS: ContactKind.PHONE}
_ID_PAPERS = frozenset({Document.ID_COPY.value, Document.ID_ORIGINAL.value})


class Found(msgspec.Struct, frozen=True):
    """Somebody that a search found."""

    member: str
    member_no: str
    name: str
    phone: str
    tier: str
    kind: FileKind
    guest_of: str | None


class Agreed(msgspec.Struct, frozen=True):
    """What a member agreed to, in which version, and when that was written down."""

    consent: Consent
    version: str
    at: str


class Reach(msgspec.Struct, frozen=True):
    """How a member can be reached: what does not work and why, and whether nothing does (S18)."""

    contacts: tuple[Contact, ...]
    blind_spots: dict[ContactKind, ContactState]
    unreachable: bool


def search(look: Look, text: str, *, after: str = "", limit: int = 50) -> list[Found]:
    """Find people by part of the name, the phone, the start of the member number, or a card number (S19, S20)."""
    wanted = text.strip()
    if not wanted:
        return []
    columns = (member.c.id, member.c.member_no, member.c.name, member.c.tier, member.c.guest_of)
    query = (
        select(*columns, member_file.c.phone, member_file.c.kind)
        .outerjoin(member_file, member_file.c.member == member.c.id)
        .where(member.c.id.in_(_meant(look.connection, wanted, after, min(limit, FOUND_MAX))))
        .order_by(member.c.member_no)
    )
    return [_found(row) for row in look.connection.execute(query)]


def _meant(connection: Connection, wanted: str, after: str, limit: int) -> list[str]:
    """Return the ids of those who may be meant, by number: what has an index first, names where it may be a name."""
    number = wanted.translate(_BLANKS)
    starts = [
        and_(member.c.member_no >= start, member.c.member_no < start + _LAST_CHARACTER)
        for start in sorted({wanted, wanted.upper(), wanted.lower()})
    ]
    by_card = select(credential.c.member).where(credential.c.identifier == number.upper())
    phones = (is_text(connection, column, number) for column in (member_file.c.phone, member_file.c.fixed_phone))
    by_phone = select(member_file.c.member).where(or_(*phones))
    ways = [or_(*starts), member.c.id.in_(by_card), member.c.id.in_(by_phone)]
    if not number.lstrip("+").isdecimal():
        ways.append(_name_holds(connection, wanted))
    found: dict[str, str] = {}
    for way in ways:
        query = select(member.c.member_no, member.c.id).where(way, member.c.member_no > after)
        found |= {row.member_no: row.id for row in connection.execute(query.order_by(member.c.member_no).limit(limit))}
    return [found[each] for each in sorted(found)[:limit]]


def _name_holds(connection: Connection, text: str) -> ColumnElement[bool]:
    if connection.dialect.name != "sqlite":
        return member.c.name.icontains(text, autoescape=True)
    # LIKE reads every name more slowly, and Chinese has no capitals that would need it.
    return member.c.name.contains(text, autoescape=True) if text.isascii() else func.instr(member.c.name, text) > 0


def completeness_of(look: Look, member_id: str) -> Score:
    """Return how complete a member's file is, and what is missing (S17, R158)."""
    file = file_of(look, member_id)
    return score(_fields(look, [file])[member_id], look.rules.completeness)


def completeness_among(look: Look, member_ids: Sequence[str]) -> dict[str, Score]:
    """Return how complete the files of some members are, of a page at most; who has none is left out."""
    rules = look.rules.completeness
    rows = look.connection.execute(select(member_file).where(member_file.c.member.in_(member_ids))).mappings()
    files = [read_file(row) for row in rows]
    return {name: score(held, rules) for name, held in _fields(look, files).items()}


def confirmation_of(look: Look, member_id: str) -> ConfirmationDue:
    """Return whether a member's data are to be confirmed (R116); those who came with a list never did."""
    confirmed_on = file_of(look, member_id).confirmed_on or date.min
    return confirmation_on(confirmed_on, look.rules.completeness, look.today)


def contacts_of(look: Look, member_id: str) -> Reach:
    """Return the ways to reach a member with what is wrong with them (S18, R157)."""
    file = file_of(look, member_id)
    query = select(contact_failure).where(contact_failure.c.member == member_id)
    failed = {(row.kind, row.value): row.failures for row in look.connection.execute(query)}
    contacts = tuple(
        Contact(kind, value, failed.get((kind.value, value), 0))
        for kind, value in ((ContactKind.PHONE, file.phone), (ContactKind.EMAIL, file.email))
    )
    rules = look.rules.completeness
    return Reach(contacts, dict(blind_spots(contacts, rules)), unreachable(contacts, rules))


def consents_of(look: Look, member_id: str) -> list[Agreed]:
    """Return what a member agreed to, the newest last (R03, R09)."""
    query = select(consent).where(consent.c.member == member_id).order_by(consent.c.at, consent.c.consent)
    return [Agreed(Consent(row.consent), row.version, row.at) for row in look.connection.execute(query)]


def papers_of(look: Look, member_id: str) -> dict[Document, int]:
    """Return how many of each document a member handed in (R04 to R06)."""
    query = select(paper).where(paper.c.member == member_id).order_by(paper.c.document)
    return {Document(row["document"]): row["count"] for row in look.connection.execute(query).mappings()}


def note_contact(change: Change, member_id: str, contact: ContactKind, value: str, *, arrived: bool) -> None:
    """Count a message that did not arrive, or forget the ones before it when one did (S18)."""
    mine = (contact_failure.c.member == member_id) & (contact_failure.c.kind == contact.value)
    if arrived:
        change.connection.execute(delete(contact_failure).where(mine))
        return
    known = change.connection.execute(select(contact_failure).where(mine).with_for_update()).first()
    failures = known.failures + 1 if known is not None and known.value == value else 1
    row = {"member": member_id, "kind": contact.value, "value": value, "failures": failures}
    upsert(change.connection, contact_failure, row | {"failed_at": format_utc(change.now)})


def note_reached(change: Change, messages: Iterable[tuple[Message, bool]]) -> None:
    """Count messages that their way refused for good against the members' addresses; one that arrived clears it (S18).

    A server that could not be reached speaks against no address, and what is sent by an app needs none.
    """
    for message, arrived in messages:
        contact = _CONTACTS.get(message.channel)
        if contact is not None and message.member:
            note_contact(change, message.member, contact, message.address, arrived=arrived)


def _fields(look: Look, files: Sequence[MemberFile]) -> dict[str, set[FileField]]:
    ids = [each.member for each in files]
    papers: dict[str, set[str]] = defaultdict(set)
    for row in look.connection.execute(select(paper.c.member, paper.c.document).where(paper.c.member.in_(ids))):
        papers[row.member].add(row.document)
    agreed = set(look.connection.execute(select(consent.c.member).where(consent.c.member.in_(ids))).scalars())
    found = {}
    for file in files:
        held = {each for each in FileField if _has(file, each)}
        if papers[file.member] & _ID_PAPERS:
            held.add(FileField.ID_DOCUMENT)
        if Document.PHOTO.value in papers[file.member]:
            held.add(FileField.PHOTO)
        found[file.member] = held | ({FileField.CONSENT} if file.member in agreed else set())
    return found


def _has(file: MemberFile, field: FileField) -> bool:
    value: str | date | None = getattr(file, field.value, None)
    return bool(value)


def _found(row: Any) -> Found:
    kind = FileKind(row.kind) if row.kind else FileKind.VISITOR if row.guest_of else FileKind.PERSON
    return Found(row.id, row.member_no, row.name, row.phone or "", row.tier, kind, row.guest_of)
