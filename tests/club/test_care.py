"""The tasks that the streams ask for, their rhythm, and how they end."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.calendar import add_months
from kiosk.club.care import (
    TASK_LIFE,
    CareFacts,
    CareReason,
    CareTask,
    Ending,
    LookFirst,
    Outcome,
    TaskAction,
    TaskState,
    against_call,
    against_ending,
    club_tasks,
    is_moot,
    joined_last_week,
    member_tasks,
    quota_tasks,
)
from kiosk.club.care_rules import CareRules, TaskKind, Topic
from kiosk.club.lapses import LapseReason
from kiosk.club.life import StepRefused
from kiosk.club.segments import MemberClass, SegmentRules

RULES = CareRules()
SEGMENTS = SegmentRules()
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def make_facts(**fields: Any) -> CareFacts:
    """Make a regular who came and bought yesterday, and was talked to this month."""
    defaults = {"member": "m1", "begun_on": date(2025, 1, 1), "member_class": MemberClass.REGULAR}
    days = {"visited_on": TODAY - DAY, "bought_on": TODAY - DAY, "reached_on": TODAY - DAY}
    return CareFacts(**defaults | days | fields)


def make_new(**fields: Any) -> CareFacts:
    """Make a member who joined and bought three days ago."""
    begun = TODAY - 3 * DAY
    days = {"begun_on": begun, "welcome_on": begun, "visited_on": begun, "bought_on": begun, "reached_on": None}
    return make_facts(**{"member_class": MemberClass.NEW} | days | fields)


def _tasks(facts: CareFacts, today: date = TODAY) -> tuple[CareTask, ...]:
    return member_tasks(facts, RULES, SEGMENTS, today)


def test_a_regular_who_is_cared_for_asks_for_nothing() -> None:
    assert _tasks(make_facts()) == ()


def test_a_new_member_is_called_within_a_week_of_the_purchase() -> None:
    (task,) = _tasks(make_new())
    assert (task.kind, task.opens_on, task.due_on) == (TaskKind.NEW_CALL, TODAY - 3 * DAY, TODAY + 4 * DAY)


def test_a_new_member_who_was_talked_to_or_joined_long_ago_is_not_welcomed_again() -> None:
    assert _tasks(make_new(reached_on=TODAY - 3 * DAY)) == ()
    assert _tasks(make_new(), add_months(TODAY - 3 * DAY, 1)) == ()
    assert _tasks(make_new(), add_months(TODAY - 3 * DAY, 1) - DAY) != ()


def test_a_regular_is_called_every_month_once() -> None:
    facts = make_facts(reached_on=date(2026, 10, 31))
    (task,) = _tasks(facts)
    assert (task.kind, task.period, task.due_on) == (TaskKind.MONTHLY_CALL, "2026-11", date(2026, 11, 30))
    assert {each.key for each in _tasks(facts, TODAY + DAY)} == {task.key}
    assert _tasks(make_facts(reached_on=date(2026, 11, 1))) == ()


def test_a_decline_takes_the_place_of_the_monthly_call() -> None:
    (task,) = _tasks(make_facts(decline=True, reached_on=None))
    assert (task.kind, task.due_on) == (TaskKind.DECLINE_CALL, TODAY + 7 * DAY)


def test_three_months_without_a_visit_ask_for_a_call_that_looks_at_complaints_first() -> None:
    last = add_months(TODAY, -3)
    facts = make_facts(visited_on=last, member_class=MemberClass.DORMANT, complaint_open=True, matters=True)
    (task,) = _tasks(facts)
    assert (task.kind, task.opens_on, task.period) == (TaskKind.NO_VISIT, TODAY, last.isoformat())
    assert task.look_first == (LookFirst.COMPLAINT, LookFirst.SPECIAL_MATTER)
    refusal = against_call(task, facts)
    assert refusal is not None
    assert refusal.reason is CareReason.COMPLAINT_FIRST
    assert against_call(task, make_facts(complaint_open=False)) is None
    assert _tasks(make_facts(visited_on=last + DAY)) == ()


def test_six_months_without_a_purchase_ask_for_a_call() -> None:
    last = add_months(TODAY, -6)
    (task,) = _tasks(make_facts(bought_on=last, member_class=MemberClass.DORMANT))
    assert (task.kind, task.due_on) == (TaskKind.NO_PURCHASE, TODAY + 14 * DAY)
    assert _tasks(make_facts(bought_on=last + DAY)) == ()


def test_one_silence_is_one_task_and_the_next_silence_another() -> None:
    first = make_facts(visited_on=add_months(TODAY, -3), member_class=MemberClass.DORMANT)
    (task,) = _tasks(first)
    assert [each.key for each in _tasks(first, TODAY + 50 * DAY)] == [task.key]
    later = make_facts(visited_on=TODAY, bought_on=add_months(TODAY, 3), member_class=MemberClass.DORMANT)
    (other,) = _tasks(later, add_months(TODAY, 3))
    assert other.key != task.key


def test_who_did_not_confirm_own_data_is_called_after_the_last_day() -> None:
    (task,) = _tasks(make_facts(confirm_due_on=TODAY - DAY))
    assert (task.kind, task.opens_on) == (TaskKind.CONFIRM_CALL, TODAY)
    assert _tasks(make_facts(confirm_due_on=TODAY)) == ()


def test_every_week_asks_for_the_list_of_last_weeks_new_members() -> None:
    (task,) = club_tasks(RULES, TODAY)
    assert (task.kind, task.period) == (TaskKind.NEW_LIST, "2026-W47")
    assert (task.opens_on, task.due_on) == (date(2026, 11, 16), TODAY)
    assert club_tasks(RULES, TODAY + DAY)[0].key != task.key
    joined = {"a": date(2026, 11, 9), "b": date(2026, 11, 15), "c": date(2026, 11, 16), "d": date(2026, 11, 8)}
    assert joined_last_week(joined, TODAY) == ("a", "b")


def test_the_year_ends_with_one_questionnaire() -> None:
    december = [each for each in club_tasks(RULES, date(2026, 12, 1)) if each.kind is TaskKind.YEAR_END_SURVEY]
    assert [(each.period, each.due_on) for each in december] == [("2026", date(2026, 12, 31))]
    assert len(club_tasks(RULES, date(2026, 11, 30))) == 1


def test_the_months_number_of_call_backs_goes_to_those_not_talked_to_for_longest() -> None:
    rules = CareRules(quota_per_month=2)
    reached = {"a": TODAY, "b": None, "c": date(2026, 1, 1), "d": date(2026, 2, 1)}
    assert [each.member for each in quota_tasks(reached, (), rules, TODAY)] == ["b", "c"]
    assert [each.member for each in quota_tasks(reached, ("b",), rules, TODAY)] == ["c"]
    assert quota_tasks(reached, ("b", "c"), rules, TODAY) == ()
    assert quota_tasks(reached, ("b", "c", "d"), rules, TODAY) == ()


def test_a_call_back_talks_about_all_five_topics() -> None:
    assert len(RULES.topics) == 5
    some = Ending(Outcome.REACHED, topics=frozenset(Topic) - {Topic.PRICES})
    refusal = against_ending(TaskKind.QUOTA_CALL, some, RULES)
    assert refusal is not None
    assert refusal.detail == {"lacks": "prices"}
    assert against_ending(TaskKind.QUOTA_CALL, Ending(Outcome.REACHED, topics=frozenset(Topic)), RULES) is None


@pytest.mark.parametrize("kind", [TaskKind.NO_VISIT, TaskKind.NO_PURCHASE, TaskKind.DECLINE_CALL])
def test_the_reason_is_asked_of_who_stays_away(kind: TaskKind) -> None:
    refusal = against_ending(kind, Ending(Outcome.REACHED), RULES)
    assert refusal is not None
    assert refusal.reason is CareReason.REASON_MISSING
    assert against_ending(kind, Ending(Outcome.REACHED, reason=LapseReason.BUSY), RULES) is None


def test_nobody_is_given_up_after_too_few_calls() -> None:
    twice = against_ending(TaskKind.MONTHLY_CALL, Ending(Outcome.NOT_REACHED, tries=2), RULES)
    assert twice is not None
    assert twice.reason is CareReason.TRY_AGAIN
    assert against_ending(TaskKind.MONTHLY_CALL, Ending(Outcome.NOT_REACHED, tries=3), RULES) is None
    assert against_ending(TaskKind.NO_VISIT, Ending(Outcome.REFUSED), RULES) is None


def test_a_task_is_moot_when_its_cause_is_gone() -> None:
    away = make_facts(visited_on=add_months(TODAY, -3), member_class=MemberClass.DORMANT)
    (task,) = _tasks(away)
    assert not is_moot(task, away, SEGMENTS, TODAY)
    assert is_moot(task, make_facts(), SEGMENTS, TODAY)
    monthly = CareTask(TaskKind.MONTHLY_CALL, "m1", "2026-11", TODAY, TODAY)
    assert not is_moot(monthly, make_facts(), SEGMENTS, TODAY)


def test_a_task_that_ended_stays_ended() -> None:
    planned = TASK_LIFE.after(TaskState.OPEN, TaskAction.PLAN)
    assert TASK_LIFE.after(planned, TaskAction.FINISH) is TaskState.DONE
    with pytest.raises(StepRefused):
        TASK_LIFE.after(TaskState.DONE, TaskAction.DROP)


@settings(max_examples=80, deadline=None)
@given(
    away=st.integers(0, 500),
    silent=st.integers(0, 500),
    days=st.integers(0, 40),
    kind=st.sampled_from(MemberClass),
)
def test_looking_every_day_asks_for_nothing_twice(away: int, silent: int, days: int, kind: MemberClass) -> None:
    facts = make_facts(visited_on=TODAY - away * DAY, bought_on=TODAY - silent * DAY, member_class=kind)
    kept: dict[str, CareTask] = {}
    for offset in range(days + 1):
        today = TODAY + offset * DAY
        found = _tasks(facts, today)
        assert len({each.key for each in found}) == len(found)
        kept |= {each.key: each for each in found}
    months = len({f"{TODAY + offset * DAY:%Y-%m}" for offset in range(days + 1)})
    for kind_ in (TaskKind.NO_VISIT, TaskKind.NO_PURCHASE):
        assert sum(each.kind is kind_ for each in kept.values()) <= 1
    assert sum(each.kind is TaskKind.MONTHLY_CALL for each in kept.values()) <= months
