"""What the club knows of its members, and the roster rows that follow from it.

Writing here and calling `refresh` belong into one transaction: then no gate ever sees half a change.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Select, Table, delete, select

from kiosk.central.database import WANTED, upsert_many
from kiosk.central.roster import bodies_by_key, change, in_steps
from kiosk.central.tables import credential, entitlement, member
from kiosk.core.codec import canonical
from kiosk.core.errors import MessageRejected
from kiosk.core.identifiers import Assurance
from kiosk.core.model import UNNAMED, Credential, CredentialState, Entitlement, Note, VisitRule
from kiosk.core.roster import decode_row

MEMBERS_PER_STEP = 200
GREETING_CHARACTERS_MAX = 24
_COMPOUND = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶申屠公孙慕容仲孙钟离长孙宇文"
    "司徒鲜于司空闾丘令狐轩辕拓跋百里呼延东郭南门西门左丘梁丘第五"
)
_COMPOUND_NAMES = frozenset(_COMPOUND[start : start + 2] for start in range(0, len(_COMPOUND), 2))

_rule = msgspec.json.Decoder(VisitRule)

R = TypeVar("R", bound=msgspec.Struct)


class MemberRecord(msgspec.Struct, frozen=True):
    """A person. `id` is random and all that leaves central; dates are local days, both ends included."""

    id: str
    member_no: str
    name: str
    tier: str = ""
    member_until: date | None = None
    suspended_from: date | None = None
    suspended_until: date | None = None
    paid_until: date | None = None
    guest_of: str | None = None


class CardRecord(msgspec.Struct, frozen=True):
    """A card that was issued. `id` is the keyed hash of `identifier`; a gift card has no member."""

    id: str
    identifier: str
    member: str | None
    state: CredentialState = CredentialState.ACTIVE
    gift: bool = False
    assurance: Assurance = Assurance.UID
    valid_from: date | None = None
    valid_until: date | None = None


class EntitlementRecord(msgspec.Struct, frozen=True):
    """What a member bought of a product; `visits` overrides the product's rule."""

    id: str
    member: str
    product: str
    valid_from: date | None = None
    valid_until: date | None = None
    unpaid: bool = False
    visits: VisitRule | None = None


def new_member_id() -> str:
    """Return 64 random bits in hex, which say nothing about the person."""
    return secrets.token_hex(8)


def save_members(connection: Connection, records: Sequence[MemberRecord]) -> None:
    """Write people down, or what changed of them."""
    upsert_many(connection, member, [_values(each) for each in records])


def save_cards(connection: Connection, records: Sequence[CardRecord]) -> None:
    """Write cards down, or what changed of them."""
    upsert_many(connection, credential, [_values(each) for each in records])


def save_entitlements(connection: Connection, records: Sequence[EntitlementRecord]) -> None:
    """Write down what members hold, or what changed of it."""
    rows = [_values(each) | {"visits": canonical(each.visits) if each.visits else None} for each in records]
    upsert_many(connection, entitlement, rows)


def drop_entitlements(connection: Connection, ids: Sequence[str]) -> None:
    """Take away what members hold."""
    if ids:
        connection.execute(delete(entitlement).where(entitlement.c.id.in_(ids)))


def members_by(connection: Connection, column: str, values: Iterable[str]) -> list[MemberRecord]:
    """Read people by `id` or `member_no`."""
    return _read(connection, member, MemberRecord, column, values)


def cards_by(connection: Connection, column: str, values: Iterable[str]) -> list[CardRecord]:
    """Read cards by `id` or `member`."""
    return _read(connection, credential, CardRecord, column, values)


def entitlements_of(connection: Connection, members: Iterable[str]) -> list[EntitlementRecord]:
    """Read what members hold, by member id."""
    return _read(connection, entitlement, EntitlementRecord, "member", members)


def refresh(
    connection: Connection,
    members: Iterable[str],
    cards: Iterable[str] = (),
    *,
    at: datetime,
    notes: Mapping[str, tuple[Note, ...]] | None = None,
) -> int:
    """Bring the roster rows of all cards of these members, and of these cards, up to date; return the revision.

    `notes` is what displays say to members from now on; whoever is not in it keeps the notes that the rows have.
    """
    return change(connection, _roster_rows(connection, members, cards, notes or {}), at=at)


def notes_by_card(connection: Connection, cards: Iterable[CardRecord]) -> dict[str, tuple[Note, ...]]:
    """Return the notes on the roster rows of cards, by card; those of an earlier holder of a card are left out."""
    holders = {bytes.fromhex(each.id): each for each in cards if each.member is not None}
    found = {}
    for key, body in bodies_by_key(connection, holders).items():
        try:
            row, card = decode_row(body), holders[key]
        except MessageRejected:  # it is about to be written anew
            continue
        if isinstance(row, Credential) and row.member == card.member:
            found[card.id] = row.notes
    return found


