"""What the REST API offers: each route with what it takes and what it answers. `api.py` serves this table and
`openapi.py` describes it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.devices import DeviceState
from kiosk.central.members import MemberRecord
from kiosk.central.queries import CardView, MemberDetail
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.model import Tier

PREFIX = "/api/v1"
LIMIT_DEFAULT = 100
LIMIT_MAX = 1000

Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many at most.")]
Number = Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="The number of the last record that is known.")]
Cursor = Annotated[str, Meta(max_length=64, description="`next` of the page before.")]
DeviceName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$", description="Only records of this device.")]
Search = Annotated[
    str,
    Meta(
        max_length=100,
        description="A card number, a phone number, the start of a member number, or part of a name.",
    ),
]


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes no parameters."""


class RecordQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which records."""

    after: Number = 0
    limit: Limit = LIMIT_DEFAULT
    device: DeviceName | None = None


class StreamQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a stream begins; without it at the newest record."""

    after: Number | None = None


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page."""

    after: Cursor = ""
    limit: Limit = LIMIT_DEFAULT


class MemberQuery(PageQuery, frozen=True, forbid_unknown_fields=True):
    """Which members."""

    q: Search = ""


class JournalRecord(msgspec.Struct, frozen=True):
    """A journal record as the device wrote it (`docs/records.md`)."""

    seq: int
    at: str
    type: str
    data: dict[str, Any]


class StoredRecord(msgspec.Struct, frozen=True):
    """A record with its number at central, and where it came from."""

    n: int
    device: str
    journal: str
    stored_at: str
    record: JournalRecord


class RecordPage(msgspec.Struct, frozen=True):
    """Records in the order they were stored; go on with `after=next`. `more` says whether some are there already."""

    items: tuple[StoredRecord, ...]
    next: int
    more: bool


class DevicePage(msgspec.Struct, frozen=True):
    """Devices by name; `next` is null on the last page."""

    items: tuple[DeviceState, ...]
    next: str | None


class MemberPage(msgspec.Struct, frozen=True):
    """Members by number; `next` is null on the last page."""

    items: tuple[MemberRecord, ...]
    next: str | None


class CardPage(msgspec.Struct, frozen=True):
    """Cards by number; `next` is null on the last page."""

    items: tuple[CardView, ...]
    next: str | None


class TierPage(msgspec.Struct, frozen=True):
    """All tiers, lowest rank first."""

    items: tuple[Tier, ...]
    next: str | None


class Route(NamedTuple):
    """One thing to get. `answer` is None for an event stream.

    A family's route has its handler in `run`, which is handed the books, the query and the ids of the path; the
    others are methods of `api.Api` of their name. InvalidInput of a route with ids is a 404. `reads` are the sensitive
    fields of {member} or {application} that it answers: who asks is written down.
    """

    path: str
    name: str
    summary: str
    query: type[msgspec.Struct]
    answer: type[msgspec.Struct] | None
    permission: Permission
    description: str = ""
    run: Callable[[Look, Any, Mapping[str, str]], Any] | None = None
    reads: tuple[str, ...] = ()


_DEVICES = Permission.DEVICES_READ
_MEMBERS = Permission.MEMBERS_READ

ROUTES = (
    Route("/records", "list_records", "Records as central stored them, in order", RecordQuery, RecordPage, _DEVICES),
    Route(
        "/records/stream",
        "stream_records",
        "Records as they are stored",
        StreamQuery,
        None,
        _DEVICES,
        "Server-sent events: `id` is the record's number and `data` a StoredRecord. A client that connects again with "
        "`Last-Event-ID` misses none. Without that and `after` the stream begins with the next record. Every ten "
        "seconds there is an event `beat`.",
    ),
    Route("/devices", "list_devices", "What each device last said of itself", PageQuery, DevicePage, _DEVICES),
    Route(
        "/members/{member_no}", "show_member", "One member with cards and entitlements", NoQuery, MemberDetail, _MEMBERS
    ),
    Route("/cards", "list_cards", "Cards by number", PageQuery, CardPage, Permission.CARDS_READ),
    Route("/tiers", "list_tiers", "The ladder of tiers", NoQuery, TierPage, Permission.RULES_READ),
)
