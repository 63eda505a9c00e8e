"""Risks that warn by themselves, responses, plans and drills."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kiosk.club.calendar import Part
from kiosk.club.drills import (
    DRILL_LIFE,
    DrillAction,
    DrillRules,
    DrillState,
    Finding,
    Held,
    against_assessing,
    against_improving,
    report_of,
)
from kiosk.club.life import StepRefused
from kiosk.club.risks import (
    WARNING_LIFE,
    Indicator,
    PlanPart,
    ResponsePart,
    Risk,
    RiskReason,
    RiskRules,
    Threshold,
    WarningAction,
    WarningState,
    against_answer,
    against_plan,
    against_review,
    drill_due_on,
    reviews_due,
    threshold_faults,
    warnings,
)

RULES = RiskRules()
TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def make_held(**fields: Any) -> Held:
    """Make a drill at which all twelve people inside were out and found after four minutes."""
    counts = {"listed": 12, "found": 12, "members": 8, "staff": 4, "gates_opened": 3, "gates": 3}
    return Held(**{"began_at": AT, "cleared_at": AT + timedelta(minutes=4)} | counts | fields)


@pytest.mark.proves("R133")
def test_all_four_risks_are_watched() -> None:
    assert {each.value for each in Risk} == {"data_leak", "injury", "churn", "disputes"}
    assert threshold_faults(RULES) == ()
    few = RiskRules(thresholds=tuple(each for each in RULES.thresholds if each.risk is not Risk.INJURY))
    assert threshold_faults(few) == ("nothing watches injury",)
    twice = RiskRules(thresholds=(*RULES.thresholds, RULES.thresholds[0]))
    assert threshold_faults(twice) == ("threshold exports is named twice",)


def test_a_warning_comes_by_itself_at_the_threshold_and_not_below() -> None:
    rules = RiskRules(thresholds=(Threshold("late", Risk.DISPUTES, Indicator.COMPLAINTS_LATE, 3),))
    assert warnings({Indicator.COMPLAINTS_LATE: 2}, rules, TODAY) == ()
    (raised,) = warnings({Indicator.COMPLAINTS_LATE: 3}, rules, TODAY)
    assert (raised.risk, raised.value, raised.at_least) == (Risk.DISPUTES, 3, 3)
    assert warnings({}, rules, TODAY) == ()


def test_one_period_warns_once_and_the_next_again() -> None:
    rules = RiskRules(thresholds=(Threshold("late", Risk.DISPUTES, Indicator.COMPLAINTS_LATE, 1, Part.QUARTER),))
    keys = {warnings({Indicator.COMPLAINTS_LATE: 1}, rules, date(2026, month, 15))[0].key for month in range(7, 13)}
    assert keys == {"late.2026-07-01", "late.2026-10-01"}


def test_a_warning_is_answered_with_all_three_parts_and_reviewed_by_somebody_else() -> None:
    assert WARNING_LIFE.after(WarningState.RAISED, WarningAction.ANSWER) is WarningState.ANSWERED
    with pytest.raises(StepRefused):
        WARNING_LIFE.after(WarningState.RAISED, WarningAction.REVIEW)
    words = dict.fromkeys(ResponsePart, "done")
    assert against_answer(words, RULES) is None
    refusal = against_answer({**words, ResponsePart.RESPONSIBILITY: " "}, RULES)
    assert refusal is not None
    assert refusal.detail == {"lacks": "responsibility"}
    own = against_review("li", "li")
    assert own is not None
    assert own.reason is RiskReason.OWN_RESPONSE
    assert against_review("li", "wang") is None


def test_an_emergency_plan_has_four_parts() -> None:
    plan = dict.fromkeys(PlanPart, "who does what")
    assert len(plan) == 4
    assert against_plan(plan, RULES) is None
    refusal = against_plan({**plan, PlanPart.MEDICAL: ""}, RULES)
    assert refusal is not None
    assert refusal.detail == {"lacks": "medical"}


def test_each_risk_is_looked_at_again_every_quarter() -> None:
    since = date(2026, 1, 1)
    reviewed: dict[Risk, date | None] = dict.fromkeys(Risk, date(2026, 8, 23))
    assert reviews_due(reviewed, since, RULES, TODAY) == ()
    assert reviews_due({**reviewed, Risk.CHURN: date(2026, 8, 22)}, since, RULES, TODAY) == (Risk.CHURN,)
    assert reviews_due({}, since, RULES, TODAY) == tuple(Risk)


def test_a_drill_is_due_every_half_year_and_the_first_from_the_start() -> None:
    assert drill_due_on(date(2026, 5, 31), date(2026, 1, 1), RULES) == date(2026, 11, 30)
    assert drill_due_on(None, date(2026, 1, 1), RULES) == date(2026, 1, 1)


def test_a_drill_is_planned_run_assessed_and_mends_the_plan() -> None:
    state = DRILL_LIFE.start
    for action in (DrillAction.START, DrillAction.END, DrillAction.ASSESS, DrillAction.IMPROVE):
        state = DRILL_LIFE.after(state, action)
    assert state is DrillState.IMPROVED
    with pytest.raises(StepRefused):
        DRILL_LIFE.after(DrillState.RUN, DrillAction.IMPROVE)


def test_a_drill_that_went_well_has_no_findings() -> None:
    report = report_of(make_held(), DrillRules())
    assert (report.seconds, report.missing, report.findings, report.passed) == (240, 0, (), True)


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"cleared_at": None}, Finding.NOT_CLEARED),
        ({"cleared_at": AT + timedelta(minutes=5, seconds=1)}, Finding.TOO_SLOW),
        ({"found": 11}, Finding.MISSING),
        ({"members": 0}, Finding.NO_MEMBERS),
        ({"staff": 0}, Finding.NO_STAFF),
        ({"gates_opened": 2}, Finding.GATES_SHUT),
    ],
)
def test_a_drill_shows_what_went_wrong(fields: dict[str, Any], finding: Finding) -> None:
    report = report_of(make_held(**fields), DrillRules())
    assert report.findings == (finding,)
    assert not report.passed
    assert against_improving(report, "") is not None
    assert against_improving(report, "a second exit") is None


def test_five_minutes_are_in_time_and_every_drill_is_assessed() -> None:
    assert report_of(make_held(cleared_at=AT + timedelta(minutes=5)), DrillRules()).passed
    assert report_of(make_held(members=0), DrillRules(with_members=False)).passed
    assert against_assessing(" ") is not None
    assert against_assessing("calm") is None
    assert against_improving(report_of(make_held(), DrillRules()), "") is None
