"""Tables of complaints, faults, upkeep, operators, warnings, plans and drills.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.sealed import SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

complaint = Table(
    "complaint",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("matter", String(16), nullable=False, default=""),
    Column("priority", String(16), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("staff", String(32), nullable=False, default=""),
    Column("place", String(64), nullable=False, default=""),
    Column("charge", String(96), nullable=False, default="", index=True),
    Column("assigned_to", String(32), nullable=False, default=""),
    Column("words", SealedText("complaint"), nullable=False),
    Column("explanation", SealedText("complaint"), nullable=False, default=""),
    Column("improvement", Text, nullable=False, default=""),
    Column("asked_satisfaction", Boolean, nullable=False, default=False),
    Column("satisfaction", Integer),
    Column("received_by", String(32), nullable=False),
    Column("received_at", String(24), nullable=False),
    Column("due_at", String(24)),
    Column("closed_at", String(24)),
    Index("complaint_by_state", "state", "due_at"),
)
"""What members complain of; `staff` and `place` say whom and what it is about, `charge` a posting or sale."""

complaint_record = Table(
    "complaint_record",
    metadata,
    Column("complaint", String(16), ForeignKey("complaint.id"), primary_key=True),
    Column("journal", String(32), primary_key=True),
    Column("seq", _Big, primary_key=True),
    Index("complaint_record_by_place", "journal", "seq"),
)
"""The journal records that a complaint is about: a denied entry is one."""

desk_step = Table(
    "desk_step",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("thing", String(16), nullable=False),
    Column("thing_id", String(48), nullable=False),
    Column("action", String(16), nullable=False),
    Column("at", String(24), nullable=False),
    Column("by", String(32), nullable=False),
    Column("words", SealedText("step"), nullable=False),
    Index("desk_step_by_thing", "thing", "thing_id", "n"),
)
"""Each step of a complaint, fault, warning or drill, by whom and with which words."""

fault = Table(
    "fault",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("device", String(32), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("grade", String(16), nullable=False, default=""),
    Column("what", Text, nullable=False),
    Column("key", String(64), unique=True),
    Column("reported_by", String(32), nullable=False),
    Column("reported_at", String(24), nullable=False),
    Column("answered_at", String(24)),
    Column("mended_at", String(24)),
    Column("quality", Boolean),
    Column("exclusions", Text, nullable=False, default="[]"),
    Column("payment", String(24), nullable=False, default=""),
    Column("part_minor", _Big),
    Index("fault_by_state", "state", "reported_at"),
)
"""Faults of devices; `key` is set where the streams reported it, so that one cause is one fault."""

device_service = Table(
    "device_service",
    metadata,
    Column("device", String(32), primary_key=True),
    Column("accepted_on", String(10)),
    Column("contract_part_minor", _Big, nullable=False, default=0),
    Column("in_use_since", String(10), nullable=False),
)
"""When a device was accepted and from when on it is in use; what its contract says a part costs at most."""

upkeep_log = Table(
    "upkeep_log",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("device", String(32), nullable=False, index=True),
    Column("done_on", String(10), nullable=False),
    Column("by", String(32), nullable=False),
    Column("found", Text, nullable=False),
    Column("faults", Text, nullable=False),
)
"""Monthly upkeep, one row a device and month."""

operator_paper = Table(
    "operator_paper",
    metadata,
    Column("paper", String(16), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)

operator_read = Table(
    "operator_read",
    metadata,
    Column("staff", String(32), primary_key=True),
    Column("paper", String(16), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)

shift_hand_over = Table(
    "shift_hand_over",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("place", String(32), nullable=False),
    Column("given_by", String(32), nullable=False),
    Column("taken_by", String(32), nullable=False),
    Column("faults", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", String(24), nullable=False),
    Index("shift_hand_over_by_place", "place", "at"),
)

risk_warning = Table(
    "risk_warning",
    metadata,
    Column("key", String(48), primary_key=True),
    Column("risk", String(16), nullable=False),
    Column("indicator", String(24), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("value", _Big, nullable=False),
    Column("at_least", _Big, nullable=False),
    Column("raised_at", String(24), nullable=False),
    Column("answer", Text, nullable=False, default="{}"),
    Column("answered_by", String(32), nullable=False, default=""),
    Column("answered_at", String(24)),
    Column("reviewed_by", String(32), nullable=False, default=""),
    Column("reviewed_at", String(24)),
)
"""Warnings that thresholds raised, one a threshold and period."""

risk_review = Table(
    "risk_review",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("risk", String(16), nullable=False, index=True),
    Column("on", String(10), nullable=False),
    Column("by", String(32), nullable=False),
    Column("words", Text, nullable=False),
)

emergency_plan = Table(
    "emergency_plan",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("parts", Text, nullable=False),
    Column("by", String(32), nullable=False),
    Column("from_on", String(10), nullable=False),
)

drill = Table(
    "drill",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("site", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("plan_version", Integer, nullable=False),
    Column("planned_on", String(10), nullable=False),
    Column("began_at", String(24)),
    Column("listed", Text, nullable=False, default="[]"),
    Column("held", Text),
    Column("report", Text),
    Column("mended", Text, nullable=False, default=""),
    Column("planned_by", String(32), nullable=False),
)
"""Drills; `listed` are the credentials that were inside when it began, `held` and `report` what was counted."""
