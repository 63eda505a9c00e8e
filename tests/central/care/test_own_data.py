"""What a member is given of the own data, and what erasure takes."""

import pytest

from kiosk.central.care import segments, task_job
from kiosk.central.care.complaints import ComplaintWish, complaint_of, receive, sort
from kiosk.central.care.desk_steps import steps_of
from kiosk.central.care.own_data import CARE, erase_care, own_data
from kiosk.central.care.tables import care_task, contact_log, segment
from kiosk.central.care.talks import Talk, log_talk, talks_with
from kiosk.central.club.books import Books
from kiosk.central.club.readings import note_application_reading
from kiosk.central.club.spells import spell_of
from kiosk.club.care import Outcome
from kiosk.club.care_rules import ContactWay, Topic
from kiosk.club.complaints import Channel, Matter
from kiosk.club.privacy_plan import PLAN
from kiosk.core.errors import InvalidInput
from tests.central.care.builders import DAY, TODAY, do, put_people, put_purchases, put_visits, rows_of, run_all
from tests.central.club import builders_people as people

TALK = Talk(ContactWay.PHONE, Outcome.REACHED, topics={Topic.PRICES: "too dear"}, words="a knee operation")


def _put(books: Books) -> tuple[list[str], str]:
    """Write two members down, of whom the first talked, complained, came and bought; returns them and the complaint."""
    people = put_people(books, 2)
    put_visits(books, [(1, TODAY - DAY)])
    put_purchases(books, [(1, TODAY - DAY, 900)])
    complaint = do(books, lambda change: receive(change, ComplaintWish(Channel.PHONE, "cold", member=people[0]))).id
    do(books, lambda change: sort(change, complaint, Matter.FACILITY, words="the pool was cold for her knee"))
    for each in people:
        do(books, lambda change, each=each: log_talk(change, each, TALK))
    run_all(books, segments.run, task_job.run)
    return people, complaint


def test_a_member_is_given_everything_of_the_own_and_nothing_of_others(books: Books) -> None:
    (one, other), complaint = _put(books)
    with books.look() as look:
        found = own_data(look, one)
    assert {"member", "member_file", "credential", "visit", "purchase", "segment", "contact_log", "complaint"} <= set(
        found
    )
    assert [row["words"] for row in found["contact_log"]] == ["a knee operation"]
    assert [row["thing_id"] for row in found["desk_step"]] == [complaint] * 2
    assert "identifier" not in found["credential"][0]
    assert other not in str(found)
    with pytest.raises(InvalidInput), books.look() as look:
        own_data(look, "0" * 16)


def test_a_member_is_told_who_read_the_application(books: Books) -> None:
    people.open_club(books)
    one, other = (people.approve(books, people.make_applicant(n)) for n in (1, 2))
    with books.look() as look:
        mine = spell_of(look, one).application
    assert mine is not None
    do(books, lambda change: note_application_reading(change, mine, ["health"]))
    with books.look() as look:
        assert [row["application"] for row in own_data(look, one)["application_reading"]] == [mine]
        assert "application_reading" not in own_data(look, other)


def test_erasure_takes_what_care_knows_and_leaves_bookings_and_others(books: Books) -> None:
    (one, other), complaint = _put(books)
    assert do(books, lambda change: erase_care(change, one)) > 0
    with books.look() as look:
        assert [(each.talk.words, each.talk.topics) for each in talks_with(look, one)] == [("", {})]
        assert [each.talk.words for each in talks_with(look, other)] == ["a knee operation"]
        assert complaint_of(look, complaint).words == ""
        assert {each.words for each in steps_of(look, "complaint", complaint)} == {""}
        assert own_data(look, one)["purchase"]
    assert {row["member"] for row in rows_of(books, segment)} == {other}
    assert one not in {row["member"] for row in rows_of(books, care_task)}
    assert len(rows_of(books, contact_log)) == 2
    assert do(books, lambda change: erase_care(change, one)) == 0


def test_every_table_erased_here_is_in_the_plan() -> None:
    assert {each.table for each in PLAN} >= CARE
