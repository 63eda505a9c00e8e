"""A gift card's life from its sale to its destruction, and that nothing else is paid with beside it (§4 L3).

It is a bearer's: no member, no points, no benefits, and no gate (R26 to R29). `gift_recovery` is the way back.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.card_kinds import CardKind, validity
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class Mixing(StrEnum):
    """What a gift card may be used together with in one payment (R29). Wire format."""

    ALONE = "alone"
    NOT_WITH_MEMBER_CARD = "not_with_member_card"


class GiftRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How gift cards are paid with, and how they come back."""

    mixing: Annotated[
        Mixing,
        Meta(
            description="What a payment by gift card may be completed with. The seeds forbid the member card and are "
            "silent on cash: alone, as then no payment can be mixed at all.",
            extra={"source": "R29, seeds 004:33"},
        ),
    ] = Mixing.ALONE
    several_at_once: Annotated[
        bool,
        Meta(
            description="Whether one payment may take several gift cards: they are of one kind, so nothing is mixed.",
            extra={"source": "R29, R33, seeds 004:33, 004:39"},
        ),
    ] = True
    batch_min: Annotated[
        int,
        Meta(
            ge=1,
            description="Fewest cards that the fund department sends to customer service at a time. They go `in "
            "batches`, no number is stated: one, so that the last card of a year is not left lying.",
            extra={"source": "R32, seeds 004:37"},
        ),
    ] = 1


class GiftState(StrEnum):
    """Where a gift card stands. Wire format."""

    IN_STOCK = "in_stock"
    ACTIVE = "active"
    EMPTY = "empty"
    EXPIRED = "expired"
    RECOVERED = "recovered"
    WITH_FUNDS = "with_funds"
    WITH_SERVICE = "with_service"
    DESTROYED = "destroyed"


class GiftAction(StrEnum):
    """What can happen to a gift card. Wire format."""

    SELL = "sell"
    SPEND_LAST = "spend_last"
    CREDIT_BACK = "credit_back"
    EXPIRE = "expire"
    EXTEND = "extend"
    RECOVER = "recover"
    HAND_TO_FUNDS = "hand_to_funds"
    SEND_TO_SERVICE = "send_to_service"
    DESTROY = "destroy"


_S, _A = GiftState, GiftAction

GIFT_LIFE: Life[GiftState, GiftAction] = Life(
    name="a gift card",
    start=_S.IN_STOCK,
    steps=(
        Step(_A.SELL, (_S.IN_STOCK,), _S.ACTIVE),
        Step(_A.SPEND_LAST, (_S.ACTIVE,), _S.EMPTY),
        Step(_A.CREDIT_BACK, (_S.EMPTY,), _S.ACTIVE),
        Step(_A.EXPIRE, (_S.ACTIVE,), _S.EXPIRED),
        Step(_A.EXTEND, (_S.EXPIRED,), _S.ACTIVE),
        Step(_A.RECOVER, (_S.EMPTY,), _S.RECOVERED),
        Step(_A.HAND_TO_FUNDS, (_S.RECOVERED,), _S.WITH_FUNDS),
        Step(_A.SEND_TO_SERVICE, (_S.WITH_FUNDS,), _S.WITH_SERVICE),
        Step(_A.DESTROY, (_S.WITH_SERVICE,), _S.DESTROYED),
    ),
)
"""From stock on (before, a gift card is made like any card) to its end. Emptiness and expiry come from the facts."""


class GiftCard(msgspec.Struct, frozen=True):
    """A gift card as it is written down; `state_on` adds what its balance and the day say.

    There is no member in it and can be none (R27).
    """

    number: str
    state: GiftState = GiftState.IN_STOCK
    balance_minor: int = 0
    sold_on: date | None = None
    valid_until: date | None = None


