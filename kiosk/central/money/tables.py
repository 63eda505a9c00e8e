"""Tables of the ledger: postings and their lines are only ever added to; what changes stands in tables of its own.

Amounts are minor units of an account's unit, accounts the text `unit/kind/owner`, days ISO text of business days,
moments UTC text, JSON canonical text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from kiosk.central.tables import metadata
from kiosk.club.ledger import AccountKind, PostingKind

_Big = BigInteger().with_variant(Integer, "sqlite")

ledger_posting = Table(
    "ledger_posting",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("id", String(128), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("day", String(10), nullable=False),
    Column("at", String(24), nullable=False),
    Column("by", String(96), nullable=False),
    Column("site", String(96), nullable=False),
    Column("till", String(96), nullable=False),
    Column("of", String(128), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("pending", Boolean, nullable=False),
    Column("memo", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("booked_at", String(24), nullable=False),
    Index("ledger_posting_by_day", "site", "day"),
)
"""Every posting, those included that are or were pending, whose lines are in `ledger_hold_line`. Never changed."""

_of_one = text(f"kind = '{PostingKind.REVERSAL.value}'")
# Reversed at most once: whatever a service overlooks, the database does not.
Index("ledger_reversed_once", ledger_posting.c.of, unique=True, sqlite_where=_of_one, postgresql_where=_of_one)

ledger_line = Table(
    "ledger_line",
    metadata,
    Column("posting", _Big, ForeignKey("ledger_posting.n"), primary_key=True),
    Column("account", String(128), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", _Big, nullable=False),
    Column("balance", _Big),
    Index("ledger_line_by_account", "account", "posting"),
)
"""What each posting that is not pending adds to an account. `balance` is what was on a guarded one afterwards."""

_in_suspense = text(f"kind = '{AccountKind.SUSPENSE.value}'")
# Few lines are in suspense, and all of those are asked for at once.
Index("ledger_line_in_suspense", ledger_line.c.posting, sqlite_where=_in_suspense, postgresql_where=_in_suspense)

ledger_balance = Table(
    "ledger_balance",
    metadata,
    Column("account", String(128), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("balance", _Big, nullable=False),
    Column("held", _Big, nullable=False, default=0),
    CheckConstraint("held >= 0 AND balance >= held", name="ledger_balance_floor"),
)
"""What is on each guarded account and how much of it is held: the sums of its lines and of its open holds."""

ledger_hold = Table(
    "ledger_hold",
    metadata,
    Column("posting", _Big, ForeignKey("ledger_posting.n"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("until", String(24), nullable=False),
    Column("resolved_at", String(24)),
    Column("resolved_by", String(96), nullable=False, default=""),
    Column("why", Text, nullable=False, default=""),
    Index("ledger_hold_by_state", "state", "until"),
)
"""Where each pending posting stands."""

ledger_hold_line = Table(
    "ledger_hold_line",
    metadata,
    Column("posting", _Big, ForeignKey("ledger_hold.posting"), primary_key=True),
    Column("account", String(128), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("amount", _Big, nullable=False),
    Index("ledger_hold_line_by_account", "account", "posting"),
)
"""What each pending posting would add to an account; of a guarded one, what it would take away is held."""

ledger_site = Table(
    "ledger_site",
    metadata,
    Column("site", String(96), primary_key=True),
    Column("closed_until", String(10), nullable=False),
)
"""The last business day that is closed at each site; every day before it is closed as well."""

ledger_closing = Table(
    "ledger_closing",
    metadata,
    Column("site", String(96), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Who closed each business day, and when."""

ledger_alarm = Table(
    "ledger_alarm",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("posting", String(128), nullable=False),
    Column("by", String(96), nullable=False),
    Column("was", String(64), nullable=False),
    Column("came", String(64), nullable=False),
    Index("ledger_alarm_by_time", "at"),
)
"""Ids that came again with something else: the digests of what was posted and of what came."""

ledger_seal = Table(
    "ledger_seal",
    metadata,
    Column("number", _Big, primary_key=True, autoincrement=False),
    Column("day", String(10), nullable=False),
    Column("last_n", _Big, nullable=False),
    Column("postings", _Big, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", String(24), nullable=False),
)
"""The chain over all postings in their order: each seal goes on from the one before, up to posting `last_n`."""

ledger_proof = Table(
    "ledger_proof",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("day", String(10), nullable=False),
    Column("at", String(24), nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("postings", _Big, nullable=False),
    Column("found", Text, nullable=False),
)
"""Each proof of the books: whether they held, and as canonical JSON what was wrong and where."""
