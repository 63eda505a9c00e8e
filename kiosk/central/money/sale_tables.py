"""Tables of stored value, sales and refunds. The ledger has the balances; these say of which order, line and price.

Amounts are fen, days ISO text, moments UTC text, JSON canonical text.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

stored_lot = Table(
    "stored_lot",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("order", String(96), nullable=False, unique=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("opened_on", String(10), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("paid_minor", _Big, nullable=False),
    Column("bonus_minor", _Big, nullable=False),
    Column("principal_left_minor", _Big, nullable=False),
    Column("bonus_left_minor", _Big, nullable=False),
    Column("way", String(16), nullable=False, default=""),
    Column("paid_back_minor", _Big, nullable=False, default=0),
    Index("stored_lot_by_member", "member", "n"),
)
"""What each order brought onto a member's account and what is left of it, reserved refunds taken off."""

payment_order = Table(
    "payment_order",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("way", String(16), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("bonus_minor", _Big, nullable=False),
    Column("state", String(16), nullable=False),
    Column("until", String(24), nullable=False),
    Column("asked_by", String(96), nullable=False),
    Column("at", String(24), nullable=False),
    Column("paid_at", String(24)),
    Column("pay_for", String(16), nullable=False, server_default="top_up"),
    Column("periods_ahead", Integer, nullable=False, server_default="0"),
    Column("trade", String(32), nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("payment", String(64), nullable=False, server_default=""),
    Column("given_up", Boolean, nullable=False, server_default=text("false")),
    Column("looked_at", String(24)),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_at", String(24)),
    Index("payment_order_by_state", "state", "until"),
    Index("payment_order_by_trade", "trade", unique=True),
    Index("payment_order_by_next", "next_at"),
)
"""Top-ups and fees that wait, or waited, for a payment provider.

`trade` is what the provider calls the order, `code` what its QR code says, `payment` the provider's number of the
payment that was booked. `given_up` says that nobody waits any more; `tries` counts the steps that failed since the
last one that did not, and at `next_at` the cashier looks at it next, never where it is null.
"""

sale_item = Table(
    "sale_item",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("body", Text, nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False),
    Column("offered", Boolean, nullable=False),
    Column("changed_at", String(24), nullable=False),
)
"""The price list."""

sale = Table(
    "sale",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("id", String(60), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("site", String(96), nullable=False),
    Column("till", String(96), nullable=False),
    Column("by", String(96), nullable=False),
    Column("served_by", String(96), nullable=False, default=""),
    Column("owner_staff", String(32), nullable=False, default=""),
    Column("at", String(24), nullable=False),
    Column("day", String(10), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("offline", Boolean, nullable=False),
    Column("member", String(16)),
    Column("card", String(32), nullable=False),
    Column("total_minor", _Big, nullable=False),
    Column("list_minor", _Big, nullable=False),
    Column("back_minor", _Big, nullable=False, default=0),
    Column("debt_minor", _Big, nullable=False, default=0),
    Column("loss_minor", _Big, nullable=False, default=0),
    Column("coupons", Text, nullable=False),
    Column("gift", String(64), nullable=False),
    Column("corrections", Integer, nullable=False, default=0),
    Column("void_asked_by", String(96), nullable=False, default=""),
    Column("void_at", String(24)),
    Column("void_by", String(96), nullable=False, default=""),
    Column("why", Text, nullable=False, default=""),
    Column("digest", String(64), nullable=False),
    Index("sale_by_member", "member", "n"),
    Index("sale_by_day", "day", "n"),
    Index("sale_by_state", "state", "n"),
)
"""Every sale, at the counter or at an edge; its posting is `sale:` and the id, and there is none where it was free."""

sale_line = Table(
    "sale_line",
    metadata,
    Column("sale", _Big, ForeignKey("sale.n"), primary_key=True),
    Column("item", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("goods", String(32), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("entitled", Integer, nullable=False),
    Column("list_minor", _Big, nullable=False),
    Column("net_minor", _Big, nullable=False),
    Column("times", Integer, nullable=False),
    Column("times_of", String(32), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("back", Integer, nullable=False, default=0),
    Index("sale_line_by_item", "item"),
)
"""What was sold: one line for each item; `back` are pieces taken back."""

sale_tender = Table(
    "sale_tender",
    metadata,
    Column("sale", _Big, ForeignKey("sale.n"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("of", String(64), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("points", _Big, nullable=False),
    Column("back_minor", _Big, nullable=False, default=0),
)
"""How each sale was paid, and how much of it went back."""

sale_take = Table(
    "sale_take",
    metadata,
    Column("sale", _Big, ForeignKey("sale.n"), primary_key=True),
    Column("order", String(96), primary_key=True),
    Column("principal_minor", _Big, nullable=False),
    Column("bonus_minor", _Big, nullable=False),
)
"""What each sale took of each order, what went back taken off."""

sale_used = Table(
    "sale_used",
    metadata,
    Column("sale", _Big, ForeignKey("sale.n"), primary_key=True),
    Column("of", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How many pieces of each sale were bought before."""

promotion_use = Table(
    "promotion_use",
    metadata,
    Column("sale", _Big, ForeignKey("sale.n"), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("member", String(16), nullable=False),
    Column("on", String(10), nullable=False),
    Index("promotion_use_by_member", "member", "code", "on"),
)
"""When each member had which promotion; a voided sale's are gone."""

refund = Table(
    "refund",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("principal_minor", _Big, nullable=False),
    Column("bonus_minor", _Big, nullable=False),
    Column("forfeited_minor", _Big, nullable=False),
    Column("debt_minor", _Big, nullable=False),
    Column("second", Boolean, nullable=False),
    Column("formula", String(16), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("steps", Text, nullable=False),
    Column("takes", Text, nullable=False),
    Column("ways", Text, nullable=False),
    Column("cards", Text, nullable=False, server_default="[]"),
    Column("sent", Integer, nullable=False, default=0),
    Column("why", Text, nullable=False),
    Column("asked_by", String(96), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("signed_by", String(96), nullable=False, default=""),
    Column("closed_by", String(96), nullable=False, default=""),
    Column("closed_at", String(24)),
    Index("refund_by_member", "member", "n"),
    Index("refund_by_state", "state", "n"),
)
"""Every refund of stored value with the formula, what went into it and each step; its hold is `refund:` and the id."""

refund_payout = Table(
    "refund_payout",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("refund", String(64), ForeignKey("refund.id"), nullable=False),
    Column("order", String(64), ForeignKey("payment_order.id"), nullable=False),
    Column("way", String(16), nullable=False),
    Column("amount_minor", _Big, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", String(24), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("why", Text, nullable=False, server_default=""),
    Column("next_at", String(24)),
    Index("refund_payout_by_refund", "refund"),
    Index("refund_payout_by_next", "next_at"),
)
"""The parts of refunds that go back through a payment provider, on the order that was paid there.

`number` is what the provider calls the part, `refusals` counts how often in a row the provider said no, `why` is what
staff were told; `tries` and `next_at` are as for an order.
"""
