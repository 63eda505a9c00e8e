"""Coupons: whom a kind is for, the life of one coupon, and whether it counts for a purchase."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import CalendarRules, birthday_in
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.club.tiers import TierRules, rank_of


class CouponRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every kind that does not say otherwise."""

    valid_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days a coupon can be used, the first included.",
            extra={"source": "S49"},
        ),
    ] = 30
    per_purchase_max: Annotated[
        int, Meta(ge=1, description="Coupons that count for one purchase.", extra={"source": "S49; no seed"})
    ] = 1


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a kind is for; everything that is set must hold (S49, seeds 003:302, 003:264, 003:307).

    `bought_any` names kinds of goods of which one was bought; `idle_days_min` is since the last purchase.
    """

    tier: str = ""
    birthday: bool = False
    bought_any: tuple[str, ...] = ()
    spend_min_minor: Annotated[int, Meta(ge=0)] = 0
    idle_days_min: Annotated[int, Meta(ge=0)] = 0
    segments_any: tuple[str, ...] = ()


class CouponKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a coupon is good for: an amount off, percent off, or an item by code.

    `starts_after_days` and `valid_days` count from the day of granting (None = the rule's). `sites` and `goods` empty
    = all. `alone`: not together with another coupon.
    """

    code: str
    amount_off_minor: Annotated[int, Meta(ge=0)] = 0
    percent_off: Annotated[int, Meta(ge=0, le=100)] = 0
    gives: str = ""
    starts_after_days: Annotated[int, Meta(ge=0)] = 0
    valid_days: Annotated[int, Meta(ge=1)] | None = None
    purchase_min_minor: Annotated[int, Meta(ge=0)] = 0
    sites: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    alone: bool = False
    per_member_max: Annotated[int, Meta(ge=1)] | None = None
    target: Target = Target()


class CouponState(StrEnum):
    """Where a coupon stands (L9)."""

    GRANTED = "granted"
    USABLE = "usable"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class CouponAction(StrEnum):
    """What happens to a coupon; `give_back` when the purchase is undone."""

    OPEN = "open"
    USE = "use"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    GIVE_BACK = "give_back"


COUPON = Life(
    name="coupon",
    start=CouponState.GRANTED,
    steps=(
        Step(CouponAction.OPEN, (CouponState.GRANTED,), CouponState.USABLE),
        Step(CouponAction.USE, (CouponState.USABLE,), CouponState.USED),
        Step(CouponAction.EXPIRE, (CouponState.GRANTED, CouponState.USABLE), CouponState.EXPIRED),
        Step(CouponAction.WITHDRAW, (CouponState.GRANTED, CouponState.USABLE), CouponState.WITHDRAWN),
        Step(CouponAction.GIVE_BACK, (CouponState.USED,), CouponState.USABLE),
    ),
)
"""The life of a coupon (L9, seeds 003:72)."""


class Coupon(msgspec.Struct, frozen=True):
    """One coupon. `member` None = whoever brings the code. `state` is the one written down, `first` and `last` days."""

    code: str
    kind: str
    first: date
    last: date
    member: str | None = None
    state: CouponState = CouponState.GRANTED


class Candidate(msgspec.Struct, frozen=True):
    """What is known of a member when coupons are given out; `had` counts coupons of this kind."""

    tier: str
    born_on: date | None = None
    last_purchase_on: date | None = None
    spend_minor: int = 0
    goods_bought: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    had: int = 0


class Purchase(msgspec.Struct, frozen=True):
    """What a coupon shall count for. `goods` are the kinds in the basket, `others` coupons already on it."""

    site: str
    amount_minor: int
    member: str | None = None
    goods: frozenset[str] = frozenset()
    others: tuple[CouponKind, ...] = ()


class CouponReason(StrEnum):
    """Why a coupon is not given, or does not count."""

    NOT_FOR_THIS_MEMBER = "not_for_this_member"
    MEMBER_LIMIT = "member_limit"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    ANOTHER_MEMBERS = "another_members"
    NOT_AT_THIS_SITE = "not_at_this_site"
    NOT_FOR_THESE_GOODS = "not_for_these_goods"
    BELOW_MINIMUM = "below_minimum"
    NOT_WITH_OTHERS = "not_with_others"


CouponRefusal = Refusal[CouponReason]


