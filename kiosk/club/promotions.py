"""Promotions: when, for whom and for what they count, and what keeps them from being too many or too cheap (R100)."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Annotated

import msgspec
from msgspec import Meta

Percent = Annotated[int, Meta(ge=0, le=100)]


class Promotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An offer for a period: `percent` of the price, or `off_minor` off, where the goods come to `threshold_minor`.

    No tiers or goods = all. `stackable` counts on top of another discount. A member has it `times_max` times within
    `times_days`; the price never falls below `floor_percent` of the list price, nor below the club's own floor.
    """

    code: str
    first: date
    last: date
    percent: Percent = 100
    off_minor: Annotated[int, Meta(ge=0)] = 0
    tiers: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    threshold_minor: Annotated[int, Meta(ge=0)] = 0
    floor_percent: Percent = 0
    stackable: bool = False
    times_max: Annotated[int, Meta(ge=1)] | None = None
    times_days: Annotated[int, Meta(ge=1)] = 30

    def __post_init__(self) -> None:
        """Raise ValueError for one that ends before it begins, or that takes nothing off."""
        if self.last < self.first:
            raise ValueError(f"promotion {self.code} ends before it begins")
        if self.percent == 100 and self.off_minor == 0:
            raise ValueError(f"promotion {self.code} takes nothing off")


class PromotionUse(msgspec.Struct, frozen=True):
    """A member had a promotion on a day."""

    code: str
    on: date


class PromotionReason(StrEnum):
    """Why a promotion does not count. Wire format."""

    NOT_TODAY = "not_today"
    NOT_FOR_THIS_TIER = "not_for_this_tier"
    NOT_FOR_THESE_GOODS = "not_for_these_goods"
    BELOW_THRESHOLD = "below_threshold"
    TOO_OFTEN = "too_often"
    NEEDS_MEMBER = "needs_member"


class PromotionFault(StrEnum):
    """What is wrong with the plan of promotions (R100, seeds 003:155). Wire format."""

    TOO_CHEAP = "too_cheap"
    TOO_LONG = "too_long"
    TOO_SOON = "too_soon"


class Fault(msgspec.Struct, frozen=True):
    """A promotion that the plan should not have, and the figure it fails by."""

    promotion: str
    fault: PromotionFault
    limit: int


class PromotionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The promotions, and how often and how cheap they may be."""

    promotions: Annotated[
        tuple[Promotion, ...],
        Meta(
            description="The promotions, past ones too: the gaps between them are counted.",
            extra={"source": "S50, R98, seeds 003:124, 003:134"},
        ),
    ] = ()
    floor_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="No offer brings a price below so much of the list price. Not too cheap, the seeds say, and no "
            "number: half.",
            extra={"source": "R100, seeds 003:155"},
        ),
    ] = 50
    days_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Days that a promotion lasts at most. Not too frequent, the seeds say, and no number: a month.",
            extra={"source": "R100, seeds 003:155"},
        ),
    ] = 31
    gap_days: Annotated[
        int,
        Meta(
            ge=0,
            description="Days between the end of a promotion and the next one for the same goods and tier.",
            extra={"source": "R100, seeds 003:155; no number"},
        ),
    ] = 14


def why_not(
    promotion: Promotion, tier: str, amount_minor: int, uses: Sequence[PromotionUse], day: date
) -> PromotionReason | None:
    """Return why a promotion does not count for goods of an amount that it is for, or None (R98, R100)."""
    if not promotion.first <= day <= promotion.last:
        return PromotionReason.NOT_TODAY
    if promotion.tiers and tier not in promotion.tiers:
        return PromotionReason.NOT_FOR_THIS_TIER
    if amount_minor == 0:
        return PromotionReason.NOT_FOR_THESE_GOODS
    since = day - timedelta(days=promotion.times_days - 1)
    had = sum(each.code == promotion.code and since <= each.on <= day for each in uses)
    if promotion.times_max is not None and had >= promotion.times_max:
        return PromotionReason.TOO_OFTEN
    return PromotionReason.BELOW_THRESHOLD if amount_minor < promotion.threshold_minor else None


def faults(rules: PromotionRules) -> tuple[Fault, ...]:
    """Return what is too cheap, too long, or too soon after another, for whoever amends the plan (R100)."""
    return tuple(_faults(rules))


def _faults(rules: PromotionRules) -> Iterator[Fault]:
    for each in rules.promotions:
        if each.percent < rules.floor_percent:
            yield Fault(each.code, PromotionFault.TOO_CHEAP, rules.floor_percent)
        if (each.last - each.first).days + 1 > rules.days_max:
            yield Fault(each.code, PromotionFault.TOO_LONG, rules.days_max)
    in_order = sorted(rules.promotions, key=lambda each: (each.first, each.code))
    for before, after in combinations(in_order, 2):
        if _meet(before.goods, after.goods) and _meet(before.tiers, after.tiers):
            between = (after.first - before.last).days - 1
            if between < rules.gap_days:
                yield Fault(after.code, PromotionFault.TOO_SOON, rules.gap_days)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether two lists, of which an empty one means everything, have anything in common."""
    return not one or not other or not set(one).isdisjoint(other)
