"""Monthly upkeep of every system, and those who run it: procedures, boundary, shift hand-over (R139, R143, S92)."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, span_of
from kiosk.club.refusal import Refusal


class Check(StrEnum):
    """What upkeep looks at. Wire format."""

    CLEAN = "clean"
    READER = "reader"
    DOOR = "door"
    EXIT_BUTTON = "exit_button"
    FIRE_INPUT = "fire_input"
    POWER_BACKUP = "power_backup"
    CLOCK = "clock"
    SPACE = "space"
    VERSION = "version"


class Paper(StrEnum):
    """What an operator has read and signed (R143, seeds 003:385). Wire format."""

    PROCEDURES = "procedures"
    BOUNDARY = "boundary"
    HAND_OVER = "hand_over"


class UpkeepRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What upkeep looks at, and what operators have to have."""

    checks: Annotated[
        tuple[Check, ...],
        Meta(
            description="What is looked at each month. The seeds ask for every system, monthly, and name no list.",
            extra={"source": "R139, S92, seeds 003:373, 003:387"},
        ),
    ] = tuple(Check)
    due_day: Annotated[
        int,
        Meta(
            ge=1,
            le=28,
            description="Day of the month by which its upkeep should be done; after the month it is overdue.",
            extra={"source": "R139, seeds 003:387; no seed for the day"},
        ),
    ] = 20
    silent_hours: Annotated[
        int,
        Meta(
            ge=1,
            description="Hours without a word from a device after which that is a fault.",
            extra={"source": "S92, seeds 003:236; no seed for the number"},
        ),
    ] = 24
    papers: Annotated[
        tuple[Paper, ...],
        Meta(
            description="What an operator has read in its present version before running a system.",
            extra={"source": "R143, seeds 003:385"},
        ),
    ] = tuple(Paper)


class UpkeepState(StrEnum):
    """How a device stands with a month's upkeep. Wire format."""

    DONE = "done"
    OPEN = "open"
    DUE = "due"
    OVERDUE = "overdue"


class UpkeepReason(StrEnum):
    """Why upkeep does not count, or a shift is not handed over. Wire format."""

    CHECKS_MISSING = "checks_missing"
    FAULT_MISSING = "fault_missing"
    SAME_PERSON = "same_person"
    NOT_SIGNED = "not_signed"
    FAULTS_NOT_NAMED = "faults_not_named"
    NOT_TRAINED = "not_trained"


class UpkeepRefusal(Refusal[UpkeepReason], frozen=True):
    """Why upkeep does not count, or a shift is not handed over."""


class ShiftHandOver(msgspec.Struct, frozen=True):
    """One shift gives a place to the next: who to whom, the faults that were named, and that the next one signed."""

    given_by: str
    taken_by: str
    named_faults: frozenset[str] = frozenset()
    signed: bool = False


def upkeep_on(done_on: date | None, since: date, rules: UpkeepRules, today: date) -> UpkeepState:
    """Return how a device stands on a day: this month's may be open, last month's may be missing (R139).

    `since` is the day from which on the device is in use; a month that it was not in use from the start asks nothing.
    """
    this = span_of(today, Part.MONTH)
    if done_on is not None and done_on >= this.first:
        return UpkeepState.DONE
    last = span_of(this.first - timedelta(days=1), Part.MONTH)
    if since <= last.first and (done_on is None or done_on < last.first):
        return UpkeepState.OVERDUE
    if since > this.first:
        return UpkeepState.OPEN
    return UpkeepState.DUE if today.day > rules.due_day else UpkeepState.OPEN


def upkeep_key(device: str, day: date) -> str:
    """Name the upkeep of a device in a month: there is one."""
    return f"{device}.{day:%Y-%m}"


def against_upkeep(
    found: Mapping[Check, bool], faults: Collection[str], rules: UpkeepRules
) -> tuple[UpkeepRefusal, ...]:
    """Return why a month's upkeep does not count: a check is missing, or what failed is no fault yet (R139)."""
    lacking = [each.value for each in rules.checks if each not in found]
    refusals = [UpkeepRefusal(UpkeepReason.CHECKS_MISSING, {"lacks": " ".join(lacking)})] if lacking else []
    if not all(found.values()) and not faults:
        failed = " ".join(each.value for each in found if not found[each])
        refusals.append(UpkeepRefusal(UpkeepReason.FAULT_MISSING, {"failed": failed}))
    return tuple(refusals)


def against_operating(
    read: Mapping[Paper, str], present: Mapping[Paper, str], rules: UpkeepRules
) -> UpkeepRefusal | None:
    """Return why somebody may not run a system: a paper was not read in its present version (R143)."""
    lacking = [each.value for each in rules.papers if each not in present or read.get(each) != present[each]]
    return UpkeepRefusal(UpkeepReason.NOT_TRAINED, {"lacks": " ".join(lacking)}) if lacking else None


def against_hand_over(wish: ShiftHandOver, open_faults: Collection[str]) -> tuple[UpkeepRefusal, ...]:
    """Return why a shift is not handed over: every open fault is named, and the next one signs (R143)."""
    refusals = []
    if wish.given_by == wish.taken_by:
        refusals.append(UpkeepRefusal(UpkeepReason.SAME_PERSON))
    if not wish.signed:
        refusals.append(UpkeepRefusal(UpkeepReason.NOT_SIGNED))
    unnamed = sorted(set(open_faults) - wish.named_faults)
    if unnamed:
        refusals.append(UpkeepRefusal(UpkeepReason.FAULTS_NOT_NAMED, {"faults": " ".join(unnamed)}))
    return tuple(refusals)