class GiftReason(StrEnum):
    """Why a gift card is not sold, taken, or taken back. Wire format."""

    NO_AMOUNT = "no_amount"
    NEVER_EXPIRES = "never_expires"
    NOT_ACTIVE = "not_active"
    BALANCE_TOO_LOW = "balance_too_low"
    MIXED = "mixed"
    MORE_THAN_ONE = "more_than_one"
    MEMBER_BENEFIT = "member_benefit"
    NOT_LONGER = "not_longer"
    BALANCE_LEFT = "balance_left"
    NO_CARDS = "no_cards"
    WRONG_STATE = "wrong_state"
    SAME_PERSON = "same_person"
    BATCH_TOO_SMALL = "batch_too_small"


class GiftRefusal(Refusal[GiftReason], frozen=True):
    """Why a gift card is not sold, taken, or taken back."""


class TenderKind(StrEnum):
    """What is paid with. Wire format."""

    CASH = "cash"
    BANK_CARD = "bank_card"
    PROVIDER = "provider"
    STORED_VALUE = "stored_value"
    POINTS = "points"
    COUPON = "coupon"
    GIFT_CARD = "gift_card"


_MEMBERS = frozenset({TenderKind.STORED_VALUE, TenderKind.POINTS, TenderKind.COUPON})


def sell(gift: GiftCard, amount_minor: int, kind: CardKind, today: date) -> GiftCard | GiftRefusal:
    """Return a gift card loaded and sold, with its end; raises StepRefused (R30, seeds 004:35)."""
    state = GIFT_LIFE.after(gift.state, GiftAction.SELL)
    if amount_minor <= 0:
        return GiftRefusal(GiftReason.NO_AMOUNT)
    until = validity(kind, today).valid_until
    if until is None:
        return GiftRefusal(GiftReason.NEVER_EXPIRES)
    return GiftCard(gift.number, state, amount_minor, today, until)


def state_on(gift: GiftCard, day: date) -> GiftState:
    """Return where a gift card stands on a local day: an empty one is to be taken in, even if it is past its end."""
    if gift.state is not GiftState.ACTIVE:
        return gift.state
    if gift.balance_minor == 0:
        return GIFT_LIFE.after(gift.state, GiftAction.SPEND_LAST)
    if gift.valid_until is not None and day > gift.valid_until:
        return GIFT_LIFE.after(gift.state, GiftAction.EXPIRE)
    return GiftState.ACTIVE


def extended(gift: GiftCard, until: date, day: date) -> GiftCard | GiftRefusal:
    """Return an expired gift card with a later end; raises StepRefused for one that is not expired."""
    state = GIFT_LIFE.after(state_on(gift, day), GiftAction.EXTEND)
    if until < day:
        return GiftRefusal(GiftReason.NOT_LONGER)
    return msgspec.structs.replace(gift, state=state, valid_until=until)


def against_spending(gift: GiftCard, amount_minor: int, day: date) -> GiftRefusal | None:
    """Return why a gift card does not pay an amount, or None (R30, R31, S31)."""
    state = state_on(gift, day)
    if amount_minor <= 0:
        return GiftRefusal(GiftReason.NO_AMOUNT)
    if state is not GiftState.ACTIVE:
        return GiftRefusal(GiftReason.NOT_ACTIVE, {"state": state.value})
    if amount_minor > gift.balance_minor:
        return GiftRefusal(GiftReason.BALANCE_TOO_LOW, {"balance_minor": gift.balance_minor})
    return None


def against_tender(tenders: Sequence[TenderKind], member_benefit: bool, rules: GiftRules) -> GiftRefusal | None:
    """Return why a payment mixes a gift card with what it may not, or None (R28, R29, seeds 004:31-33).

    `tenders` has an element for each card and way of paying; `member_benefit` is a price or points of a member's.
    """
    gifts = sum(each is TenderKind.GIFT_CARD for each in tenders)
    if gifts == 0:
        return None
    others = {each for each in tenders if each is not TenderKind.GIFT_CARD}
    if rules.mixing is Mixing.NOT_WITH_MEMBER_CARD:
        others &= _MEMBERS
    if others:
        return GiftRefusal(GiftReason.MIXED, {"with": " ".join(sorted(others))})
    if gifts > 1 and not rules.several_at_once:
        return GiftRefusal(GiftReason.MORE_THAN_ONE)
    return GiftRefusal(GiftReason.MEMBER_BENEFIT) if member_benefit else None
