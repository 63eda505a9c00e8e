"""Journal records: the facts a box writes down. Past tense, frozen, complete, and free of personal data.

The types and reasons are wire format: add, never rename. `docs/records.md` lists every field.
"""

from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from kiosk.core.clock import ClockState


class DenyReason(StrEnum):
    """Why a card is refused, in order: the first that applies wins (CONTRACT §2)."""

    READ_FAILED = "read_failed"
    IDENTIFIER_NOT_TRUSTED = "identifier_not_trusted"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    LOCKDOWN = "lockdown"
    CREDENTIAL_NOT_FOUND = "credential_not_found"
    GIFT_CARD_NOT_ADMITTED = "gift_card_not_admitted"
    CREDENTIAL_REVOKED = "credential_revoked"
    CREDENTIAL_NOT_ENABLED = "credential_not_enabled"
    CARD_NOT_COLLECTED = "card_not_collected"
    CREDENTIAL_NOT_ACTIVE = "credential_not_active"
    CREDENTIAL_EXPIRED = "credential_expired"
    MEMBERSHIP_ENDED = "membership_ended"
    MEMBERSHIP_SUSPENDED = "membership_suspended"
    FEE_OVERDUE = "fee_overdue"
    ROSTER_TOO_OLD = "roster_too_old"
    NOT_PERMITTED_AT_THIS_SITE = "not_permitted_at_this_site"
    NOT_PERMITTED_HERE = "not_permitted_here"
    TIER_TOO_LOW = "tier_too_low"
    NOT_PERMITTED_AT_THIS_TIME = "not_permitted_at_this_time"
    NO_VISITS_LEFT = "no_visits_left"
    ANTIPASSBACK_VIOLATION = "antipassback_violation"
    TOO_SOON = "too_soon"
    AREA_FULL = "area_full"
    OTHER = "other"


class GrantReason(StrEnum):
    """Why a card is let through; the noteworthy ones say what to look at."""

    OK = "ok"
    OK_GRACE = "ok_grace"
    OK_SOFT_ANTIPASSBACK = "ok_soft_antipassback"
    OK_STALE = "ok_stale"
    OK_FORCED = "ok_forced"
    OK_GUEST = "ok_guest"
    OK_EXIT = "ok_exit"
    EMERGENCY = "emergency"


class RosterMark(msgspec.Struct, frozen=True):
    """Which roster a decision was made from and how old it was."""

    revision: int
    age_s: int


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every record's data carries. `type` is the record type it is written under."""

    type: ClassVar[str] = ""
    clock: ClockState
    copied_from: dict[str, str | int] | None = None


class Access(Fact, frozen=True, kw_only=True):
    """A decision at an access point. `credential` is the keyed hash; absent when nothing could be read.

    `entitlement` is the one whose visit a passage will use; absent when a passage uses none. `operator` let somebody
    through by hand, `why` with a code of `core/releases.py`.
    """

    access_point: str
    reader: str
    reason: str
    roster: RosterMark
    credential: str | None = None
    member: str | None = None
    tier: str | None = None
    entitlement: str | None = None
    operator: str | None = None
    why: str | None = None


class AccessGranted(Access, frozen=True, kw_only=True):
    """A card is let through; what it used is only reserved."""

    type: ClassVar[str] = "access.granted"


class AccessDenied(Access, frozen=True, kw_only=True):
    """A card is refused."""

    type: ClassVar[str] = "access.denied"


class Passage(Fact, frozen=True, kw_only=True):
    """What became of the grant at seq `of` of the same journal, or of `of_journal` in a copied record."""

    of: int
    of_journal: str | None = None
    area_from: str
    area_to: str
    assumed: bool | None = None
    outcome: str | None = None


class AccessTaken(Passage, frozen=True, kw_only=True):
    """Somebody went through; visit and presence change here and nowhere else."""

    type: ClassVar[str] = "access.taken"


class AccessNotTaken(Passage, frozen=True, kw_only=True):
    """Nobody went through; what was reserved is free again."""

    type: ClassVar[str] = "access.not_taken"


class ActivitySignedIn(Fact, frozen=True, kw_only=True):
    """A card was tapped at an activity's desk; central says whether that counts.

    `for_member` is for whom, where that is neither the card's member nor the unit that the member stands for.
    """

    type: ClassVar[str] = "activity.signed_in"
    activity: str
    reader: str
    credential: str
    member: str | None = None
    for_member: str | None = None
    operator: str | None = None


class SoldLine(msgspec.Struct, frozen=True):
    """So many pieces of an item at a price each, in minor units; 0 for a courtesy."""

    item: str
    quantity: int
    price_minor: int


