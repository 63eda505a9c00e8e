"""The rights of the tiers and the member days as roster rows, so that the gates decide them offline."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.club.benefits import Allowance, BenefitRules, rights_of
from kiosk.club.calendar import CalendarRules, MemberDay, Span, member_days_between
from kiosk.club.refusal import Refusal
from kiosk.club.tiers import TierRules, rank_of
from kiosk.core.model import MEMBER_DAY_PREFIX, Entitlement, Product, Schedule, SpecialDay, Tier, VisitRule, Window
from kiosk.core.visits import Usage, used_up

RIGHT_PREFIX = "right."
DAY_PREFIX = MEMBER_DAY_PREFIX


class RightReason(StrEnum):
    """Why a right is not given at the desk."""

    NOT_IN_THIS_TIER = "not_in_this_tier"
    USED_UP = "used_up"


def products(rules: BenefitRules) -> tuple[Product, ...]:
    """Return the product behind each right that opens areas; how often is the member's (`entitlements_of`)."""
    return tuple(
        Product(f"{RIGHT_PREFIX}{right.code}", sites=right.sites, areas=right.areas, schedule=right.schedule)
        for right in rules.rights
        if right.areas
    )


def tier_rows(rows: Iterable[Tier], rules: BenefitRules, calendar: CalendarRules, ladder: TierRules) -> Iterator[Tier]:
    """Yield the roster's tiers with their place on the ladder and what comes with each without a limit.

    Products that a row names already stay. Member days that open areas come with every tier.
    """
    days = tuple(f"{DAY_PREFIX}{each.code}" for each in calendar.member_days if each.areas)
    for row in rows:
        free = (
            f"{RIGHT_PREFIX}{held.right.code}"
            for held in rights_of(row.id, rules, ladder)
            if held.right.areas and held.allowance.times is None
        )
        together = dict.fromkeys((*row.products, *free, *days))
        yield msgspec.structs.replace(row, rank=rank_of(row.id, ladder), products=tuple(together))


def entitlements_of(member: str, tier: str, rules: BenefitRules, ladder: TierRules) -> tuple[Entitlement, ...]:
    """Return what a member of a tier holds of the rights that open areas and are counted.

    The id is of member and right: what was used of it stays used when the member rises (R80, R81).
    """
    return tuple(
        Entitlement(
            id=f"{member}.{RIGHT_PREFIX}{held.right.code}",
            product=f"{RIGHT_PREFIX}{held.right.code}",
            visits=visit_rule(held.allowance),
        )
        for held in rights_of(tier, rules, ladder)
        if held.right.areas and held.allowance.times is not None
    )


def visit_rule(allowance: Allowance) -> VisitRule:
    """Return an allowance as the gates count it."""
    if allowance.per is None:
        return VisitRule(ever=allowance.times)
    return VisitRule(per_period=allowance.times, period=allowance.per)


def why_no_use(
    code: str, tier: str, usage: Usage, local: datetime, rules: BenefitRules, ladder: TierRules
) -> Refusal[RightReason] | None:
    """Return why a right, such as a car wash, is not given now, or None; counted at the desk as at a gate (R80, R81).

    `usage` is what the member used of the right, `local` the venue's time.
    """
    held = next((each for each in rights_of(tier, rules, ladder) if each.right.code == code), None)
    if held is None:
        return Refusal(RightReason.NOT_IN_THIS_TIER, {"tier": tier})
    spent = used_up(visit_rule(held.allowance), usage, local)
    return Refusal(RightReason.USED_UP, spent) if spent is not None else None


def day_products(calendar: CalendarRules) -> tuple[Product, ...]:
    """Return the product of each member day that opens areas (S51, seeds 003:266)."""
    return tuple(
        Product(f"{DAY_PREFIX}{each.code}", areas=each.areas, schedule=f"{DAY_PREFIX}{each.code}")
        for each in calendar.member_days
        if each.areas
    )


def day_schedules(calendar: CalendarRules, span: Span) -> tuple[Schedule, ...]:
    """Return the schedule of each member day: closed but for its dates in the span. The gates greet by it too."""
    return tuple(_schedule(each, span) for each in calendar.member_days)


def _schedule(rule: MemberDay, span: Span) -> Schedule:
    windows = (Window(rule.opens, rule.closes),)
    return Schedule(
        f"{DAY_PREFIX}{rule.code}",
        special_days=tuple(SpecialDay(day, windows) for day in member_days_between(rule, span)),
    )
