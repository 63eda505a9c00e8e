"""Risks: what is watched in the streams, when it warns by itself, and what a response holds (S91, R133, R134)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.calendar import Part, add_months, span_of
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class Risk(StrEnum):
    """The four risks of R133. Wire format."""

    DATA_LEAK = "data_leak"
    INJURY = "injury"
    CHURN = "churn"
    DISPUTES = "disputes"


class Indicator(StrEnum):
    """What of the streams is counted on a day. Wire format."""

    EXPORTS = "exports"
    SIGN_IN_FAILURES = "sign_in_failures"
    SENSITIVE_LOOKS = "sensitive_looks"
    PARKED_RECORDS = "parked_records"
    DEVICES_SILENT = "devices_silent"
    INJURIES = "injuries"
    FAULTS_CRITICAL = "faults_critical"
    UPKEEP_OVERDUE = "upkeep_overdue"
    DORMANT_PERMILLE = "dormant_permille"
    LEFT_IN_MONTH = "left_in_month"
    COMPLAINTS_OPEN = "complaints_open"
    COMPLAINTS_LATE = "complaints_late"
    DENIED = "denied"


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From how many of an indicator on a risk warns; `each` says for how long one warning stands for the rest."""

    code: str
    risk: Risk
    indicator: Indicator
    at_least: Annotated[int, Meta(ge=1)]
    each: Part = Part.MONTH


class PlanPart(StrEnum):
    """The parts of an emergency plan (R135). Wire format."""

    ORGANISATION = "organisation"
    COMMUNICATION = "communication"
    ON_SITE = "on_site"
    MEDICAL = "medical"


class ResponsePart(StrEnum):
    """What a response to a warning holds (R135, seeds 001:14 §06). Wire format."""

    HANDLING = "handling"
    INVESTIGATION = "investigation"
    RESPONSIBILITY = "responsibility"


class RiskRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What warns, what plans hold, and how often risks and plans are looked at again."""

    thresholds: Annotated[
        tuple[Threshold, ...],
        Meta(
            description="What warns by itself. The seeds ask for warning figures and name none.",
            extra={"source": "R133, R134, S91, seeds 001:14 §06; no seed for the numbers"},
        ),
    ] = (
        Threshold("exports", Risk.DATA_LEAK, Indicator.EXPORTS, 10),
        Threshold("sign_ins", Risk.DATA_LEAK, Indicator.SIGN_IN_FAILURES, 50),
        Threshold("sensitive", Risk.DATA_LEAK, Indicator.SENSITIVE_LOOKS, 200),
        Threshold("parked", Risk.DATA_LEAK, Indicator.PARKED_RECORDS, 1),
        Threshold("devices", Risk.DATA_LEAK, Indicator.DEVICES_SILENT, 1),
        Threshold("injuries", Risk.INJURY, Indicator.INJURIES, 1),
        Threshold("faults", Risk.INJURY, Indicator.FAULTS_CRITICAL, 1),
        Threshold("upkeep", Risk.INJURY, Indicator.UPKEEP_OVERDUE, 1),
        Threshold("dormant", Risk.CHURN, Indicator.DORMANT_PERMILLE, 300, Part.QUARTER),
        Threshold("leaving", Risk.CHURN, Indicator.LEFT_IN_MONTH, 20),
        Threshold("complaints", Risk.DISPUTES, Indicator.COMPLAINTS_OPEN, 20),
        Threshold("late_complaints", Risk.DISPUTES, Indicator.COMPLAINTS_LATE, 1),
        Threshold("denied", Risk.DISPUTES, Indicator.DENIED, 500),
    )
    plan_parts: Annotated[
        tuple[PlanPart, ...],
        Meta(description="What an emergency plan says.", extra={"source": "R135, seeds 001:14 §06"}),
    ] = tuple(PlanPart)
    response_parts: Annotated[
        tuple[ResponsePart, ...],
        Meta(description="What a response holds before it is over.", extra={"source": "R135, seeds 001:14 §06"}),
    ] = tuple(ResponsePart)
    review_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months after which each risk is looked at again. No number in the seeds: a quarter.",
            extra={"source": "S91, §4 L15, seeds 001:14 §06"},
        ),
    ] = 3
    drill_months: Annotated[
        int,
        Meta(
            ge=1,
            description="Months from one drill to the next. The seeds say `regular`: twice a year.",
            extra={"source": "R136, seeds 001:14 §06"},
        ),
    ] = 6


class WarningState(StrEnum):
    """Where a warning stands. Wire format."""

    RAISED = "raised"
    ANSWERED = "answered"
    REVIEWED = "reviewed"


class WarningAction(StrEnum):
    """What can be done with a warning. Wire format."""

    ANSWER = "answer"
    REVIEW = "review"


WARNING_LIFE: Life[WarningState, WarningAction] = Life(
    name="a warning",
    start=WarningState.RAISED,
    steps=(
        Step(WarningAction.ANSWER, (WarningState.RAISED,), WarningState.ANSWERED),
        Step(WarningAction.REVIEW, (WarningState.ANSWERED,), WarningState.REVIEWED),
    ),
)
"""Raised by a threshold, answered with all parts of a response, reviewed (§4 L15)."""


class RiskReason(StrEnum):
    """Why a step cannot be taken. Wire format."""

    PLAN_INCOMPLETE = "plan_incomplete"
    RESPONSE_INCOMPLETE = "response_incomplete"
    OWN_RESPONSE = "own_response"


class RiskRefusal(Refusal[RiskReason], frozen=True):
    """Why a step cannot be taken."""


class Raised(msgspec.Struct, frozen=True):
    """A warning: its key is of the threshold and the period, so that one period warns once."""

    key: str
    risk: Risk
    indicator: Indicator
    value: int
    at_least: int


def warnings(measured: Mapping[Indicator, int], rules: RiskRules, today: date) -> tuple[Raised, ...]:
    """Return what is at its threshold or above, in the order of the rules (R134)."""
    return tuple(
        Raised(
            key=f"{each.code}.{span_of(today, each.each).first.isoformat()}",
            risk=each.risk,
            indicator=each.indicator,
            value=measured[each.indicator],
            at_least=each.at_least,
        )
        for each in rules.thresholds
        if measured.get(each.indicator, 0) >= each.at_least
    )


def threshold_faults(rules: RiskRules) -> tuple[str, ...]:
    """Return what is wrong with the thresholds: a code named twice, a risk that nothing watches (R133)."""
    codes = [each.code for each in rules.thresholds]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    unwatched = [risk for risk in Risk if all(each.risk is not risk for each in rules.thresholds)]
    return (*(f"threshold {code} is named twice" for code in twice), *(f"nothing watches {risk}" for risk in unwatched))


def against_plan(parts: Mapping[PlanPart, str], rules: RiskRules) -> RiskRefusal | None:
    """Return why an emergency plan does not come into force: a part is missing (R135)."""
    lacking = [each.value for each in rules.plan_parts if not parts.get(each, "").strip()]
    return RiskRefusal(RiskReason.PLAN_INCOMPLETE, {"lacks": " ".join(lacking)}) if lacking else None


def against_answer(parts: Mapping[ResponsePart, str], rules: RiskRules) -> RiskRefusal | None:
    """Return why a warning is not answered yet: handling, investigation and responsibility belong to it (R135)."""
    lacking = [each.value for each in rules.response_parts if not parts.get(each, "").strip()]
    return RiskRefusal(RiskReason.RESPONSE_INCOMPLETE, {"lacks": " ".join(lacking)}) if lacking else None


def against_review(answered_by: str, by: str) -> RiskRefusal | None:
    """Return why somebody may not review: the own response (§4 L15)."""
    return RiskRefusal(RiskReason.OWN_RESPONSE) if by == answered_by else None


def review_due_on(reviewed_on: date | None, since: date, rules: RiskRules) -> date:
    """Return by when a risk is looked at again, counted from its last review or from the start (S91)."""
    return add_months(reviewed_on or since, rules.review_months)


def reviews_due(reviewed: Mapping[Risk, date | None], since: date, rules: RiskRules, today: date) -> tuple[Risk, ...]:
    """Return the risks whose review is due, in their order (S91, §4 L15)."""
    return tuple(each for each in Risk if today >= review_due_on(reviewed.get(each), since, rules))


def drill_due_on(last_on: date | None, since: date, rules: RiskRules) -> date:
    """Return by when the next drill is held; the first one is due from the start (R136)."""
    return add_months(last_on, rules.drill_months) if last_on else since
