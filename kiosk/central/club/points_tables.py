"""Tables of points, tiers, gifts, rewards, coupons, rights used at a desk, and referrals.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

points_entry = Table(
    "points_entry",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("points", Integer, nullable=False),
    Column("on", String(10), nullable=False),
    Column("source", String(16), nullable=False),
    Column("source_id", String(96), nullable=False),
    Column("expires_on", String(10), index=True),
    Column("of", String(64), nullable=False, default=""),
    Column("lifetime", Integer, nullable=False, default=0),
    Column("reason", Text, nullable=False, default=""),
    Column("at", String(24), nullable=False),
    UniqueConstraint("source", "source_id"),
    Index("points_entry_by_member", "member", "n"),
)
"""Bookings, never changed; `n` is their order. `source` is what was earned for, or what kind of booking it is, and
`source_id` what of: the pair comes once. `lifetime` is what the booking adds to the lifetime counter."""

purchase = Table(
    "purchase",
    metadata,
    Column("sale", String(64), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("on", String(10), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("earned", Boolean, nullable=False),
    Column("undone_at", String(24)),
    Column("at", String(24), nullable=False),
    Index("purchase_by_member", "member", "on"),
)
"""What a member bought, as far as tiers and points look at it; `earned` says whether it brought points."""

tier_holding = Table(
    "tier_holding",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("tier", String(32), nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("since", String(10), nullable=False),
    Column("review_on", String(10), nullable=False),
    Column("ceiling", String(32), nullable=False, default=""),
    Column("joined_on", String(10), nullable=False),
    Column("bought", String(32), nullable=False, default=""),
    Column("bought_until", String(10)),
)
"""The tier each member holds, and what was bought with its last paid day."""

tier_move = Table(
    "tier_move",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("on", String(10), nullable=False),
    Column("move", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("tier_from", String(32), nullable=False),
    Column("tier_to", String(32), nullable=False),
    Column("at", String(24), nullable=False),
    Index("tier_move_by_member", "member", "n"),
    Index("tier_move_by_day", "on"),
)
"""Every change of a tier, the first included."""

gift = Table(
    "gift",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("code", String(32), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("became", String(16), nullable=False),
    Column("thing", String(48), nullable=False, default=""),
    Column("state", String(16), nullable=False, index=True),
    Column("at", String(24), nullable=False),
    Column("closed_at", String(24)),
    UniqueConstraint("member", "cause", "code"),
)
"""What a member was given and why; `became` is coupon, entitlement or desk, `thing` the id of what it became."""

reward = Table(
    "reward",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("body", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("offered", Boolean, nullable=False, default=True),
    Column("changed_at", String(24), nullable=False),
)
"""The catalogue: `body` is the reward as the rules read it."""

redemption = Table(
    "redemption",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("reward", String(32), ForeignKey("reward.id"), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reserved_until", String(24), nullable=False),
    Column("reserved_at", String(24), nullable=False),
    Column("changed_at", String(24), nullable=False),
    Index("redemption_by_reward", "reward", "state"),
    Index("redemption_by_member", "member", "reserved_at"),
    Index("redemption_by_wait", "state", "reserved_until"),
)
"""Each redemption, with the price it was reserved at; its points entries have its id as their `source_id`."""

coupon_kind = Table(
    "coupon_kind",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("body", Text, nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("offered", Boolean, nullable=False, default=True),
    Column("changed_at", String(24), nullable=False),
)
"""What coupons are good for; `body` is the kind as the rules read it."""

coupon = Table(
    "coupon",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("kind", String(32), ForeignKey("coupon_kind.code"), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("first", String(10), nullable=False),
    Column("last", String(10), nullable=False),
    Column("state", String(16), nullable=False),
    Column("cause", String(128), nullable=False),
    Column("sale", String(64), index=True),
    Column("granted_at", String(24), nullable=False),
    Column("changed_at", String(24), nullable=False),
    UniqueConstraint("kind", "cause"),
    Index("coupon_by_state", "state", "last"),
)
"""Each coupon. One kind is granted once for one cause; `sale` is the purchase that used it."""

right_use = Table(
    "right_use",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("right", String(32), nullable=False),
    Column("at_ms", _Big, nullable=False),
    Column("staff", String(32), nullable=False),
    Column("undone_at", String(24)),
    Index("right_use_by_member", "member", "right", "at_ms"),
)
"""Rights that were used at a desk."""

referral_reward = Table(
    "referral_reward",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("key", String(48), primary_key=True),
    Column("at", String(24), nullable=False),
)
"""Rewards for bringing members that were given."""
