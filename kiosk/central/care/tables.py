"""Tables of what the streams say of members: classes, lapses, care tasks, talks, owners, and the use of facilities.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.sealed import SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

segment = Table(
    "segment",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("class", String(16), nullable=False),
    Column("contribution", String(4), nullable=False, default=""),
    Column("value", Integer, nullable=False),
    Column("spend_minor", _Big, nullable=False),
    Column("visits", Integer, nullable=False),
    Column("referrals", Integer, nullable=False),
    Column("joined_on", String(10), nullable=False),
    Column("visited_on", String(10)),
    Column("bought_on", String(10)),
    Column("signs", Text, nullable=False),
    Column("declines", Text, nullable=False),
    Column("since", String(10), nullable=False),
    Column("looked_on", String(10), nullable=False),
    Index("segment_by_class", "class", "spend_minor"),
)
"""Each member's class as last computed, with what it rests on; `since` is the day on which the class began."""

segment_move = Table(
    "segment_move",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("on", String(10), nullable=False, index=True),
    Column("class_from", String(16), nullable=False),
    Column("class_to", String(16), nullable=False),
)
"""Every change of a class; empty for who was none yet, or is none any more."""

lapse = Table(
    "lapse",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("state", String(24), nullable=False, index=True),
    Column("reason", String(24), nullable=False, default=""),
    Column("coupon", String(32), nullable=False, default=""),
    Column("listed_on", String(10), nullable=False),
    Column("closed_on", String(10)),
)
"""Times in which a member was dormant: what was asked and offered, and how it ended. One runs at a time."""

care_task = Table(
    "care_task",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("owner", String(32), nullable=False, default=""),
    Column("period", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opens_on", String(10), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("look_first", Text, nullable=False),
    Column("planned_at", String(24)),
    Column("way", String(16), nullable=False, default=""),
    Column("tries", Integer, nullable=False, default=0),
    Column("outcome", String(16), nullable=False, default=""),
    Column("reason", String(24), nullable=False, default=""),
    Column("done_by", String(32), nullable=False, default=""),
    Column("done_at", String(24)),
    Index("care_task_by_state", "state", "due_on"),
    Index("care_task_by_kind", "kind", "period"),
    Index("care_task_by_owner", "owner", "state"),
)
"""What is to be done for members, each cause once a period."""

contact_log = Table(
    "contact_log",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("at", String(24), nullable=False),
    Column("by", String(32), nullable=False),
    Column("way", String(16), nullable=False),
    Column("task", String(96)),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(24), nullable=False, default=""),
    Column("topics", Text, nullable=False),
    Column("words", SealedText("talk"), nullable=False, default=""),
    Index("contact_log_by_member", "member", "at"),
)
"""Every talk with a member, also the fruitless ones; `topics` is JSON of what was said about what."""

owner_change = Table(
    "owner_change",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("owner_from", String(32), nullable=False, index=True),
    Column("owner_to", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_by", String(32), nullable=False),
    Column("paper", String(64), nullable=False),
    Column("agreed_by", Text, nullable=False),
    Column("leaver", Boolean, nullable=False),
    Column("changed_on", String(10)),
    Column("at", String(24), nullable=False),
)
"""Changes of who looks after a member, from the written request to its filing."""

usage_hour = Table(
    "usage_hour",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("site", String(32), primary_key=True),
    Column("area", String(32), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("band", String(16), primary_key=True),
    Column("passages", Integer, nullable=False),
)
"""Ways in by day, facility, hour and age band: counts only, nobody's."""

service_record = Table(
    "service_record",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("on", String(10), nullable=False),
    Column("service", String(100), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("fee_minor", _Big, nullable=False),
    Column("by", String(32), nullable=False),
    Column("noted_by", String(32), nullable=False),
    Column("at", String(24), nullable=False),
    Index("service_record_by_member", "member", "n"),
    Index("service_record_by_day", "on", "n"),
)
"""Services given to members: which, how long, by whom, and what they cost. A note beside the books, not a booking."""
