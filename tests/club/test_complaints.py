"""Complaints: their life, their clock, their result, and what they have in common."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.club.complaints import (
    COMPLAINT_LIFE,
    Channel,
    ComplaintAction,
    ComplaintReason,
    ComplaintRules,
    ComplaintState,
    Frequent,
    Matter,
    Priority,
    Result,
    Subject,
    against_closing,
    against_step,
    due_at,
    frequent,
    priority_of,
)
from kiosk.club.life import StepRefused

RULES = ComplaintRules()
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.mark.proves("R125")
def test_there_are_four_ways_in() -> None:
    assert {each.value for each in Channel} == {"online", "phone", "mailbox", "on_site"}


def test_a_complaint_takes_its_six_steps_in_order_and_is_closed_after_them() -> None:
    state = COMPLAINT_LIFE.start
    walked = [state]
    for action in (
        ComplaintAction.SORT,
        ComplaintAction.INVESTIGATE,
        ComplaintAction.PLAN,
        ComplaintAction.CARRY_OUT,
        ComplaintAction.FOLLOW_UP,
    ):
        with pytest.raises(StepRefused):
            COMPLAINT_LIFE.after(state, ComplaintAction.CLOSE)
        state = COMPLAINT_LIFE.after(state, action)
        walked.append(state)
    assert len(walked) == 6
    assert COMPLAINT_LIFE.after(state, ComplaintAction.CLOSE) is ComplaintState.CLOSED


def test_a_closed_complaint_can_be_looked_at_again_and_one_taken_back_cannot() -> None:
    assert COMPLAINT_LIFE.after(ComplaintState.CLOSED, ComplaintAction.LOOK_AGAIN) is ComplaintState.SORTED
    assert COMPLAINT_LIFE.is_end(ComplaintState.TAKEN_BACK)


def test_a_promised_right_that_was_not_kept_is_looked_into_fast() -> None:
    assert priority_of(Matter.RIGHT, RULES) is Priority.FAST
    assert priority_of(Matter.SERVICE, RULES) is Priority.NORMAL
    for state in ComplaintState:
        fast, normal = (due_at(state, each, AT, RULES) for each in (Priority.FAST, Priority.NORMAL))
        assert (fast is None) == (normal is None) == (state in {ComplaintState.CLOSED, ComplaintState.TAKEN_BACK})
        assert fast is None or normal is None or fast < normal


def test_the_clock_runs_from_the_day_it_came_in() -> None:
    assert due_at(ComplaintState.RECEIVED, Priority.NORMAL, AT, RULES) == AT + timedelta(hours=24)
    assert due_at(ComplaintState.SORTED, Priority.FAST, AT, RULES) == AT + timedelta(hours=24)


def test_nobody_handles_a_complaint_about_himself() -> None:
    refusal = against_step(ComplaintAction.INVESTIGATE, "li", Subject(staff="li"), Matter.STAFF)
    assert refusal is not None
    assert refusal.reason is ComplaintReason.ABOUT_ONESELF
    assert against_step(ComplaintAction.INVESTIGATE, "wang", Subject(staff="li"), Matter.STAFF) is None
    assert against_step(ComplaintAction.INVESTIGATE, "", Subject(), Matter.STAFF) is None


def test_sorting_says_what_it_is_about() -> None:
    refusal = against_step(ComplaintAction.SORT, "li", Subject(), None)
    assert refusal is not None
    assert refusal.reason is ComplaintReason.NOT_SORTED
    assert against_step(ComplaintAction.SORT, "li", Subject(), Matter.ENTRY) is None


def test_a_result_is_explained_brings_an_improvement_and_asks_how_satisfied() -> None:
    assert [each.reason for each in against_closing(Result())] == [
        ComplaintReason.NO_EXPLANATION,
        ComplaintReason.NO_IMPROVEMENT,
        ComplaintReason.NOT_ASKED,
    ]
    full = Result("the reader was off", "it is tested daily", asked_satisfaction=True, satisfaction=None)
    assert against_closing(full) == ()


def test_what_is_complained_of_often_at_one_place_is_found() -> None:
    def of(matter: Matter, place: str, days_ago: int) -> tuple[Matter, str, date]:
        return (matter, place, TODAY - timedelta(days=days_ago))

    often = [of(Matter.ENTRY, "pool", n) for n in (0, 10, 29)]
    assert frequent([*often, of(Matter.ENTRY, "gym", 0)], RULES, TODAY) == (Frequent(Matter.ENTRY, "pool", 3),)
    assert frequent([*often[:2], of(Matter.ENTRY, "pool", 30)], RULES, TODAY) == ()
    assert frequent([*often[:2], of(Matter.CARD, "pool", 0)], RULES, TODAY) == ()
