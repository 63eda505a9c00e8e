"""Say who looks into what does not match, who served, when fees were settled; keep services and general meetings.

Sales from before name nobody who served: their credit stays with whoever looked after the member, who is not known
any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SETTLED = (
    "UPDATE fee_charge SET settled_on = COALESCE((SELECT MAX(fee_payment.day) FROM fee_part JOIN fee_payment"
    " ON fee_payment.n = fee_part.payment WHERE fee_part.charge = fee_charge.n AND fee_payment.back_day IS NULL"
    " AND fee_part.amount_minor > 0), made_on) WHERE state IN ('paid', 'waived')"
)
"""What says when a charge was settled: by the last payment that was neither taken back nor a refund."""


def upgrade() -> None:
    """Add the columns and create the tables."""
    op.add_column("reconciled", sa.Column("assigned_to", sa.String(32), nullable=False, server_default=""))
    op.add_column("sale", sa.Column("served_by", sa.String(96), nullable=False, server_default=""))
    op.add_column("sale", sa.Column("owner_staff", sa.String(32), nullable=False, server_default=""))
    _settled()
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "service_record",
        sa.Column("n", number, primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("fee_minor", number, nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("noted_by", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("service_record_by_member", "service_record", ["member", "n"])
    op.create_index("service_record_by_day", "service_record", ["on", "n"])
    op.create_table(
        "general_meeting",
        sa.Column("year", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("noted_by", sa.String(32), nullable=False),
        sa.Column("noted_at", sa.String(24), nullable=False),
    )


def _settled() -> None:
    """Say of each charge when it was settled: with the last payment of it, else when it was made."""
    op.add_column("fee_charge", sa.Column("settled_on", sa.String(10)))
    op.execute(SETTLED)
    op.create_index("fee_charge_by_end", "fee_charge", ["last"])