def credential_row(
    card: CardRecord,
    holder: MemberRecord | None,
    held: Iterable[EntitlementRecord],
    notes: tuple[Note, ...] = (),
) -> Credential:
    """Return what the edges get to know of a card: the standing of its member, and of the name a greeting only.

    Nothing of the name leaves central while a note says so.
    """
    row = Credential(
        id=card.id,
        state=card.state,
        gift=card.gift,
        assurance=card.assurance,
        valid_from=card.valid_from,
        valid_until=card.valid_until,
    )
    if holder is None:
        return row
    return msgspec.structs.replace(
        row,
        member=holder.id,
        greeting="" if any(each.code == UNNAMED for each in notes) else greeting_of(holder.name),
        tier=holder.tier,
        guest_of=holder.guest_of,
        member_until=holder.member_until,
        suspended_from=holder.suspended_from,
        suspended_until=holder.suspended_until,
        paid_until=holder.paid_until,
        entitlements=tuple(
            Entitlement(each.id, each.product, each.valid_from, each.valid_until, each.unpaid, each.visits)
            for each in held
        ),
        notes=notes,
    )


def greeting_of(name: str) -> str:
    """Return what a screen in the entrance may show of a name: 王小明 becomes 王**, Anna Maria Schmidt A. Schmidt.

    A Chinese name keeps the family name, of two characters where it is a compound one or stands apart. A name in words
    keeps its last word, or what stands before a comma, behind one initial. A name of one word or character stays.
    """
    words = name.split()
    if words and _is_han("".join(words)):
        text = "".join(words)
        apart = len(words[0]) if len(words) > 1 else 1
        family = 2 if text[:2] in _COMPOUND_NAMES and len(text) > 2 else apart
        return (text[:family] + "*" * (len(text) - family))[:GREETING_CHARACTERS_MAX]
    family_name, comma, given = " ".join(words).partition(",")
    if not comma:
        given, _, family_name = family_name.rpartition(" ")
    initial = given.strip()[:1]
    text = f"{initial}. {family_name.strip()}" if initial else family_name.strip()
    return text[:GREETING_CHARACTERS_MAX]


def _roster_rows(
    connection: Connection, members: Iterable[str], cards: Iterable[str], notes: Mapping[str, tuple[Note, ...]]
) -> Iterator[Credential]:
    for ids in in_steps(members, MEMBERS_PER_STEP):
        yield from _rows_of(connection, cards_by(connection, "member", ids), notes)
    for ids in in_steps(cards, MEMBERS_PER_STEP):
        yield from _rows_of(connection, cards_by(connection, "id", ids), notes)


def _rows_of(
    connection: Connection, cards: Sequence[CardRecord], notes: Mapping[str, tuple[Note, ...]]
) -> Iterator[Credential]:
    ids = {card.member for card in cards if card.member is not None}
    people = {each.id: each for each in members_by(connection, "id", ids)}
    held: dict[str, list[EntitlementRecord]] = defaultdict(list)
    for each in entitlements_of(connection, ids):
        held[each.member].append(each)
    kept = notes_by_card(connection, cards)
    said = {card.member or "": kept[card.id] for card in cards if kept.get(card.id)} | dict(notes)
    for card in cards:
        name = card.member or ""
        yield credential_row(card, people.get(name), held[name], said.get(name, ()))


def _read(connection: Connection, table: Table, kind: type[R], column: str, values: Iterable[str]) -> list[R]:
    names = kind.__struct_fields__
    rows = connection.execute(_query(table, names, column), {"wanted": list(values)})
    return [_record(dict(zip(names, row, strict=True)), kind) for row in rows]


@lru_cache
def _query(table: Table, names: tuple[str, ...], column: str) -> Select[Any]:
    wanted = table.c[column].in_(WANTED)
    return select(*(table.c[name] for name in names)).where(wanted).order_by(table.c.id)


def _record(values: dict[str, Any], kind: type[R]) -> R:
    if values.get("visits") is not None:
        values["visits"] = _rule.decode(values["visits"])
    return msgspec.convert(values, kind)


def _values(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as column values: dates and enumerations as text."""
    values: dict[str, Any] = msgspec.to_builtins(record)
    return values


def _is_han(text: str) -> bool:
    return all("一" <= letter <= "鿿" or "㐀" <= letter <= "䶿" for letter in text)
