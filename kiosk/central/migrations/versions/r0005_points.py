"""Lay out the tables of points, tiers, rewards, coupons and referrals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _coupon_kind()
    _reward()
    _coupon()
    _gift()
    _points_entry()
    _purchase()
    _redemption()
    _referral_reward()
    _right_use()
    _tier_holding()
    _tier_move()
    with op.batch_alter_table("entitlement") as entitlement:
        entitlement.alter_column("id", existing_type=sa.String(32), type_=sa.String(48))


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _coupon_kind() -> None:
    op.create_table(
        "coupon_kind",
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )


def _reward() -> None:
    op.create_table(
        "reward",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )


def _coupon() -> None:
    op.create_table(
        "coupon",
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), sa.ForeignKey("coupon_kind.code"), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("first", sa.String(10), nullable=False),
        sa.Column("last", sa.String(10), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(128), nullable=False),
        sa.Column("sale", sa.String(64), index=True),
        sa.Column("granted_at", sa.String(24), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
        sa.UniqueConstraint("kind", "cause"),
    )
    op.create_index("coupon_by_state", "coupon", ["state", "last"])


def _gift() -> None:
    op.create_table(
        "gift",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.Column("became", sa.String(16), nullable=False),
        sa.Column("thing", sa.String(48), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("closed_at", sa.String(24)),
        sa.UniqueConstraint("member", "cause", "code"),
    )


def _points_entry() -> None:
    op.create_table(
        "points_entry",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("source_id", sa.String(96), nullable=False),
        sa.Column("expires_on", sa.String(10), index=True),
        sa.Column("of", sa.String(64), nullable=False),
        sa.Column("lifetime", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.UniqueConstraint("source", "source_id"),
    )
    op.create_index("points_entry_by_member", "points_entry", ["member", "n"])


def _purchase() -> None:
    op.create_table(
        "purchase",
        sa.Column("sale", sa.String(64), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("earned", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.String(24)),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("purchase_by_member", "purchase", ["member", "on"])


def _redemption() -> None:
    op.create_table(
        "redemption",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("reward", sa.String(32), sa.ForeignKey("reward.id"), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reserved_until", sa.String(24), nullable=False),
        sa.Column("reserved_at", sa.String(24), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )
    op.create_index("redemption_by_member", "redemption", ["member", "reserved_at"])
    op.create_index("redemption_by_reward", "redemption", ["reward", "state"])
    op.create_index("redemption_by_wait", "redemption", ["state", "reserved_until"])


def _referral_reward() -> None:
    op.create_table(
        "referral_reward",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _right_use() -> None:
    op.create_table(
        "right_use",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("right", sa.String(32), nullable=False),
        sa.Column("at_ms", _big(), nullable=False),
        sa.Column("staff", sa.String(32), nullable=False),
        sa.Column("undone_at", sa.String(24)),
    )
    op.create_index("right_use_by_member", "right_use", ["member", "right", "at_ms"])


def _tier_holding() -> None:
    op.create_table(
        "tier_holding",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("tier", sa.String(32), nullable=False, index=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("review_on", sa.String(10), nullable=False),
        sa.Column("ceiling", sa.String(32), nullable=False),
        sa.Column("joined_on", sa.String(10), nullable=False),
        sa.Column("bought", sa.String(32), nullable=False),
        sa.Column("bought_until", sa.String(10)),
    )


def _tier_move() -> None:
    op.create_table(
        "tier_move",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("move", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("tier_from", sa.String(32), nullable=False),
        sa.Column("tier_to", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("tier_move_by_day", "tier_move", ["on"])
    op.create_index("tier_move_by_member", "tier_move", ["member", "n"])
