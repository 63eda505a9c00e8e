"""Index whom a member brought, which the night asks of everybody who brought somebody."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_member_file_referred_by", "member_file", ["referred_by"])
