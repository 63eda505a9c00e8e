"""What all of the club's books share: changes of the rule book, who did what, what is to be told, and jobs."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from kiosk.central.sealed import CONTACT, SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

rule_amendment = Table(
    "rule_amendment",
    metadata,
    Column("number", _Big, primary_key=True, autoincrement=False),
    Column("rule", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("effective_on", String(10), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("recorded_at", String(24), nullable=False),
)
"""The rule book's entries that differ from the regulation's own; `value` is canonical JSON. Only ever added to."""

rule_proposal = Table(
    "rule_proposal",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("effective_on", String(10), nullable=False),
    Column("why", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", String(32), nullable=False),
    Column("proposed_at", String(24), nullable=False),
    Column("decided_by", String(32), nullable=False, default=""),
    Column("decided_at", String(24)),
    Index("rule_proposal_by_state", "state", "proposed_at"),
)
"""Amendments that somebody wants and that hold only once they were passed; then `rule_amendment` has them."""

audit = Table(
    "audit",
    metadata,
    Column("n", _Big, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("actor", String(32), nullable=False),
    Column("via", String(16), nullable=False),
    Column("action", String(48), nullable=False),
    Column("thing", String(32), nullable=False),
    Column("thing_id", String(64), nullable=False),
    Column("before", SealedText("audit")),
    Column("after", SealedText("audit")),
    Column("why", Text, nullable=False, default=""),
    Index("audit_by_thing", "thing", "thing_id", "n"),
    Index("audit_by_actor", "actor", "n"),
    Index("audit_by_time", "at"),
)
"""Who changed what, before and after, and why; `before` and `after` are canonical JSON of what differs."""

notice = Table(
    "notice",
    metadata,
    Column("id", _Big, primary_key=True),
    Column("topic", String(128), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("template", String(48), nullable=False),
    Column("language", String(8), nullable=False),
    Column("member", String(16), index=True),
    Column("address", SealedText(CONTACT, matched=True), nullable=False, default=""),
    Column("data", Text, nullable=False),
    Column("due_at", String(24), nullable=False),
    Column("state", String(16), nullable=False, default="due"),
    Column("tries", Integer, nullable=False, default=0),
    Column("done_at", String(24)),
    Column("error", Text, nullable=False, default=""),
    UniqueConstraint("topic", "channel"),
    Index("notice_by_state", "state", "due_at"),
)
"""What is to be told to whom; `topic` says what about, so that nothing is told twice on one channel."""

answered = Table(
    "answered",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("asked", String(64), nullable=False),
    Column("answer", SealedText("answer"), nullable=False),
    Column("at", String(24), nullable=False, index=True),
)
"""Writes that carried an idempotency key: the hash of what was asked, and what was answered."""

job = Table(
    "job",
    metadata,
    Column("name", String(48), primary_key=True),
    Column("done_on", String(10)),
    Column("place", Text, nullable=False, default=""),
    Column("total", _Big, nullable=False, default=0),
    Column("done", _Big, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("at", String(24), nullable=False),
)
"""How far each nightly job came: the last local day it finished, and within the next one its place."""
