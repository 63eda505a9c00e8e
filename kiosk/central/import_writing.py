"""Rows of a checked member list, written over what the books say."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.club.card_tables import card as card_table
from kiosk.central.import_club import Kept, heard, kept_of, unheard
from kiosk.central.import_rows import ImportRow, Problem, Status
from kiosk.central.members import (
    CardRecord,
    EntitlementRecord,
    MemberRecord,
    cards_by,
    drop_entitlements,
    entitlements_of,
    members_by,
    new_member_id,
    save_cards,
    save_entitlements,
    save_members,
)
from kiosk.core.identifiers import credential_of
from kiosk.core.model import CredentialState

REMARKS_MAX = 1000

IMPORTED = "i"
"""First letter of the entitlements that lists own; what was sold at a desk is never touched by one."""

_CARD_STATES = {
    Status.LOST: CredentialState.LOST,
    Status.REVOKED: CredentialState.REVOKED,
    Status.UNCOLLECTED: CredentialState.UNCOLLECTED,
    Status.DISABLED: CredentialState.DISABLED,
}
_CLOSED = (CredentialState.LOST, CredentialState.REVOKED)


class _Books(msgspec.Struct, frozen=True):
    """What the books say of the members and cards of some rows: by number, by hash, by member id."""

    members: dict[str, MemberRecord]
    cards: dict[str, CardRecord]
    cards_of: dict[str, list[CardRecord]]
    entitlements_of: dict[str, list[EntitlementRecord]]
    desk_cards: frozenset[str]
    """Cards in the club's own book: what a list says of them is not heard."""
    kept: Kept


class _Edits(msgspec.Struct):
    """What is to be written for some rows."""

    members: list[MemberRecord] = []
    cards: list[CardRecord] = []
    entitlements: list[EntitlementRecord] = []
    dropped: list[str] = []

    def count(self) -> int:
        return len(self.members) + len(self.cards) + len(self.entitlements) + len(self.dropped)


class ImportWriter:
    """Holds rows against the books. A row is the whole truth about its member, imported entitlements and cards.

    `cards` are all that the list names, `hosts` the member numbers that guests name. Afterwards `members` and
    `gift_cards` are those whose roster rows may have changed, `closed` the cards that are lost or revoked now and
    were not before, and `remarks` the first of what was not heard because the club's own books count.
    """

    def __init__(self, hash_key: bytes, today: date, cards: Collection[str], hosts: Collection[str]) -> None:
        self.counts: Counter[str] = Counter()
        self.members: list[str] = []
        self.gift_cards: list[str] = []
        self.closed: list[str] = []
        self.remarks: list[Problem] = []
        self._hash_key = hash_key
        self._today = today
        self._listed = cards
        self._hosts = hosts
        self._new_ids: dict[str, str] = {}
        self._people: list[tuple[ImportRow, MemberRecord]] = []

    def differing(self, connection: Connection, rows: Sequence[ImportRow]) -> list[ImportRow]:
        """Return the rows that say something new; writes nothing."""
        return self._compare(connection, rows, _Edits())

    def write(self, connection: Connection, rows: Sequence[ImportRow]) -> list[tuple[ImportRow, MemberRecord]]:
        """Write rows, where they differ from the books; return those of members, with the members."""
        edits = _Edits()
        self._compare(connection, rows, edits)
        save_members(connection, edits.members)
        save_cards(connection, edits.cards)
        save_entitlements(connection, edits.entitlements)
        drop_entitlements(connection, edits.dropped)
        return self._people

    def _compare(self, connection: Connection, rows: Sequence[ImportRow], edits: _Edits) -> list[ImportRow]:
        ids = [credential_of(row.identifier, self._hash_key) for row in rows]
        books = _read_books(connection, rows, ids, self._today)
        differing: list[ImportRow] = []
        self._people = []
        for row, card_id in zip(rows, ids, strict=True):
            before = edits.count()
            person = self._edit_member(row, books, edits) if row.member_no else None
            card = _card(row, card_id, person)
            known = books.cards.get(card_id)
            if known != card and card_id not in books.desk_cards:
                edits.cards.append(card)
                if known is not None and card.state in _CLOSED and known.state not in _CLOSED:
                    self.closed.append(card_id)
            lacks = person is not None and books.kept.lacks_holding(person)
            if edits.count() == before and not lacks:
                self.counts["unchanged"] += 1
                continue
            is_known = row.member_no in books.members or (person is None and card_id in books.cards)
            self.counts["changed" if is_known else "added"] += 1
            differing.append(row)
            if person is not None:
                self.members.append(person.id)
            else:
                self.gift_cards.append(card_id)
        return differing

    def _edit_member(self, row: ImportRow, books: _Books, edits: _Edits) -> MemberRecord:
        old = books.members.get(row.member_no)
        person = self._member(row, old, books)
        if old is not None:
            self._remark(unheard(row, person, old, books.kept))
            person = heard(person, old, books.kept)
        self._people.append((row, person))
        if person != old:
            edits.members.append(person)
        held = {each.id: each for each in books.entitlements_of.get(person.id, ())}
        wanted = {each.id: each for each in _entitlements(row, person.id)}
        edits.entitlements += [each for name, each in wanted.items() if held.get(name) != each]
        edits.dropped += [name for name in held if name.startswith(IMPORTED) and name not in wanted]
        for card in books.cards_of.get(person.id, ()):
            is_ours = card.id in self._listed or card.id in books.desk_cards
            if not is_ours and card.state not in _CLOSED:
                edits.cards.append(msgspec.structs.replace(card, state=CredentialState.REVOKED))
                self.closed.append(card.id)
                self.counts["cards_revoked"] += 1
        return person

    def _member(self, row: ImportRow, old: MemberRecord | None, books: _Books) -> MemberRecord:
        days = row.dates
        ended, suspended = days.get("member_until"), days.get("suspended_from")
        if row.status is Status.ENDED and ended is None:
            yesterday = self._today - timedelta(days=1)
            ended = min(old.member_until, yesterday) if old and old.member_until else yesterday
        if row.status is Status.SUSPENDED and suspended is None:
            suspended = min(old.suspended_from, self._today) if old and old.suspended_from else self._today
        return MemberRecord(
            id=old.id if old else self._new_id(row.member_no),
            member_no=row.member_no,
            name=row.name,
            tier=row.tier,
            member_until=ended,
            suspended_from=suspended,
            suspended_until=days.get("suspended_until"),
            paid_until=days.get("paid_until"),
            guest_of=self._id_of(row.guest_of, books) if row.guest_of else None,
        )

    def _remark(self, remarks: Iterable[Problem]) -> None:
        for each in remarks:
            self.counts["remarks"] += 1
            if len(self.remarks) < REMARKS_MAX:
                self.remarks.append(each)

    def _id_of(self, member_no: str, books: _Books) -> str:
        known = books.members.get(member_no)
        return known.id if known else self._new_id(member_no)

    def _new_id(self, member_no: str) -> str:
        """Make up an id; one for a host is remembered, for the host may stand behind the guest in the list."""
        if member_no not in self._hosts:
            return new_member_id()
        return self._new_ids.setdefault(member_no, new_member_id())


