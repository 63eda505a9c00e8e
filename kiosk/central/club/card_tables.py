"""Tables of cards: every number there ever was, their making and stock, gift cards and special cards.

Days are ISO text of the club's local days, moments UTC text, amounts minor units; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from kiosk.central.tables import metadata
from kiosk.club.card_kinds import UseClass
from kiosk.club.cards import HELD

_Big = BigInteger().with_variant(Integer, "sqlite")

card_batch = Table(
    "card_batch",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("issue", String(16), nullable=False),
    Column("maker", String(16), nullable=False),
    Column("prefix", String(32), nullable=False, default=""),
    Column("first", String(32), nullable=False),
    Column("last", String(32), nullable=False),
    Column("digits", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("ordered_by", String(32), nullable=False),
    Column("ordered_on", String(10), nullable=False),
    Column("unit", Text, nullable=False, default=""),
    Column("firm", Text, nullable=False, default=""),
    Column("design", String(64), nullable=False, default=""),
    Column("state", String(16), nullable=False, index=True),
)
"""Production orders; the cards of one have the numbers from `first` to `last`. `unit` is whom a group issue is for."""

card_check = Table(
    "card_check",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("batch", String(16), ForeignKey("card_batch.id"), nullable=False, index=True),
    Column("quality", String(16), nullable=False),
    Column("good", Boolean, nullable=False),
    Column("by", String(32), nullable=False),
    Column("on", String(10), nullable=False),
    Column("remark", Text, nullable=False, default=""),
)
"""What somebody found of one quality of a batch; the last finding of a quality counts."""

point_of_sale = Table(
    "point_of_sale",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("site", String(32), nullable=False),
)

sold_at = Table(
    "sold_at",
    metadata,
    Column("point", String(32), ForeignKey("point_of_sale.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
)
"""Which kinds of card a point of sale should always have."""

special_request = Table(
    "special_request",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("department", Text, nullable=False),
    Column("requested_by", String(32), nullable=False),
    Column("requested_on", String(10), nullable=False),
    Column("report", String(64), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("way", String(16), nullable=False),
    Column("price_percent", Integer, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("activated_by", String(32)),
    Column("activated_on", String(10)),
)
"""Requests of departments for special cards; `report` is the id of the written report."""

special_opinion = Table(
    "special_opinion",
    metadata,
    Column("request", String(16), ForeignKey("special_request.id"), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("by", String(32), nullable=False),
    Column("on", String(10), nullable=False),
    Column("agrees", Boolean, nullable=False),
    Column("why", Text, nullable=False, default=""),
)
"""What each role said to a request: once, and whoever spoke for one role speaks for no other."""

card = Table(
    "card",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("use_class", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("batch", String(16), ForeignKey("card_batch.id"), index=True),
    Column("point", String(32), nullable=False, default=""),
    Column("holder", String(16)),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("credential", String(32), ForeignKey("credential.id"), unique=True),
    Column("medium", String(16)),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
    Column("function_on", Boolean, nullable=False, default=False),
    Column("stopped", Boolean, nullable=False, default=False),
    Column("request", String(16), ForeignKey("special_request.id"), index=True),
    Index("card_by_stock", "state", "point", "kind"),
)
"""Every card there ever was: no row is ever deleted, so no number comes twice. `credential` is what the gates know, and
`stopped` says that somebody shut the card, which outlasts its loss and goes over to the card in its place."""

_HELD_STATES = ", ".join(f"'{state.value}'" for state in sorted(HELD))
_held = text(f"use_class = '{UseClass.ORDINARY.value}' AND state IN ({_HELD_STATES})")
# One membership card at a time (R19): whatever a service overlooks, the database does not.
Index("card_held_once", card.c.member, unique=True, sqlite_where=_held, postgresql_where=_held)

card_hand_over = Table(
    "card_hand_over",
    metadata,
    Column("number", String(32), ForeignKey("card.number"), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("by", String(32), nullable=False),
    Column("point", String(32), nullable=False),
    Column("at", String(24), nullable=False),
    Column("identity_checked", Boolean, nullable=False),
)
"""Who handed which card to whom; a card is handed over once in its life."""

card_replacement = Table(
    "card_replacement",
    metadata,
    Column("new", String(32), ForeignKey("card.number"), primary_key=True),
    Column("old", String(32), ForeignKey("card.number"), nullable=False, unique=True),
    Column("reason", String(16), nullable=False),
    Column("charged", Boolean, nullable=False),
    Column("at", String(24), nullable=False),
)
"""Which card came in the place of which, and whether the member is charged for it."""

gift_card = Table(
    "gift_card",
    metadata,
    Column("number", String(32), ForeignKey("card.number"), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("balance_minor", _Big, nullable=False, default=0),
    Column("sold_on", String(10)),
    Column("valid_until", String(10)),
)
"""Gift cards from stock on. `balance_minor` follows from the ledger and is written by it alone."""

gift_way_back = Table(
    "gift_way_back",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("given_by", String(32), nullable=False),
    Column("taken_by", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Each stage of the way back of empty gift cards; at the end `taken_by` is who saw them destroyed."""

gift_way_back_card = Table(
    "gift_way_back_card",
    metadata,
    Column("record", String(16), ForeignKey("gift_way_back.id"), primary_key=True),
    Column("number", String(32), ForeignKey("gift_card.number"), primary_key=True, index=True),
)
