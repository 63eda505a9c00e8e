"""Lay out the tables of people: files, applications, memberships, units, guests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _consent_version()
    _application()
    _card_held_back()
    _consent()
    _contact_failure()
    _ending()
    _family_link()
    _guest_pass()
    _mandate()
    _member_file()
    _membership()
    _paper()
    _suspension()
    _withdrawal()


def _consent_version() -> None:
    op.create_table(
        "consent_version",
        sa.Column("consent", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(32), primary_key=True),
        sa.Column("effective_on", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _application() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False, index=True),
        sa.Column("applied_on", sa.String(10), nullable=False),
        sa.Column("answer_due_on", sa.String(10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("former", sa.String(16), sa.ForeignKey("member.id")),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("open", sa.Text(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("decided_on", sa.String(10)),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.Column("purged_on", sa.String(10)),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )
    op.create_index("application_by_state", "application", ["state", "answer_due_on"])


def _card_held_back() -> None:
    op.create_table(
        "card_held_back",
        sa.Column("credential", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
    )


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("consent", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _contact_failure() -> None:
    op.create_table(
        "contact_failure",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.String(24), nullable=False),
    )


def _ending() -> None:
    op.create_table(
        "ending",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("spell", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
    )


def _family_link() -> None:
    op.create_table(
        "family_link",
        sa.Column("child", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("host", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("born", sa.String(10), nullable=False),
        sa.Column("linked_on", sa.String(10), nullable=False),
        sa.Column("ended_on", sa.String(10)),
    )


def _guest_pass() -> None:
    op.create_table(
        "guest_pass",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guest", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("host", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("product", sa.String(32), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("activity", sa.String(32)),
        sa.Column("revoked_on", sa.String(10)),
        sa.Column("given_at", sa.String(24), nullable=False),
    )
    op.create_index("guest_pass_by_host", "guest_pass", ["host", "first_day"])


def _mandate() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("unit", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10)),
        sa.Column("stays", sa.Boolean(), nullable=False),
    )


def _member_file() -> None:
    op.create_table(
        "member_file",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False, index=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("sex", sa.String(16), nullable=False),
        sa.Column("born", sa.String(10)),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("occupation", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("fixed_phone", sa.String(32), nullable=False),
        sa.Column("fax", sa.String(32), nullable=False),
        sa.Column("id_document", sa.Text(), nullable=False),
        sa.Column("photo", sa.Text(), nullable=False),
        sa.Column("interests", sa.Text(), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("trade", sa.String(64), nullable=False),
        sa.Column("home_site", sa.String(32), nullable=False, index=True),
        sa.Column("recruited_by", sa.String(16), nullable=False),
        sa.Column("referred_by", sa.String(16), sa.ForeignKey("member.id")),
        sa.Column("owner_staff", sa.String(32), nullable=False, index=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.String(10), nullable=False),
        sa.Column("confirmed_on", sa.String(10)),
        sa.Column("keep_until", sa.String(10), index=True),
        sa.Column("purged_on", sa.String(10)),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("spell", sa.Integer(), primary_key=True),
        sa.Column("approved_on", sa.String(10)),
        sa.Column("collected_on", sa.String(10)),
        sa.Column("owes_fees", sa.Boolean(), nullable=False),
        sa.Column("paid_until", sa.String(10)),
        sa.Column("deferred_until", sa.String(10)),
        sa.Column("application", sa.String(16)),
        sa.Column("good_until", sa.String(10)),
    )


def _paper() -> None:
    op.create_table(
        "paper",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("document", sa.String(16), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )


def _suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("spell", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("until", sa.String(10)),
    )


def _withdrawal() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("spell", sa.Integer(), primary_key=True),
        sa.Column("n", sa.Integer(), primary_key=True),
        sa.Column("requested_on", sa.String(10), nullable=False),
        sa.Column("last_day", sa.String(10), nullable=False),
        sa.Column("approved_on", sa.String(10)),
        sa.Column("taken_back_on", sa.String(10)),
    )
