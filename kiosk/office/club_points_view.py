"""All that the club knows of one member's points, tier, rights, coupons, redemptions and referrals, in one answer."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club import coupons, desk_rights, earners, gifts, point_entries, points, referrals, rewards, tiers
from kiosk.central.club.books import Look
from kiosk.central.club.desk_rights import RightUse, RightView
from kiosk.central.club.earners import PurchaseRow
from kiosk.central.club.files import file_of
from kiosk.central.club.gifts import Gift
from kiosk.central.club.rewards import Redemption
from kiosk.central.club.tiers import Outlook, TierMove
from kiosk.club.coupons import Coupon
from kiosk.club.points import Balance, replay
from kiosk.club.referrals import Referral, ReferralReward
from kiosk.office.page import Link, Word
from kiosk.office.whom import person_of

Sentence = Annotated[str, Meta(min_length=1, max_length=500)]


class JustDo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing needs to be said."""


class SayWhy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is done."""

    why: Sentence


class PointsLot(msgspec.Struct, frozen=True):
    """What is left of one earning; `id` is its entry, `expires_on` its last day, None = no end."""

    id: str
    left: int
    expires_on: date | None


class PointsView(msgspec.Struct, frozen=True):
    """A member's points and what came of them. `tier` is None for one who never got one; `lots` in order of use."""

    member: str
    member_no: str
    name: str
    valid: bool
    balance: Balance
    lots: tuple[PointsLot, ...]
    tier: Outlook | None
    moves: tuple[TierMove, ...]
    rights: tuple[RightView, ...]
    uses: tuple[RightUse, ...]
    coupons: tuple[Coupon, ...]
    redemptions: tuple[Redemption, ...]
    gifts: tuple[Gift, ...]
    purchases: tuple[PurchaseRow, ...]
    referred_by: str | None
    referrals: tuple[Referral, ...]
    rewards_due: tuple[ReferralReward, ...]


def points_link(look: Look, member_id: str) -> Link:
    """Return number and name of a member, leading to the member's points."""
    person = person_of(look, member_id)
    return Link(f"{person.member_no} {person.name}", f"/points/{member_id}")


def cause_of(given: Gift) -> Word:
    """Return a cell with what a gift was for."""
    return Word("GiftCause", given.cause.partition(".")[0])


def view_of(look: Look, member_id: str) -> PointsView:
    """Return all of a member; raises InvalidInput where there is none of that id."""
    person = person_of(look, member_id)
    has_tier = bool(earners.tiers_of(look, [member_id]))
    lots = replay(point_entries.entries_of(look, member_id), look.today).usable()
    return PointsView(
        member=member_id,
        member_no=person.member_no,
        name=person.name,
        valid=earners.is_valid(look, member_id, look.today),
        balance=points.balance(look, member_id),
        lots=tuple(PointsLot(each.id, each.left, each.expires_on) for each in lots),
        tier=tiers.outlook(look, member_id) if has_tier else None,
        moves=tuple(tiers.moves_of(look, member_id)),
        rights=tuple(desk_rights.rights_with_use(look, member_id)) if has_tier else (),
        uses=tuple(desk_rights.uses_of(look, member_id)),
        coupons=tuple(coupons.coupons_of(look, member_id)),
        redemptions=tuple(rewards.redemptions_of(look, member_id)),
        gifts=tuple(gifts.gifts_of(look, member_id)),
        purchases=tuple(earners.purchases_of(look, member_id)),
        referred_by=file_of(look, member_id).referred_by,
        referrals=tuple(referrals.referrals_of(look, member_id)),
        rewards_due=referrals.rewards_due(look, member_id),
    )
