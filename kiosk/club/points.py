"""Points as entries that are never changed: lots that run out, a balance, and a lifetime counter beside it.

Everything is computed from the entries in the order of their booking. First expiring, first used. The balance goes
below zero in one way only: an earning is reversed that was spent already.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, add_months, span_of
from kiosk.club.lots import Lots
from kiosk.core.errors import InvalidInput


class Kind(StrEnum):
    """What an entry does. A `reverse` takes an earning back, or returns a redemption; `of` names it."""

    EARN = "earn"
    REDEEM = "redeem"
    EXPIRE = "expire"
    REVERSE = "reverse"
    ADJUST = "adjust"


class Source(StrEnum):
    """What points are earned for (R74, R75, R88, R90)."""

    REGISTRATION = "registration"
    CONSUMPTION = "consumption"
    EVENT = "event"
    REFERRAL = "referral"
    BIRTHDAY = "birthday"
    CORRECTION = "correction"


class PointRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long points can be used."""

    valid_months: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="Months after which earned points run out; none = never. No seed lets points run out.",
            extra={"source": "S47, seeds 003:113"},
        ),
    ] = None
    until_year_end: Annotated[
        bool,
        Meta(
            description="Whether points that run out do so at the end of that calendar year, all at once.",
            extra={"source": "S47; no seed"},
        ),
    ] = False
    returned_days: Annotated[
        int,
        Meta(
            ge=1,
            description="Days that returned points can be used at least, though their own time is over: "
            "what the club could not deliver costs nobody points.",
            extra={"source": "S48; no seed"},
        ),
    ] = 30


class PointsEntry(msgspec.Struct, frozen=True):
    """One booking. `points` is positive but for an adjustment downwards; `on` is the local day of booking.

    `expires_on` is the last day of an earning, None = never. `of` is the entry that a reversal or expiry is about.
    """

    id: str
    kind: Kind
    points: int
    on: date
    source: Source | None = None
    expires_on: date | None = None
    of: str = ""
    reason: str = ""


class Expiry(msgspec.Struct, frozen=True):
    """The next day at whose end points run out, and how many."""

    on: date
    points: int


class Balance(msgspec.Struct, frozen=True):
    """A member's points on a day. `spent` and `expired` are totals; `owed` were reversed after they were spent."""

    available: int
    lifetime: int
    spent: int
    expired: int
    owed: int
    next_expiry: Expiry | None


def expiry_of(earned_on: date, rules: PointRules) -> date | None:
    """Return the last day on which points earned on a day can be used; None = they do not run out."""
    if rules.valid_months is None:
        return None
    last = add_months(earned_on, rules.valid_months) - timedelta(days=1)
    return span_of(last, Part.YEAR).last if rules.until_year_end else last


def balance_on(entries: Iterable[PointsEntry], day: date) -> Balance:
    """Return the balance at the end of a local day, what has run out taken off whether or not that is booked yet.

    Raises InvalidInput where the entries do not fit together: none of the bookings of this module leads there.
    """
    lots = replay(entries, day)
    coming = [(lot.expires_on, lot.left) for lot in lots.usable() if lot.expires_on is not None]
    first = min((expires_on for expires_on, _ in coming), default=None)
    return Balance(
        available=lots.available,
        lifetime=lots.lifetime,
        spent=lots.spent,
        expired=lots.expired,
        owed=lots.owed,
        next_expiry=Expiry(first, sum(left for on, left in coming if on == first)) if first is not None else None,
    )


def replay(entries: Iterable[PointsEntry], day: date) -> Lots:
    """Return the lots at the end of a day, from the entries until then in their order; raises InvalidInput."""
    lots = Lots()
    for entry in entries:
        if entry.on > day:
            continue
        if entry.on < lots.today:
            raise InvalidInput(f"points entry {entry.id} is of {entry.on}, booked after one of {lots.today}")
        lots.expire_until(entry.on)
        _apply(lots, entry)
    lots.expire_until(day)
    return lots


def _apply(lots: Lots, entry: PointsEntry) -> None:
    match entry.kind:
        case Kind.EARN:
            lots.add(entry.id, entry.points, entry.expires_on, counts=True)
        case Kind.REDEEM:
            lots.spend(entry.id, entry.points)
        case Kind.EXPIRE:
            lots.forfeit(entry.of, entry.points)
        case Kind.ADJUST if entry.points > 0:
            lots.add(entry.id, entry.points, entry.expires_on, counts=False)
        case Kind.ADJUST:
            lots.spend(entry.id, -entry.points)
        case Kind.REVERSE if entry.of in lots.roots:
            lots.take_back(entry.of, entry.points)
        case Kind.REVERSE:
            lots.give_back(entry.of, entry.points, entry.expires_on)
