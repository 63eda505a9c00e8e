"""What a basket costs a member: of every offer that holds, the best for each line, explained by codes.

In this order: what was bought before is used up first, then one offer per line (list price, card or stored value,
tier, member day, promotion, coupon: the best one, the earlier of equal ones), then what counts on top of others, and
nothing below the floor. A gift card pays list prices (R28).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Changes, MemberDay
from kiosk.club.coupons import Coupon, CouponKind
from kiosk.club.gift_cards import GiftReason, TenderKind
from kiosk.club.promotions import Percent, PromotionUse
from kiosk.club.refusal import Refusal


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the two schemes leave of the price of some goods ("" = of all without their own), in percent (R95).

    Stored value brings the larger discount; 100 and 100 = neither (R96).
    """

    goods: str
    instant_percent: Percent
    stored_percent: Percent

    def __post_init__(self) -> None:
        """Raise ValueError where stored value is not cheaper than the instant discount (R96, seeds 004:119)."""
        if self.stored_percent >= self.instant_percent and (self.instant_percent, self.stored_percent) != (100, 100):
            raise ValueError(
                f"stored value at {self.stored_percent} % is not cheaper than instant at {self.instant_percent} % (R96)"
            )


class TierPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tier pays of the price of some goods ("" = of all), in percent."""

    tier: str
    percent: Percent
    goods: str = ""


class SpendGift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A gift from an amount on (R99)."""

    at_least_minor: Annotated[int, Meta(ge=1)]
    gift: str


class PriceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two schemes, the tiers' prices and gifts by amount."""

    schemes: Annotated[
        tuple[Scheme, ...],
        Meta(
            description="What card and stored value leave of the price, by goods. The one number is that of the "
            "clothes shop's card, 95 %; stored value has to be cheaper and has none: 90.",
            extra={"source": "R95–R97, seeds 004:107, 004:117-119"},
        ),
    ] = (Scheme("clothes", 95, 90),)
    tier_prices: Annotated[
        tuple[TierPrice, ...],
        Meta(description="What a tier pays of the price.", extra={"source": "S50, seeds 000:68 §9.3; no number"}),
    ] = ()
    coupons_stack: Annotated[
        bool,
        Meta(
            description="Whether a coupon counts on top of another discount. Off: one discount per line.",
            extra={"source": "S49, S50, R100; no seed"},
        ),
    ] = False
    gifts: Annotated[
        tuple[SpendGift, ...],
        Meta(
            description="Gifts by what is paid; the highest level reached counts. A table without numbers: none.",
            extra={"source": "R99, seeds 003:133"},
        ),
    ] = ()


class BasketLine(msgspec.Struct, frozen=True):
    """Goods of one kind in a basket. `list_minor` is the price of one, `floor_minor` the goods' own lowest."""

    id: str
    goods: str
    list_minor: Annotated[int, Meta(ge=0)]
    quantity: Annotated[int, Meta(ge=1)] = 1
    floor_minor: Annotated[int, Meta(ge=0)] = 0


class Entitled(msgspec.Struct, frozen=True):
    """What was bought before and is used up first: n times goods (S14)."""

    id: str
    goods: str
    left: Annotated[int, Meta(ge=0)]


class Buyer(msgspec.Struct, frozen=True):
    """Who buys, when, and how it is to be paid.

    `member` None = somebody without a card. `day_changes` is what the calendar makes of the day.
    """

    day: date
    site: str = ""
    member: str | None = None
    tier: str = ""
    tenders: tuple[TenderKind, ...] = ()
    day_changes: Changes = Changes()
    entitled: tuple[Entitled, ...] = ()
    coupons: tuple[tuple[Coupon, CouponKind], ...] = ()
    uses: tuple[PromotionUse, ...] = ()

    @property
    def pays_stored(self) -> bool:
        """Whether all of it is paid from stored value."""
        return bool(self.tenders) and set(self.tenders) == {TenderKind.STORED_VALUE}


class OfferCode(StrEnum):
    """What makes a price. Wire format."""

    LIST = "list"
    ENTITLEMENT = "entitlement"
    INSTANT = "instant"
    STORED_VALUE = "stored_value"
    TIER = "tier"
    MEMBER_DAY = "member_day"
    PROMOTION = "promotion"
    COUPON = "coupon"
    FLOOR = "floor"
    GIFT_CARD = "gift_card"


class Reason(msgspec.Struct, frozen=True):
    """One step from the list price: what it is, which one, and what it takes off (below zero: puts back)."""

    code: OfferCode
    of: str
    off_minor: int


class QuotedLine(msgspec.Struct, frozen=True):
    """A line with its price and how that came about: `list_minor` less every step = `net_minor`.

    `entitled` are the pieces that cost nothing because they were bought before.
    """

    id: str
    goods: str
    quantity: int
    entitled: int
    list_minor: int
    net_minor: int
    floor_minor: int
    reasons: tuple[Reason, ...]


class NotUsed(msgspec.Struct, frozen=True):
    """An offer that did not count, and why: a code of promotions or coupons, or `better_offer`."""

    code: OfferCode
    of: str
    why: str


class Quote(msgspec.Struct, frozen=True):
    """What a basket costs, line by line in the order of the ids, and what it uses up."""

    lines: tuple[QuotedLine, ...]
    used: Mapping[str, int] = {}
    coupons: tuple[str, ...] = ()
    promotions: tuple[str, ...] = ()
    gift: str = ""
    not_used: tuple[NotUsed, ...] = ()

    @property
    def list_minor(self) -> int:
        """The sum of list prices."""
        return sum(each.list_minor for each in self.lines)

    @property
    def total_minor(self) -> int:
        """What is to be paid."""
        return sum(each.net_minor for each in self.lines)


class QuoteRefusal(Refusal[GiftReason], frozen=True):
    """Why a basket has no price with these ways of paying."""


def scheme_for(goods: str, rules: PriceRules) -> Scheme | None:
    """Return the scheme of some goods: their own, else the one for all."""
    by_goods = {each.goods: each for each in rules.schemes}
    return by_goods.get(goods, by_goods.get(""))


def tier_percent(tier: str, goods: str, rules: PriceRules) -> int:
    """Return what a tier pays of the price of some goods: the lowest that fits."""
    fitting = (each.percent for each in rules.tier_prices if each.tier == tier and each.goods in ("", goods))
    return min(fitting, default=100)


def gift_for(paid_minor: int, rules: PriceRules) -> str:
    """Return the gift of the highest level that an amount reaches, "" = none (R99, seeds 003:133)."""
    reached = [each for each in rules.gifts if paid_minor >= each.at_least_minor]
    return max(reached, key=lambda each: each.at_least_minor).gift if reached else ""


def no_better(member_days: Sequence[MemberDay]) -> tuple[str, ...]:
    """Return the member days whose price is no better than everybody's, for whoever amends them (R101)."""
    return tuple(each.code for each in member_days if each.price_percent >= 100)
