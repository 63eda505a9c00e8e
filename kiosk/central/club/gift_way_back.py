"""The way back of empty gift cards: a store, the fund department, customer service, and the end (R31, R32, S31, S63).

Whoever acts gives the cards on; the change names who takes them, and at the end who saw them destroyed.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_book import Kept, keep, with_card
from kiosk.central.club.card_tables import gift_way_back, gift_way_back_card
from kiosk.central.club.gift_cards import lock_gifts, write_gift
from kiosk.central.club.refused import refuse
from kiosk.club import gift_recovery as rules
from kiosk.club.cards import CardAction
from kiosk.club.cards import after as card_after
from kiosk.club.gift_cards import GiftCard, GiftRefusal
from kiosk.club.gift_recovery import Moved, Stage, WayBack
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

CARDS_MAX = 500
"""Cards of one record of the way back."""


def take_in(change: Change, number: str, store: str, *, why: str = "") -> WayBack:
    """Take an empty gift card in at a store; no gate and no till knows it from then on (R31). Raises RuleRefused."""
    (kept, gift), *_ = lock_gifts(change, [number])
    moved = rules.take_in(gift, store, change.actor.id, change.now, change.today)
    return _write(change, [kept], moved, (CardAction.RETURN,), why)


def hand_to_funds(change: Change, numbers: Sequence[str], taken_by: str, *, why: str = "") -> WayBack:
    """Hand cards that were taken in from a store to the fund department, all or none (R31); raises RuleRefused."""
    kept, gifts = _locked(change, numbers)
    moved = rules.hand_to_funds(gifts, change.actor.id, taken_by, change.now)
    return _write(change, kept, moved, (), why)


def send_to_service(change: Change, numbers: Sequence[str], taken_by: str, *, why: str = "") -> WayBack:
    """Send cards together from the fund department to customer service, all or none (R32); raises RuleRefused."""
    kept, gifts = _locked(change, numbers)
    moved = rules.send_to_service(gifts, change.actor.id, taken_by, change.now, change.rules.gifts)
    return _write(change, kept, moved, (), why)


def destroy(change: Change, numbers: Sequence[str], seen_by: str, *, why: str = "") -> WayBack:
    """Destroy cards before a witness; their numbers and their function end with them (R32). Raises RuleRefused."""
    kept, gifts = _locked(change, numbers)
    moved = rules.destroy(gifts, change.actor.id, seen_by, change.now)
    return _write(change, kept, moved, (CardAction.CANCEL, CardAction.DESTROY), why)


def way_back_of(look: Look, number: str) -> list[WayBack]:
    """Return the records of a gift card's way back, the oldest first."""
    mine = select(gift_way_back_card.c.record).where(gift_way_back_card.c.number == number)
    query = select(gift_way_back).where(gift_way_back.c.id.in_(mine)).order_by(gift_way_back.c.at, gift_way_back.c.id)
    return [_record(look, row) for row in look.connection.execute(query).mappings().all()]


def _locked(change: Change, numbers: Sequence[str]) -> tuple[list[Kept], list[GiftCard]]:
    if len(numbers) > CARDS_MAX:
        raise InvalidInput(f"{len(numbers)} gift cards at once, the limit is {CARDS_MAX}", hint="Send them in parts")
    found = lock_gifts(change, numbers)
    return [kept for kept, _ in found], [gift for _, gift in found]


def _write(
    change: Change, kept: Sequence[Kept], moved: Moved | GiftRefusal, actions: Sequence[CardAction], why: str
) -> WayBack:
    """Write a stage down: the gift cards, what it does to each card at the gates, and who gave them to whom."""
    if isinstance(moved, GiftRefusal):
        raise refuse(moved, "gift cards")
    for gift in moved.cards:
        write_gift(change, gift)
    for each in kept:
        changed = each.card
        for action in actions:
            changed = card_after(changed, action)
        if actions:
            keep(change, each, with_card(each, changed), actions[-1], why=why)
    record: dict[str, Any] = msgspec.to_builtins(moved.record)
    numbers = record.pop("numbers")
    record |= {"id": secrets.token_hex(8), "at": format_utc(moved.record.at)}
    change.connection.execute(insert(gift_way_back), record)
    rows = [{"record": record["id"], "number": number} for number in numbers]
    change.connection.execute(insert(gift_way_back_card), rows)
    change.note(
        f"gift.{moved.record.stage}", "gift_way_back", record["id"], after=record | {"numbers": numbers}, why=why
    )
    return moved.record


def _record(look: Look, row: Any) -> WayBack:
    query = select(gift_way_back_card.c.number).where(gift_way_back_card.c.record == row["id"])
    numbers = look.connection.execute(query.order_by(gift_way_back_card.c.number)).scalars()
    return WayBack(Stage(row["stage"]), tuple(numbers), row["given_by"], row["taken_by"], parse_utc(row["at"]))
