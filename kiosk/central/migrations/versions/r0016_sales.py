"""Lay out the tables of stored value, sales and refunds."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _stored_lot()
    _top_up_order()
    _sale_item()
    _sale()
    _sale_line()
    _sale_tender()
    _sale_take()
    _sale_used()
    _promotion_use()
    _refund()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _stored_lot() -> None:
    op.create_table(
        "stored_lot",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("order", sa.String(96), nullable=False, unique=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("opened_on", sa.String(10), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("paid_minor", _big(), nullable=False),
        sa.Column("bonus_minor", _big(), nullable=False),
        sa.Column("principal_left_minor", _big(), nullable=False),
        sa.Column("bonus_left_minor", _big(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("paid_back_minor", _big(), nullable=False),
    )
    op.create_index("stored_lot_by_member", "stored_lot", ["member", "n"])


def _top_up_order() -> None:
    op.create_table(
        "top_up_order",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("bonus_minor", _big(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until", sa.String(24), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("paid_at", sa.String(24)),
    )
    op.create_index("top_up_order_by_state", "top_up_order", ["state", "until"])


def _sale_item() -> None:
    op.create_table(
        "sale_item",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )


def _sale() -> None:
    op.create_table(
        "sale",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("id", sa.String(60), nullable=False, unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("site", sa.String(96), nullable=False),
        sa.Column("till", sa.String(96), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("member", sa.String(16)),
        sa.Column("card", sa.String(32), nullable=False),
        sa.Column("total_minor", _big(), nullable=False),
        sa.Column("list_minor", _big(), nullable=False),
        sa.Column("back_minor", _big(), nullable=False),
        sa.Column("debt_minor", _big(), nullable=False),
        sa.Column("loss_minor", _big(), nullable=False),
        sa.Column("coupons", sa.Text(), nullable=False),
        sa.Column("gift", sa.String(64), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("void_asked_by", sa.String(96), nullable=False),
        sa.Column("void_at", sa.String(24)),
        sa.Column("void_by", sa.String(96), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )
    op.create_index("sale_by_day", "sale", ["day", "n"])
    op.create_index("sale_by_member", "sale", ["member", "n"])
    op.create_index("sale_by_state", "sale", ["state", "n"])


def _sale_line() -> None:
    op.create_table(
        "sale_line",
        sa.Column("sale", _big(), sa.ForeignKey("sale.n"), primary_key=True),
        sa.Column("item", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("goods", sa.String(32), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("entitled", sa.Integer(), nullable=False),
        sa.Column("list_minor", _big(), nullable=False),
        sa.Column("net_minor", _big(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("times_of", sa.String(32), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("back", sa.Integer(), nullable=False),
    )
    op.create_index("sale_line_by_item", "sale_line", ["item"])


def _sale_tender() -> None:
    op.create_table(
        "sale_tender",
        sa.Column("sale", _big(), sa.ForeignKey("sale.n"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("of", sa.String(64), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("points", _big(), nullable=False),
        sa.Column("back_minor", _big(), nullable=False),
    )


def _sale_take() -> None:
    op.create_table(
        "sale_take",
        sa.Column("sale", _big(), sa.ForeignKey("sale.n"), primary_key=True),
        sa.Column("order", sa.String(96), primary_key=True),
        sa.Column("principal_minor", _big(), nullable=False),
        sa.Column("bonus_minor", _big(), nullable=False),
    )


def _sale_used() -> None:
    op.create_table(
        "sale_used",
        sa.Column("sale", _big(), sa.ForeignKey("sale.n"), primary_key=True),
        sa.Column("of", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )


def _promotion_use() -> None:
    op.create_table(
        "promotion_use",
        sa.Column("sale", _big(), sa.ForeignKey("sale.n"), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("member", sa.String(16), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
    )
    op.create_index("promotion_use_by_member", "promotion_use", ["member", "code", "on"])


def _refund() -> None:
    op.create_table(
        "refund",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("principal_minor", _big(), nullable=False),
        sa.Column("bonus_minor", _big(), nullable=False),
        sa.Column("forfeited_minor", _big(), nullable=False),
        sa.Column("debt_minor", _big(), nullable=False),
        sa.Column("second", sa.Boolean(), nullable=False),
        sa.Column("formula", sa.String(16), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("takes", sa.Text(), nullable=False),
        sa.Column("ways", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("signed_by", sa.String(96), nullable=False),
        sa.Column("closed_by", sa.String(96), nullable=False),
        sa.Column("closed_at", sa.String(24)),
    )
    op.create_index("refund_by_member", "refund", ["member", "n"])
    op.create_index("refund_by_state", "refund", ["state", "n"])
