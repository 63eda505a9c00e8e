"""The nightly care tasks, their ends, and the log of talks."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from kiosk.central.care import segments, task_job
from kiosk.central.care.complaints import ComplaintWish, receive
from kiosk.central.care.lapses import lapse_page
from kiosk.central.care.tables import care_task
from kiosk.central.care.talks import Talk, log_talk, talks_with
from kiosk.central.care.tasks import (
    finish_task,
    give_task,
    new_last_week,
    plan_task,
    task_of,
    task_page,
)
from kiosk.central.club.books import Books, Change
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.refused import RuleRefused
from kiosk.club.calendar import add_months
from kiosk.club.care import LookFirst, Outcome, TaskState
from kiosk.club.care_rules import ContactWay, TaskKind, Topic
from kiosk.club.complaints import Channel
from kiosk.club.lapses import LapseReason, LapseState
from kiosk.club.life import StepRefused
from tests.central.builders import ManualClock
from tests.central.care.builders import (
    DAY,
    TODAY,
    do,
    put_people,
    put_purchases,
    put_visits,
    rows_of,
    run_all,
    run_job,
)
from tests.central.club.builders_people import set_day
from tests.central.club.builders_points import amend

LAST = TODAY - DAY
CALL = Talk(ContactWay.PHONE, Outcome.REACHED)
FRUITLESS = Talk(ContactWay.PHONE, Outcome.NOT_REACHED)
SAID = dict.fromkeys(Topic, "good")


def _night(books: Books) -> None:
    run_all(books, segments.run, task_job.run)


def _kinds(books: Books) -> list[str]:
    return sorted(row["kind"] for row in rows_of(books, care_task))


def _put_regulars(books: Books, count: int, day: date = LAST) -> list[str]:
    amend(books, care__quota_per_month=0)
    people = put_people(books, count)
    put_visits(books, [(n, day) for n in range(1, count + 1)])
    put_purchases(books, [(n, day, 1000) for n in range(1, count + 1)])
    return people


def _silent(books: Books, clock: ManualClock) -> str:
    """Have a member whom nobody has seen for three months, with the call that this asks for; returns its key."""
    _put_regulars(books, 1)
    set_day(clock, add_months(LAST, 3))
    _night(books)
    with books.look() as look:
        (task,) = task_page(look, kind=TaskKind.NO_VISIT)
    return task.key


def test_a_night_over_two_thousand_members_asks_for_nothing_twice(books: Books) -> None:
    _put_regulars(books, 2000)
    _night(books)
    before = rows_of(books, care_task)
    assert len(before) == 2001
    assert {row["kind"] for row in before} == {"monthly_call", "new_list"}
    _night(books)
    assert rows_of(books, care_task) == before


def test_killed_after_any_step_the_tasks_come_out_the_same(books: Books) -> None:
    _put_regulars(books, 450)
    run_job(segments.run, books)
    place, steps = "", 0
    while not (step := task_job.run(books, TODAY, place)).finished:
        task_job.run(books, TODAY, place)
        place, steps = step.place, steps + 1
    assert steps == 3
    assert len(rows_of(books, care_task)) == 451


@pytest.mark.proves("S67", "R110", "R111")
def test_new_members_are_called_within_a_week_and_listed_every_week(books: Books) -> None:
    amend(books, care__quota_per_month=0)
    people = put_people(books, 1, joined=date(2026, 11, 15), owner_staff="li")
    put_people(books, 1, first=2, joined=TODAY)
    _night(books)
    with books.look() as look:
        tasks = {each.member: each for each in task_page(look, kind=TaskKind.NEW_CALL)}
        assert new_last_week(look) == tuple(people)
    assert (tasks[people[0]].due_on, tasks[people[0]].owner) == (TODAY, "li")
    assert len(tasks) == 2


@pytest.mark.proves("S67", "R112")
def test_a_regular_is_called_once_a_month(books: Books, clock: ManualClock) -> None:
    people = _put_regulars(books, 1)
    _night(books)
    with books.look() as look:
        (task,) = task_page(look, kind=TaskKind.MONTHLY_CALL)
    done = do(books, lambda change: finish_task(change, task.key, CALL))
    assert (done.state, done.outcome, done.done_by) == (TaskState.DONE, "reached", "desk-1")
    for day in (TODAY + DAY, date(2026, 11, 30)):
        set_day(clock, day)
        _night(books)
    assert _kinds(books).count("monthly_call") == 1
    put_visits(books, [(1, date(2026, 11, 30))])
    set_day(clock, date(2026, 12, 1))
    _night(books)
    assert _kinds(books).count("monthly_call") == 2
    with books.look() as look:
        assert [each.talk.way for each in talks_with(look, people[0])] == [ContactWay.PHONE]


def test_somebody_talked_to_this_month_asks_for_no_monthly_call(books: Books) -> None:
    people = _put_regulars(books, 1)
    do(books, lambda change: log_talk(change, people[0], CALL))
    _night(books)
    assert _kinds(books) == ["new_list"]


@pytest.mark.proves("S67", "S69", "S70", "R108")
def test_the_call_after_three_months_asks_why_and_goes_into_the_lapse(books: Books, clock: ManualClock) -> None:
    key = _silent(books, clock)
    with pytest.raises(RuleRefused, match="reason_missing"):
        do(books, lambda change: finish_task(change, key, CALL))
    busy = Talk(ContactWay.PHONE, Outcome.REACHED, LapseReason.BUSY, words="back in spring")
    done = do(books, lambda change: finish_task(change, key, busy))
    assert (done.state, done.reason) == (TaskState.DONE, "busy")
    with books.look() as look:
        (found,) = lapse_page(look)
    assert (found.state, found.reason) == (LapseState.REASON_ASKED, "busy")
    with pytest.raises(StepRefused):
        do(books, lambda change: finish_task(change, key, busy))


def test_an_open_complaint_comes_before_the_call(books: Books, clock: ManualClock) -> None:
    people = _put_regulars(books, 1)
    do(books, lambda change: receive(change, ComplaintWish(Channel.PHONE, "cold water", member=people[0])))
    set_day(clock, add_months(LAST, 3))
    _night(books)
    with books.look() as look:
        (task,) = task_page(look, kind=TaskKind.NO_VISIT)
    assert task.look_first == (LookFirst.COMPLAINT,)
    with pytest.raises(RuleRefused, match="complaint_first"):
        do(books, lambda change: finish_task(change, task.key, FRUITLESS))


@pytest.mark.proves("S70")
def test_a_fruitless_call_is_logged_and_tried_again(books: Books, clock: ManualClock) -> None:
    key = _silent(books, clock)
    for tries in (1, 2):
        task = do(books, lambda change: finish_task(change, key, FRUITLESS))
        assert (task.state, task.tries) == (TaskState.OPEN, tries)
    task = do(books, lambda change: finish_task(change, key, FRUITLESS))
    assert (task.state, task.outcome) == (TaskState.DONE, "not_reached")
    with books.look() as look:
        assert len(talks_with(look, task.member or "")) == 3


def test_a_task_whose_cause_is_gone_is_dropped(books: Books, clock: ManualClock) -> None:
    key = _silent(books, clock)
    put_visits(books, [(1, add_months(LAST, 3))])
    _night(books)
    with books.look() as look:
        assert task_of(look, key).state is TaskState.DROPPED


@pytest.mark.proves("S67", "R109")
def test_six_months_without_a_purchase_ask_for_a_call_that_is_noted(books: Books, clock: ManualClock) -> None:
    _put_regulars(books, 1)
    put_visits(books, [(1, add_months(LAST, 6) - DAY)])
    set_day(clock, add_months(LAST, 6))
    _night(books)
    with books.look() as look:
        (task,) = task_page(look, kind=TaskKind.NO_PURCHASE)
    moved = Talk(ContactWay.PHONE, Outcome.REACHED, LapseReason.MOVED)
    do(books, lambda change: finish_task(change, task.key, moved))
    with books.look() as look:
        assert lapse_page(look)[0].state is LapseState.CALLED


@pytest.mark.proves("S68", "R114")
def test_a_decline_asks_for_a_call(books: Books) -> None:
    amend(books, care__quota_per_month=0)
    put_people(books, 1)
    put_visits(books, [*((1, add_months(TODAY, -4) + n * DAY) for n in range(8)), (1, LAST)])
    put_purchases(books, [(1, LAST, 100)])
    _night(books)
    assert _kinds(books) == ["decline_call", "new_list"]


@pytest.mark.proves("R115")
def test_a_months_call_backs_are_a_fixed_number_over_all_topics(books: Books, clock: ManualClock) -> None:
    people = _put_regulars(books, 5)
    amend(books, care__quota_per_month=2)
    for each in people[:2]:
        do(books, lambda change, each=each: log_talk(change, each, CALL))
    for day in (TODAY, TODAY + DAY):
        set_day(clock, day)
        _night(books)
    with books.look() as look:
        tasks = task_page(look, kind=TaskKind.QUOTA_CALL)
    assert [each.member for each in tasks] == people[2:4]
    with pytest.raises(RuleRefused, match="topics_missing"):
        do(books, lambda change: finish_task(change, tasks[0].key, CALL))
    whole = Talk(ContactWay.PHONE, Outcome.REACHED, topics=SAID)
    assert do(books, lambda change: finish_task(change, tasks[0].key, whole)).state is TaskState.DONE
    with books.look() as look:
        assert talks_with(look, people[2])[0].talk.topics == SAID


@pytest.mark.proves("R116")
def test_who_does_not_confirm_own_data_is_called_and_no_more_after_confirming(books: Books, clock: ManualClock) -> None:
    people = _put_regulars(books, 1, date(2026, 12, 20))
    set_day(clock, date(2026, 12, 31))
    _night(books)
    assert "confirm_call" not in _kinds(books)
    set_day(clock, date(2027, 2, 1))
    _night(books)
    assert _kinds(books).count("confirm_call") == 1

    def confirm(change: Change) -> None:
        mine = member_file.c.member == people[0]
        change.connection.execute(update(member_file).where(mine).values(confirmed_on="2027-02-01"))

    do(books, confirm)
    _night(books)
    assert [row["state"] for row in rows_of(books, care_task) if row["kind"] == "confirm_call"] == ["dropped"]


def test_a_talk_is_planned_for_a_time_to_come_and_given_to_somebody(books: Books, clock: ManualClock) -> None:
    key = _silent(books, clock)
    at = clock.now() + timedelta(days=2)
    task = do(books, lambda change: plan_task(change, key, at, ContactWay.ON_SITE))
    assert (task.state, task.planned_at, task.way) == (TaskState.PLANNED, at, "on_site")
    assert do(books, lambda change: give_task(change, key, "wang")).owner == "wang"
    with books.look() as look:
        assert [each.key for each in task_page(look, owner="wang")] == [key]
        assert task_page(look, owner="wang", late_only=True) == []
    set_day(clock, task.due_on + DAY)
    with books.look() as look:
        assert [each.key for each in task_page(look, owner="wang", late_only=True)] == [key]
