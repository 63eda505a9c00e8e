"""What a membership brings, as a kiosk shows it: the tier and the next one, points, coupons, rewards."""

from sqlalchemy import func, select

from kiosk.central.club import coupons, earners, rewards, tiers
from kiosk.central.club.books import Look
from kiosk.central.club.points_tables import redemption
from kiosk.central.club.rewards import Offer
from kiosk.central.queries import tier_list
from kiosk.central.self_service.names import named
from kiosk.club import rewards as rules_of_rewards
from kiosk.club.coupons import CouponState
from kiosk.club.points import Balance
from kiosk.club.refusal import Refusal
from kiosk.club.rewards import RedemptionState, Wish
from kiosk.club.tiers import Combine
from kiosk.core.self_service import ROWS_MAX, Both, CouponView, Missing, NextTier, PointsView, RewardView

_STANDING = (RedemptionState.RESERVED.value, RedemptionState.REDEEMED.value)


def tier_of(look: Look, tier: str) -> Both | None:
    """Return what a tier is called; None for no tier."""
    row = next((each for each in tier_list(look.connection) if each.id == tier), None)
    return named(row.name or tier, row.name_en) if row is not None else named(tier) if tier else None


def next_tier_of(look: Look, member: str) -> NextTier | None:
    """Return the tier above and what is missing for it; None at the top, and for one who has no tier (S34)."""
    if not earners.tiers_of(look, [member]) or (missing := tiers.outlook(look, member).missing) is None:
        return None
    conditions = tuple(Missing(each.basis.value, each.needed, each.have) for each in missing.missing)
    called = tier_of(look, missing.tier)
    return NextTier(called, conditions, missing.combine is Combine.ANY_OF) if called is not None else None


def points_of(balance: Balance) -> PointsView:
    """Return a balance of points, with what ends next."""
    if (ends := balance.next_expiry) is None:
        return PointsView(balance.available, lifetime=balance.lifetime)
    return PointsView(balance.available, ends.points, ends.on, balance.lifetime)


def coupons_of(look: Look, member: str) -> tuple[CouponView, ...]:
    """Return the coupons that can be used today, the one that ends first before the others."""
    names = {each.kind.code: each.name for each in coupons.kinds(look)}
    usable = [each for each in coupons.coupons_of(look, member) if each.state is CouponState.USABLE]
    return tuple(
        CouponView(each.code, named(names.get(each.kind) or each.kind), each.last) for each in usable[:ROWS_MAX]
    )


def rewards_of(look: Look, member: str, balance: Balance) -> tuple[RewardView, ...]:
    """Return what is offered for points and why somebody does not get it now, the cheapest first (S48)."""
    found = [_reward(look, member, each, balance) for each in rewards.catalogue(look, offered_only=True)]
    return tuple(sorted(found, key=lambda each: (each.points, each.id))[:ROWS_MAX])


def _reward(look: Look, member: str, offer: Offer, balance: Balance) -> RewardView:
    item = offer.reward
    wish = Wish(
        earners.tiers_of(look, [member]).get(member, look.rules.tiers.ladder[0].tier),
        balance.available,
        valid=earners.is_valid(look, member, look.today),
        taken=offer.taken,
        had=_had(look, member, item.id),
    )
    rules = look.rules
    price = rules_of_rewards.redeem(item, wish, rules.rewards, rules.tiers, look.now, look.today)
    why_not = price.reason.value if isinstance(price, Refusal) else ""
    return RewardView(item.id, named(offer.name or item.id), rules_of_rewards.points_of(item, look.today), why_not)


def _had(look: Look, member: str, reward: str) -> int:
    mine = (redemption.c.member == member, redemption.c.reward == reward, redemption.c.state.in_(_STANDING))
    return int(
        look.connection.execute(select(func.coalesce(func.sum(redemption.c.quantity), 0)).where(*mine)).scalar_one()
    )
