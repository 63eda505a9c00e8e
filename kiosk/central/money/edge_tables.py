"""Tables of money at the edges and at providers: what edges are told, what was taken in, and how it all matches.

Moments are UTC text, amounts fen, JSON canonical.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

funds = Table(
    "funds",
    metadata,
    Column("owner", String(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("version", _Big, nullable=False, index=True),
)
"""What edges were told last of each owner's money: members go by their id, gift cards by their hash."""

funds_due = Table(
    "funds_due",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("account", String(128), nullable=False),
)
"""Accounts on which something has moved since, one row for each time: whoever moves waits for nobody who reads."""

site_lease = Table(
    "site_lease",
    metadata,
    Column("device", String(32), primary_key=True),
    Column("owner", String(32), primary_key=True),
    Column("posting", String(96), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("until", String(24), nullable=False),
    Index("site_lease_by_owner", "owner"),
)
"""What is held for each device of each owner's money now, and the pending posting that holds it."""

edge_taken = Table(
    "edge_taken",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("n", _Big, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("site", String(32), nullable=False),
    Column("device", String(32), nullable=False),
    Column("till", String(32), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("at", String(24), nullable=False),
    Index("edge_taken_by_time", "at"),
)
"""Every sale, void and top-up of an edge that is in the books, with the number of the record that brought it."""

edge_line = Table(
    "edge_line",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("origin", String(64), primary_key=True),
    Column("amount_minor", _Big, nullable=False),
    Column("at", String(24), nullable=False),
    Index("edge_line_by_time", "at"),
)
"""What the stored records say of money, read beside the books and not by what booked it. Copies share an `origin`."""

statement_line = Table(
    "statement_line",
    metadata,
    Column("provider", String(16), primary_key=True),
    Column("id", String(96), primary_key=True),
    Column("amount_minor", _Big, nullable=False),
    Column("at", String(24), nullable=False),
    Column("taken_at", String(24), nullable=False),
    Column("taken_by", String(96), nullable=False),
    Index("statement_line_by_time", "at"),
)
"""What payment providers say they were paid, line by line as imported."""

reconciled = Table(
    "reconciled",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("amounts", Text, nullable=False),
    Column("owner", String(32), nullable=False),
    Column("since", String(24), nullable=False),
    Column("found_on", String(10), nullable=False),
    Column("assigned_to", String(32), nullable=False, default=""),
    Column("closed_by", String(96), nullable=False, default=""),
    Column("closed_at", String(24)),
    Column("why", Text, nullable=False, default=""),
    Index("reconciled_by_state", "state", "since"),
)
"""Every event that once did not match, until it does or somebody closes it; `since` is its oldest line's moment."""