def _read_books(connection: Connection, rows: Sequence[ImportRow], cards: Sequence[str], today: date) -> _Books:
    numbers = {name for row in rows for name in (row.member_no, row.guest_of) if name}
    members = {each.member_no: each for each in members_by(connection, "member_no", numbers)}
    mine = [members[row.member_no].id for row in rows if row.member_no in members]
    cards_of: dict[str, list[CardRecord]] = defaultdict(list)
    for card in cards_by(connection, "member", mine):
        cards_of[card.member or ""].append(card)
    held: dict[str, list[EntitlementRecord]] = defaultdict(list)
    for each in entitlements_of(connection, mine):
        held[each.member].append(each)
    known = {card.id: card for card in cards_by(connection, "id", cards)}
    ids = {*known, *(card.id for each in cards_of.values() for card in each)}
    desk = select(card_table.c.credential).where(card_table.c.credential.in_(ids))
    desk_cards = frozenset(connection.execute(desk).scalars())
    return _Books(members, known, cards_of, held, desk_cards, kept_of(connection, mine, today))


def _card(row: ImportRow, card_id: str, person: MemberRecord | None) -> CardRecord:
    return CardRecord(
        id=card_id,
        identifier=row.identifier,
        member=person.id if person else None,
        state=_CARD_STATES.get(row.status, CredentialState.ACTIVE),
        gift=row.status is Status.GIFT,
        assurance=row.assurance,
        valid_from=row.dates.get("card_valid_from"),
        valid_until=row.dates.get("card_valid_until"),
    )


def _entitlements(row: ImportRow, member_id: str) -> list[EntitlementRecord]:
    """Return what a row says the member holds: one a product, the same one as long as product and first day stay."""
    first = row.dates.get("valid_from")
    return [
        EntitlementRecord(
            id=IMPORTED + hashlib.sha256(f"{member_id}|{product}|{first or ''}".encode()).hexdigest()[:15],
            member=member_id,
            product=product,
            valid_from=first,
            valid_until=row.dates.get("valid_until"),
            unpaid=row.status is Status.UNPAID,
            visits=row.visits,
        )
        for product in row.products
    ]
