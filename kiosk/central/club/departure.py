"""What goes with a member who leaves: points, coupons, and rewards that wait for their hand-over (S10, L7, L9)."""

from sqlalchemy import select

from kiosk.central.club import coupons, points, rewards
from kiosk.central.club.books import Change
from kiosk.central.club.files import keep_file
from kiosk.central.club.points_tables import coupon, redemption
from kiosk.club.coupons import CouponState
from kiosk.club.leaving import keep_file_until
from kiosk.club.membership import Ending
from kiosk.club.rewards import RedemptionState

_OUT = (CouponState.GRANTED.value, CouponState.USABLE.value)


def let_go(change: Change, member_id: str, last: Ending) -> None:
    """Say until when a leaver's file is kept, and take what the member had; once the last day is over (R71, S10)."""
    keep_file(change, member_id, keep_file_until(last.last_day, change.rules.membership))
    settle(change, member_id, f"membership ended: {last.reason}")


def settle(change: Change, member_id: str, why: str) -> None:
    """Give up a leaver's reservations, withdraw the coupons, and let all points run out; again it changes nothing.

    The reservations first: their points come back, and run out with the others.
    """
    reserved = (redemption.c.member == member_id, redemption.c.state == RedemptionState.RESERVED.value)
    query = select(redemption.c.id).where(*reserved).order_by(redemption.c.id)
    for each in change.connection.execute(query).scalars().all():
        rewards.cancel(change, each, why)
    held = select(coupon.c.code).where(coupon.c.member == member_id, coupon.c.state.in_(_OUT)).order_by(coupon.c.code)
    for each in change.connection.execute(held).scalars().all():
        coupons.withdraw(change, each, why)
    points.forfeit_all(change, member_id, why)