class SaleFact(Fact, frozen=True, kw_only=True):
    """A purchase at a till. `credential` is the keyed hash of the card that was shown.

    `tender` is a code of `core/tills.py`. Of stored value `leased` gives the amount by lease, `unleased_minor` the
    rest; `offline` says that central was not asked. `used` are the pieces that were bought before, by goods, and
    `points` what paid where the tender is `points`: both as central quoted them.
    """

    sale_id: str
    till: str
    credential: str | None = None
    member: str | None = None
    lines: tuple[SoldLine, ...]
    total_minor: int
    tender: str
    offline: bool
    leased: dict[str, int] | None = None
    unleased_minor: int = 0
    used: dict[str, int] | None = None
    points: int = 0
    operator: str | None = None


class SaleMade(SaleFact, frozen=True, kw_only=True):
    """Something was sold, and given out after this was written."""

    type: ClassVar[str] = "sale.made"


class SaleVoided(SaleFact, frozen=True, kw_only=True):
    """The sale of this id was undone as a whole by this one void."""

    type: ClassVar[str] = "sale.voided"
    void_id: str


class TopUpTaken(Fact, frozen=True, kw_only=True):
    """Money was taken at a till for what a card stands for; `method` is a code, as `cash`."""

    type: ClassVar[str] = "topup.taken"
    topup_id: str
    credential: str
    amount_minor: int
    method: str
    till: str
    operator: str | None = None


class JournalOpened(Fact, frozen=True, kw_only=True):
    """First record of a journal; `previous`, `seq` and `hash` name where an abandoned one was left, and `why`."""

    type: ClassVar[str] = "journal.opened"
    previous: str | None = None
    seq: int | None = None
    hash: str | None = None
    why: str


class ReaderEvent(Fact, frozen=True, kw_only=True):
    """A reader changed between seeing and blind; `cause` is a code."""

    reader: str
    cause: str = ""


class ReaderWasLost(ReaderEvent, frozen=True, kw_only=True):
    """A reader went blind."""

    type: ClassVar[str] = "reader.lost"


class ReaderCameBack(ReaderEvent, frozen=True, kw_only=True):
    """A reader reads again, after `away_ms`."""

    type: ClassVar[str] = "reader.back"
    away_ms: int = 0


class GateEvent(Fact, frozen=True, kw_only=True):
    """Something happened to a barrier without a decision."""

    gate: str


class GateForced(GateEvent, frozen=True, kw_only=True):
    """Somebody passed without a grant."""

    type: ClassVar[str] = "gate.forced"


class GateHeldOpen(GateEvent, frozen=True, kw_only=True):
    """The passage stayed occupied longer than allowed."""

    type: ClassVar[str] = "gate.held_open"
    held_ms: int


class EmergencyOpened(Fact, frozen=True, kw_only=True):
    """All gates of the box were opened; `source` is `input`, `command` or `drill`, `operator` who gave the word."""

    type: ClassVar[str] = "emergency.opened"
    source: str
    operator: str | None = None


class EmergencyCleared(Fact, frozen=True, kw_only=True):
    """The emergency is over."""

    type: ClassVar[str] = "emergency.cleared"
    source: str
    operator: str | None = None


class LockdownChanged(Fact, frozen=True, kw_only=True):
    """Entry was closed or reopened by an operator's command."""

    type: ClassVar[str] = "lockdown.changed"
    active: bool
    command: str | None = None


class ClockStepped(Fact, frozen=True, kw_only=True):
    """The wall clock jumped against the monotonic one by `step_ms`, or its state changed."""

    type: ClassVar[str] = "clock.stepped"
    step_ms: int
    before: ClockState


class RosterApplied(Fact, frozen=True, kw_only=True):
    """Decisions follow another roster revision from here on."""

    type: ClassVar[str] = "roster.applied"
    revision: int
    digest: str


class ProcessStarted(Fact, frozen=True, kw_only=True):
    """A process of this box began to write; `process` and `version` say which."""

    type: ClassVar[str] = "process.started"
    process: str
    version: str


class RecordsDiscarded(
    Fact, frozen=True, kw_only=True, rename={"of_type": "type", "first_at": "from", "last_at": "to"}
):
    """Records of one type that were counted instead of written while the journal was full; times in UTC."""

    type: ClassVar[str] = "records.discarded"
    of_type: str
    count: int
    first_at: str
    last_at: str


FACTS: dict[str, type[Fact]] = {
    fact.type: fact
    for fact in (
        AccessGranted, AccessDenied, AccessTaken, AccessNotTaken, JournalOpened, ReaderWasLost, ReaderCameBack,
        GateForced, GateHeldOpen, EmergencyOpened, EmergencyCleared, LockdownChanged, ClockStepped, RosterApplied,
        ProcessStarted, RecordsDiscarded, ActivitySignedIn, SaleMade, SaleVoided, TopUpTaken,
    )
}  # fmt: skip

ESSENTIAL = frozenset({"access.granted", "access.taken", "access.not_taken", "sale.made", "sale.voided", "topup.taken",
                       "journal.opened"})  # fmt: skip
"""Types that keep the reserved tenth of a full journal (CONTRACT §2)."""


class Record(msgspec.Struct, frozen=True):
    """One journal record; `data` is a Fact when we write it and plain JSON when we read it."""

    seq: int
    at: str
    type: str
    data: Any
