"""Lay out what edges are told of money and what of theirs was taken in; whoever has money is told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and leave word of every account there is."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "funds",
        sa.Column("owner", sa.String(32), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", number, nullable=False, index=True),
    )
    op.create_table(
        "funds_due",
        sa.Column("n", number, primary_key=True),
        sa.Column("account", sa.String(128), nullable=False),
    )
    op.create_table(
        "edge_taken",
        sa.Column("id", sa.String(96), primary_key=True),
        sa.Column("n", number, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("till", sa.String(32), nullable=False),
        sa.Column("amount_minor", number, nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("edge_taken_by_time", "edge_taken", ["at"])
    _reconciliation(number)
    op.execute(
        "INSERT INTO funds_due (account) SELECT account FROM ledger_balance"
        " WHERE kind IN ('member_principal', 'member_bonus', 'gift_card')"
    )


def _reconciliation(number: sa.types.TypeEngine[int]) -> None:
    op.create_table(
        "edge_line",
        sa.Column("id", sa.String(96), primary_key=True),
        sa.Column("origin", sa.String(64), primary_key=True),
        sa.Column("amount_minor", number, nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("edge_line_by_time", "edge_line", ["at"])
    op.create_table(
        "statement_line",
        sa.Column("provider", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(96), primary_key=True),
        sa.Column("amount_minor", number, nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("taken_at", sa.String(24), nullable=False),
        sa.Column("taken_by", sa.String(96), nullable=False),
    )
    op.create_index("statement_line_by_time", "statement_line", ["at"])
    op.create_table(
        "reconciled",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("since", sa.String(24), nullable=False),
        sa.Column("found_on", sa.String(10), nullable=False),
        sa.Column("closed_by", sa.String(96), nullable=False),
        sa.Column("closed_at", sa.String(24)),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("reconciled_by_state", "reconciled", ["state", "since"])
