"""Lay out the tables of questionnaires, feedback, votes and awards."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _survey()
    _survey_taken()
    _survey_answer()
    _feedback()
    _vote()
    _vote_taken()
    _vote_tally()
    _award()


def _survey() -> None:
    op.create_table(
        "survey",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("about", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
    )


def _survey_taken() -> None:
    op.create_table(
        "survey_taken",
        sa.Column("survey", sa.String(16), sa.ForeignKey("survey.id"), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
    )


def _survey_answer() -> None:
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("survey", sa.String(16), sa.ForeignKey("survey.id"), nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index("survey_answer_by_survey", "survey_answer", ["survey", "question"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(24), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("answered_by", sa.String(32), nullable=False),
    )
    op.create_index("feedback_by_state", "feedback", ["state", "due_on"])


def _vote() -> None:
    op.create_table(
        "vote",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("made_by", sa.String(32), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
    )


def _vote_taken() -> None:
    op.create_table(
        "vote_taken",
        sa.Column("vote", sa.String(16), sa.ForeignKey("vote.id"), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
    )


def _vote_tally() -> None:
    op.create_table(
        "vote_tally",
        sa.Column("vote", sa.String(16), sa.ForeignKey("vote.id"), primary_key=True),
        sa.Column("choice", sa.String(64), primary_key=True),
        sa.Column("votes", sa.Integer(), nullable=False),
    )


def _award() -> None:
    op.create_table(
        "award",
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
    )
