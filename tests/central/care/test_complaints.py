"""Complaints in the books: taken in, worked on, closed, counted."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from kiosk.central.care.complaints import (
    Complaint,
    ComplaintWish,
    assign,
    close,
    complaint_of,
    complaint_page,
    frequent_complaints,
    late_count,
    receive,
    records_of,
    sort,
    take_step,
)
from kiosk.central.care.desk_steps import steps_of
from kiosk.central.club.books import Books, Change
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.refused import RuleRefused
from kiosk.club.complaints import Channel, ComplaintAction, ComplaintState, Frequent, Matter, Priority, Result, Subject
from kiosk.club.discipline import Evidence
from kiosk.club.life import StepRefused
from kiosk.club.roles import Role
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, do, put_people, rows_of
from tests.central.club.builders import DESK, noted, told
from tests.central.club.builders_activities import Boxes
from tests.central.club.builders_staff import make_account

GOOD = Result("the reader was off", "it is tested daily", asked_satisfaction=True, satisfaction=4)
STEPS = (
    ComplaintAction.INVESTIGATE,
    ComplaintAction.PLAN,
    ComplaintAction.CARRY_OUT,
    ComplaintAction.FOLLOW_UP,
)


def _take_in(books: Books, **fields: object) -> Complaint:
    wish = {"channel": Channel.ON_SITE, "words": "the gate stayed shut"} | fields
    return do(books, lambda change: receive(change, ComplaintWish(**wish)))  # type: ignore[arg-type]


def _work_through(books: Books, complaint_id: str, matter: Matter = Matter.ENTRY) -> None:
    do(books, lambda change: sort(change, complaint_id, matter, place="entrance"))
    for action in STEPS:
        do(books, lambda change, action=action: take_step(change, complaint_id, action, f"{action} done"))


@pytest.mark.proves("S88", "R126", "R127")
def test_a_complaint_goes_through_its_six_steps_and_the_member_hears_of_its_end(books: Books) -> None:
    (member,) = put_people(books, 1)
    taken = _take_in(books, member=member)
    assert (taken.state, taken.priority) == (ComplaintState.RECEIVED, Priority.NORMAL)
    assert taken.due_at == taken.received_at + timedelta(hours=24)
    assert [row["member"] for row in told(books, template="complaint_received")] == [None]
    _work_through(books, taken.id)
    with pytest.raises(RuleRefused, match="no_improvement"):
        do(books, lambda change: close(change, taken.id, Result("because", "", asked_satisfaction=True)))
    closed = do(books, lambda change: close(change, taken.id, GOOD))
    assert (closed.state, closed.satisfaction, closed.due_at) == (ComplaintState.CLOSED, 4, None)
    with books.look() as look:
        done = [each.action for each in steps_of(look, "complaint", taken.id)]
    assert done == ["receive", "sort", *(each.value for each in STEPS), "close"]
    assert [row["member"] for row in told(books, template="complaint_closed")] == [member]


def test_no_step_is_left_out(books: Books) -> None:
    taken = _take_in(books)
    with pytest.raises(StepRefused):
        do(books, lambda change: take_step(change, taken.id, ComplaintAction.INVESTIGATE, "looked"))
    with pytest.raises(StepRefused):
        do(books, lambda change: close(change, taken.id, GOOD))
    with pytest.raises(InvalidInput):
        do(books, lambda change: take_step(change, taken.id, ComplaintAction.SORT, "x"))


@pytest.mark.proves("S88")
def test_a_complaint_is_tied_to_the_denied_entry_and_the_charge_it_is_about(books: Books, clock: ManualClock) -> None:
    boxes = Boxes(books, clock)
    seq = boxes.again(boxes.at_demo, clock.now())
    boxes.send()
    denied = Evidence(boxes.at_demo.id, seq)
    taken = _take_in(books, subject=Subject((denied,), charge="sale-7", place="entrance"))
    with books.look() as look:
        assert records_of(look, taken.id) == (denied,)
    assert (taken.charge, taken.place) == ("sale-7", "entrance")
    with pytest.raises(InvalidInput, match="no record"):
        _take_in(books, subject=Subject((Evidence(boxes.at_demo.id, seq + 50),)))


@pytest.mark.proves("R161")
def test_a_promised_right_that_was_not_kept_is_urgent_from_the_start(books: Books, clock: ManualClock) -> None:
    slow, fast = _take_in(books), _take_in(books, right=True)
    clock.set_wall(clock.now() + timedelta(hours=5))
    assert fast.priority is Priority.FAST
    with books.look() as look:
        assert [each.id for each in complaint_page(look)] == [fast.id, slow.id]
    found = do(books, lambda change: sort(change, slow.id, Matter.RIGHT))
    assert found.priority is Priority.FAST
    assert found.due_at == slow.received_at + timedelta(hours=24)


@pytest.mark.proves("R128")
def test_it_goes_to_the_members_own_person_first_unless_it_is_about_that_person(books: Books) -> None:
    owner = make_account(books, "li.wei", Role.DESK).id
    (member,) = put_people(books, 1, owner_staff=owner)
    assert _take_in(books, member=member).assigned_to == owner
    about = _take_in(books, member=member, subject=Subject(staff=owner))
    assert about.assigned_to == ""
    with pytest.raises(RuleRefused, match="about_oneself"):
        do(books, lambda change: assign(change, about.id, owner))
    assert do(books, lambda change: assign(change, about.id, "wang")).assigned_to == "wang"
    do(books, lambda change: _give_away(change, member))
    assert _take_in(books, member=member).assigned_to == ""


def _give_away(change: Change, member: str) -> None:
    change.connection.execute(update(member_file).where(member_file.c.member == member).values(owner_staff="gone"))


def test_nobody_works_on_a_complaint_about_himself(books: Books) -> None:
    taken = _take_in(books, subject=Subject(staff=DESK.id))
    with pytest.raises(RuleRefused, match="about_oneself"):
        do(books, lambda change: sort(change, taken.id, Matter.STAFF))


def test_what_is_past_its_time_is_counted(books: Books, clock: ManualClock) -> None:
    taken = _take_in(books)
    clock.set_wall(taken.due_at or clock.now())
    with books.look() as look:
        assert late_count(look) == 0
    clock.set_wall(clock.now() + timedelta(milliseconds=1))
    with books.look() as look:
        assert late_count(look) == 1
        assert [each.id for each in complaint_page(look, late_only=True)] == [taken.id]


def test_a_closed_complaint_can_be_looked_at_again(books: Books) -> None:
    taken = _take_in(books)
    _work_through(books, taken.id)
    do(books, lambda change: close(change, taken.id, GOOD))
    again = do(books, lambda change: take_step(change, taken.id, ComplaintAction.LOOK_AGAIN, "it came back"))
    assert (again.state, again.closed_at) == (ComplaintState.SORTED, None)
    with books.look() as look:
        assert complaint_of(look, taken.id).state is ComplaintState.SORTED


@pytest.mark.proves("R129")
def test_many_complaints_about_one_thing_show(books: Books, clock: ManualClock) -> None:
    for _ in range(3):
        taken = _take_in(books)
        do(books, lambda change, taken=taken: sort(change, taken.id, Matter.ENTRY, place="pool"))
    with books.look() as look:
        assert frequent_complaints(look) == (Frequent(Matter.ENTRY, "pool", 3),)
    clock.set_wall(clock.now() + 31 * DAY)
    with books.look() as look:
        assert frequent_complaints(look) == ()


def test_what_was_complained_of_is_not_in_the_audit_trail(books: Books) -> None:
    taken = _take_in(books, words="my knee hurts")
    _work_through(books, taken.id)
    assert "knee" not in str([row["after"] for row in noted(books, thing="complaint")])
    assert len(rows_of(books, member_file)) == 0
