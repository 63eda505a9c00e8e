"""Lay out what all of the club's books share: amendments, audit trail, notices, answers, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _answered()
    _audit()
    _job()
    _notice()
    _rule_amendment()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _answered() -> None:
    op.create_table(
        "answered",
        sa.Column("key", sa.String(128), primary_key=True),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False, index=True),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("actor", sa.String(32), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("action", sa.String(48), nullable=False),
        sa.Column("thing", sa.String(32), nullable=False),
        sa.Column("thing_id", sa.String(64), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("audit_by_actor", "audit", ["actor", "n"])
    op.create_index("audit_by_thing", "audit", ["thing", "thing_id", "n"])
    op.create_index("audit_by_time", "audit", ["at"])


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("name", sa.String(48), primary_key=True),
        sa.Column("done_on", sa.String(10)),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("total", _big(), nullable=False),
        sa.Column("done", _big(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", _big(), primary_key=True),
        sa.Column("topic", sa.String(128), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("template", sa.String(48), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("member", sa.String(16), index=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(24), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.String(24)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.UniqueConstraint("topic", "channel"),
    )
    op.create_index("notice_by_state", "notice", ["state", "due_at"])


def _rule_amendment() -> None:
    op.create_table(
        "rule_amendment",
        sa.Column("number", _big(), primary_key=True, autoincrement=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.String(24), nullable=False),
    )
