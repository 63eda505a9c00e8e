"""The table of draws: the seed that the order of a reward's tickets will follow from."""

from sqlalchemy import Column, ForeignKey, String, Table

from kiosk.central.tables import metadata

reward_draw = Table(
    "reward_draw",
    metadata,
    Column("reward", String(32), ForeignKey("reward.id"), primary_key=True),
    Column("seed", String(64), nullable=False),
    Column("sealed_by", String(96), nullable=False),
    Column("sealed_at", String(24), nullable=False),
)
"""The seed of each draw, written down before the last ticket was to be had; told with the draw, its digest before."""
