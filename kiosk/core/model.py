"""The roster: an immutable copy of what central knew, as rows that each stand alone.

A row is one canonical JSON object with its `kind`; `row_key` names it. Dates are the venue's local days, both ends
included. An edge holds no personal data beyond what a decision and a greeting need (invariant 12).
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kiosk.core.identifiers import Assurance

Opens = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Closes = Annotated[str, msgspec.Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")]
Weekdays = Annotated[str, msgspec.Meta(pattern=r"^[1-7]+\Z")]


class Period(StrEnum):
    """A span of the venue's calendar that a visit allowance renews with."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class VisitRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often: each limit that is set must hold.

    `ever` visits in all; `per_period` visits per local day, week (from Monday), month or year; `days` distinct local
    days, as often as one likes on each; at least `gap_s` seconds between visits; a return within `grace_s` seconds of
    a visit uses none.
    """

    ever: int | None = None
    per_period: int | None = None
    period: Period = Period.DAY
    days: int | None = None
    gap_s: int = 0
    grace_s: int = 0


class Row(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """What every roster row has."""

    id: str


class Site(Row, frozen=True, omit_defaults=True, tag="site"):
    """A venue and its IANA time zone; raises ValueError for a zone that is not known here, lest a tap find out."""

    zone: str
    name: str = ""

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"time zone not known: {self.zone!r}") from error


class Area(Row, frozen=True, omit_defaults=True, tag="area"):
    """A space bounded by gates; `capacity` people at most, `kept` places of it for tier `kept_for` and above (S39)."""

    name: str = ""
    capacity: int | None = None
    kept: int = 0
    kept_for: str = ""


class Tier(Row, frozen=True, omit_defaults=True, tag="tier"):
    """A rung of the ladder. `stale` members pass when the roster is too old; `products` come with the tier."""

    rank: int
    name: str = ""
    name_en: str = ""
    stale: bool = False
    products: tuple[str, ...] = ()


class Window(msgspec.Struct, frozen=True):
    """Open from `opens` to before `closes`, local `HH:MM` (`24:00` closes); at or before `opens` means the next day."""

    opens: Opens
    closes: Closes
    days: Weekdays = "1234567"


class SpecialDay(msgspec.Struct, frozen=True, omit_defaults=True):
    """A date whose windows replace the week's; none means closed."""

    day: date
    windows: tuple[Window, ...] = ()


class Schedule(Row, frozen=True, omit_defaults=True, tag="schedule"):
    """Weekly windows (days are ISO weekday digits) and the dates that override them."""

    windows: tuple[Window, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()


class Product(Row, frozen=True, omit_defaults=True, tag="product"):
    """What can be bought: where (none named = everywhere), when, how often."""

    name: str = ""
    name_en: str = ""
    sites: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    schedule: str | None = None
    visits: VisitRule | None = None


class Entitlement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a member holds of a product. `visits` overrides the product's rule; `unpaid` is not yet a right."""

    id: str
    product: str
    valid_from: date | None = None
    valid_until: date | None = None
    unpaid: bool = False
    visits: VisitRule | None = None


UNNAMED = "unnamed"
"""The code of a note that is not shown: its row has no name in it, because none is to be read out yet, or ever."""


MORE_TIME = "more_time"
"""The code of a note that is not shown: the barrier is to stay open longer for this member (S36, seeds 002:15)."""

NOT_CLEARED_PREFIX = "not_cleared."
"""What the code of a note begins with that an area's display alone shows, its area behind it: the member has no
clearance for it, or none any more (S81). It says nothing of why."""

MEMBER_DAY_PREFIX = "day."
"""What the schedule of a member day is named by: its special days are the days of everybody (S51)."""


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a display says beside a grant, from one local day to another; None = without such an end.

    `code` is one of `club/greetings.py`; a display leaves out what it does not know. `on` is the day spoken of, where a
    number of days is said. No note says more of a person than what may be read in the entrance.
    """

    code: str
    valid_from: date | None = None
    valid_until: date | None = None
    on: date | None = None


class CredentialState(StrEnum):
    """Where a card stands in its life."""

    ACTIVE = "active"
    UNCOLLECTED = "uncollected"
    DISABLED = "disabled"
    REVOKED = "revoked"
    LOST = "lost"


class Credential(Row, frozen=True, omit_defaults=True, tag="credential"):
    """One card and the standing of its member. `id` is the keyed hash; `greeting` is all we keep of a name."""

    member: str | None = None
    greeting: str = ""
    tier: str = ""
    state: CredentialState = CredentialState.ACTIVE
    gift: bool = False
    guest_of: str | None = None
    assurance: Assurance = Assurance.UID
    valid_from: date | None = None
    valid_until: date | None = None
    member_until: date | None = None
    suspended_from: date | None = None
    suspended_until: date | None = None
    paid_until: date | None = None
    entitlements: tuple[Entitlement, ...] = ()
    notes: tuple[Note, ...] = ()


class Policy(msgspec.Struct, frozen=True, dict=True):
    """The roster's small rows by id, and how old a roster may get before its members are refused."""

    revision: int
    site: Site
    areas: Mapping[str, Area] = {}
    tiers: Mapping[str, Tier] = {}
    products: Mapping[str, Product] = {}
    schedules: Mapping[str, Schedule] = {}
    roster_age_max_s: int = 14 * 86400

    @cached_property
    def zone(self) -> ZoneInfo:
        """The venue's time zone."""
        return ZoneInfo(self.site.zone)


AnyRow = Site | Area | Tier | Schedule | Product | Credential


class Passback(StrEnum):
    """What a second way in without a way out means."""

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"
    TIMED = "timed"


class AccessPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One direction through a gate, as the box's configuration states it.

    `passback_s` is the time TIMED refuses a return; presence older than `presence_s` is forgotten. `admit_unpaid` lets
    an operator admit somebody whose entitlement is not yet paid.
    """

    id: str
    area_from: str
    area_to: str
    reader: str = ""
    gate: str = ""
    way_out: bool = False
    passback: Passback = Passback.SOFT
    passback_s: int = 600
    presence_s: int = 12 * 3600
    min_tier: str | None = None
    min_assurance: Assurance = Assurance.UID
    schedule: str | None = None
    admit_unpaid: bool = False
    windows_without_clock: bool = True


class Presence(msgspec.Struct, frozen=True):
    """The area a credential was last seen to enter, and when (UTC, milliseconds since 1970)."""

    area: str
    at_ms: int
