"""Lay out the tables of classes, care, complaints, faults and risks."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _segment()
    _segment_move()
    _lapse()
    _care_task()
    _contact_log()
    _owner_change()
    _usage_hour()
    _complaint()
    _complaint_record()
    _desk_step()
    _fault()
    _device_service()
    _upkeep_log()
    _operator_paper()
    _operator_read()
    _shift_hand_over()
    _risk_warning()
    _risk_review()
    _emergency_plan()
    _drill()


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _segment() -> None:
    op.create_table(
        "segment",
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("contribution", sa.String(4), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("spend_minor", _big(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("referrals", sa.Integer(), nullable=False),
        sa.Column("joined_on", sa.String(10), nullable=False),
        sa.Column("visited_on", sa.String(10)),
        sa.Column("bought_on", sa.String(10)),
        sa.Column("signs", sa.Text(), nullable=False),
        sa.Column("declines", sa.Text(), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("looked_on", sa.String(10), nullable=False),
    )
    op.create_index("segment_by_class", "segment", ["class", "spend_minor"])


def _segment_move() -> None:
    op.create_table(
        "segment_move",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("on", sa.String(10), nullable=False, index=True),
        sa.Column("class_from", sa.String(16), nullable=False),
        sa.Column("class_to", sa.String(16), nullable=False),
    )


def _lapse() -> None:
    op.create_table(
        "lapse",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("state", sa.String(24), nullable=False, index=True),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("coupon", sa.String(32), nullable=False),
        sa.Column("listed_on", sa.String(10), nullable=False),
        sa.Column("closed_on", sa.String(10)),
    )


def _care_task() -> None:
    op.create_table(
        "care_task",
        sa.Column("key", sa.String(96), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opens_on", sa.String(10), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("look_first", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.String(24)),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("done_by", sa.String(32), nullable=False),
        sa.Column("done_at", sa.String(24)),
    )
    op.create_index("care_task_by_kind", "care_task", ["kind", "period"])
    op.create_index("care_task_by_owner", "care_task", ["owner", "state"])
    op.create_index("care_task_by_state", "care_task", ["state", "due_on"])


def _contact_log() -> None:
    op.create_table(
        "contact_log",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("task", sa.String(96)),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    op.create_index("contact_log_by_member", "contact_log", ["member", "at"])


def _owner_change() -> None:
    op.create_table(
        "owner_change",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), nullable=False, index=True),
        sa.Column("owner_from", sa.String(32), nullable=False, index=True),
        sa.Column("owner_to", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("asked_by", sa.String(32), nullable=False),
        sa.Column("paper", sa.String(64), nullable=False),
        sa.Column("agreed_by", sa.Text(), nullable=False),
        sa.Column("leaver", sa.Boolean(), nullable=False),
        sa.Column("changed_on", sa.String(10)),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _usage_hour() -> None:
    op.create_table(
        "usage_hour",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("site", sa.String(32), primary_key=True),
        sa.Column("area", sa.String(32), primary_key=True),
        sa.Column("hour", sa.Integer(), primary_key=True),
        sa.Column("band", sa.String(16), primary_key=True),
        sa.Column("passages", sa.Integer(), nullable=False),
    )


def _complaint() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("matter", sa.String(16), nullable=False),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("member", sa.String(16), sa.ForeignKey("member.id"), index=True),
        sa.Column("staff", sa.String(32), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("charge", sa.String(96), nullable=False, index=True),
        sa.Column("assigned_to", sa.String(32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("improvement", sa.Text(), nullable=False),
        sa.Column("asked_satisfaction", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("received_by", sa.String(32), nullable=False),
        sa.Column("received_at", sa.String(24), nullable=False),
        sa.Column("due_at", sa.String(24)),
        sa.Column("closed_at", sa.String(24)),
    )
    op.create_index("complaint_by_state", "complaint", ["state", "due_at"])


def _complaint_record() -> None:
    op.create_table(
        "complaint_record",
        sa.Column("complaint", sa.String(16), sa.ForeignKey("complaint.id"), primary_key=True),
        sa.Column("journal", sa.String(32), primary_key=True),
        sa.Column("seq", _big(), primary_key=True),
    )
    op.create_index("complaint_record_by_place", "complaint_record", ["journal", "seq"])


def _desk_step() -> None:
    op.create_table(
        "desk_step",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("thing", sa.String(16), nullable=False),
        sa.Column("thing_id", sa.String(48), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    op.create_index("desk_step_by_thing", "desk_step", ["thing", "thing_id", "n"])


def _fault() -> None:
    op.create_table(
        "fault",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("device", sa.String(32), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("grade", sa.String(16), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("key", sa.String(64), unique=True),
        sa.Column("reported_by", sa.String(32), nullable=False),
        sa.Column("reported_at", sa.String(24), nullable=False),
        sa.Column("answered_at", sa.String(24)),
        sa.Column("mended_at", sa.String(24)),
        sa.Column("quality", sa.Boolean()),
        sa.Column("exclusions", sa.Text(), nullable=False),
        sa.Column("payment", sa.String(24), nullable=False),
        sa.Column("part_minor", _big()),
    )
    op.create_index("fault_by_state", "fault", ["state", "reported_at"])


def _device_service() -> None:
    op.create_table(
        "device_service",
        sa.Column("device", sa.String(32), primary_key=True),
        sa.Column("accepted_on", sa.String(10)),
        sa.Column("contract_part_minor", _big(), nullable=False),
        sa.Column("in_use_since", sa.String(10), nullable=False),
    )


def _upkeep_log() -> None:
    op.create_table(
        "upkeep_log",
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("device", sa.String(32), nullable=False, index=True),
        sa.Column("done_on", sa.String(10), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
    )


def _operator_paper() -> None:
    op.create_table(
        "operator_paper",
        sa.Column("paper", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _operator_read() -> None:
    op.create_table(
        "operator_read",
        sa.Column("staff", sa.String(32), primary_key=True),
        sa.Column("paper", sa.String(16), primary_key=True),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _shift_hand_over() -> None:
    op.create_table(
        "shift_hand_over",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("place", sa.String(32), nullable=False),
        sa.Column("given_by", sa.String(32), nullable=False),
        sa.Column("taken_by", sa.String(32), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("shift_hand_over_by_place", "shift_hand_over", ["place", "at"])


def _risk_warning() -> None:
    op.create_table(
        "risk_warning",
        sa.Column("key", sa.String(48), primary_key=True),
        sa.Column("risk", sa.String(16), nullable=False),
        sa.Column("indicator", sa.String(24), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("value", _big(), nullable=False),
        sa.Column("at_least", _big(), nullable=False),
        sa.Column("raised_at", sa.String(24), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(32), nullable=False),
        sa.Column("answered_at", sa.String(24)),
        sa.Column("reviewed_by", sa.String(32), nullable=False),
        sa.Column("reviewed_at", sa.String(24)),
    )


def _risk_review() -> None:
    op.create_table(
        "risk_review",
        sa.Column("n", _big(), primary_key=True),
        sa.Column("risk", sa.String(16), nullable=False, index=True),
        sa.Column("on", sa.String(10), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )


def _emergency_plan() -> None:
    op.create_table(
        "emergency_plan",
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("by", sa.String(32), nullable=False),
        sa.Column("from_on", sa.String(10), nullable=False),
    )


def _drill() -> None:
    op.create_table(
        "drill",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.String(10), nullable=False),
        sa.Column("began_at", sa.String(24)),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.Column("held", sa.Text()),
        sa.Column("report", sa.Text()),
        sa.Column("mended", sa.Text(), nullable=False),
        sa.Column("planned_by", sa.String(32), nullable=False),
    )
