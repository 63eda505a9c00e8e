"""What the books keep of privacy itself: who of staff read what is sensitive, and to which uses members said yes."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.tables import metadata


def _readings_of(whose: str, name: str) -> Table:
    """Lay out the readings of what has a file of its own: a day's readings of one file by one person are one row."""
    return Table(
        name,
        metadata,
        Column(whose, String(16), ForeignKey(f"{whose}.id"), primary_key=True),
        Column("day", String(10), primary_key=True),
        Column("actor", String(32), primary_key=True),
        Column("fields", Text, nullable=False),
        Column("count", Integer, nullable=False),
        Column("first_at", String(24), nullable=False),
        Column("last_at", String(24), nullable=False),
        Index(f"{name}_by_actor", "actor", "day"),
        Index(f"{name}_by_day", "day"),
    )


reading = _readings_of("member", "reading")
"""`day` is the club's local day, `fields` canonical JSON of what was read that day, `count` how often something was."""

application_reading = _readings_of("application", "application_reading")
"""The same of applications, whoever wants to join being no member yet."""

purpose_answer = Table(
    "purpose_answer",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("agreed", Boolean, nullable=False),
    Column("version", String(32), nullable=False),
    Column("said_on", String(10), nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)
"""What a member said to each use that needs a yes, the latest `n` counting; `version` is of the text that was shown."""
