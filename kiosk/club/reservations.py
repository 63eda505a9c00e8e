"""Bookings of areas: who may book what, how many days ahead, and what the gates hold of it (S37, S80)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refusal import Refusal
from kiosk.club.tiers import TierRules, rank_of
from kiosk.core.model import Closes, Opens, Product, Schedule, Window

BOOKED_PREFIX = "at."
AREA_CHARACTERS_MAX = 19
"""A product has 32 characters: the prefix, the area, a dot and the two times."""

_DAY_MINUTES = 24 * 60


class TierDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days ahead members of a tier may book; so may the tiers above it that are not named."""

    tier: str
    days: Annotated[int, Meta(ge=0, le=366)]


class BookableArea(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An area that is booked by `minutes` from `opens` to `closes`, by so many members at one time as it has places."""

    area: str
    places: Annotated[int, Meta(ge=1)]
    minutes: Annotated[int, Meta(ge=5, le=_DAY_MINUTES)]
    opens: Opens
    closes: Closes


class ReservationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be booked, how far ahead and how much."""

    areas: Annotated[
        tuple[BookableArea, ...],
        Meta(
            description="The areas that members may book. The seeds speak of booking and name no area: none until the "
            "club sets one.",
            extra={"source": "S37, seeds 000:78, 002:20"},
        ),
    ] = ()
    days_ahead: Annotated[
        tuple[TierDays, ...],
        Meta(
            description="Days ahead that a tier may book. Gold books first, as the list of rights has it; the seeds "
            "name no number.",
            extra={"source": "S37, seeds 000:136, 003:111"},
        ),
    ] = (TierDays("ordinary", 3), TierDays("gold", 7), TierDays("platinum", 14))
    open_max: Annotated[
        int,
        Meta(
            ge=1,
            le=40,
            description="Bookings still to come that one member has at most, classes not counted.",
            extra={"source": "S37; no seed for the number"},
        ),
    ] = 4
    early_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=120,
            description="Minutes before a booking begins from which the gate lets its member in.",
            extra={"source": "S37; no seed for the number"},
        ),
    ] = 10
    class_days_ahead: Annotated[
        int,
        Meta(
            ge=0,
            le=366,
            description="Days ahead that classes of a training plan may be booked, whatever the tier.",
            extra={"source": "S80; no seed for the number"},
        ),
    ] = 60
    classes_max: Annotated[
        int,
        Meta(
            ge=1,
            le=40,
            description="Classes still to come that one member has at most: the gates hold each of them.",
            extra={"source": "S80; no seed for the number"},
        ),
    ] = 24


def faults(rules: ReservationRules, areas: Collection[str]) -> Iterator[str]:
    """Yield what cannot be booked as the rules have it, where the club has these areas."""
    names = [each.area for each in rules.areas]
    yield from (f"area {name} is to be booked in two ways" for name in sorted({n for n in names if names.count(n) > 1}))
    for each in rules.areas:
        if each.area not in areas:
            yield f"booking names the area {each.area}, which the club does not have"
        if len(each.area) > AREA_CHARACTERS_MAX:
            yield f"area {each.area} has a name of more than {AREA_CHARACTERS_MAX} characters and cannot be booked"
        if not starts_of(each):
            yield f"area {each.area} is not open for as long as a booking lasts"


class ReservationReason(StrEnum):
    """Why an area is not booked. Wire format."""

    NOT_TO_BE_BOOKED = "not_to_be_booked"
    NOT_A_SLOT = "not_a_slot"
    SLOT_IS_OVER = "slot_is_over"
    TOO_FAR_AHEAD = "too_far_ahead"
    BOOKED_THEN = "booked_then"
    TOO_MANY_BOOKED = "too_many_booked"
    FULL_THEN = "full_then"


class ReservationRefusal(Refusal[ReservationReason], frozen=True):
    """Why an area is not booked."""


class Slot(msgspec.Struct, frozen=True):
    """An area on a local day from `opens` to before `closes`."""

    area: str
    day: date
    opens: Opens
    closes: Closes


class Booked(msgspec.Struct, frozen=True):
    """What stands against a wish: the member's own slots still to come, and those of others in the area that day."""

    own: Sequence[Slot] = ()
    own_of_kind: int = 0
    others: Sequence[Slot] = ()


