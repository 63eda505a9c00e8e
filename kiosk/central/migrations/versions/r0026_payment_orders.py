"""Keep of each order what it pays and how it stands at its payment provider."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename the table, add the columns, and give the orders that are there their number at the provider."""
    op.drop_index("top_up_order_by_state", "top_up_order")
    op.rename_table("top_up_order", "payment_order")
    for column in (
        sa.Column("pay_for", sa.String(16), nullable=False, server_default="top_up"),
        sa.Column("periods_ahead", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("trade", sa.String(32), nullable=False, server_default=""),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("payment", sa.String(64), nullable=False, server_default=""),
        sa.Column("given_up", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("looked_at", sa.String(24)),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", sa.String(24)),
    ):
        op.add_column("payment_order", column)
    _number_them()
    op.create_index("payment_order_by_state", "payment_order", ["state", "until"])
    op.create_index("payment_order_by_trade", "payment_order", ["trade"], unique=True)
    op.create_index("payment_order_by_next", "payment_order", ["next_at"])


def _number_them() -> None:
    connection = op.get_bind()
    table = sa.table("payment_order", sa.column("id", sa.String), sa.column("trade", sa.String))
    for id in connection.execute(sa.select(table.c.id)).scalars().all():
        trade = f"k{hashlib.sha256(id.encode()).hexdigest()[:31]}"
        connection.execute(sa.update(table).where(table.c.id == id).values(trade=trade))
