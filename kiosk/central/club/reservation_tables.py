"""Tables of bookings of areas and of training plans.

Days and times of day are ISO text of the venue's local time, moments UTC text; ids are 64 random bits in hex.
"""

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from kiosk.central.tables import metadata

reservation = Table(
    "reservation",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("area", String(32), nullable=False),
    Column("day", String(10), nullable=False),
    Column("opens", String(5), nullable=False),
    Column("closes", String(5), nullable=False),
    Column("training", String(16), nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("made_by", String(96), nullable=False),
    Column("made_at", String(24), nullable=False),
    Index("reservation_by_day", "day", "area"),
    Index("reservation_by_member", "member", "day"),
    Index("reservation_by_training", "training", "day"),
)
"""Who booked which area when; `training` is the plan that it is a class of, else empty."""

training_plan = Table(
    "training_plan",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("coach", Text, nullable=False),
    Column("made_by", String(96), nullable=False),
    Column("made_on", String(10), nullable=False, index=True),
)
"""Training plans of members: what they are called and who trains. Nothing of anybody's health is here."""
