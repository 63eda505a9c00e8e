"""Lay out the tables of cards: stock, batches, gift cards, special requests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _card_batch()
    _gift_way_back()
    _point_of_sale()
    _special_request()
    _card_check()
    _sold_at()
    _special_opinion()
    _card()
    _card_hand_over()
    _card_replacement()
    _gift_card()
    _gift_way_back_card()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _card_batch() -> None:
    op.create_table(
        "card_batch",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("issue", sa.String(16), nullable=False),
        sa.Column("maker", sa.String(16), nullable=False),
        sa.Column("prefix", sa.String(32), nullable=False),
        sa.Column("first", sa.String(32), nullable=False),
        sa.Column("last", sa.String(32), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("ordered_by", sa.String(32), nullable=False),
        sa.Column("ordered_on", sa.String(10), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("firm", sa.Text(), nullable=False),
        sa.Column("design", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
    )


def _gift_way_back() -> None:
    op.create_table(
        "gift_way_back",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("given_by", sa.String(32), nullable=False),
        sa.Column("taken_by", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _point_of_sale() -> None:
    op.create_table(
        "point_of_sale",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("site", sa.String(32), nullable=False),
    )


def _special_request() -> None:
    op.create_table(
        "special_request",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(32), nullable=False),
        sa.Column("requested_on", sa.String(10), nullable=False),
        sa.Column("report", sa.String(64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("price_percent", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("activated_by", sa.String(32)),
        sa.Column("activated_on", sa.String(10)),
    )


def _card_check() -> None:
    op.create_table(
        "card_check",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("batch", sa.String(16), sa.ForeignKey("card_batch.id"), nullable=False, index=True),
        sa.Column("quality", sa.String(16), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
    )


def _sold_at() -> None:
    op.create_table(
        "sold_at",
        sa.Column("point", sa.String(32), sa.ForeignKey("point_of_sale.id"), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
    )


def _special_opinion() -> None:
    op.create_table(
        "special_opinion",
        sa.Column("request", sa.String(16), sa.ForeignKey("special_request.id"), primary_key=True),
        sa.Column("role", sa.String(32), primary_key=True),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )


def _card() -> None:
    op.create_table(
        "card",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("use_class", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("batch", sa.String(16), sa.ForeignKey("card_batch.id"), index=True),
        sa.Column("point", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(16)),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("credential", sa.String(32), sa.ForeignKey("credential.id"), unique=True),
        sa.Column("medium", sa.String(16)),
        sa.Column("valid_from", sa.String(10)),
        sa.Column("valid_until", sa.String(10)),
        sa.Column("function_on", sa.Boolean(), nullable=False),
        sa.Column("request", sa.String(16), sa.ForeignKey("special_request.id"), index=True),
    )
    op.create_index("card_by_stock", "card", ["state", "point", "kind"])
    where = sa.text("use_class = 'ordinary' AND state IN ('assigned', 'handed_over', 'lost', 'suspended')")
    op.create_index("card_held_once", "card", ["member"], unique=True, sqlite_where=where, postgresql_where=where)


def _card_hand_over() -> None:
    op.create_table(
        "card_hand_over",
        sa.Column("number", sa.String(32), sa.ForeignKey("card.number"), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("point", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("identity_checked", sa.Boolean(), nullable=False),
    )


def _card_replacement() -> None:
    op.create_table(
        "card_replacement",
        sa.Column("new", sa.String(32), sa.ForeignKey("card.number"), primary_key=True),
        sa.Column("old", sa.String(32), sa.ForeignKey("card.number"), nullable=False, unique=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("charged", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _gift_card() -> None:
    op.create_table(
        "gift_card",
        sa.Column("number", sa.String(32), sa.ForeignKey("card.number"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("balance_minor", _big(), nullable=False),
        sa.Column("sold_on", sa.String(10)),
        sa.Column("valid_until", sa.String(10)),
    )


def _gift_way_back_card() -> None:
    op.create_table(
        "gift_way_back_card",
        sa.Column("record", sa.String(16), sa.ForeignKey("gift_way_back.id"), primary_key=True),
        sa.Column("number", sa.String(32), sa.ForeignKey("gift_card.number"), primary_key=True, index=True),
    )
