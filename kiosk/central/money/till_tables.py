"""Tables of receipts, tills and the close of business days.

Amounts are fen, days ISO text of business days, moments UTC text, JSON canonical text.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

receipt_series = Table(
    "receipt_series",
    metadata,
    Column("site", String(32), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", _Big, nullable=False),
)
"""The last number of each site and year; whoever takes the next one holds the row, so that no number is lost."""

receipt = Table(
    "receipt",
    metadata,
    Column("number", String(64), primary_key=True),
    Column("site", String(32), nullable=False),
    Column("year", Integer, nullable=False),
    Column("count", _Big, nullable=False),
    Column("posting", String(128), nullable=False, unique=True),
    Column("paid_for", String(16), nullable=False),
    Column("member", String(16)),
    Column("money_minor", _Big, nullable=False),
    Column("prepaid_minor", _Big, nullable=False),
    Column("paid_on", String(10), nullable=False),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
    UniqueConstraint("site", "year", "count"),
    Index("receipt_by_member", "member", "at"),
)
"""One receipt a payment."""

invoice_request = Table(
    "invoice_request",
    metadata,
    Column("receipt", String(64), ForeignKey("receipt.number"), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("note", String(32), nullable=False),
    Column("title", String(200), nullable=False),
    Column("tax_no", String(32), nullable=False),
    Column("send_to", String(200), nullable=False),
    Column("asked_by", String(96), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("invoice_no", String(64), nullable=False),
    Column("issued_by", String(96), nullable=False),
    Column("issued_at", String(24)),
)
"""Invoices that were asked for; the tax system makes them, and its number is written down here."""

till = Table(
    "till",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("site", String(32), nullable=False),
    Column("name", String(100), nullable=False),
    Column("closed", Boolean, nullable=False),
)

till_session = Table(
    "till_session",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("till", String(32), ForeignKey("till.id"), nullable=False),
    Column("site", String(32), nullable=False),
    Column("day", String(10), nullable=False),
    Column("float_minor", _Big, nullable=False),
    Column("after_n", _Big, nullable=False),
    Column("opened_by", String(96), nullable=False),
    Column("opened_at", String(24), nullable=False),
    Column("closed_at", String(24)),
    Index("till_session_by_till", "till", "n"),
    Index("till_session_by_day", "site", "day"),
)
"""A till from its float to its count; `after_n` is the last posting before the float was in it."""

till_drop = Table(
    "till_drop",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("session", _Big, ForeignKey("till_session.n"), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("by", String(96), nullable=False),
    Column("witness", String(96), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Cash that was taken out of a till into the safe before its count."""

till_count = Table(
    "till_count",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("session", _Big, ForeignKey("till_session.n"), nullable=False),
    Column("pieces", Text, nullable=False),
    Column("counted_minor", _Big, nullable=False),
    Column("expected_minor", _Big, nullable=False),
    Column("last_n", _Big, nullable=False),
    Column("counted_by", String(96), nullable=False),
    Column("counted_at", String(24), nullable=False),
    Column("witnessed_by", String(96), nullable=False),
    Column("why", Text, nullable=False),
    Index("till_count_by_session", "session", "n"),
)
"""Counts of a session, the last one standing; `last_n` is the last posting that the till's balance then held."""

day_close = Table(
    "day_close",
    metadata,
    Column("site", String(96), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("tills", Text, nullable=False),
    Column("named", Text, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
    Column("why", Text, nullable=False),
)
"""What a closed day looked like: its tills, and the devices without whose records it was closed."""
