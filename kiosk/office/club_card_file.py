"""All that the office shows of one card: its days, its member, what the gates hold of it, and what became of it."""

from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec

from kiosk.central.club.batches import batch_of
from kiosk.central.club.books import Look
from kiosk.central.club.card_book import card_of
from kiosk.central.club.card_credentials import GateKnows, acknowledged
from kiosk.central.club.card_lists import CardRow, HandedOver, Swap, card_row, ending_of, handed_over, swaps_of
from kiosk.central.club.gift_cards import gift_of
from kiosk.central.club.gift_way_back import way_back_of
from kiosk.central.club.photos import with_photo
from kiosk.central.club.special_cards import request_of
from kiosk.central.members import cards_by
from kiosk.club.card_kinds import Holder, Medium, UseClass
from kiosk.club.cards import CARD_LIFE, HELD, CardAction, CardState
from kiosk.club.gift_cards import GiftCard, GiftState, state_on
from kiosk.club.gift_recovery import WayBack
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from kiosk.office.amounts import shown
from kiosk.office.club_card_parts import batch_name, said
from kiosk.office.page import Fact, Link, Table, Thing
from kiosk.office.saying import told
from kiosk.office.whom import staff_by_id

KIND = "card"

_BLANK = frozenset({CardState.ALLOCATED, CardState.MADE, CardState.CHECKED, CardState.IN_STOCK, CardState.ASSIGNED})
_OK = frozenset({CardState.HANDED_OVER, CardState.IN_STOCK})
_LOOK = frozenset({CardState.ASSIGNED, CardState.LOST, CardState.SUSPENDED})


class CardFile(msgspec.Struct, frozen=True):
    """A card with what belongs to it. `gates` says for each gate whether it has heard that the card is denied.

    `stopped`: somebody shut it, which goes over to the card that comes in its place. `ending` is the end of the number
    as readers read it, `at_gates` what the gates are to hold of it, `photo` the address of the member's picture.
    """

    card: CardRow
    batch: str
    request: str | None
    function_on: bool
    stopped: bool
    medium: Medium | None
    renewable: bool
    at_gates: CredentialState | None
    ending: str
    gates: tuple[GateKnows, ...]
    handed_over: HandedOver | None
    swaps: tuple[Swap, ...]
    photo: str
    gift: GiftCard | None
    gift_stands: GiftState | None
    way_back: tuple[WayBack, ...]


def card_file(look: Look, number: str) -> CardFile:
    """Return all that is known of a card; raises InvalidInput where there is none."""
    kept, row = card_of(look, number), card_row(look, number)
    credential = kept.credential
    held = cards_by(look.connection, "id", [credential]) if credential is not None else []
    gift = _gift(look, number) if row.use_class is UseClass.GIFT else None
    return CardFile(
        card=row,
        batch=kept.card.batch,
        request=kept.request,
        function_on=kept.card.function_on,
        stopped=kept.card.stopped,
        medium=kept.medium,
        renewable=any(each.code == row.kind and each.renewable for each in look.rules.cards.kinds),
        at_gates=held[0].state if held else None,
        ending=ending_of(look, credential) if credential is not None else "",
        gates=acknowledged(look, credential) if credential is not None else (),
        handed_over=handed_over(look, number),
        swaps=tuple(swaps_of(look, number)),
        photo=_photo(look, kept.card.member),
        gift=gift,
        gift_stands=state_on(gift, look.today) if gift else None,
        way_back=tuple(way_back_of(look, number)) if gift else (),
    )


def can(action: CardAction, file: CardFile) -> bool:
    """Say whether a step can be taken with a card; a gift card that was sold has its own way back."""
    sold = file.card.use_class is UseClass.GIFT and file.card.holder is not None
    return not sold and action in CARD_LIFE.actions(file.card.state)


def can_give(action: CardAction, file: CardFile) -> bool:
    """Say whether a step can be taken with a card that is somebody's, or shall be."""
    return file.card.use_class is not UseClass.GIFT and can(action, file)


def can_encode(file: CardFile) -> bool:
    """Say whether a card can be encoded: none that is, and none that was handed over."""
    return not file.card.encoded and file.card.state in _BLANK


def can_hand_over(file: CardFile) -> bool:
    """Say whether a card can be handed over: it must be encoded."""
    return file.card.encoded and can(CardAction.HAND_OVER, file)


def can_unassign(file: CardFile) -> bool:
    """Say whether a card can go back into stock: none that came in another's place."""
    return can(CardAction.UNASSIGN, file) and not any(each.new == file.card.number for each in file.swaps)


def can_renew(file: CardFile) -> bool:
    """Say whether a card can be given another term."""
    held = file.card.state in HELD - {CardState.ASSIGNED}
    return file.renewable and held and file.card.valid_until is not None


