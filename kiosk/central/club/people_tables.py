"""Tables of people: files, applications, what befell each membership, units, families, and guests.

Days are ISO text of the club's local days, moments UTC text, JSON canonical text; ids are 64 random bits in hex.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from kiosk.central.sealed import CONTACT, SealedBytes, SealedText
from kiosk.central.tables import metadata

_Big = BigInteger().with_variant(Integer, "sqlite")

member_file = Table(
    "member_file",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("phone", SealedText(CONTACT, 32, matched=True), nullable=False, default="", index=True),
    Column("email", SealedText(CONTACT, matched=True), nullable=False, default=""),
    Column("sex", String(16), nullable=False, default=""),
    Column("born", SealedText("born")),
    Column("address", SealedText("address"), nullable=False, default=""),
    Column("occupation", Text, nullable=False, default=""),
    Column("employer", Text, nullable=False, default=""),
    Column("post", Text, nullable=False, default=""),
    Column("fixed_phone", SealedText(CONTACT, 32, matched=True), nullable=False, default=""),
    Column("fax", SealedText("fax", 32), nullable=False, default=""),
    Column("id_document", SealedText("id_document"), nullable=False, default=""),
    Column("photo", Text, nullable=False, default=""),
    Column("interests", Text, nullable=False, default=""),
    Column("health", SealedText("health"), nullable=False, default=""),
    Column("region", String(32), nullable=False, default=""),
    Column("trade", String(64), nullable=False, default=""),
    Column("home_site", String(32), nullable=False, default="", index=True),
    Column("recruited_by", String(16), nullable=False, default=""),
    Column("referred_by", String(16), ForeignKey("member.id"), index=True),
    Column("owner_staff", String(32), nullable=False, default="", index=True),
    Column("language", String(8), nullable=False, default="zh"),
    Column("private", Boolean, nullable=False, default=False),
    Column("accessible", Boolean, nullable=False, default=False),
    Column("preferences", Text, nullable=False, default="{}"),
    Column("opened_on", String(10), nullable=False),
    Column("confirmed_on", String(10)),
    Column("keep_until", String(10), index=True),
    Column("purged_on", String(10)),
    Column("changed_at", String(24), nullable=False),
)
"""The file of a member, unit or guest. Income is not asked (R16). `photo` is the digest of the picture in
`member_photo`, or like `id_document` refers to what is kept elsewhere; `keep_until` is a leaver's last day in the
books, `purged_on` when what is personal was erased."""

clearance = Table(
    "clearance",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("area", String(32), primary_key=True),
    Column("until", String(10), nullable=False),
    Column("by", String(32), nullable=False),
    Column("at", String(24), nullable=False),
)
"""Until when members are cleared for areas by health. Nothing says why."""

member_photo = Table(
    "member_photo",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("body", SealedBytes("photo"), nullable=False),
    Column("set_at", String(24), nullable=False),
)
"""The photo of a member, whose digest the file has; no gate gets it."""

contact_failure = Table(
    "contact_failure",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", SealedText(CONTACT, matched=True), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failed_at", String(24), nullable=False),
)
"""Messages in a row that did not reach a member by a phone or address; another value starts anew."""

consent_version = Table(
    "consent_version",
    metadata,
    Column("consent", String(16), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("effective_on", String(10), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("at", String(24), nullable=False),
)
"""Which version of what is agreed to holds from which day on."""

consent = Table(
    "consent",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("consent", String(16), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("at", String(24), nullable=False),
)
"""What each member agreed to, and when it was written down."""

paper = Table(
    "paper",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("document", String(16), primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How many of each document a member handed in."""

application = Table(
    "application",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", SealedText(CONTACT, 32, matched=True), nullable=False, index=True),
    Column("applied_on", String(10), nullable=False),
    Column("answer_due_on", String(10), nullable=False),
    Column("body", SealedText("application"), nullable=False),
    Column("former", String(16), ForeignKey("member.id")),
    Column("member", String(16), ForeignKey("member.id"), index=True),
    Column("reason", String(32), nullable=False, default=""),
    Column("open", Text, nullable=False, default="[]"),
    Column("told", Integer, nullable=False, default=0),
    Column("decided_on", String(10)),
    Column("decided_by", String(32), nullable=False, default=""),
    Column("purged_on", String(10)),
    Column("changed_at", String(24), nullable=False),
    Index("application_by_state", "state", "answer_due_on"),
)
"""Each application; `body` is what the applicant said and handed in, `open` what spoke against it at the last review,
`told` how many results went out."""

membership = Table(
    "membership",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("spell", Integer, primary_key=True),
    Column("approved_on", String(10)),
    Column("collected_on", String(10)),
    Column("owes_fees", Boolean, nullable=False),
    Column("paid_until", String(10)),
    Column("deferred_until", String(10)),
    Column("application", String(16)),
    Column("good_until", String(10)),
)
"""Each spell of a membership, the highest the one that counts; `good_until` is the last day for which the dates that
the gates hold are right."""

suspension = Table(
    "suspension",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("spell", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("since", String(10), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("until", String(10)),
)
"""When rights were stopped, in the order of the decisions."""

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("spell", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("requested_on", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("approved_on", String(10)),
    Column("taken_back_on", String(10)),
)
"""Requests to leave; one that was taken back counts no more."""

ending = Table(
    "ending",
    metadata,
    Column("member", String(16), ForeignKey("member.id"), primary_key=True),
    Column("spell", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("last_day", String(10), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(16), nullable=False),
)
"""Ends that were decided, or came about and were written down."""

mandate = Table(
    "mandate",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("unit", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("since", String(10), nullable=False),
    Column("until", String(10)),
    Column("stays", Boolean, nullable=False, default=False),
)
"""Who represented which unit when."""

family_link = Table(
    "family_link",
    metadata,
    Column("child", String(16), ForeignKey("member.id"), primary_key=True),
    Column("host", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("born", SealedText("born"), nullable=False),
    Column("linked_on", String(10), nullable=False),
    Column("ended_on", String(10)),
)
"""Children that come as linked guests. `ended_on` is the day on which the link was cut."""

guest_pass = Table(
    "guest_pass",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("guest", String(16), ForeignKey("member.id"), nullable=False, index=True),
    Column("host", String(16), ForeignKey("member.id"), nullable=False),
    Column("product", String(32), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("visits", Integer, nullable=False),
    Column("activity", String(32)),
    Column("revoked_on", String(10)),
    Column("given_at", String(24), nullable=False),
    Index("guest_pass_by_host", "host", "first_day"),
)
"""Passes that hosts gave; each is an entitlement of the guest's with the same id until it is revoked."""

card_held_back = Table(
    "card_held_back",
    metadata,
    Column("credential", String(32), primary_key=True),
    Column("member", String(16), ForeignKey("member.id"), nullable=False, index=True),
)
"""Cards that were handed over and wait at the gates still, because their unit or host is not admitted yet."""
