"""Steps of a card as the desk wishes them: each wish, and the service that does it (§4 L2, S27)."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import current_app
from msgspec import Meta

from kiosk.central.club import card_adoption, card_credentials, card_replacing, cards
from kiosk.central.club.books import Change
from kiosk.central.club.card_lists import CardRow, card_row
from kiosk.central.club.cards import Assignment
from kiosk.central.members import members_by
from kiosk.club.card_kinds import Holder, Medium, Obtained, ReplaceReason
from kiosk.club.office_actions import OfficeAction
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import Assurance, ByteOrder, NumberForm, NumberFormat, canonical_identifier
from kiosk.office.actions import Ids
from kiosk.office.club_card_parts import CardNumber, Remark, Sentence
from kiosk.office.own_file import check_not_own

HASH_KEY = "kiosk.hash_key"
"""Where the application keeps the key that card numbers are hashed with."""

Typed = Annotated[str, Meta(min_length=1, max_length=64)]
UidBytes = Annotated[int, Meta(ge=3, le=10)]
MemberNo = Annotated[str, Meta(min_length=1, max_length=64)]


class EncodeCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card's number as a reader types it, how that reader writes numbers, and what carries it."""

    identifier: Typed
    form: NumberForm = NumberForm.HEX
    byte_order: ByteOrder = ByteOrder.AIR
    uid_bytes: UidBytes = 4
    medium: Medium = Medium.CHIP


class AssignCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who a card is for. Without a holder it is the member, or guest; a special card names its request."""

    member_no: MemberNo | None = None
    holder: Holder | None = None
    way: Obtained = Obtained.GRANT
    request: Annotated[str, Meta(max_length=16)] | None = None
    why: Remark = ""


class HandCardOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card is handed over; whether the person showed who he is."""

    identity_checked: bool
    why: Remark = ""


class ReplaceCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card from stock comes in a card's place, and why."""

    new: CardNumber
    reason: ReplaceReason
    why: Remark = ""


class ReplacedCards(msgspec.Struct, frozen=True):
    """Both cards after a replacement, and whether the member is charged."""

    old: CardRow
    new: CardRow
    charged: bool


class CardStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step with a card that needs no reason."""

    why: Remark = ""


class CardStepWhy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step with a card, and why."""

    why: Sentence


class AdoptCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which kind a card is that came with a list."""

    kind: Annotated[str, Meta(max_length=32)] = card_adoption.USUAL_KIND


def encode_card(change: Change, wish: EncodeCard, ids: Ids) -> CardRow:
    """Tie a card to what the desk's reader typed; raises UntrustedIdentifier, RuleRefused."""
    written = NumberFormat(wish.form, wish.byte_order, wish.uid_bytes)
    # What a keyboard types proves nothing about a chip; a stripe is copied by anybody.
    assurance = Assurance.NONE if wish.medium is Medium.MAGNETIC_STRIPE else Assurance.UID
    blank = card_credentials.Blank(canonical_identifier(wish.identifier, written), wish.medium, assurance)
    card_credentials.encode(change, ids["number"], blank, current_app.extensions[HASH_KEY])
    return card_row(change, ids["number"])


def assign_card(change: Change, wish: AssignCard, ids: Ids) -> CardRow:
    """Set a card aside for somebody."""
    member = None
    if wish.member_no is not None:
        found = members_by(change.connection, "member_no", [wish.member_no])
        if not found:
            raise InvalidInput(f"there is no member {wish.member_no!r}")
        member = found[0].id
        check_not_own(change, [member], OfficeAction.ASSIGN_CARD)
    given = Assignment(ids["number"], member, wish.holder, wish.way, wish.request)
    cards.assign(change, given, why=wish.why)
    return card_row(change, ids["number"])


def take_step(service: Callable[..., object], change: Change, wish: CardStep | CardStepWhy, ids: Ids) -> CardRow:
    """Take a step with a card by its service."""
    service(change, ids["number"], why=wish.why)
    return card_row(change, ids["number"])


def hand_card_over(change: Change, wish: HandCardOver, ids: Ids) -> CardRow:
    """Hand a card over."""
    cards.hand_over(change, ids["number"], identity_checked=wish.identity_checked, why=wish.why)
    return card_row(change, ids["number"])


def replace_card(change: Change, wish: ReplaceCard, ids: Ids) -> ReplacedCards:
    """Set another card aside in a card's place."""
    done = card_replacing.replace(change, ids["number"], wish.new, wish.reason, why=wish.why)
    return ReplacedCards(card_row(change, ids["number"]), card_row(change, wish.new), done.charged)


def adopt_card(change: Change, wish: AdoptCard, ids: Ids) -> CardRow:
    """Take a card that came with a list into the book."""
    kept = card_adoption.adopt(change, ids["credential"], wish.kind)
    return card_row(change, kept.card.number)