def slot_at(area: str, day: date, opens: str, rules: ReservationRules) -> Slot | ReservationRefusal:
    """Return the slot of an area that begins then, or why there is none."""
    found = next((each for each in rules.areas if each.area == area), None)
    if found is None:
        return ReservationRefusal(ReservationReason.NOT_TO_BE_BOOKED)
    if opens not in (begins := starts_of(found)):
        detail: dict[str, str | int] = {"from": begins[0], "until": found.closes} if begins else {}
        return ReservationRefusal(ReservationReason.NOT_A_SLOT, detail)
    return Slot(area, day, opens, _text(_minutes(opens) + found.minutes))


def starts_of(area: BookableArea) -> tuple[str, ...]:
    """Return when the slots of an area begin; one that does not end before the area closes is none."""
    last = _minutes(area.closes) - area.minutes
    return tuple(_text(minute) for minute in range(_minutes(area.opens), last + 1, area.minutes))


def days_ahead(tier: str, rules: ReservationRules, ladder: TierRules) -> int:
    """Return how many days ahead a tier may book: as the nearest tier at or below it that is named (S37).

    What is said of a tier that is not on the ladder counts for nobody.
    """
    rank, known = rank_of(tier, ladder), {rung.tier for rung in ladder.ladder}
    reached = [(rank_of(each.tier, ladder), each.days) for each in rules.days_ahead if each.tier in known]
    return max((pair for pair in reached if pair[0] <= rank), default=(0, 0))[1]


def figures(rules: ReservationRules, ladder: TierRules) -> list[tuple[str, str, int]]:
    """Return how many days ahead each tier may book, to be held against the ladder: what, tier, how much (R85)."""
    return [("days_ahead", rung.tier, days_ahead(rung.tier, rules, ladder)) for rung in ladder.ladder]


def against(
    slot: Slot, booked: Booked, local: datetime, rules: ReservationRules, *, days: int, most: int
) -> ReservationRefusal | None:
    """Return why a slot is not booked, or None. `local` is the venue's time, `most` how many somebody may have."""
    today = local.date()
    if (slot.day.isoformat(), slot.closes) <= (today.isoformat(), f"{local:%H:%M}"):
        return ReservationRefusal(ReservationReason.SLOT_IS_OVER, {"until": f"{slot.day} {slot.closes}"})
    latest = today + timedelta(days=days)
    if slot.day > latest:
        return ReservationRefusal(ReservationReason.TOO_FAR_AHEAD, {"latest": latest.isoformat()})
    if any(_meet(slot, each) for each in booked.own):
        return ReservationRefusal(ReservationReason.BOOKED_THEN)
    if booked.own_of_kind >= most:
        return ReservationRefusal(ReservationReason.TOO_MANY_BOOKED, {"max": most})
    places = next((each.places for each in rules.areas if each.area == slot.area), 0)
    if most_at_once(slot, booked.others) >= places:
        return ReservationRefusal(ReservationReason.FULL_THEN, {"capacity": places})
    return None


def most_at_once(slot: Slot, others: Sequence[Slot]) -> int:
    """Return how many of some slots run at one time during a slot: slots change with the rules and may overlap."""
    near = [each for each in others if each.area == slot.area and _meet(slot, each)]
    moments = {slot.opens, *(each.opens for each in near if each.opens > slot.opens)}
    return max(sum(each.opens <= moment < each.closes for each in near) for moment in moments)


def product_of(slot: Slot) -> Product:
    """Return the product behind the bookings of an area for a time of day; the day is the entitlement's."""
    times = _times(slot)
    return Product(f"{BOOKED_PREFIX}{slot.area}.{times}", areas=(slot.area,), schedule=f"{BOOKED_PREFIX}{times}")


def schedule_of(slot: Slot, rules: ReservationRules) -> Schedule:
    """Return when the gates take such a booking: some minutes before it begins, until it ends."""
    opens = _text(max(_minutes(slot.opens) - rules.early_minutes, 0))
    return Schedule(f"{BOOKED_PREFIX}{_times(slot)}", (Window(opens, slot.closes),))


def _meet(one: Slot, other: Slot) -> bool:
    return one.day == other.day and one.opens < other.closes and other.opens < one.closes


def _times(slot: Slot) -> str:
    return f"{slot.opens}-{slot.closes}".replace(":", "")


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


def _text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
