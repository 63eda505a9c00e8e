"""Keep what activities, questionnaires and votes are called in English, and the choices of a vote."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: nothing for what has no English yet."""
    for table in ("activity", "survey", "vote"):
        op.add_column(table, sa.Column("title_en", sa.Text(), nullable=False, server_default=""))
    op.add_column("vote", sa.Column("choices_en", sa.Text(), nullable=False, server_default="[]"))
