"""The way back of empty gift cards: taken in by a store, two hand-overs on record, destroyed (R31, R32, S31, S63)."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec

from kiosk.club.gift_cards import (
    GIFT_LIFE,
    GiftAction,
    GiftCard,
    GiftReason,
    GiftRefusal,
    GiftRules,
    GiftState,
    state_on,
)


class Stage(StrEnum):
    """What a record of the way back is about. Wire format."""

    TAKEN_IN = "taken_in"
    TO_FUNDS = "to_funds"
    TO_SERVICE = "to_service"
    DESTROYED = "destroyed"


class WayBack(msgspec.Struct, frozen=True):
    """Who gave which cards to whom, when; at the end, who destroyed them and who saw it."""

    stage: Stage
    numbers: tuple[str, ...]
    given_by: str
    taken_by: str
    at: datetime


class Moved(msgspec.Struct, frozen=True):
    """Cards after a stage, and its record; both are written together."""

    cards: tuple[GiftCard, ...]
    record: WayBack


def take_in(gift: GiftCard, store: str, by: str, at: datetime, today: date) -> Moved | GiftRefusal:
    """Take an empty gift card in at a store; one with money on it stays its bearer's (R31, seeds 004:35)."""
    if state_on(gift, today) is not GiftState.EMPTY:
        reason = GiftReason.BALANCE_LEFT if gift.balance_minor else GiftReason.WRONG_STATE
        return GiftRefusal(reason, {"balance_minor": gift.balance_minor, "state": gift.state.value})
    taken = msgspec.structs.replace(gift, state=GIFT_LIFE.after(GiftState.EMPTY, GiftAction.RECOVER))
    return Moved((taken,), WayBack(Stage.TAKEN_IN, (gift.number,), store, by, at))


def hand_to_funds(gifts: Sequence[GiftCard], given_by: str, taken_by: str, at: datetime) -> Moved | GiftRefusal:
    """Hand recovered cards from a store to the fund department (R31, seeds 004:35)."""
    return _move(gifts, GiftAction.HAND_TO_FUNDS, Stage.TO_FUNDS, given_by, taken_by, at)


def send_to_service(
    gifts: Sequence[GiftCard], given_by: str, taken_by: str, at: datetime, rules: GiftRules
) -> Moved | GiftRefusal:
    """Send cards together from the fund department to customer service (R32, seeds 004:37)."""
    if 0 < len(gifts) < rules.batch_min:
        return GiftRefusal(GiftReason.BATCH_TOO_SMALL, {"min": rules.batch_min})
    return _move(gifts, GiftAction.SEND_TO_SERVICE, Stage.TO_SERVICE, given_by, taken_by, at)


def destroy(gifts: Sequence[GiftCard], destroyed_by: str, seen_by: str, at: datetime) -> Moved | GiftRefusal:
    """Destroy cards at customer service: number and function end with them, before a witness (R32, §6.12)."""
    return _move(gifts, GiftAction.DESTROY, Stage.DESTROYED, destroyed_by, seen_by, at)


def _move(
    gifts: Sequence[GiftCard], action: GiftAction, stage: Stage, given_by: str, taken_by: str, at: datetime
) -> Moved | GiftRefusal:
    """Take a step with all cards or none; whoever gives them is not who takes them."""
    if not gifts:
        return GiftRefusal(GiftReason.NO_CARDS)
    if given_by == taken_by:
        return GiftRefusal(GiftReason.SAME_PERSON)
    if wrong := sorted(each.number for each in gifts if action not in GIFT_LIFE.actions(each.state)):
        return GiftRefusal(GiftReason.WRONG_STATE, {"number": wrong[0], "count": len(wrong)})
    cards = tuple(msgspec.structs.replace(each, state=GIFT_LIFE.after(each.state, action)) for each in gifts)
    return Moved(cards, WayBack(stage, tuple(each.number for each in gifts), given_by, taken_by, at))
