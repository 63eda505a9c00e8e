"""Lay out what is held for single devices of stored value, and the cards of time and visits that a refund closes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and add the column."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "site_lease",
        sa.Column("device", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(32), primary_key=True),
        sa.Column("posting", sa.String(96), nullable=False),
        sa.Column("amount_minor", number, nullable=False),
        sa.Column("until", sa.String(24), nullable=False),
    )
    op.create_index("site_lease_by_owner", "site_lease", ["owner"])
    op.add_column("refund", sa.Column("cards", sa.Text(), nullable=False, server_default="[]"))
