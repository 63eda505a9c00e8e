"""Lay out who of staff read what is sensitive of an application."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "application_reading",
        sa.Column("application", sa.String(16), sa.ForeignKey("application.id"), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("actor", sa.String(32), primary_key=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.String(24), nullable=False),
        sa.Column("last_at", sa.String(24), nullable=False),
    )
    op.create_index("application_reading_by_actor", "application_reading", ["actor", "day"])
    op.create_index("application_reading_by_day", "application_reading", ["day"])
