"""Keep of each part of a refund that goes back through a payment provider how it stands there."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "refund_payout",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("refund", sa.String(64), sa.ForeignKey("refund.id"), nullable=False),
        sa.Column("order", sa.String(64), sa.ForeignKey("payment_order.id"), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("next_at", sa.String(24)),
    )
    op.create_index("refund_payout_by_refund", "refund_payout", ["refund"])
    op.create_index("refund_payout_by_next", "refund_payout", ["next_at"])
