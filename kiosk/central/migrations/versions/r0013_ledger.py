"""Lay out the tables of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _posting()
    _line()
    _balance()
    _hold()
    _days()
    _alarm()
    _proof()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _posting() -> None:
    op.create_table(
        "ledger_posting",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("id", sa.String(128), nullable=False, unique=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("site", sa.String(96), nullable=False),
        sa.Column("till", sa.String(96), nullable=False),
        sa.Column("of", sa.String(128), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("booked_at", sa.String(24), nullable=False),
    )
    op.create_index("ledger_posting_by_day", "ledger_posting", ["site", "day"])
    of_one = sa.text("kind = 'reversal'")
    op.create_index(
        "ledger_reversed_once",
        "ledger_posting",
        ["of"],
        unique=True,
        sqlite_where=of_one,
        postgresql_where=of_one,
    )


def _line() -> None:
    op.create_table(
        "ledger_line",
        sa.Column("posting", _big(), sa.ForeignKey("ledger_posting.n"), primary_key=True),
        sa.Column("account", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("amount", _big(), nullable=False),
        sa.Column("balance", _big()),
    )
    op.create_index("ledger_line_by_account", "ledger_line", ["account", "posting"])


def _balance() -> None:
    op.create_table(
        "ledger_balance",
        sa.Column("account", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("balance", _big(), nullable=False),
        sa.Column("held", _big(), nullable=False),
        sa.CheckConstraint("held >= 0 AND balance >= held", name="ledger_balance_floor"),
    )


def _hold() -> None:
    op.create_table(
        "ledger_hold",
        sa.Column("posting", _big(), sa.ForeignKey("ledger_posting.n"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until", sa.String(24), nullable=False),
        sa.Column("resolved_at", sa.String(24)),
        sa.Column("resolved_by", sa.String(96), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("ledger_hold_by_state", "ledger_hold", ["state", "until"])
    op.create_table(
        "ledger_hold_line",
        sa.Column("posting", _big(), sa.ForeignKey("ledger_hold.posting"), primary_key=True),
        sa.Column("account", sa.String(128), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("amount", _big(), nullable=False),
    )
    op.create_index("ledger_hold_line_by_account", "ledger_hold_line", ["account", "posting"])


def _days() -> None:
    op.create_table(
        "ledger_site",
        sa.Column("site", sa.String(96), primary_key=True),
        sa.Column("closed_until", sa.String(10), nullable=False),
    )
    op.create_table(
        "ledger_closing",
        sa.Column("site", sa.String(96), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _alarm() -> None:
    op.create_table(
        "ledger_alarm",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("posting", sa.String(128), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("was", sa.String(64), nullable=False),
        sa.Column("came", sa.String(64), nullable=False),
    )
    op.create_index("ledger_alarm_by_time", "ledger_alarm", ["at"])


def _proof() -> None:
    op.create_table(
        "ledger_seal",
        sa.Column("number", _big(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("last_n", _big(), nullable=False),
        sa.Column("postings", _big(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_table(
        "ledger_proof",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("postings", _big(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
    )
