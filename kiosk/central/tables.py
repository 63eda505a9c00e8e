"""Central's tables. Timestamps are UTC text of 24 characters (`core/clock.py`), dates ISO text, JSON canonical bytes.

Two groups: what devices sent (device, journal, record, parked) and what the club knows (member … deny), with the
projections between them (roster_row, roster_change, visit, presence, fold).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# BIGINT keys must be plain INTEGER on SQLite to be the rowid.
_Big = BigInteger().with_variant(Integer, "sqlite")

setting = Table(
    "setting",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Counters and facts there is one of: `records` (highest n), `roster_revision`, `roster_digest`, `signed_at` …"""

lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_ms", _Big, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("site", String(32), nullable=False),
    Column("public_key", String(64), nullable=False),
    Column("replaced_by", String(32)),
    Column("registered_at", String(24), nullable=False),
    Column("state", String(16), nullable=False, default="never"),
    Column("session", String(64)),
    Column("version", String(32)),
    Column("roster_revision", Integer),
    Column("seen_at", String(24)),
    Column("clock_offset_ms", _Big),
)

journal = Table(
    "journal",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("device", String(32), ForeignKey("device.name"), nullable=False, index=True),
    Column("seq", _Big, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("head", _Big, nullable=False, default=0),
    Column("first_at", String(24), nullable=False),
)
"""One row a journal: everything up to `seq`, chain hash `hash`, is stored. `head` is what the device last announced."""

record = Table(
    "record",
    metadata,
    Column("n", _Big, primary_key=True, autoincrement=False),
    Column("journal", String(32), nullable=False),
    Column("seq", _Big, nullable=False),
    Column("stored_at", String(24), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("journal", "seq"),
)
"""Every record once, in the order central stored them; `n` has no gaps."""

parked = Table(
    "parked",
    metadata,
    Column("id", _Big, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("device", String(32), nullable=False, index=True),
    Column("why", String(32), nullable=False),
    Column("journal", String(64)),
    Column("first_seq", _Big),
    Column("hash", String(64)),
    Column("detail", Text, nullable=False, default=""),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False, default="open"),
    Column("closed_at", String(24)),
    UniqueConstraint("why", "journal", "first_seq", "hash"),
)
"""What could not be used, kept for a person. `why`: fork, bad, foreign_journal, unknown_type, bad_data."""

discarded = Table(
    "discarded",
    metadata,
    Column("device", String(32), primary_key=True),
    Column("why", String(32), primary_key=True),
    Column("count", _Big, nullable=False),
    Column("last_at", String(24), nullable=False),
)
"""Counts of what was neither stored nor parked: unreadable bytes, oversize, over the parking limit."""

member = Table(
    "member",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member_no", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("tier", String(32), nullable=False, default=""),
    Column("member_until", String(10)),
    Column("suspended_from", String(10)),
    Column("suspended_until", String(10)),
    Column("paid_until", String(10)),
    Column("guest_of", String(16)),
)

credential = Table(
    "credential",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("identifier", String(64), nullable=False, unique=True),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("state", String(16), nullable=False, default="active"),
    Column("gift", Boolean, nullable=False, default=False),
    Column("assurance", String(16), nullable=False, default="uid"),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
)
"""`id` is the keyed hash the edges know; the card number itself stays at central."""

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("product", String(32), nullable=False),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
    Column("unpaid", Boolean, nullable=False, default=False),
    Column("visits", LargeBinary),
)
"""`visits` is a `VisitRule` that overrides the product's, or null."""

roster_row = Table(
    "roster_row",
    metadata,
    Column("key", LargeBinary(80), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""The roster as it is now: site, area, tier, product, schedule and credential rows (`core/roster.py`)."""

roster_change = Table(
    "roster_change",
    metadata,
    Column("revision", _Big, primary_key=True, autoincrement=False),
    Column("at", String(24), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("ops", LargeBinary),
)
"""What led to each revision; `ops` is null where it was too large for a delta, and a snapshot is needed."""

deny = Table(
    "deny",
    metadata,
    Column("credential", String(32), primary_key=True),
    Column("until_revision", _Big, nullable=False),
    Column("version", _Big, nullable=False),
)

visit = Table(
    "visit",
    metadata,
    Column("n", _Big, primary_key=True, autoincrement=False),
    Column("site", String(32), nullable=False),
    Column("credential", String(32), nullable=False),
    Column("entitlement", String(48), nullable=False),
    Column("at_ms", _Big, nullable=False),
    Index("visit_by_credential", "credential", "entitlement", "at_ms"),
)
"""One row a passage that used a visit; `n` is the record's."""

used = Table(
    "used",
    metadata,
    Column("credential", String(32), primary_key=True),
    Column("entitlement", String(48), primary_key=True),
    Column("site", String(32), primary_key=True),
    Column("counts", LargeBinary, nullable=False),
    Column("area", String(32)),
    Column("area_at_ms", _Big, nullable=False, default=0),
    Column("folded", LargeBinary, nullable=False),
    Column("version", _Big, nullable=False, index=True),
)
"""The `used` rows as last projected: counts (`Usage`), place, and the fold point of each journal."""
