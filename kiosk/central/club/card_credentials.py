"""What makes a card known at the gates: encoding it with an identifier, and which gates know that it is shut (S24)."""

import re

import msgspec
from sqlalchemy import or_, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import Kept, gate_state, keep, lock_card
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import CardRecord, save_cards
from kiosk.central.tables import credential, deny, device
from kiosk.club.card_kinds import Medium, UseClass, kind_of
from kiosk.club.cards import CardState
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import Assurance, credential_of

ALREADY_ENCODED = "already_encoded"
IDENTIFIER_TAKEN = "identifier_taken"
MEDIUM_NOT_ALLOWED = "medium_not_allowed"
TOO_LATE = "too_late"
"""Why a card is not encoded. Wire format."""

_IDENTIFIER = re.compile(r"[0-9A-F]{1,64}\Z")
_BEFORE_HAND_OVER = frozenset(
    {CardState.ALLOCATED, CardState.MADE, CardState.CHECKED, CardState.IN_STOCK, CardState.ASSIGNED}
)


class Blank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies on the reader: the canonical identifier, what carries it, and how hard that is to copy."""

    identifier: str
    medium: Medium = Medium.CHIP
    assurance: Assurance = Assurance.UID


def encode(change: Change, number: str, blank: Blank, hash_key: bytes) -> Kept:
    """Tie a card number to what readers read, which was never another card's (S21, S24); raises RuleRefused.

    At the gates there is its keyed hash from now on, which opens nothing before the card is handed over.
    """
    before = lock_card(change, number)
    _check(change, before, blank)
    after = msgspec.structs.replace(before, credential=credential_of(blank.identifier, hash_key), medium=blank.medium)
    taken = select(credential.c.id).where(
        or_(credential.c.id == after.credential, credential.c.identifier == blank.identifier)
    )
    if change.connection.execute(taken).first() is not None:
        raise RuleRefused(IDENTIFIER_TAKEN, what=f"card {number}", hint="Take another blank; this one had a number")
    row = CardRecord(
        id=str(after.credential),
        identifier=blank.identifier,
        member=after.card.member,
        state=gate_state(change, after),
        gift=after.use_class is UseClass.GIFT,
        assurance=blank.assurance,
        valid_from=after.card.valid_from,
        valid_until=after.card.valid_until,
    )
    save_cards(change.connection, [row])
    return keep(change, before, after, "encode")


class GateKnows(msgspec.Struct, frozen=True):
    """A box in use, the roster revision that it has reported, and the one that shuts a card; `heard` from that on."""

    device: str
    revision: int
    needed: int
    heard: bool


def acknowledged(look: Look, credential_id: str) -> tuple[GateKnows, ...]:
    """Return for each gate in use whether it holds the roster that shuts a denied card for good (§4 L2).

    Empty where the deny list has no entry: nothing was denied, or every gate had it and the entry made room. A device
    that was never heard holds no roster and is left out.
    """
    wanted = select(deny.c.until_revision).where(deny.c.credential == credential_id)
    until = look.connection.execute(wanted).scalar_one_or_none()
    if until is None:
        return ()
    in_use = (device.c.replaced_by.is_(None), device.c.roster_revision.is_not(None))
    query = select(device.c.name, device.c.roster_revision).where(*in_use).order_by(device.c.name)
    rows = look.connection.execute(query)
    return tuple(GateKnows(name, revision, until, revision >= until) for name, revision in rows)


def _check(change: Change, before: Kept, blank: Blank) -> None:
    what = f"card {before.card.number}"
    if not _IDENTIFIER.match(blank.identifier):
        raise InvalidInput("the identifier is not canonical", hint="Write upper-case hex, as readers are understood")
    if before.credential is not None:
        raise RuleRefused(ALREADY_ENCODED, what=what, hint="Cancel the card and take another one")
    if before.card.state not in _BEFORE_HAND_OVER:
        raise RuleRefused(TOO_LATE, {"state": before.card.state.value}, what=what)
    if blank.medium not in kind_of(before.card.kind, change.rules.cards).media:
        raise RuleRefused(MEDIUM_NOT_ALLOWED, {"medium": blank.medium.value}, what=what)
