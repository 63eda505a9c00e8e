"""Tables of fees: plans that members hold, charges, payments and what each settles, deferrals, reminders, use of fees.

Amounts are fen, days ISO text of business days or the venue's, moments UTC text.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

fee_plan = Table(
    "fee_plan",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("cycle", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("contract", String(64), nullable=False),
    Column("since", String(10), nullable=False),
    Column("until", String(10)),
    Column("covered_until", String(10)),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
    Index("fee_plan_by_member", "member", "n"),
)
"""The plans that members hold, at the amount of their contract. `covered_until` is what was paid before the plan."""

fee_charge = Table(
    "fee_charge",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("plan", _Big, ForeignKey("fee_plan.n"), nullable=False),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("first", String(10), nullable=False),
    Column("last", String(10)),
    Column("amount_minor", _Big, nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("paid_minor", _Big, nullable=False),
    Column("state", String(16), nullable=False),
    Column("made_on", String(10), nullable=False),
    Column("settled_on", String(10)),
    UniqueConstraint("plan", "first"),
    Index("fee_charge_by_member", "member", "first"),
    Index("fee_charge_by_state", "state", "due_on"),
    Index("fee_charge_by_end", "last"),
)
"""What each period of a plan costs, once; what is paid of it is the sum of its parts of payments.

`settled_on` is the local day since which nothing is left of it, paid or waived."""

fee_payment = Table(
    "fee_payment",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("id", String(96), nullable=False, unique=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("way", String(16), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("day", String(10), nullable=False),
    Column("site", String(96), nullable=False),
    Column("till", String(96), nullable=False),
    Column("takes", Text, nullable=False),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
    Column("back_day", String(10)),
    Index("fee_payment_by_member", "member", "n"),
    Index("fee_payment_by_day", "day"),
)
"""Payments of fees by the id of their posting; `takes` is what stored value they used, `back_day` when taken back."""

fee_part = Table(
    "fee_part",
    metadata,
    Column("payment", _Big, ForeignKey("fee_payment.n"), primary_key=True),
    Column("charge", _Big, ForeignKey("fee_charge.n"), primary_key=True),
    Column("amount_minor", _Big, nullable=False),
    Index("fee_part_by_charge", "charge"),
)

fee_deferral = Table(
    "fee_deferral",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("on", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("why", Text, nullable=False),
    Column("by", String(96), nullable=False),
    Index("fee_deferral_by_member", "member", "n"),
)

fee_reminder = Table(
    "fee_reminder",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("on", String(10), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(96), nullable=False),
    Index("fee_reminder_by_member", "member", "n"),
)
"""The log of reminders: one by telephone waits as `planned` until somebody says what came of the call."""

fee_use = Table(
    "fee_use",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("head", String(32), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("on", String(10), nullable=False),
    Column("what", Text, nullable=False),
    Column("by", String(96), nullable=False),
    Column("approved_by", String(32), nullable=False),
    Column("approved_on", String(10)),
    Column("noted_by", String(96), nullable=False),
    Index("fee_use_by_day", "on"),
)
"""What fees were used for; `approved_by` is the body that approved it, empty until it did."""

fee_statement = Table(
    "fee_statement",
    metadata,
    Column("first", String(10), primary_key=True),
    Column("body", Text, nullable=False),
    Column("by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
)
"""The statements that were published, as canonical JSON, by the first day of their half-year."""
