"""Make room for what rests sealed, and lay out who read what is sensitive and what members said to uses.

Values are sealed by `kiosk central init` right after: a migration has no keys.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the columns and create the tables."""
    phone, day = sa.String(32), sa.String(10)
    with op.batch_alter_table("member_file") as file:
        for name in ("phone", "fixed_phone", "fax"):
            file.alter_column(name, existing_type=phone, type_=sa.Text(), existing_nullable=False)
        file.alter_column("born", existing_type=day, type_=sa.Text(), existing_nullable=True)
    with op.batch_alter_table("application") as application:
        application.alter_column("phone", existing_type=phone, type_=sa.Text(), existing_nullable=False)
    with op.batch_alter_table("family_link") as link:
        link.alter_column("born", existing_type=day, type_=sa.Text(), existing_nullable=False)
    op.create_table(
        "reading",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("actor", sa.String(32), primary_key=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.String(24), nullable=False),
        sa.Column("last_at", sa.String(24), nullable=False),
    )
    op.create_index("reading_by_actor", "reading", ["actor", "day"])
    op.create_index("reading_by_day", "reading", ["day"])
    op.create_table(
        "purpose_answer",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("said_on", sa.String(10), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
