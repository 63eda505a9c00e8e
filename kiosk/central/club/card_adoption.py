"""Cards that came with a list: taken into the book of cards when the desk first has to do with them."""

from typing import Any

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change
from kiosk.central.club.card_book import Kept, card_by_credential, cards_of, columns_of
from kiosk.central.club.card_tables import card
from kiosk.central.club.composing import is_guest
from kiosk.central.club.number_book import number_for
from kiosk.central.club.people_tables import card_held_back
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import lock_member
from kiosk.central.members import CardRecord, cards_by
from kiosk.central.tables import credential
from kiosk.club.card_kinds import CardKind, Holder, UseClass, kind_of
from kiosk.club.cards import HELD, Card, CardReason, CardState
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState

USUAL_KIND = "ordinary"
"""Of which kind a member's card from a list is, unless the desk says otherwise."""

_STATES = {
    CredentialState.ACTIVE: CardState.HANDED_OVER,
    CredentialState.UNCOLLECTED: CardState.ASSIGNED,
    CredentialState.DISABLED: CardState.SUSPENDED,
    CredentialState.LOST: CardState.LOST,
    CredentialState.REVOKED: CardState.CANCELLED,
}


def adopt(change: Change, credential_id: str, kind: str = USUAL_KIND) -> Kept:
    """Take a card that came with a list into the book, where it stands; one that is there already stays as it is.

    Its number is what readers read of it. The gates notice nothing. Raises InvalidInput where there is no such card,
    RuleRefused where the member holds another one in the book.
    """
    change.connection.execute(select(credential.c.id).where(credential.c.id == credential_id).with_for_update())
    known = card_by_credential(change, credential_id)
    if known is not None:
        return known
    found = cards_by(change.connection, "id", [credential_id])
    if not found:
        raise InvalidInput("there is no such card", hint="Search by the number as readers read it")
    listed = found[0]
    if listed.member is not None:
        lock_member(change, listed.member)
    kept = _kept(change, listed, _kind(change, listed, kind))
    if kept.use_class is UseClass.ORDINARY and kept.card.state in HELD and listed.member is not None:
        for each in cards_of(change, listed.member):
            if each.use_class is UseClass.ORDINARY and each.card.state in HELD:
                detail = {"state": each.card.state.value}
                raise RuleRefused(CardReason.MEMBER_HAS_A_CARD, detail, what=f"card {kept.card.number}")
    row: dict[str, Any] = columns_of(kept)
    change.connection.execute(insert(card), row)
    change.note("card.adopt", "card", kept.card.number, after=kept.card)
    return kept


def _kind(change: Change, listed: CardRecord, code: str) -> CardKind:
    """Return the kind of a card from a list; raises InvalidInput where a member has none of that kind."""
    rules = change.rules.cards
    if listed.gift:
        gifts = [each for each in rules.kinds if each.use_class is UseClass.GIFT]
        if not gifts:
            raise InvalidInput("there is no kind of gift card", hint="Amend cards.kinds")
        return gifts[0]
    kind = kind_of(code, rules)
    if kind.use_class is not UseClass.ORDINARY:
        raise InvalidInput(f"a card from a list is no {code} card", hint=USUAL_KIND)
    return kind


def _kept(change: Change, listed: CardRecord, kind: CardKind) -> Kept:
    held_back = select(card_held_back.c.credential).where(card_held_back.c.credential == listed.id)
    state = _STATES[listed.state]
    if listed.gift and state is not CardState.CANCELLED:
        state = CardState.HANDED_OVER
    elif state is CardState.ASSIGNED and change.connection.execute(held_back).first() is not None:
        # It waits for the unit or the host, not for its own hand-over.
        state = CardState.HANDED_OVER
    holder = Holder.BEARER
    if listed.member is not None:
        holder = Holder.GUEST if is_guest(change, listed.member) else Holder.MEMBER
    given = Card(
        number=number_for(change, listed.identifier),
        kind=kind.code,
        state=state,
        holder=holder,
        member=listed.member,
        valid_from=listed.valid_from,
        valid_until=listed.valid_until,
        stopped=state is CardState.SUSPENDED,
    )
    return msgspec.structs.replace(Kept(given, kind.use_class), credential=listed.id)
