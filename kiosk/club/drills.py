"""Drills: planned, held with members and staff, assessed from what was counted, and the plan mended (R136, S91)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class DrillRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a drill has to show."""

    with_members: Annotated[
        bool,
        Meta(description="Whether members take part beside staff.", extra={"source": "R136, seeds 001:14 §06"}),
    ] = True
    clear_minutes: Annotated[
        int,
        Meta(
            ge=1,
            description="Minutes in which everybody should be out and counted. No number in the seeds.",
            extra={"source": "R136, S91; no seed for the number"},
        ),
    ] = 5
    missing_max: Annotated[
        int,
        Meta(
            ge=0,
            description="How many of the list may be not found before a drill has failed.",
            extra={"source": "R136, §6.31; no seed for the number"},
        ),
    ] = 0


class DrillState(StrEnum):
    """Where a drill stands. Wire format."""

    PLANNED = "planned"
    RUNNING = "running"
    RUN = "run"
    ASSESSED = "assessed"
    IMPROVED = "improved"
    CALLED_OFF = "called_off"


class DrillAction(StrEnum):
    """What can be done with a drill. Wire format."""

    START = "start"
    END = "end"
    ASSESS = "assess"
    IMPROVE = "improve"
    CALL_OFF = "call_off"


DRILL_LIFE: Life[DrillState, DrillAction] = Life(
    name="a drill",
    start=DrillState.PLANNED,
    steps=(
        Step(DrillAction.START, (DrillState.PLANNED,), DrillState.RUNNING),
        Step(DrillAction.END, (DrillState.RUNNING,), DrillState.RUN),
        Step(DrillAction.ASSESS, (DrillState.RUN,), DrillState.ASSESSED),
        Step(DrillAction.IMPROVE, (DrillState.ASSESSED,), DrillState.IMPROVED),
        Step(DrillAction.CALL_OFF, (DrillState.PLANNED,), DrillState.CALLED_OFF),
    ),
)
"""Planned, run, assessed, and the plan improved by it (§4 L15)."""


class Held(msgspec.Struct, frozen=True):
    """What was counted at a drill: its times, who was on the list of those inside, and who of them was found."""

    began_at: datetime
    cleared_at: datetime | None
    listed: int
    found: int
    members: int
    staff: int
    gates_opened: int = 0
    gates: int = 0


class Finding(StrEnum):
    """What went wrong. Wire format."""

    NOT_CLEARED = "not_cleared"
    TOO_SLOW = "too_slow"
    MISSING = "missing"
    NO_MEMBERS = "no_members"
    NO_STAFF = "no_staff"
    GATES_SHUT = "gates_shut"


class Report(msgspec.Struct, frozen=True):
    """A drill's report: seconds until clear, how many were missing, what went wrong, and whether it was passed."""

    seconds: int | None
    missing: int
    findings: tuple[Finding, ...]
    passed: bool


class DrillReason(StrEnum):
    """Why a drill is not assessed. Wire format."""

    NOBODY_ASSESSED = "nobody_assessed"
    NO_MENDING = "no_mending"


class DrillRefusal(Refusal[DrillReason], frozen=True):
    """Why a drill is not assessed."""


def report_of(held: Held, rules: DrillRules) -> Report:
    """Return what a drill has shown, from its counts alone (R136, §6.31)."""
    seconds = int((held.cleared_at - held.began_at).total_seconds()) if held.cleared_at else None
    missing = max(held.listed - held.found, 0)
    wrong = (
        (Finding.NOT_CLEARED, seconds is None),
        (Finding.TOO_SLOW, seconds is not None and seconds > rules.clear_minutes * 60),
        (Finding.MISSING, missing > rules.missing_max),
        (Finding.NO_MEMBERS, rules.with_members and held.members == 0),
        (Finding.NO_STAFF, held.staff == 0),
        (Finding.GATES_SHUT, held.gates_opened < held.gates),
    )
    findings = tuple(finding for finding, is_so in wrong if is_so)
    return Report(seconds, missing, findings, not findings)


def against_assessing(words: str) -> DrillRefusal | None:
    """Return why a drill is not assessed: each one is, in words (R136)."""
    return None if words.strip() else DrillRefusal(DrillReason.NOBODY_ASSESSED)


def against_improving(report: Report, mended: str) -> DrillRefusal | None:
    """Return why the plan does not count as improved: what went wrong asks for something to be changed (§4 L15)."""
    return DrillRefusal(DrillReason.NO_MENDING) if report.findings and not mended.strip() else None