def grant(kind: CouponKind, code: str, member: str | None, today: date, rules: CouponRules) -> Coupon:
    """Return a new coupon; the code is made outside, so that nobody can guess it (S49, seeds 003:72)."""
    first = today + timedelta(days=kind.starts_after_days)
    days = kind.valid_days if kind.valid_days is not None else rules.valid_days
    return Coupon(code, kind.code, first, first + timedelta(days=days - 1), member)


def may_have(
    kind: CouponKind, who: Candidate, today: date, calendar: CalendarRules, ladder: TierRules
) -> CouponRefusal | None:
    """Return why a member is not given a coupon of this kind, or None (S49, seeds 003:302)."""
    if kind.per_member_max is not None and who.had >= kind.per_member_max:
        return Refusal(CouponReason.MEMBER_LIMIT, {"limit": kind.per_member_max})
    missed = next(_missed(kind.target, who, today, calendar, ladder), None)
    return Refusal(CouponReason.NOT_FOR_THIS_MEMBER, {"condition": missed}) if missed else None


def state_on(coupon: Coupon, day: date) -> CouponState:
    """Return the state of a day, by its dates, whether or not a nightly run has written it down."""
    if coupon.state not in (CouponState.GRANTED, CouponState.USABLE):
        return coupon.state
    if day > coupon.last:
        return CouponState.EXPIRED
    return CouponState.USABLE if day >= coupon.first else CouponState.GRANTED


def why_not(
    coupon: Coupon, kind: CouponKind, purchase: Purchase, day: date, rules: CouponRules
) -> CouponRefusal | None:
    """Return the first reason why a coupon does not count for a purchase, or None (S49)."""
    return next(_against(coupon, kind, purchase, day, rules), None)


def off_minor(kind: CouponKind, amount_minor: int) -> int:
    """Return what a coupon takes off an amount, rounded down, never more than the amount."""
    return min(kind.amount_off_minor + amount_minor * kind.percent_off // 100, amount_minor)


def _missed(target: Target, who: Candidate, today: date, calendar: CalendarRules, ladder: TierRules) -> Iterator[str]:
    """Yield the conditions that a member does not meet, by their names."""
    if target.tier and rank_of(who.tier, ladder) < rank_of(target.tier, ladder):
        yield "tier"
    if target.birthday and (who.born_on is None or birthday_in(who.born_on, today, calendar) is None):
        yield "birthday"
    if target.bought_any and not who.goods_bought.intersection(target.bought_any):
        yield "bought_any"
    if who.spend_minor < target.spend_min_minor:
        yield "spend_min_minor"
    idle = (today - who.last_purchase_on).days if who.last_purchase_on else None
    if target.idle_days_min and (idle is None or idle < target.idle_days_min):
        yield "idle_days_min"
    if target.segments_any and not who.segments.intersection(target.segments_any):
        yield "segments_any"


def _against(
    coupon: Coupon, kind: CouponKind, purchase: Purchase, day: date, rules: CouponRules
) -> Iterator[CouponRefusal]:
    state = state_on(coupon, day)
    if state in (CouponState.USED, CouponState.WITHDRAWN):
        yield Refusal(CouponReason(state.value))
    if state is CouponState.EXPIRED:
        yield Refusal(CouponReason.EXPIRED, {"until": coupon.last.isoformat()})
    if state is CouponState.GRANTED:
        yield Refusal(CouponReason.NOT_YET, {"from": coupon.first.isoformat()})
    if coupon.member is not None and coupon.member != purchase.member:
        yield Refusal(CouponReason.ANOTHER_MEMBERS)
    if kind.sites and purchase.site not in kind.sites:
        yield Refusal(CouponReason.NOT_AT_THIS_SITE, {"sites": " ".join(kind.sites)})
    if kind.goods and not purchase.goods.intersection(kind.goods):
        yield Refusal(CouponReason.NOT_FOR_THESE_GOODS)
    if purchase.amount_minor < kind.purchase_min_minor:
        yield Refusal(CouponReason.BELOW_MINIMUM, {"needed": kind.purchase_min_minor})
    alone = kind.alone or any(other.alone for other in purchase.others)
    if purchase.others and (alone or len(purchase.others) >= rules.per_purchase_max):
        yield Refusal(CouponReason.NOT_WITH_OTHERS, {"limit": rules.per_purchase_max})
