"""Find the few lines of the ledger that are in suspense without reading all others."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    in_suspense = sa.text("kind = 'suspense'")
    op.create_index(
        "ledger_line_in_suspense", "ledger_line", ["posting"], sqlite_where=in_suspense, postgresql_where=in_suspense
    )
