"""The nightly walk over all members, and what a night off changes: nothing."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from kiosk.central.club import applications, files, life_job, membership, organisations
from kiosk.central.club.books import Books
from kiosk.central.club.jobs import Step
from kiosk.central.club.spells import spell_of
from kiosk.central.members import MemberRecord, save_members
from kiosk.central.tables import member as member_table
from kiosk.central.tables import roster_row
from kiosk.club.membership import EndReason, MemberState, StopReason
from kiosk.club.organisations import Change, Role
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_people import do, see

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def _night(books: Books, clock: ManualClock, day: date) -> list[Step]:
    """Run the walk of a day to its end; returns its steps."""
    people.set_day(clock, day, hour=4)
    steps = [life_job.run(books, day, "")]
    while not steps[-1].finished:
        steps.append(life_job.run(books, day, steps[-1].place))
    return steps


@pytest.mark.proves("R52", "S11", "S16")
def test_an_end_by_dates_is_written_down_told_once_and_its_file_kept(both_books: Books, clock: ManualClock) -> None:
    people.open_club(both_books)
    member = people.join(both_books, paid_until=TODAY)
    _night(both_books, clock, date(2027, 11, 22))
    assert see(both_books, spell_of, member).facts.endings == ()
    _night(both_books, clock, date(2027, 11, 25))
    _night(both_books, clock, date(2027, 11, 26))
    (ended,) = see(both_books, spell_of, member).facts.endings
    assert (ended.last_day, ended.reason) == (date(2027, 11, 22), EndReason.UNPAID)
    assert len(told(both_books, template="membership_forfeited")) == 1
    assert see(both_books, files.file_of, member).keep_until == date(2030, 11, 22)
    assert noted(both_books, action="member.end")[0]["actor"] == "job:membership"


@pytest.mark.proves("S07")
def test_the_gates_get_new_dates_when_the_old_ones_are_used_up(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    do(books, membership.suspend, member, StopReason.DISCIPLINE, until=TODAY + DAY, why="case 1")
    later = TODAY + 10 * DAY
    people.set_day(clock, TODAY + 2 * DAY)
    do(books, membership.suspend, member, StopReason.DISCIPLINE, since=later, until=later + DAY, why="case 2")
    do(books, membership.suspend, member, StopReason.DISCIPLINE, since=later + 9 * DAY, why="case 3")
    assert people.gate_says(books, 1, later + 9 * DAY) == "ok"
    _night(books, clock, later + 9 * DAY)
    assert people.gate_says(books, 1, later + 9 * DAY) == "membership_suspended"


@pytest.mark.proves("R68", "S12")
def test_who_left_a_post_falls_to_the_own_fees_by_itself(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    unit = people.approve(books, people.make_unit_applicant(), owes_fees=False)
    person = people.make_person(books, 1)
    do(books, organisations.appoint, person, unit, Role.MAIN, why="letter")
    people.hand_over(books, person, 1)
    do(books, organisations.note_turn, person, Change.LEFT_POST, TODAY + DAY, why="new job")
    assert people.gate_says(books, 1, TODAY + 2 * DAY) == "ok"
    _night(books, clock, TODAY + 2 * DAY)
    assert people.gate_says(books, 1, TODAY + 2 * DAY) == "fee_overdue"


@pytest.mark.proves("S57", "S58", "R54")
def test_a_member_hears_of_the_fee_before_and_after_it_is_due(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, paid_until=TODAY + 30 * DAY, language="en")
    for offset in range(62):
        _night(books, clock, TODAY + offset * DAY)
    assert [each["data"]["days"] for each in told(books, template="fee_soon")] == [14, 3]
    assert [each["data"]["days"] for each in told(books, template="fee_overdue")] == [-1, -15, -30]
    assert {each["language"] for each in told(books, template="fee_soon")} == {"en"}


@pytest.mark.proves("R116", "S17")
def test_every_member_is_asked_once_to_confirm_the_own_data(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    other = people.join(books, 2)
    do(books, membership.cancel, other, why="council")
    for day in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)):
        _night(books, clock, day)
    asked = told(books, template="confirm_data")
    assert [(each["member"], each["data"]) for each in asked] == [(member, {"due_on": "2026-12-31"})]


@pytest.mark.proves("R08")
def test_staff_hear_of_an_answer_that_is_due(books: Books, clock: ManualClock) -> None:
    do(books, applications.submit, people.make_applicant())
    waits = do(books, applications.submit, people.make_applicant(2, documents={}))
    for step in (applications.pre_register, applications.review, applications.ask_for_more):
        do(books, step, waits)
    _night(books, clock, TODAY + 7 * DAY)
    assert told(books, template="review_overdue") == []
    _night(books, clock, TODAY + 8 * DAY)
    _night(books, clock, TODAY + 9 * DAY)
    assert len(told(books, template="review_overdue")) == 2


@pytest.mark.proves("S16", "R71")
def test_files_are_erased_by_themselves_when_their_time_is_over(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    do(books, membership.cancel, member, why="council")
    _night(books, clock, date(2029, 11, 21))
    assert see(books, files.file_of, member).name
    _night(books, clock, date(2029, 11, 22))
    assert see(books, files.file_of, member).name == ""
    assert people.gate_says(books, 1, date(2029, 11, 22)) == "membership_ended"


def test_a_member_of_a_list_is_left_alone_until_the_membership_is_over(books: Books, clock: ManualClock) -> None:
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord("a" * 16, "M1", "赵一", member_until=TODAY)])
    _night(books, clock, TODAY)
    assert see(books, spell_of, "a" * 16).number == 0
    _night(books, clock, TODAY + DAY)
    assert see(books, membership.standing, "a" * 16).state is MemberState.WITHDRAWN
    assert see(books, files.file_of, "a" * 16).keep_until == date(2029, 11, 22)


def test_the_walk_goes_in_steps_of_five_hundred_and_again_changes_nothing(books: Books, clock: ManualClock) -> None:
    rows = [{"id": f"{number:016x}", "member_no": f"M{number}", "name": "赵"} for number in range(1001)]
    with books.database.begin() as connection:
        connection.execute(insert(member_table), rows)
    steps = _night(books, clock, TODAY)
    assert [each.done for each in steps] == [500, 1000, 1001, 1001]
    assert {each.total for each in steps} == {1001}
    assert len({each.place for each in steps}) == len(steps)
    before = (noted(books), told(books))
    _night(books, clock, TODAY)
    assert (noted(books), told(books)) == before


def test_a_day_that_was_missed_is_left_to_the_run_of_today(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, paid_until=TODAY)
    people.set_day(clock, TODAY + 20 * DAY)
    assert life_job.run(books, TODAY + 5 * DAY, "") == Step(0, 0, "", finished=True)
    assert told(books, template="fee_overdue") == []
    _night(books, clock, TODAY + 20 * DAY)
    assert [each["data"]["days"] for each in told(books, template="fee_overdue")] == [-20]


def _suspend(change: Any, member: str) -> None:
    membership.suspend(change, member, StopReason.DISCIPLINE, until=change.today + 3 * DAY, why="case")


def _suspend_later(change: Any, member: str) -> None:
    since = change.today + 6 * DAY
    membership.suspend(change, member, StopReason.DISCIPLINE, since=since, until=since + 2 * DAY, why="case")


ACTIONS: dict[str, Callable[[Any, str], object]] = {
    "suspend": _suspend,
    "suspend_later": _suspend_later,
    "keep_title": lambda change, member: membership.suspend(change, member, StopReason.ABSENCE, why="absent"),
    "restore": lambda change, member: membership.restore(change, member, StopReason.DISCIPLINE, why="over"),
    "leave": lambda change, member: membership.ask_to_leave(change, member, wanted=None, waived=True, why="letter"),
    "ask": lambda change, member: membership.ask_to_leave(change, member, why="letter"),
    "stay": lambda change, member: membership.stay(change, member, why="stays"),
    "defer": lambda change, member: membership.defer(change, member, change.today + 5 * DAY, why="hospital"),
    "pay": lambda change, member: membership.record_paid(change, member, change.today + 8 * DAY, why="fee"),
    "cancel": lambda change, member: membership.cancel(change, member, last_day=change.today, why="council"),
}


@pytest.mark.proves("S07", "R45", "R46")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([*ACTIONS]), st.integers(0, 6), st.booleans()), max_size=6))
def test_a_gate_says_on_every_day_what_the_books_say(
    books: Books, clock: ManualClock, turns: list[tuple[str, int, bool]]
) -> None:
    people.set_day(clock, TODAY)
    if not see(books, lambda look: look.connection.execute(select(roster_row.c.key)).first()):
        people.open_club(books)
    number = see(books, lambda look: look.connection.execute(select(func.count()).select_from(member_table)).scalar())
    unit = people.approve(books, people.make_unit_applicant(5000 + number), owes_fees=True)
    do(books, membership.record_paid, unit, TODAY + 9 * DAY, why="fee")
    own = people.make_person(books, number + 1)
    do(books, organisations.appoint, own, unit, Role.MAIN, why="letter")
    people.hand_over(books, own, number + 1)
    day = TODAY
    for action, days, of_unit in turns:
        day += days * DAY
        _night(books, clock, day)
        people.set_day(clock, day)
        with suppress(InvalidInput):
            do(books, ACTIONS[action], unit if of_unit else own)
        _same(books, own, number + 1, day)
    for _ in range(5):
        day += 2 * DAY
        _same(books, own, number + 1, day, nights=lambda day=day: _night(books, clock, day))


def _same(books: Books, member: str, number: int, day: date, nights: Callable[[], object] = lambda: None) -> None:
    nights()
    standing = see(books, membership.standing, member)
    assert people.gate_says(books, number, day) == (standing.deny or "ok"), standing
