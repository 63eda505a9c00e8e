"""Redemption: what points buy, who may have it, and the life of one redemption from reservation to hand-over."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.club.tiers import TierRules, rank_of
from kiosk.core.errors import InvalidInput


class RewardKind(StrEnum):
    """What points can be exchanged for (R91)."""

    GIFT = "gift"
    PRIVILEGE = "privilege"
    COUPON = "coupon"
    PRODUCT = "product"
    SERVICE = "service"
    CASH = "cash"


class RewardRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the catalogue may hold, and how long a reservation waits."""

    cash: Annotated[
        bool,
        Meta(
            description="Whether points can become cash. One plan allows it and the others name goods only; money-like "
            "points ask for the safeguards of money, so off.",
            extra={"source": "R91, catalogue §6.10, seeds 003:293 against 000:166, 003:54"},
        ),
    ] = False
    reserved_hours: Annotated[
        int,
        Meta(
            ge=1,
            description="Hours a reservation waits for its hand-over before the points go back.",
            extra={"source": "S48, L7; no seed"},
        ),
    ] = 168


class SpecialPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another price in points on local days, both included (the special-price area, R92)."""

    points: Annotated[int, Meta(ge=1)]
    first: date
    last: date


class Reward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of the catalogue. With `amount_minor` it is an exchange: points and money (S48, seeds 003:153).

    `stock` None = without limit. `gives` is the code of the coupon or entitlement that comes of it.
    """

    id: str
    kind: RewardKind
    points: Annotated[int, Meta(ge=1)]
    amount_minor: Annotated[int, Meta(ge=0)] = 0
    stock: Annotated[int, Meta(ge=0)] | None = None
    per_member_max: Annotated[int, Meta(ge=1)] | None = None
    tier: str = ""
    first: date | None = None
    last: date | None = None
    special: SpecialPrice | None = None
    gives: str = ""


class Wish(msgspec.Struct, frozen=True):
    """What a member asks for: how many, and what is known of the member and of the item's redemptions that stand.

    `taken` counts those of all members, `had` this member's own: reserved and redeemed, not returned.
    """

    tier: str
    available_points: int
    quantity: int = 1
    valid: bool = True
    card_redeems: bool = True
    taken: int = 0
    had: int = 0


class Price(msgspec.Struct, frozen=True):
    """What a redemption costs together, and until when it is reserved."""

    points: int
    amount_minor: int
    reserved_until: datetime


class RewardReason(StrEnum):
    """Why a reward is not given, in the order of asking."""

    NOT_A_VALID_MEMBER = "not_a_valid_member"
    CARD_REDEEMS_NONE = "card_redeems_none"
    CASH_NOT_ALLOWED = "cash_not_allowed"
    NOT_YET = "not_yet"
    NO_LONGER = "no_longer"
    TIER_TOO_LOW = "tier_too_low"
    MEMBER_LIMIT = "member_limit"
    OUT_OF_STOCK = "out_of_stock"
    NOT_ENOUGH_POINTS = "not_enough_points"


RewardRefusal = Refusal[RewardReason]


class RedemptionState(StrEnum):
    """Where a redemption stands (L7)."""

    RESERVED = "reserved"
    REDEEMED = "redeemed"
    RETURNED = "returned"


class RedemptionAction(StrEnum):
    """What is done with a redemption."""

    HAND_OVER = "hand_over"
    CANCEL = "cancel"
    LAPSE = "lapse"
    TAKE_BACK = "take_back"


REDEMPTION = Life(
    name="redemption",
    start=RedemptionState.RESERVED,
    steps=(
        Step(RedemptionAction.HAND_OVER, (RedemptionState.RESERVED,), RedemptionState.REDEEMED),
        Step(RedemptionAction.CANCEL, (RedemptionState.RESERVED,), RedemptionState.RETURNED),
        Step(RedemptionAction.LAPSE, (RedemptionState.RESERVED,), RedemptionState.RETURNED),
        Step(RedemptionAction.TAKE_BACK, (RedemptionState.REDEEMED,), RedemptionState.RETURNED),
    ),
)
"""The life of a redemption (L7, seeds 000:166). Points leave at the reservation and come back with `returned`."""


def redeem(
    reward: Reward, wish: Wish, rules: RewardRules, ladder: TierRules, now: datetime, today: date
) -> Price | RewardRefusal:
    """Return what a redemption costs, or the first reason against it (S48, R91). `today` is the club's local day."""
    if wish.quantity < 1:
        raise InvalidInput(f"quantity {wish.quantity} of reward {reward.id}", hint="One at least")
    refusal = next(_against(reward, wish, rules, ladder, today), None)
    return refusal or Price(
        points=points_of(reward, today) * wish.quantity,
        amount_minor=reward.amount_minor * wish.quantity,
        reserved_until=now + timedelta(hours=rules.reserved_hours),
    )


def points_of(reward: Reward, today: date) -> int:
    """Return what one piece costs in points on a day (R92, seeds 003:356)."""
    special = reward.special
    return special.points if special is not None and special.first <= today <= special.last else reward.points


def has_lapsed(reserved_until: datetime, now: datetime) -> bool:
    """Say whether a reservation has waited too long, so that its points go back."""
    return now >= reserved_until


def _against(reward: Reward, wish: Wish, rules: RewardRules, ladder: TierRules, today: date) -> Iterator[RewardRefusal]:
    if not wish.valid:
        yield Refusal(RewardReason.NOT_A_VALID_MEMBER)
    if not wish.card_redeems:
        yield Refusal(RewardReason.CARD_REDEEMS_NONE)
    if reward.kind is RewardKind.CASH and not rules.cash:
        yield Refusal(RewardReason.CASH_NOT_ALLOWED)
    if reward.first is not None and today < reward.first:
        yield Refusal(RewardReason.NOT_YET, {"from": reward.first.isoformat()})
    if reward.last is not None and today > reward.last:
        yield Refusal(RewardReason.NO_LONGER, {"until": reward.last.isoformat()})
    if reward.tier and rank_of(wish.tier, ladder) < rank_of(reward.tier, ladder):
        yield Refusal(RewardReason.TIER_TOO_LOW, {"needed": reward.tier, "tier": wish.tier})
    yield from _too_many(reward, wish)
    if (needed := points_of(reward, today) * wish.quantity) > wish.available_points:
        yield Refusal(RewardReason.NOT_ENOUGH_POINTS, {"needed": needed, "available": wish.available_points})


def _too_many(reward: Reward, wish: Wish) -> Iterator[RewardRefusal]:
    if reward.per_member_max is not None and wish.had + wish.quantity > reward.per_member_max:
        yield Refusal(RewardReason.MEMBER_LIMIT, {"limit": reward.per_member_max, "had": wish.had})
    if reward.stock is not None and wish.taken + wish.quantity > reward.stock:
        yield Refusal(RewardReason.OUT_OF_STOCK, {"left": max(reward.stock - wish.taken, 0)})
