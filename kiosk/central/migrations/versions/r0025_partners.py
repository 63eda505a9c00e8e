"""Lay out partner shops, and until when members are cleared for areas."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "partner",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("until", sa.String(10)),
        sa.Column("tiers", sa.Text(), nullable=False),
        sa.Column("card_kinds", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "clearance",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("area", sa.String(32), primary_key=True),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
