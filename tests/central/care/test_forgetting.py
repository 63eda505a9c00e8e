"""What care forgets by itself, and what it keeps."""

from kiosk.central.care import forgetting, segments, task_job
from kiosk.central.care.complaints import ComplaintWish, complaint_of, receive, sort, take_step
from kiosk.central.care.desk_steps import steps_of
from kiosk.central.care.surveys import answer_feedback, feedback_of, give_feedback
from kiosk.central.care.tables import care_task, contact_log
from kiosk.central.care.talks import Talk, log_talk
from kiosk.central.care.tasks import drop_task
from kiosk.central.club.books import Books
from kiosk.club.calendar import add_months
from kiosk.club.care import Outcome
from kiosk.club.care_rules import ContactWay
from kiosk.club.complaints import Channel, ComplaintAction, Matter
from tests.central.builders import ManualClock
from tests.central.care.builders import DAY, TODAY, do, put_people, rows_of, run_all, run_job
from tests.central.club.builders_people import set_day

TALK = Talk(ContactWay.PHONE, Outcome.REACHED, words="a long talk")


def test_talks_and_ended_tasks_are_forgotten_after_two_years(books: Books, clock: ManualClock) -> None:
    (member,) = put_people(books, 1)
    do(books, lambda change: log_talk(change, member, TALK))
    run_all(books, segments.run, task_job.run)
    tasks = rows_of(books, care_task)
    assert len(tasks) > 1
    do(books, lambda change: drop_task(change, tasks[0]["key"], why="a test"))
    set_day(clock, add_months(TODAY, 24))
    run_job(forgetting.run, books)
    assert len(rows_of(books, contact_log)) == 1
    set_day(clock, add_months(TODAY, 24) + DAY)
    run_job(forgetting.run, books)
    assert rows_of(books, contact_log) == []
    assert [row["key"] for row in rows_of(books, care_task)] == [row["key"] for row in tasks[1:]]


def test_the_words_of_a_complaint_go_after_three_years_and_only_when_it_is_over(
    books: Books, clock: ManualClock
) -> None:
    over, waits = (do(books, lambda change: receive(change, ComplaintWish(Channel.PHONE, "cold"))).id for _ in "ab")
    do(books, lambda change: sort(change, over, Matter.FACILITY, words="the pool"))
    do(books, lambda change: take_step(change, over, ComplaintAction.TAKE_BACK, "sorry"))
    set_day(clock, add_months(TODAY, 36) + DAY)
    run_job(forgetting.run, books)
    with books.look() as look:
        assert (complaint_of(look, over).words, complaint_of(look, over).matter) == ("", "facility")
        assert {each.words for each in steps_of(look, "complaint", over)} == {""}
        assert complaint_of(look, waits).words == "cold"


def test_feedback_is_forgotten_once_it_was_answered(books: Books, clock: ManualClock) -> None:
    answered, waits = (do(books, lambda change: give_feedback(change, Channel.ONLINE, "towels")).id for _ in "ab")
    do(books, lambda change: answer_feedback(change, answered, "yes"))
    set_day(clock, add_months(TODAY, 24) + DAY)
    run_job(forgetting.run, books)
    with books.look() as look:
        assert (feedback_of(look, answered).words, feedback_of(look, waits).words) == ("", "towels")
