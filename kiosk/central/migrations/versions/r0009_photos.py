"""Lay out the table of members' photos."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "member_photo",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.String(24), nullable=False),
    )