def gift_stands(state: GiftState, file: CardFile) -> bool:
    """Say whether a card is a gift card that stands so today."""
    return file.gift_stands is state


def gift_without_balance(file: CardFile) -> bool:
    """Say whether a card is a gift card from a list of which nobody has said what is on it."""
    card = file.card
    return card.use_class is UseClass.GIFT and card.holder is Holder.BEARER and file.gift is None


def badge_of(state: CardState) -> str:
    """Return the colour of a card's state."""
    return "ok" if state in _OK else "attention" if state in _LOOK else ""


def thing_of(look: Look, file: CardFile) -> Thing:
    """Return a card's page."""
    card = file.card
    return Thing(
        KIND,
        card.number,
        card.number,
        {"number": card.number},
        [*_facts(look, file), *_gift_facts(file)],
        view=file,
        state=f"card_state_{card.state.value}",
        badge=badge_of(card.state),
        up="/cards",
        up_label="card_book",
        tables=[*_gates(file), *_swaps(file), *_way_back(look, file)],
    )


def _gift(look: Look, number: str) -> GiftCard | None:
    try:
        return gift_of(look, number)
    except InvalidInput:
        return None


def _photo(look: Look, member: str | None) -> str:
    has_one = member is not None and member in with_photo(look.connection, [member])
    return f"/people/{member}/photo" if has_one else ""


def _facts(look: Look, file: CardFile) -> list[Fact]:
    card = file.card
    member: Any = f"{card.member_name} {card.member_no}" if card.member_no else said("Holder", card.holder)
    facts = [
        Fact("card_kind", said("CardKind", card.kind)),
        Fact("card_holder", Link(member, f"/members/{quote(card.member_no)}") if card.member_no else member),
        *([Fact("photo", Link(told("show"), file.photo))] if file.photo else []),
        Fact("valid_from", card.valid_from),
        Fact("valid_until", _end(card.valid_until, card.state in HELD)),
        Fact("card_at_gates", said("CredentialState", file.at_gates) if file.at_gates else "not_encoded", _word(file)),
    ]
    if file.stopped:
        facts.append(Fact("card_stopped", file.stopped))
    if file.ending:
        facts.append(Fact("card_read_as", f"… {file.ending}"))
        facts.append(Fact("card_medium", said("Medium", file.medium)))
    if card.point:
        facts.append(Fact("point", Link(card.point, f"/stock/{card.point}")))
    if file.batch:
        facts.append(Fact("batch", Link(batch_name(batch_of(look, file.batch)), f"/card-batches/{file.batch}")))
    if file.request:
        department = request_of(look, file.request).department
        facts.append(Fact("special_request", Link(department, f"/special-cards/{file.request}")))
        facts.append(Fact("function_on", file.function_on))
    if file.handed_over is not None:
        by = staff_by_id(look).get(file.handed_over.by, file.handed_over.by)
        facts.append(Fact("handed_over_at", file.handed_over.at))
        facts.append(Fact("handed_over_by", by))
        facts.append(Fact("identity_checked", file.handed_over.identity_checked))
    return facts


def _gift_facts(file: CardFile) -> list[Fact]:
    if file.gift is None:
        return []
    return [
        Fact("gift_state", said("GiftState", file.gift_stands)),
        Fact("balance", shown(file.gift.balance_minor)),
        Fact("sold_on", file.gift.sold_on),
    ]


def _word(file: CardFile) -> str:
    return "" if file.at_gates else "word"


def _end(day: date | None, held: bool) -> Any:
    return day if day is not None or not held else said("Term", "for_life")


def _gates(file: CardFile) -> list[Table]:
    rows = [
        (each.device, said("Heard", "yes" if each.heard else "no"), each.revision, each.needed) for each in file.gates
    ]
    columns = ("device", "gate_knows", "gate_roster", "gate_roster_needed")
    return [Table("gates_that_know", columns, rows)] if rows else []


def _swaps(file: CardFile) -> list[Table]:
    rows = [
        (_card(each.old), _card(each.new), said("ReplaceReason", each.reason), each.charged, each.at)
        for each in file.swaps
    ]
    columns = ("card_old", "card_new", "card_swap_reason", "card_charged", "time")
    return [Table("card_swaps", columns, rows)] if rows else []


def _way_back(look: Look, file: CardFile) -> list[Table]:
    names = staff_by_id(look)
    rows = [
        (said("Stage", each.stage), names.get(each.given_by, each.given_by), names.get(each.taken_by, each.taken_by),
         each.at)
        for each in file.way_back
    ]  # fmt: skip
    return [Table("way_back", ("stage", "given_by", "taken_by", "time"), rows)] if rows else []


def _card(number: str) -> Link:
    return Link(number, f"/cards/{number}")
