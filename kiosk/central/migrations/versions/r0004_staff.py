"""Lay out the tables of staff: accounts, sessions, second factors, keys of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _staff()
    _staff_failure()
    _api_key()
    _staff_recovery()
    _staff_session()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("member", sa.String(16)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("temporary", sa.Boolean(), nullable=False),
        sa.Column("factor", sa.Text(), nullable=False),
        sa.Column("factor_wanted", sa.Text(), nullable=False),
        sa.Column("factor_step", _big(), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("closed_at", sa.String(24)),
    )


def _staff_failure() -> None:
    op.create_table(
        "staff_failure",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("staff_failure_by_login", "staff_failure", ["login", "at"])


def _api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("staff", sa.String(16), sa.ForeignKey("staff.id"), index=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.Column("until", sa.String(24), nullable=False),
        sa.Column("revoked_at", sa.String(24)),
    )


def _staff_recovery() -> None:
    op.create_table(
        "staff_recovery",
        sa.Column("staff", sa.String(16), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
    )


def _staff_session() -> None:
    op.create_table(
        "staff_session",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("staff", sa.String(16), sa.ForeignKey("staff.id"), nullable=False, index=True),
        sa.Column("factor", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.String(24), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
        sa.Column("until", sa.String(24), nullable=False),
    )
