"""Who may go into an area by health: cleared until a day and nothing else, so that no gate gets a word of it (S81)."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import add_months
from kiosk.club.refusal import Refusal
from kiosk.core.model import NOT_CLEARED_PREFIX, Note

AREA_CHARACTERS_MAX = 32

_DAY = timedelta(days=1)


class ClearanceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which areas ask whether somebody is fit for them, and for how long an answer holds."""

    areas: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=AREA_CHARACTERS_MAX)], ...],
        Meta(
            description="Areas, by code, for which members are cleared by health; who is not is let in, and the "
            "gate's display asks for it. The seeds name suitability for sport and no area: none until the club sets "
            "one.",
            extra={"source": "S81, seeds 000:57, 002:36, 001:14 §06"},
        ),
    ] = ()
    months_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Months that a clearance holds at most. No number in the seeds: a year.",
            extra={"source": "S81; no seed for the number"},
        ),
    ] = 12


class ClearanceReason(StrEnum):
    """Why nobody is cleared so. Wire format."""

    NOT_NEEDED = "clearance_not_needed"
    OVER = "clearance_over"
    TOO_LONG = "clearance_too_long"


class ClearanceRefusal(Refusal[ClearanceReason], frozen=True):
    """Why nobody is cleared so."""


def against_clearing(area: str, until: date, today: date, rules: ClearanceRules) -> ClearanceRefusal | None:
    """Return why a clearance is not written down: no such need, over already, or longer than one holds (S81)."""
    if area not in rules.areas:
        return ClearanceRefusal(ClearanceReason.NOT_NEEDED, {"area": area})
    if until < today:
        return ClearanceRefusal(ClearanceReason.OVER, {"until": until.isoformat()})
    latest = add_months(today, rules.months_max)
    if until > latest:
        return ClearanceRefusal(ClearanceReason.TOO_LONG, {"latest": latest.isoformat()})
    return None


def is_cleared(until: date | None, today: date) -> bool:
    """Say whether a clearance holds on a day, its last one included."""
    return until is not None and today <= until


def notes(cleared: Mapping[str, date], rules: ClearanceRules) -> tuple[Note, ...]:
    """Return what the gates are to go by: for each area that asks, from which day on somebody is not cleared (S81).

    `cleared` are last days by area. Who never was is not cleared on any day. No note says why.
    """
    return tuple(
        Note(f"{NOT_CLEARED_PREFIX}{area}", cleared[area] + _DAY if area in cleared else None)
        for area in sorted(set(rules.areas))
    )
