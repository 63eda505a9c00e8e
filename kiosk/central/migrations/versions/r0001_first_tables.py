"""Lay out the first tables: what devices sent, what the club knows, and what is projected from both."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _one_of_a_kind()
    _from_devices()
    _parked()
    _club()
    _roster()
    _projections()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of_a_kind() -> None:
    op.create_table(
        "setting",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until_ms", _big(), nullable=False),
    )


def _from_devices() -> None:
    op.create_table(
        "device",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("replaced_by", sa.String(32)),
        sa.Column("registered_at", sa.String(24), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("session", sa.String(64)),
        sa.Column("version", sa.String(32)),
        sa.Column("roster_revision", sa.Integer()),
        sa.Column("seen_at", sa.String(24)),
        sa.Column("clock_offset_ms", _big()),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("device", sa.String(32), sa.ForeignKey("device.name"), nullable=False, index=True),
        sa.Column("seq", _big(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("head", _big(), nullable=False),
        sa.Column("first_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "record",
        sa.Column("n", _big(), primary_key=True, autoincrement=False),
        sa.Column("journal", sa.String(32), nullable=False),
        sa.Column("seq", _big(), nullable=False),
        sa.Column("stored_at", sa.String(24), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("journal", "seq"),
    )


def _parked() -> None:
    op.create_table(
        "parked",
        sa.Column("id", _big(), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("device", sa.String(32), nullable=False, index=True),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("journal", sa.String(64)),
        sa.Column("first_seq", _big()),
        sa.Column("hash", sa.String(64)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed_at", sa.String(24)),
        sa.UniqueConstraint("why", "journal", "first_seq", "hash"),
    )
    op.create_table(
        "discarded",
        sa.Column("device", sa.String(32), primary_key=True),
        sa.Column("why", sa.String(32), primary_key=True),
        sa.Column("count", _big(), nullable=False),
        sa.Column("last_at", sa.String(24), nullable=False),
    )


def _club() -> None:
    op.create_table(
        "member",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member_no", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("member_until", sa.String(10)),
        sa.Column("suspended_from", sa.String(10)),
        sa.Column("suspended_until", sa.String(10)),
        sa.Column("paid_until", sa.String(10)),
        sa.Column("guest_of", sa.String(16)),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("identifier", sa.String(64), nullable=False, unique=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("gift", sa.Boolean(), nullable=False),
        sa.Column("assurance", sa.String(16), nullable=False),
        sa.Column("valid_from", sa.String(10)),
        sa.Column("valid_until", sa.String(10)),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("product", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.String(10)),
        sa.Column("valid_until", sa.String(10)),
        sa.Column("unpaid", sa.Boolean(), nullable=False),
        sa.Column("visits", sa.LargeBinary()),
    )


def _roster() -> None:
    op.create_table(
        "roster_row",
        sa.Column("key", sa.LargeBinary(80), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "roster_change",
        sa.Column("revision", _big(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ops", sa.LargeBinary()),
    )
    op.create_table(
        "deny",
        sa.Column("credential", sa.String(32), primary_key=True),
        sa.Column("until_revision", _big(), nullable=False),
        sa.Column("version", _big(), nullable=False),
    )


def _projections() -> None:
    op.create_table(
        "visit",
        sa.Column("n", _big(), primary_key=True, autoincrement=False),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("entitlement", sa.String(48), nullable=False),
        sa.Column("at_ms", _big(), nullable=False),
    )
    op.create_index("visit_by_credential", "visit", ["credential", "entitlement", "at_ms"])
    op.create_table(
        "used",
        sa.Column("credential", sa.String(32), primary_key=True),
        sa.Column("entitlement", sa.String(48), primary_key=True),
        sa.Column("site", sa.String(32), primary_key=True),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("area", sa.String(32)),
        sa.Column("area_at_ms", _big(), nullable=False),
        sa.Column("folded", sa.LargeBinary(), nullable=False),
        sa.Column("version", _big(), nullable=False, index=True),
    )
