"""Tables of violations, orders, taps that are held against each other, alerts, and cases for staff.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.sealed import SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

violation = Table(
    "violation",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("misconduct", String(16), nullable=False),
    Column("on", String(10), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("papers", Text, nullable=False),
    Column("note", SealedText("violation"), nullable=False, default=""),
    Column("case", String(16), ForeignKey("club_case.id")),
    Column("recorded_by", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Breaches of the rules; `evidence` are journal records, `papers` files for what no device has recorded."""

discipline_order = Table(
    "discipline_order",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("measure", String(16), nullable=False),
    Column("body", String(16), nullable=False),
    Column("since", String(10), nullable=False),
    Column("until", String(10)),
    Column("heard", Boolean, nullable=False),
    Column("violations", Text, nullable=False),
    Column("proposed_by", String(32), nullable=False),
    Column("decided_by", String(32), nullable=False, default=""),
    Column("decided_on", String(10)),
    Column("changed_at", String(24), nullable=False),
)
"""What a body orders against a member, from the proposal on."""

card_tap = Table(
    "card_tap",
    metadata,
    Column("origin_journal", String(32), primary_key=True),
    Column("origin_seq", _Big, primary_key=True),
    Column("journal", String(32), nullable=False),
    Column("seq", _Big, nullable=False),
    Column("credential", String(32), nullable=False),
    Column("site", String(32), nullable=False),
    Column("access_point", String(64), nullable=False),
    Column("area", String(32), nullable=False),
    Column("at_ms", _Big, nullable=False, index=True),
    Column("way_out", Boolean, nullable=False),
    Column("passed", Boolean, nullable=False),
    Index("card_tap_by_credential", "credential", "at_ms"),
    Index("card_tap_by_point", "site", "access_point"),
)
"""What the taps of cards were, for as long as they are held against each other; a copied record counts once."""

club_case = Table(
    "club_case",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("credential", String(32), index=True),
    Column("assigned_to", String(32), nullable=False, default=""),
    Column("decision", String(24), nullable=False, default=""),
    Column("opened_by", String(32), nullable=False),
    Column("opened_at", String(24), nullable=False),
    Column("closed_at", String(24)),
    Index("club_case_by_state", "state", "opened_at"),
)
"""What staff have to look into and decide."""

case_record = Table(
    "case_record",
    metadata,
    Column("case", String(16), ForeignKey("club_case.id"), primary_key=True),
    Column("journal", String(32), primary_key=True),
    Column("seq", _Big, primary_key=True),
    Index("case_record_by_place", "journal", "seq"),
)
"""The journal records that a case is about."""

case_note = Table(
    "case_note",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("case", String(16), ForeignKey("club_case.id"), nullable=False, index=True),
    Column("at", String(24), nullable=False),
    Column("by", String(32), nullable=False),
    Column("text", Text, nullable=False),
)
"""What was found out about a case."""

misuse_alert = Table(
    "misuse_alert",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("misuse", String(16), nullable=False),
    Column("credential", String(32), nullable=False),
    Column("first_at", String(24), nullable=False),
    Column("last_at", String(24), nullable=False),
    Column("places", Text, nullable=False),
    Column("case", String(16), ForeignKey("club_case.id"), nullable=False, index=True),
    Column("explained_at", String(24)),
    Index("misuse_alert_by_card", "credential", "last_at"),
)
"""Suspicions, each once, with the case they belong to; `explained_at` when a late record took it away."""
