"""Lay out the tables of activities and of discipline."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _activity()
    _activity_answer()
    _activity_opinion()
    _activity_refusal()
    _activity_sign_in()
    _attendance_pardon()
    _club_post()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _activity() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.String(24)),
        sa.Column("ends_at", sa.String(24)),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("budget_minor", _big()),
        sa.Column("capacity", sa.Integer()),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("obligatory", sa.Boolean(), nullable=False),
        sa.Column("points", sa.Integer()),
        sa.Column("review", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )
    op.create_index("activity_by_state", "activity", ["state", "starts_at"])


def _activity_answer() -> None:
    op.create_table(
        "activity_answer",
        sa.Column("activity", sa.String(16), sa.ForeignKey("activity.id"), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("willing", sa.String(16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("activity_answer_by_member", "activity_answer", ["member"])


def _activity_opinion() -> None:
    op.create_table(
        "activity_opinion",
        sa.Column("activity", sa.String(16), sa.ForeignKey("activity.id"), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _activity_refusal() -> None:
    op.create_table(
        "activity_refusal",
        sa.Column("journal", sa.String(32), primary_key=True),
        sa.Column("seq", _big(), primary_key=True),
        sa.Column("activity", sa.String(16), sa.ForeignKey("activity.id"), nullable=False, index=True),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _activity_sign_in() -> None:
    op.create_table(
        "activity_sign_in",
        sa.Column("activity", sa.String(16), sa.ForeignKey("activity.id"), primary_key=True),
        sa.Column("subject", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("by", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("presence", sa.String(24), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("journal", sa.String(32)),
        sa.Column("seq", _big()),
    )
    op.create_index("activity_sign_in_by_subject", "activity_sign_in", ["subject"])


def _attendance_pardon() -> None:
    op.create_table(
        "attendance_pardon",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("on", sa.String(10), primary_key=True),
        sa.Column("why", sa.Text(), nullable=False),
    )


def _club_post() -> None:
    op.create_table(
        "club_post",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("position", sa.String(32), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("worked_on", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10)),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("member", "position", "since"),
    )
    op.create_index("club_post_by_work", "club_post", ["until", "worked_on"])
