"""Tables of partner shops. Days are ISO text of the club's local days, JSON canonical text."""

from sqlalchemy import Column, String, Table, Text

from kiosk.central.tables import metadata

partner = Table(
    "partner",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("offer", Text, nullable=False),
    Column("until", String(10)),
    Column("tiers", Text, nullable=False),
    Column("card_kinds", Text, nullable=False),
    Column("changed_at", String(24), nullable=False),
)
"""Whom members get something from. Which cards count there is looked up whenever somebody asks, and kept nowhere."""
