"""Lay out bookings of areas, training plans whose classes are such bookings, and the seeds of draws."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "reservation",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("area", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("opens", sa.String(5), nullable=False),
        sa.Column("closes", sa.String(5), nullable=False),
        sa.Column("training", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(96), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
    )
    op.create_index("reservation_by_day", "reservation", ["day", "area"])
    op.create_index("reservation_by_member", "reservation", ["member", "day"])
    op.create_index("reservation_by_training", "reservation", ["training", "day"])
    op.create_table(
        "training_plan",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("coach", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(96), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
    )
    op.create_index("ix_training_plan_member", "training_plan", ["member"])
    op.create_index("ix_training_plan_made_on", "training_plan", ["made_on"])
    op.create_table(
        "reward_draw",
        sa.Column("reward", sa.String(32), sa.ForeignKey("reward.id"), primary_key=True),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("sealed_by", sa.String(96), nullable=False),
        sa.Column("sealed_at", sa.String(24), nullable=False),
    )
