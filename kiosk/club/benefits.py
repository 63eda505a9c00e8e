"""Rights of the tiers as data: what each has, how often, whether a higher one has more, and what a change changes."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.joining import Scope
from kiosk.club.tiers import TierRules, rank_of
from kiosk.core.model import Period


class RightKind(StrEnum):
    """What a right is about; the first eleven are the seeds' own list (R94, seeds 003:339)."""

    PERSONAL_SERVICE = "personal_service"
    DISCOUNT = "discount"
    GIFTS = "gifts"
    MEMBER_GOODS = "member_goods"
    POINTS = "points"
    REFERRAL_REWARD = "referral_reward"
    SPECIAL_DAY = "special_day"
    MEMBER_EVENTS = "member_events"
    LOTTERY = "lottery"
    PRIORITY_SERVICE = "priority_service"
    PARTNER_EVENTS = "partner_events"
    PRIORITY_BOOKING = "priority_booking"
    COUPONS = "coupons"
    SERVICE = "service"
    FACILITY = "facility"


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often: without limit (no `times`), so many times in all, or so many times per day, week, month or year."""

    times: Annotated[int, Meta(ge=1)] | None = None
    per: Period | None = None

    def covers(self, other: "Allowance") -> bool:
        """Say whether this is at least as much as another: as many times, and renewed as often."""
        if self.times is None or other.times is None:
            return self.times is None
        often = _LENGTHS[self.per] <= _LENGTHS[other.per]
        return often and self.times >= other.times


_LENGTHS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31, Period.YEAR: 366, None: 10**6}
_NO_LIMIT = Allowance()


class TierAllowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tier has of a right; None = nothing, though a lower tier has it."""

    tier: str
    allowance: Allowance | None


class Right(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A right from a tier upwards (cumulative, R80), with other allowances for the tiers that `more` names.

    One with `areas` opens the gates to them, in the hours of `schedule` and at `sites` (none = all), R10 and S36.
    """

    code: str
    kind: RightKind
    tier: str
    allowance: Allowance = _NO_LIMIT
    more: tuple[TierAllowance, ...] = ()
    areas: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    schedule: str | None = None
    service: str = ""


class ScopeProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product that joining one of the clubs brings, for as long as the membership lasts (R10)."""

    scope: Scope
    product: str


class BenefitRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rights. An amendment sets all of them from a day on; those of the days before stay as they were."""

    rights: Annotated[
        tuple[Right, ...],
        Meta(
            description="Every right with the tier it begins with. The eleven of the list are every member's; the "
            "others are those of silver, gold and platinum.",
            extra={"source": "R79–R81, R94, seeds 003:111, 003:339"},
        ),
    ] = (
        Right("personal_service", RightKind.PERSONAL_SERVICE, "ordinary"),
        Right("discount", RightKind.DISCOUNT, "ordinary"),
        Right("gifts", RightKind.GIFTS, "ordinary"),
        Right("member_goods", RightKind.MEMBER_GOODS, "ordinary"),
        Right("points", RightKind.POINTS, "ordinary"),
        Right("referral_reward", RightKind.REFERRAL_REWARD, "ordinary"),
        Right("special_day", RightKind.SPECIAL_DAY, "ordinary"),
        Right("member_events", RightKind.MEMBER_EVENTS, "ordinary"),
        Right("lottery", RightKind.LOTTERY, "ordinary"),
        Right("priority_service", RightKind.PRIORITY_SERVICE, "silver"),
        Right("partner_events", RightKind.PARTNER_EVENTS, "ordinary"),
        Right("coupons", RightKind.COUPONS, "silver"),
        Right("priority_booking", RightKind.PRIORITY_BOOKING, "gold"),
        Right("car_wash", RightKind.SERVICE, "gold", Allowance(times=1)),
        Right("oil_service", RightKind.SERVICE, "gold", Allowance(times=1)),
        Right("hotline", RightKind.PRIORITY_SERVICE, "platinum"),
        Right("tyre_change", RightKind.SERVICE, "platinum", Allowance(times=1)),
        Right("wiper_clean", RightKind.SERVICE, "platinum", Allowance(times=1)),
    )
    scope_products: Annotated[
        tuple[ScopeProduct, ...],
        Meta(
            description="Products that the approval grants to whoever joins the indoor or the outdoor club. The seeds "
            "name no gates: none, and what opens areas is sold or comes with the tier.",
            extra={"source": "R10, seeds 000:29"},
        ),
    ] = ()


class Held(msgspec.Struct, frozen=True):
    """A right as one tier has it."""

    right: Right
    allowance: Allowance


class LowerHasMore(msgspec.Struct, frozen=True):
    """A benefit of which a higher tier has less than a lower one (R85)."""

    benefit: str
    lower: str
    higher: str


def rights_of(tier: str, rules: BenefitRules, ladder: TierRules) -> tuple[Held, ...]:
    """Return the rights of a tier, with those of the tiers below it (R79–R81, seeds 003:111)."""
    held = ((right, allowance_of(right, tier, ladder)) for right in rules.rights)
    return tuple(Held(right, allowance) for right, allowance in held if allowance is not None)


def allowance_of(right: Right, tier: str, ladder: TierRules) -> Allowance | None:
    """Return how often a tier has a right: as the nearest tier at or below it that says so; None = not at all."""
    rank = rank_of(tier, ladder)
    steps = (TierAllowance(right.tier, right.allowance), *right.more)
    reached = [(rank_of(each.tier, ladder), each) for each in steps if rank_of(each.tier, ladder) <= rank]
    return max(reached, key=lambda pair: pair[0])[1].allowance if reached else None


def lower_has_more(
    rules: BenefitRules, ladder: TierRules, percents: Sequence[tuple[str, str, int]] = ()
) -> tuple[LowerHasMore, ...]:
    """Return every benefit of which a higher tier has less than the one below it (R85, seeds 003:278).

    `percents` are figures of other rules to be held against the ladder as well: benefit, tier, the more the better.
    """
    tiers = [rung.tier for rung in ladder.ladder]
    found: list[LowerHasMore] = []
    for lower, higher in pairwise(tiers):
        found.extend(LowerHasMore(code, lower, higher) for code in _lost(lower, higher, rules, ladder))
        found.extend(LowerHasMore(name, lower, higher) for name in _falling(lower, higher, percents))
    return tuple(found)


def _by_code(tier: str, rules: BenefitRules, ladder: TierRules) -> dict[str, Allowance]:
    return {held.right.code: held.allowance for held in rights_of(tier, rules, ladder)}


def _lost(lower: str, higher: str, rules: BenefitRules, ladder: TierRules) -> Iterator[str]:
    above = _by_code(higher, rules, ladder)
    for code, allowance in _by_code(lower, rules, ladder).items():
        if code not in above or not above[code].covers(allowance):
            yield code


def _falling(lower: str, higher: str, percents: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    values = {(name, tier): value for name, tier, value in percents}
    for name in dict.fromkeys(name for name, _, _ in percents):
        if values.get((name, higher), 0) < values.get((name, lower), 0):
            yield name


def products_for(scopes: Iterable[Scope], rules: BenefitRules) -> tuple[ScopeProduct, ...]:
    """Return what joining some of the clubs brings, each product once (R10, seeds 000:29)."""
    wanted = frozenset(scopes)
    found = {each.product: each for each in reversed(rules.scope_products) if each.scope in wanted}
    return tuple(reversed(found.values()))
