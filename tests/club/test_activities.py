"""The life of an activity, its plan, its audience and its places."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.club.activities import (
    ACTIVITY_LIFE,
    ActivityAction,
    ActivityRules,
    ActivityState,
    Answer,
    Audience,
    AudienceReason,
    PlanPart,
    Willing,
    against_attendee,
    places,
    plan_gaps,
)
from kiosk.club.life import StepRefused
from tests.club.builders_people import STARTS, make_activity, make_attendee


def _reasons(audience: Audience, **fields: Any) -> list[AudienceReason]:
    return [each.reason for each in against_attendee(make_activity(audience=audience), make_attendee(**fields))]


@pytest.mark.proves("S73", "R148")
def test_an_activity_is_planned_announced_held_asked_about_and_reviewed() -> None:
    state = ACTIVITY_LIFE.start
    for action in ActivityAction:
        if action is not ActivityAction.CALL_OFF:
            state = ACTIVITY_LIFE.after(state, action)
    assert state is ActivityState.REVIEWED
    assert ACTIVITY_LIFE.is_end(state)


@pytest.mark.proves("R148")
def test_no_review_without_feedback_and_none_is_called_off_once_it_runs() -> None:
    with pytest.raises(StepRefused):
        ACTIVITY_LIFE.after(ActivityState.CLOSED, ActivityAction.REVIEW)
    with pytest.raises(StepRefused):
        ACTIVITY_LIFE.after(ActivityState.RUNNING, ActivityAction.CALL_OFF)


@pytest.mark.proves("R148", "S73")
def test_an_activity_is_announced_with_a_plan() -> None:
    rules = ActivityRules()
    assert plan_gaps(make_activity(), rules) == ()
    bare = make_activity(starts_at=None, place="", agenda="", budget_minor=None)
    assert plan_gaps(bare, rules) == (PlanPart.TIME, PlanPart.PLACE, PlanPart.AGENDA, PlanPart.BUDGET)
    assert plan_gaps(make_activity(ends_at=STARTS), rules) == (PlanPart.TIME,)
    assert plan_gaps(make_activity(), ActivityRules(plan_parts=(PlanPart.CAPACITY,))) == (PlanPart.CAPACITY,)


def test_an_activity_for_all_is_for_all() -> None:
    assert _reasons(Audience()) == []


@pytest.mark.proves("S73")
def test_an_activity_may_ask_for_a_tier_a_class_and_a_home() -> None:
    assert _reasons(Audience(min_rank=2), rank=1) == [AudienceReason.TIER_TOO_LOW]
    assert _reasons(Audience(min_rank=2), rank=2) == []
    assert _reasons(Audience(classes=frozenset({"a", "b"}))) == [AudienceReason.CLASS_NOT_INVITED]
    assert _reasons(Audience(classes=frozenset({"a", "b"})), classes=frozenset({"b"})) == []
    assert _reasons(Audience(home_sites=frozenset({"north"}))) == [AudienceReason.HOME_SITE_NOT_INVITED]
    assert _reasons(Audience(home_sites=frozenset({"demo"}))) == []
    assert len(_reasons(Audience(min_rank=2, classes=frozenset({"a"}), visitors_only=True))) == 3


@pytest.mark.proves("R154")
def test_some_activities_are_for_out_of_town_members_only() -> None:
    assert _reasons(Audience(visitors_only=True)) == [AudienceReason.VISITORS_ONLY]
    assert _reasons(Audience(visitors_only=True), home_site="north") == []


@pytest.mark.proves("R153", "S73")
def test_places_go_to_higher_tiers_first_and_then_to_the_earlier_answer() -> None:
    answers = [
        Answer("early", Willing.YES, 1, STARTS),
        Answer("late", Willing.YES, 1, STARTS + timedelta(hours=1)),
        Answer("gold", Willing.YES, 3, STARTS + timedelta(hours=2)),
        Answer("no", Willing.NO, 9, STARTS),
        Answer("perhaps", Willing.PERHAPS, 9, STARTS),
    ]
    assert places(make_activity(capacity=2), answers) == ("gold", "early")
    assert places(make_activity(), answers) == ("gold", "early", "late")
