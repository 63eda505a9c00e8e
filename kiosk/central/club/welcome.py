"""What a new member finds when the membership becomes valid: the first tier, points of registration, the pack."""

from datetime import date

from kiosk.central.club import earners, gifts, points, referrals, tiers
from kiosk.central.club.books import Change, Telling
from kiosk.central.club.gifts import GiftState
from kiosk.club import earning
from kiosk.club.earning import Award, Earner
from kiosk.club.notices import NoticeCode
from kiosk.club.refusal import Refusal

CAUSE = "welcome"


def welcome(
    change: Change, member_id: str, joined_on: date, *, bought: str = "", bought_until: date | None = None
) -> None:
    """Do all of it once, when a card is collected; again it changes nothing (R18, R74, S77, S78).

    `bought` is the tier that was paid for at joining. Call it after the member's row and card are written.
    """
    tiers.join(change, member_id, joined_on, bought=bought, bought_until=bought_until)
    earned = points.earn_for_registration(change, member_id)
    earner = Earner(
        tier=earners.tier_of(change, member_id),
        valid=earners.is_valid(change, member_id, change.today),
        welcomed=bool(gifts.gifts_for(change, member_id, CAUSE)),
    )
    pack = earning.welcome(earner, change.rules.earning)
    if not isinstance(pack, Refusal):
        given = [gifts.give(change, member_id, code, CAUSE) for code in (*pack.gifts, *pack.coupons)]
        waiting = sum(each.state is GiftState.DUE for each in given)
        # A sentence of the notice whose fact is empty is left out.
        data = {"points": earned.points if isinstance(earned, Award) else "", "gifts": waiting or ""}
        earners.tell(change, Telling(f"welcome:{member_id}", NoticeCode.WELCOME, member_id, data))
    referrals.note_activation(change, member_id)
