"""A member with a tier, points, a right used, a coupon, a reservation and a gift, and the catalogue behind them."""

from sqlalchemy import Connection, insert

from kiosk.central.club.partner_tables import partner
from kiosk.central.club.points_tables import (
    coupon,
    coupon_kind,
    gift,
    points_entry,
    redemption,
    reward,
    right_use,
    tier_holding,
    tier_move,
)
from kiosk.central.database import Database
from kiosk.club.coupons import CouponKind
from kiosk.club.rewards import Reward, RewardKind
from kiosk.core.codec import canonical
from tests.office.builders import MEMBER, STORED_AT

POINTS_IDS = {
    "member": MEMBER,
    "entry": "p1",
    "use": "u1",
    "redemption": "r1",
    "member_gift": "g1",
    "reward": "umbrella",
    "coupon": "k1",
    "coupon_kind": "ten_off",
    "partner": "tea-house",
}
"""What `fill_points` writes down, as paths name it."""


def fill_points(database: Database) -> None:
    """Write down what the office shows of points; MEMBER is gold and has 850 of 1,000 points."""
    with database.begin() as connection:
        _fill_tier(connection)
        _fill_rewards(connection)
        _fill_coupons(connection)
        row = {"id": "tea-house", "name": "茶馆", "offer": "九折", "tiers": "[]", "card_kinds": "[]"}
        connection.execute(insert(partner).values(**row, changed_at=STORED_AT))
        use = {"id": "u1", "member": MEMBER, "right": "car_wash", "at_ms": 1_763_800_000_000, "staff": "token"}
        connection.execute(insert(right_use).values(**use))


def _fill_tier(connection: Connection) -> None:
    holding = {"member": MEMBER, "tier": "gold", "source": "earned", "since": "2026-01-10", "review_on": "2027-01-10"}
    connection.execute(insert(tier_holding).values(**holding, joined_on="2025-05-01"))
    moved = {"member": MEMBER, "on": "2026-01-10", "move": "risen", "source": "earned", "tier_from": "silver"}
    connection.execute(insert(tier_move).values(**moved, tier_to="gold", at=STORED_AT))


def _fill_rewards(connection: Connection) -> None:
    umbrella = Reward("umbrella", RewardKind.GIFT, 150, stock=3)
    row = {"id": umbrella.id, "body": canonical(umbrella).decode(), "name": "雨伞", "changed_at": STORED_AT}
    connection.execute(insert(reward).values(**row))
    wait = {"reserved_until": "2026-11-29T08:00:00.000Z", "reserved_at": STORED_AT, "changed_at": STORED_AT}
    made = {"id": "r1", "reward": "umbrella", "member": MEMBER, "quantity": 1, "points": 150, "amount_minor": 0}
    connection.execute(insert(redemption).values(**made, state="reserved", **wait))
    earned = {"id": "p1", "kind": "earn", "points": 1000, "source": "consumption", "source_id": "s1", "lifetime": 1000}
    spent = {"id": "p2", "kind": "redeem", "points": 150, "source": "redeem", "source_id": "r1"}
    for each in (earned, spent):
        connection.execute(insert(points_entry).values(member=MEMBER, on="2026-11-01", at=STORED_AT, **each))
    given = {"id": "g1", "member": MEMBER, "code": "upgrade_gold", "cause": "tier.gold", "became": "desk"}
    connection.execute(insert(gift).values(**given, state="due", at=STORED_AT))


def _fill_coupons(connection: Connection) -> None:
    kind = CouponKind("ten_off", percent_off=10)
    row = {"code": kind.code, "body": canonical(kind).decode(), "name": "九折券", "changed_at": STORED_AT}
    connection.execute(insert(coupon_kind).values(**row))
    dates = {"first": "2026-11-01", "last": "2026-12-31", "granted_at": STORED_AT, "changed_at": STORED_AT}
    mine = {"code": "k1", "kind": "ten_off", "member": MEMBER, "state": "usable", "cause": "c1"}
    connection.execute(insert(coupon).values(**mine, **dates))
