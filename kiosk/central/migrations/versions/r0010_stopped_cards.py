"""Keep of a card that somebody shut it, whatever becomes of the card meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a card that is suspended now counts as shut by somebody."""
    op.add_column("card", sa.Column("stopped", sa.Boolean(), nullable=False, server_default=sa.false()))
    card = sa.table("card", sa.column("state", sa.String), sa.column("stopped", sa.Boolean))
    op.execute(card.update().where(card.c.state == "suspended").values(stopped=True))
