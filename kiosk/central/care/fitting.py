"""The offers that fit a member: what is on now, held against what the member likes, buys and goes to (S79)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select

from kiosk.central.club import coupons, earners
from kiosk.central.club.activities import activity_of, open_to_come
from kiosk.central.club.activity_tables import activity, activity_sign_in
from kiosk.central.club.attendees import attendee
from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import MemberFile, change_file, file_of
from kiosk.central.club.reaching import WISHES
from kiosk.central.money.sale_tables import sale, sale_line
from kiosk.club.activities import against_attendee
from kiosk.club.calendar import add_months
from kiosk.club.coupons import CouponState
from kiosk.club.fitting import Fit, OfferKind, OnOffer, Taste, rank
from kiosk.club.sales import SaleState
from kiosk.core.clock import format_utc

LIKES = "likes"
"""The preference in a member's file that lists what the member likes, in words or kinds of goods."""

_BETWEEN_WORDS = re.compile(r"[,，、;；\s]+")


def offers_for(look: Look, member_id: str) -> tuple[Fit, ...]:
    """Return the offers that fit a member today, the best first; none to one who wants no offers (S79, S90).

    Raises InvalidInput where there is no such member.
    """
    file = file_of(look, member_id)
    if file.preferences.get(WISHES) is False:
        return ()
    offers = (*_promotions(look, member_id), *_coupons(look, member_id), *_activities(look, member_id))
    return rank(offers, _taste(look, file), look.today, look.rules.fitting)


def likes_of(file: MemberFile) -> tuple[str, ...]:
    """Return what a member likes by the member's own word, as it was written down for offers."""
    return tuple(file.preferences.get(LIKES, ()))


def set_likes(change: Change, member_id: str, likes: tuple[str, ...]) -> MemberFile:
    """Write down what a member likes, all of it; the file's other preferences stay."""
    file = file_of(change, member_id)
    kept = list(dict.fromkeys(each.strip() for each in likes if each.strip()))
    return change_file(change, member_id, {"preferences": {**file.preferences, LIKES: kept}})


def _taste(look: Look, file: MemberFile) -> Taste:
    since = add_months(look.today, -look.rules.fitting.months)
    interests = frozenset(each for each in _BETWEEN_WORDS.split(file.interests) if each)
    return Taste(
        likes=interests | frozenset(likes_of(file)),
        bought=_bought(look, file.member, since),
        been_at=_been_at(look, file.member, since),
    )


def _promotions(look: Look, member_id: str) -> Iterator[OnOffer]:
    tier = earners.tiers_of(look, [member_id]).get(member_id, "")
    for each in look.rules.promotions.promotions:
        if each.first <= look.today <= each.last and (not each.tiers or tier in each.tiers):
            yield OnOffer(OfferKind.PROMOTION, each.code, goods=each.goods, on=each.last)


def _coupons(look: Look, member_id: str) -> Iterator[OnOffer]:
    kinds = {each.kind.code: each for each in coupons.kinds(look)}
    for each in coupons.coupons_of(look, member_id):
        if each.state is CouponState.USABLE and each.kind in kinds:
            known = kinds[each.kind]
            yield OnOffer(OfferKind.COUPON, each.code, known.name, known.kind.goods, on=each.last)


def _activities(look: Look, member_id: str) -> Iterator[OnOffer]:
    who = attendee(look, member_id, look.today)
    for each in open_to_come(look):
        if each.starts_at is not None and each.starts_at > look.now and not against_attendee(each, who):
            day = each.starts_at.astimezone(look.zone).date()
            known = activity_of(look, each.id)
            yield OnOffer(OfferKind.ACTIVITY, each.id, known.title, site=each.site, on=day, name_en=known.title_en)


def _bought(look: Look, member_id: str, since: date) -> dict[str, int]:
    """Count the pieces that a member bought and kept, by kind of goods."""
    pieces = func.sum(sale_line.c.quantity - sale_line.c.back)
    mine = (sale.c.member == member_id, sale.c.day >= since.isoformat(), sale.c.state != SaleState.VOIDED.value)
    query = select(sale_line.c.goods, pieces).select_from(sale_line.join(sale, sale.c.n == sale_line.c.sale))
    rows = look.connection.execute(query.where(*mine).group_by(sale_line.c.goods))
    return {goods: int(count) for goods, count in rows}


def _been_at(look: Look, member_id: str, since: date) -> dict[str, int]:
    """Count the activities that a member came to, by site."""
    begins = datetime.combine(since, time(), look.zone).astimezone(UTC)
    came = activity_sign_in.join(activity, activity.c.id == activity_sign_in.c.activity)
    query = select(activity.c.site, func.count(activity.c.id.distinct())).select_from(came)
    mine = (activity_sign_in.c.by == member_id, activity_sign_in.c.at >= format_utc(begins))
    return {site: int(count) for site, count in look.connection.execute(query.where(*mine).group_by(activity.c.site))}
