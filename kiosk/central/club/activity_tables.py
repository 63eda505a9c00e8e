"""Tables of activities, who said they would come and who came, posts in the club's bodies, and given-back rights.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

activity = Table(
    "activity",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("site", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("starts_at", String(24)),
    Column("ends_at", String(24)),
    Column("place", Text, nullable=False, default=""),
    Column("agenda", Text, nullable=False, default=""),
    Column("budget_minor", _Big),
    Column("capacity", Integer),
    Column("audience", Text, nullable=False),
    Column("obligatory", Boolean, nullable=False),
    Column("access_points", Text, nullable=False, server_default="[]"),
    Column("points", Integer),
    Column("review", Text, nullable=False, default=""),
    Column("changed_at", String(24), nullable=False),
    Index("activity_by_state", "state", "starts_at"),
)
"""Each activity with its plan, `title_en` empty where it has no English.

Who passes one of the `access_points` signs in with that, `points` None for as many as the rules say, `review` what was
made of the opinions.
"""

activity_answer = Table(
    "activity_answer",
    metadata,
    Column("activity", String(16), ForeignKey("activity.id"), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("willing", String(16), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("at", String(24), nullable=False),
    Index("activity_answer_by_member", "member"),
)
"""What each member answered last when asked beforehand; `rank` of the tier held then."""

activity_sign_in = Table(
    "activity_sign_in",
    metadata,
    Column("activity", String(16), ForeignKey("activity.id"), primary_key=True),
    Column("subject", String(16), ForeignKey("member.id"), primary_key=True),
    Column("by", String(16), ForeignKey("member.id"), primary_key=True),
    Column("presence", String(24), nullable=False),
    Column("at", String(24), nullable=False),
    Column("journal", String(32)),
    Column("seq", _Big),
    Index("activity_sign_in_by_subject", "subject"),
)
"""Who was there for whom; `journal` and `seq` of the record where a box wrote it down."""

activity_refusal = Table(
    "activity_refusal",
    metadata,
    Column("journal", String(32), primary_key=True),
    Column("seq", _Big, primary_key=True),
    Column("activity", String(16), ForeignKey("activity.id"), nullable=False, index=True),
    Column("subject", String(16), nullable=False),
    Column("by", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Taps of boxes that signed nobody in, and why."""

activity_opinion = Table(
    "activity_opinion",
    metadata,
    Column("activity", String(16), ForeignKey("activity.id"), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("rating", Integer, nullable=False),
    Column("text", Text, nullable=False, default=""),
    Column("at", String(24), nullable=False),
)
"""What those who took part say of an activity."""

attendance_pardon = Table(
    "attendance_pardon",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("on", String(10), primary_key=True),
    Column("why", Text, nullable=False),
)
"""Days on which rights stopped for absence were given back by a decision; what was missed before counts no more."""

club_post = Table(
    "club_post",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("position", String(32), nullable=False),
    Column("since", String(10), nullable=False),
    Column("worked_on", String(10), nullable=False),
    Column("until", String(10)),
    Column("removed", Boolean, nullable=False, default=False),
    UniqueConstraint("member", "position", "since"),
    Index("club_post_by_work", "until", "worked_on"),
)
"""Who held which post; `worked_on` is the last day of work for it, `removed` that it ended for want of work."""
