"""Lay out the tables of alerts and cases."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _card_tap()
    _club_case()
    _discipline_order()
    _case_note()
    _case_record()
    _misuse_alert()
    _violation()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _card_tap() -> None:
    op.create_table(
        "card_tap",
        sa.Column("origin_journal", sa.String(32), primary_key=True),
        sa.Column("origin_seq", _big(), primary_key=True),
        sa.Column("journal", sa.String(32), nullable=False),
        sa.Column("seq", _big(), nullable=False),
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("access_point", sa.String(64), nullable=False),
        sa.Column("area", sa.String(32), nullable=False),
        sa.Column("at_ms", _big(), nullable=False, index=True),
        sa.Column("way_out", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
    )
    op.create_index("card_tap_by_credential", "card_tap", ["credential", "at_ms"])
    op.create_index("card_tap_by_point", "card_tap", ["site", "access_point"])


def _club_case() -> None:
    op.create_table(
        "club_case",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("credential", sa.String(32), index=True),
        sa.Column("assigned_to", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(24), nullable=False),
        sa.Column("opened_by", sa.String(32), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("closed_at", sa.String(24)),
    )
    op.create_index("club_case_by_state", "club_case", ["state", "opened_at"])


def _discipline_order() -> None:
    op.create_table(
        "discipline_order",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("body", sa.String(16), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10)),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.Column("violations", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )


def _case_note() -> None:
    op.create_table(
        "case_note",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("case", sa.String(16), sa.ForeignKey("club_case.id"), nullable=False, index=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )


def _case_record() -> None:
    op.create_table(
        "case_record",
        sa.Column("case", sa.String(16), sa.ForeignKey("club_case.id"), primary_key=True),
        sa.Column("journal", sa.String(32), primary_key=True),
        sa.Column("seq", _big(), primary_key=True),
    )
    op.create_index("case_record_by_place", "case_record", ["journal", "seq"])


def _misuse_alert() -> None:
    op.create_table(
        "misuse_alert",
        sa.Column("key", sa.String(96), primary_key=True),
        sa.Column("misuse", sa.String(16), nullable=False),
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("first_at", sa.String(24), nullable=False),
        sa.Column("last_at", sa.String(24), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("case", sa.String(16), sa.ForeignKey("club_case.id"), nullable=False, index=True),
        sa.Column("explained_at", sa.String(24)),
    )
    op.create_index("misuse_alert_by_card", "misuse_alert", ["credential", "last_at"])


def _violation() -> None:
    op.create_table(
        "violation",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("misconduct", sa.String(16), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("papers", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("case", sa.String(16), sa.ForeignKey("club_case.id")),
        sa.Column("recorded_by", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
