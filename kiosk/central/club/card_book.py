"""The book of cards: each card as it is now, locked, written back, and carried over to the gates in the same change."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_tables import card
from kiosk.central.club.gate_dates import project
from kiosk.central.club.spells import lock_member
from kiosk.central.members import cards_by, save_cards
from kiosk.central.roster import in_steps
from kiosk.club.card_kinds import CardKind, Medium, UseClass, kind_of
from kiosk.club.cards import Card, credential_state
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState

CARDS_PER_QUERY = 500


class Kept(msgspec.Struct, frozen=True):
    """A card in the book: what the rules know of it, its class of use, what the gates know it by, and its request."""

    card: Card
    use_class: UseClass
    credential: str | None = None
    medium: Medium | None = None
    request: str | None = None


def card_of(look: Look, number: str) -> Kept:
    """Return a card by its number; raises InvalidInput where there is none."""
    found = _read(look, card.c.number == number)
    if not found:
        raise InvalidInput(f"there is no card {number!r}", hint="Take an imported card into the book first")
    return found[0]


def card_by_credential(look: Look, credential: str) -> Kept | None:
    """Return the card that the gates know by a credential, or None."""
    return next(iter(_read(look, card.c.credential == credential)), None)


def cards_of(look: Look, member_id: str) -> list[Kept]:
    """Return every card that a member ever had, by number."""
    return _read(look, card.c.member == member_id)


def cards_on(look: Look, request: str) -> list[Kept]:
    """Return the special cards of a request, by number."""
    return _read(look, card.c.request == request)


def cards_numbered(look: Look, numbers: Iterable[str]) -> list[Kept]:
    """Return those of some cards that there are."""
    steps = in_steps(sorted(set(numbers)), CARDS_PER_QUERY)
    return [each for step in steps for each in _read(look, card.c.number.in_(step))]


def lock_card(change: Change, number: str) -> Kept:
    """Return a card, and its member, that no other change touches until this one ends; raises InvalidInput."""
    change.connection.execute(select(card.c.number).where(card.c.number == number).with_for_update())
    found = card_of(change, number)
    if found.card.member is not None:
        lock_member(change, found.card.member)
    return found


def lock_cards(change: Change, numbers: Iterable[str]) -> list[Kept]:
    """Return cards by number that no other change touches; raises InvalidInput for one there is not."""
    wanted = sorted(set(numbers))
    for step in in_steps(wanted, CARDS_PER_QUERY):
        mine = select(card.c.number).where(card.c.number.in_(step)).order_by(card.c.number)
        change.connection.execute(mine.with_for_update()).all()
    found = cards_numbered(change, wanted)
    missing = sorted(set(wanted) - {each.card.number for each in found})
    if missing:
        raise InvalidInput(f"there is no card {missing[0]!r}")
    return found


def keep(change: Change, before: Kept, after: Kept, action: str, *, why: str = "") -> Kept:
    """Write what became of a card, tell the gates of it, and note who did it; returns the card.

    A card that opened gates before and does not any more is denied at every gate at once (§4 L2).
    """
    values = columns_of(after)
    number = values.pop("number")
    change.connection.execute(update(card).where(card.c.number == number).values(**values))
    carry_over(change, after)
    change.note(f"card.{action}", "card", number, before=_shown(before), after=_shown(after), why=why)
    return after


def carry_over(change: Change, kept: Kept) -> None:
    """Bring what the gates hold of a card up to what the book says of it."""
    if kept.credential is None:
        return
    held = cards_by(change.connection, "id", [kept.credential])[0]
    row = msgspec.structs.replace(
        held,
        member=kept.card.member,
        state=gate_state(change, kept),
        gift=kept.use_class is UseClass.GIFT,
        valid_from=kept.card.valid_from,
        valid_until=kept.card.valid_until,
    )
    save_cards(change.connection, [row])
    change.touch_card(kept.credential)
    if kept.card.member is not None:
        project(change, kept.card.member)
    if held.state is CredentialState.ACTIVE and row.state is not CredentialState.ACTIVE:
        change.deny(kept.credential)


def gate_state(look: Look, kept: Kept) -> CredentialState:
    """Return what the gates are to hold of a card by the rules of today (R07, R29, S27)."""
    # Whatever became of its kind in the rule book since, a card that is shut stays shut.
    state = credential_state(kept.card, CardKind(kept.card.kind, use_class=kept.use_class))
    if state is not CredentialState.ACTIVE:
        return state
    return credential_state(kept.card, kind_of(kept.card.kind, look.rules.cards))


def with_card(kept: Kept, changed: Card) -> Kept:
    """Return a card in the book after a step of its life."""
    return msgspec.structs.replace(kept, card=changed)


def columns_of(kept: Kept) -> dict[str, Any]:
    """Return a card as the columns of its row."""
    told: dict[str, Any] = msgspec.to_builtins(kept.card)
    rest = {
        "use_class": kept.use_class.value,
        "credential": kept.credential,
        "medium": kept.medium.value if kept.medium else None,
        "request": kept.request,
    }
    return told | rest | {"batch": kept.card.batch or None}


def _read(look: Look, where: ColumnElement[bool]) -> list[Kept]:
    rows = look.connection.execute(select(card).where(where).order_by(card.c.number)).mappings()
    return [_kept(row) for row in rows]


def _kept(row: Any) -> Kept:
    told = {name: row[name] for name in Card.__struct_fields__} | {"batch": row["batch"] or ""}
    names = ("use_class", "credential", "medium", "request")
    return msgspec.convert({"card": told} | {name: row[name] for name in names}, Kept)


def _shown(kept: Kept) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(kept.card)
    return values | {"encoded": kept.credential is not None, "request": kept.request}


def numbers_of(cards: Sequence[Kept]) -> tuple[str, ...]:
    """Return the numbers of cards in their order."""
    return tuple(each.card.number for each in cards)
