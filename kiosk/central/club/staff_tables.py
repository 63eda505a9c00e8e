"""What the books keep of staff: accounts, sessions, failed sign-ins, and the keys of programs. Secrets rest as hashes.

Only the secret of a second factor has to be read again; it rests sealed with a key that is not in the database.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.sealed import SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

staff = Table(
    "staff",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("member", String(16)),
    Column("site", String(32), nullable=False, server_default=""),
    Column("state", String(16), nullable=False, default="active"),
    Column("password", Text, nullable=False),
    Column("temporary", Boolean, nullable=False, default=True),
    Column("factor", SealedText("factor"), nullable=False, default=""),
    Column("factor_wanted", SealedText("factor"), nullable=False, default=""),
    Column("factor_step", _Big, nullable=False, default=0),
    Column("opened_at", String(24), nullable=False),
    Column("closed_at", String(24)),
)
"""Accounts. `roles` is canonical JSON, `site` where its person works, empty for the head office; `temporary`: somebody
else knows the password. `factor` is the sealed secret of the second factor, `factor_wanted` one not proved yet,
`factor_step` the last half minute a code was taken of."""

staff_recovery = Table(
    "staff_recovery",
    metadata,
    Column("staff", String(16), ForeignKey("staff.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
)
"""Recovery codes that were not used yet."""

staff_session = Table(
    "staff_session",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("staff", String(16), ForeignKey("staff.id"), nullable=False, index=True),
    Column("factor", Boolean, nullable=False, default=False),
    Column("began_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
    Column("until", String(24), nullable=False),
)

staff_failure = Table(
    "staff_failure",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("login", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Index("staff_failure_by_login", "login", "at"),
)
"""Sign-ins that failed or are being looked at, by the hash of the name that was given."""

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("staff", String(16), ForeignKey("staff.id"), index=True),
    Column("roles", Text, nullable=False),
    Column("made_at", String(24), nullable=False),
    Column("until", String(24), nullable=False),
    Column("revoked_at", String(24)),
)
"""What programs send as bearer token; one of a person's ends with the account and never does more than the person."""
