"""Which of a member's entitlements opens this access point now, and what each of the others lacks.

An entitlement passes the stages in the order of the contract's reasons; the furthest one is the nearest miss.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from kiosk.core.model import AccessPoint, Entitlement, Policy, Product, VisitRule
from kiosk.core.records import DenyReason
from kiosk.core.schedule import is_open, next_opening
from kiosk.core.visits import Usage, gap_left_s, in_grace, used_up

STAGES = (
    DenyReason.NOT_PERMITTED_AT_THIS_SITE,
    DenyReason.NOT_PERMITTED_HERE,
    DenyReason.NOT_PERMITTED_AT_THIS_TIME,
    DenyReason.NO_VISITS_LEFT,
    DenyReason.TOO_SOON,
)

_ANY_NUMBER = VisitRule()


class Miss(msgspec.Struct, frozen=True):
    """The first thing an entitlement lacks."""

    reason: DenyReason
    detail: dict[str, str | int]


class Occasion(msgspec.Struct, frozen=True):
    """Where and when entitlements are held against; `windows_count` is off while the clock cannot be believed."""

    point: AccessPoint
    local: datetime
    now_ms: int
    windows_count: bool
    admit_unpaid: bool


class Funnel(msgspec.Struct, frozen=True):
    """All entitlements sifted.

    `chosen` opens the gate; `counted` is its id where a passage will use a visit. `misses` is empty when one was
    chosen. `begins` and `ended` are set when none is in date: the next first day, or the last one gone. `unpaid` names
    the one that would cover this access point if it were paid.
    """

    chosen: str | None
    counted: str | None
    in_grace: bool
    misses: tuple[Miss, ...]
    begins: date | None
    ended: date | None
    unpaid: str | None


def sift(held: Sequence[Entitlement], policy: Policy, usage: Mapping[str, Usage], occasion: Occasion) -> Funnel:
    """Hold every entitlement against the occasion and choose the one that costs the member least.

    Preferred in this order: one in its grace time, one without limit, the one that ends first.
    """
    today = occasion.local.date()
    paid = [each for each in held if occasion.admit_unpaid or not each.unpaid]
    in_date = [each for each in paid if _in_date(each, today)]
    misses: list[Miss] = []
    open_now: list[tuple[tuple[bool, bool, date, str], Entitlement]] = []
    for entitlement in in_date:
        rule = _rule(entitlement, policy)
        counted = usage.get(entitlement.id, Usage())
        miss = _first_miss(policy.products.get(entitlement.product), rule, counted, policy, occasion)
        if miss is not None:
            misses.append(miss)
            continue
        grace = in_grace(rule, counted, occasion.now_ms)
        limited = not (rule.ever is None and rule.per_period is None and rule.days is None)
        open_now.append(((not grace, limited, entitlement.valid_until or date.max, entitlement.id), entitlement))
    starts = [each.valid_from for each in paid if each.valid_from and each.valid_from > today]
    ends = [each.valid_until for each in paid if each.valid_until and each.valid_until < today]
    best = min(open_now, key=lambda pair: pair[0], default=None)
    grace = best is not None and not best[0][0]
    return Funnel(
        chosen=best[1].id if best else None,
        counted=best[1].id if best and not grace else None,
        in_grace=grace,
        misses=() if best else tuple(misses or [_nothing_held(paid)]),
        begins=min(starts) if starts and not in_date else None,
        ended=max(ends) if ends and not starts and not in_date else None,
        unpaid=None if best or _covered(misses) else _unpaid(held, policy, occasion),
    )


def nearest(funnel: Funnel) -> Miss | None:
    """Return the miss of the entitlement that came furthest; None when one was chosen."""
    if not funnel.misses:
        return None
    return max(funnel.misses, key=lambda miss: STAGES.index(miss.reason))


def _first_miss(
    product: Product | None, rule: VisitRule, counted: Usage, policy: Policy, occasion: Occasion
) -> Miss | None:
    if (place := _misplaced(product, policy, occasion)) is not None:
        return place
    if product is None:
        return None
    if (closed := _closed(product, policy, occasion)) is not None:
        return closed
    if in_grace(rule, counted, occasion.now_ms):
        return None
    if (spent := used_up(rule, counted, occasion.local)) is not None:
        return Miss(DenyReason.NO_VISITS_LEFT, {"product": product.id, **spent})
    if left_s := gap_left_s(rule, counted, occasion.now_ms):
        return Miss(DenyReason.TOO_SOON, {"product": product.id, "wait_s": left_s})
    return None


def _misplaced(product: Product | None, policy: Policy, occasion: Occasion) -> Miss | None:
    if product is None:
        return Miss(DenyReason.NOT_PERMITTED_HERE, {})
    if product.sites and policy.site.id not in product.sites:
        return Miss(DenyReason.NOT_PERMITTED_AT_THIS_SITE, {"product": product.id, "sites": " ".join(product.sites)})
    if product.areas and occasion.point.area_to not in product.areas:
        return Miss(DenyReason.NOT_PERMITTED_HERE, {"product": product.id, "areas": " ".join(product.areas)})
    return None


def _closed(product: Product, policy: Policy, occasion: Occasion) -> Miss | None:
    if not occasion.windows_count:
        return None
    for name in (product.schedule, occasion.point.schedule):
        schedule = policy.schedules.get(name) if name else None
        if name and (schedule is None or not is_open(schedule, occasion.local)):
            opens = next_opening(schedule, occasion.local) if schedule else None
            return Miss(DenyReason.NOT_PERMITTED_AT_THIS_TIME, {"product": product.id, "opens": opens or ""})
    return None


def _rule(entitlement: Entitlement, policy: Policy) -> VisitRule:
    product = policy.products.get(entitlement.product)
    return entitlement.visits or (product.visits if product else None) or _ANY_NUMBER


def _in_date(entitlement: Entitlement, today: date) -> bool:
    return (entitlement.valid_from is None or entitlement.valid_from <= today) and (
        entitlement.valid_until is None or today <= entitlement.valid_until
    )


def _nothing_held(paid: list[Entitlement]) -> Miss:
    return Miss(DenyReason.NOT_PERMITTED_HERE, {"held": len(paid)})


def _covered(misses: list[Miss]) -> bool:
    elsewhere = (DenyReason.NOT_PERMITTED_AT_THIS_SITE, DenyReason.NOT_PERMITTED_HERE)
    return any(miss.reason not in elsewhere for miss in misses)


def _unpaid(held: Sequence[Entitlement], policy: Policy, occasion: Occasion) -> str | None:
    for entitlement in held:
        covers = _misplaced(policy.products.get(entitlement.product), policy, occasion) is None
        if entitlement.unpaid and covers and _in_date(entitlement, occasion.local.date()):
            return entitlement.id
    return None
