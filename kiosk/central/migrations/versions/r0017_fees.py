"""Lay out the tables of fees, receipts, tills and the close of days."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _fee_plan()
    _fee_charge()
    _fee_payment()
    _fee_part()
    _fee_deferral()
    _fee_reminder()
    _fee_use()
    _fee_statement()
    _receipt_series()
    _receipt()
    _invoice_request()
    _till()
    _till_session()
    _till_drop()
    _till_count()
    _day_close()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _fee_plan() -> None:
    op.create_table(
        "fee_plan",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("cycle", sa.String(16), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("contract", sa.String(64), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10)),
        sa.Column("covered_until", sa.String(10)),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("fee_plan_by_member", "fee_plan", ["member", "n"])


def _fee_charge() -> None:
    op.create_table(
        "fee_charge",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("plan", _big(), sa.ForeignKey("fee_plan.n"), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("first", sa.String(10), nullable=False),
        sa.Column("last", sa.String(10)),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("paid_minor", _big(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_on", sa.String(10), nullable=False),
        sa.UniqueConstraint("plan", "first"),
    )
    op.create_index("fee_charge_by_member", "fee_charge", ["member", "first"])
    op.create_index("fee_charge_by_state", "fee_charge", ["state", "due_on"])


def _fee_payment() -> None:
    op.create_table(
        "fee_payment",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("id", sa.String(96), nullable=False, unique=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("site", sa.String(96), nullable=False),
        sa.Column("till", sa.String(96), nullable=False),
        sa.Column("takes", sa.Text(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("back_day", sa.String(10)),
    )
    op.create_index("fee_payment_by_day", "fee_payment", ["day"])
    op.create_index("fee_payment_by_member", "fee_payment", ["member", "n"])


def _fee_part() -> None:
    op.create_table(
        "fee_part",
        sa.Column("payment", _big(), sa.ForeignKey("fee_payment.n"), primary_key=True),
        sa.Column("charge", _big(), sa.ForeignKey("fee_charge.n"), primary_key=True),
        sa.Column("amount_minor", _big(), nullable=False),
    )
    op.create_index("fee_part_by_charge", "fee_part", ["charge"])


def _fee_deferral() -> None:
    op.create_table(
        "fee_deferral",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
    )
    op.create_index("fee_deferral_by_member", "fee_deferral", ["member", "n"])


def _fee_reminder() -> None:
    op.create_table(
        "fee_reminder",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
    )
    op.create_index("fee_reminder_by_member", "fee_reminder", ["member", "n"])


def _fee_use() -> None:
    op.create_table(
        "fee_use",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("head", sa.String(32), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("approved_by", sa.String(32), nullable=False),
        sa.Column("approved_on", sa.String(10)),
        sa.Column("noted_by", sa.String(96), nullable=False),
    )
    op.create_index("fee_use_by_day", "fee_use", ["on"])


def _fee_statement() -> None:
    op.create_table(
        "fee_statement",
        sa.Column("first", sa.String(10), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _receipt_series() -> None:
    op.create_table(
        "receipt_series",
        sa.Column("site", sa.String(32), primary_key=True),
        sa.Column("year", sa.Integer(), primary_key=True),
        sa.Column("last", _big(), nullable=False),
    )


def _receipt() -> None:
    op.create_table(
        "receipt",
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", _big(), nullable=False),
        sa.Column("posting", sa.String(128), nullable=False, unique=True),
        sa.Column("paid_for", sa.String(16), nullable=False),
        sa.Column("member", sa.String(16)),
        sa.Column("money_minor", _big(), nullable=False),
        sa.Column("prepaid_minor", _big(), nullable=False),
        sa.Column("paid_on", sa.String(10), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.UniqueConstraint("site", "year", "count"),
    )
    op.create_index("receipt_by_member", "receipt", ["member", "at"])


def _invoice_request() -> None:
    op.create_table(
        "invoice_request",
        sa.Column("receipt", sa.String(64), sa.ForeignKey("receipt.number"), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("note", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("tax_no", sa.String(32), nullable=False),
        sa.Column("send_to", sa.String(200), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("invoice_no", sa.String(64), nullable=False),
        sa.Column("issued_by", sa.String(96), nullable=False),
        sa.Column("issued_at", sa.String(24)),
    )


def _till() -> None:
    op.create_table(
        "till",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
    )


def _till_session() -> None:
    op.create_table(
        "till_session",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("till", sa.String(32), sa.ForeignKey("till.id"), nullable=False),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("float_minor", _big(), nullable=False),
        sa.Column("after_n", _big(), nullable=False),
        sa.Column("opened_by", sa.String(96), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("closed_at", sa.String(24)),
    )
    op.create_index("till_session_by_day", "till_session", ["site", "day"])
    op.create_index("till_session_by_till", "till_session", ["till", "n"])


def _till_drop() -> None:
    op.create_table(
        "till_drop",
        sa.Column("id", sa.String(96), primary_key=True),
        sa.Column("session", _big(), sa.ForeignKey("till_session.n"), nullable=False),
        sa.Column("amount_minor", _big(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("witness", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _till_count() -> None:
    op.create_table(
        "till_count",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("session", _big(), sa.ForeignKey("till_session.n"), nullable=False),
        sa.Column("pieces", sa.Text(), nullable=False),
        sa.Column("counted_minor", _big(), nullable=False),
        sa.Column("expected_minor", _big(), nullable=False),
        sa.Column("last_n", _big(), nullable=False),
        sa.Column("counted_by", sa.String(96), nullable=False),
        sa.Column("counted_at", sa.String(24), nullable=False),
        sa.Column("witnessed_by", sa.String(96), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("till_count_by_session", "till_count", ["session", "n"])


def _day_close() -> None:
    op.create_table(
        "day_close",
        sa.Column("site", sa.String(96), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("tills", sa.Text(), nullable=False),
        sa.Column("named", sa.Text(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(96), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
