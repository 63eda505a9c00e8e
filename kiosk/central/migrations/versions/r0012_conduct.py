"""Let activities name their access points, staff a site of their own, and amendments of the rule book be proposed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("activity", sa.Column("access_points", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("staff", sa.Column("site", sa.String(32), nullable=False, server_default=""))
    op.create_table(
        "rule_proposal",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.String(10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proposed_by", sa.String(32), nullable=False),
        sa.Column("proposed_at", sa.String(24), nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.Column("decided_at", sa.String(24)),
    )
    op.create_index("rule_proposal_by_state", "rule_proposal", ["state", "proposed_at"])
