"""Member files: written, confirmed, found, and erased when they need not be kept any more."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from kiosk.central.club import applications, files, life_job, membership
from kiosk.central.club.application_book import application_of
from kiosk.central.club.books import Books, Change
from kiosk.central.club.file_reading import (
    completeness_of,
    confirmation_of,
    contacts_of,
    note_contact,
    search,
)
from kiosk.central.club.files import FileKind, MemberFile
from kiosk.central.club.people_tables import application
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.retention import applications_to_purge, purge_application, purge_file
from kiosk.central.club.tables import audit, notice
from kiosk.central.members import MemberRecord, save_members
from kiosk.club.applications import ReviewReason
from kiosk.club.completeness import Confirmation, ContactKind, ContactState, FileField
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import DESK, noted, told
from tests.central.club.builders_people import do, see
from tests.central.club.builders_points import run_job

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def test_two_changes_of_one_file_at_once_both_stay(both_books: Books) -> None:
    member = people.make_person(both_books)
    second = threading.Thread(
        target=lambda: do(both_books, files.change_file, member, {"employer": "Lotus Ltd"}), name="second", daemon=True
    )

    def change_first(change: Change) -> None:
        files.change_file(change, member, {"interests": "swimming"})
        second.start()
        second.join(0.5)

    both_books.change(people.DESK, change_first)
    second.join(30)
    found = see(both_books, files.file_of, member)
    assert (found.employer, found.interests) == ("Lotus Ltd", "swimming")


@pytest.mark.proves("S01", "R44")
def test_a_change_of_a_file_keeps_what_was_before_and_after(books: Books) -> None:
    member = people.make_person(books, email="old@example.org", health="asthma")
    do(
        books,
        files.change_file,
        member,
        {"email": "new@example.org", "born": "1990-02-03"},
        why="told at the desk",
    )
    file = see(books, files.file_of, member)
    assert (file.email, file.born, file.health) == ("new@example.org", date(1990, 2, 3), "asthma")
    (entry,) = noted(books, action="file.change")
    assert entry["before"] == {"email": "old@example.org", "born": None, "hidden": None}
    assert entry["after"] == {"email": "new@example.org", "born": "1990-02-03", "hidden": []}
    assert entry["why"] == "told at the desk"


@pytest.mark.proves("R44")
def test_the_trail_never_holds_documents_or_health(books: Books) -> None:
    member = people.make_person(books, id_document="G11010119", health="asthma", photo="p/1")
    do(books, files.change_file, member, {"health": "diabetes"})
    with books.look() as look:
        trail = look.connection.execute(select(audit.c.before, audit.c.after)).all()
    text = str(trail)
    assert "hidden" in text
    assert not [word for word in ("G1101", "asthma", "diabetes", "p/1") if word in text]
    assert noted(books, action="file.change")[0]["after"]["hidden"] == ["health"]


@pytest.mark.proves("S01")
def test_a_new_name_reaches_the_greeting_at_the_gates(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    do(books, files.change_file, member, {"name": "欧阳小明"})
    assert people.row_of(books, member).name == "欧阳小明"


@pytest.mark.proves("R14", "S19")
def test_a_phone_number_belongs_to_one_member_only(books: Books) -> None:
    first = people.make_person(books, 1)
    second = people.make_person(books, 2)
    with pytest.raises(RuleRefused, match="phone_taken"):
        do(books, files.change_file, second, {"phone": "13900000001"})
    do(books, files.change_file, first, {"phone": "13900000009"})
    do(books, files.change_file, second, {"phone": "13900000001"})
    assert see(books, files.holder_of_phone, "13900000001") == second


@pytest.mark.proves("R14")
def test_of_two_who_take_a_number_at_the_same_moment_one_gets_it(both_books: Books) -> None:
    members = [people.make_person(both_books, number) for number in (1, 2)]
    barrier = threading.Barrier(2)

    def take(member: str) -> str:
        barrier.wait(60)
        try:
            do(both_books, files.change_file, member, {"phone": "13912345678"})
        except RuleRefused as error:
            return error.reason
        return "taken in"

    with ThreadPoolExecutor(2, thread_name_prefix="desk") as pool:
        assert sorted(pool.map(take, members)) == ["phone_taken", "taken in"]


def test_a_child_may_have_the_number_of_its_parent(books: Books) -> None:
    people.make_person(books, 1)
    child = do(books, files.open_file, MemberFile("", FileKind.CHILD, "小宝", "13900000001")).member
    assert see(books, files.file_of, child).phone == "13900000001"


def test_member_numbers_of_lists_are_not_given_out_again(books: Books) -> None:
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord("a" * 16, "00000002", "赵一")])
    numbers = [people.row_of(books, people.make_person(books, n)).member_no for n in range(3)]
    assert numbers == ["00000001", "00000003", "00000004"]


@pytest.mark.proves("S18", "R157")
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"income": 5}, "income"),
        ({"born": "yesterday"}, "born"),
        ({"kind": "child"}, "kind"),
        ({"address": "x" * 2001}, "2001"),
        ({"trade": "x" * 65}, "64"),
        ({"preferences": {"a": "x" * 17_000}}, "bytes"),
        ({"phone": "138 0000 0001"}, "malformed field=phone"),
        ({"email": "wang at example.org"}, "malformed field=email"),
    ],
)
def test_what_does_not_fit_a_file_is_named(books: Books, fields: dict[str, object], said: str) -> None:
    member = people.make_person(books)
    with pytest.raises(InvalidInput, match=said):
        do(books, files.change_file, member, fields)


@pytest.mark.proves("S02", "S19", "S20")
def test_people_are_found_by_name_phone_number_and_card(books: Books) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    people.join(books, 2)
    number = people.row_of(books, member).member_no
    for text in ("小1", "138 0000 0001", number, "04:00:00:00:00:00:01"):
        assert [each.member for each in see(books, search, text)] == [member], text
    assert len(see(books, search, "王")) == 2
    assert see(books, search, "王", after=number)[0].member != member
    assert see(books, search, "%") == see(books, search, "  ") == []


@pytest.mark.proves("S17", "R158")
def test_a_file_says_what_it_lacks(books: Books) -> None:
    people.open_club(books)
    member = people.make_person(books, 1, home_site="demo")
    lacking = see(books, completeness_of, member)
    assert set(lacking.missing) == set(FileField) - {
        FileField.NAME,
        FileField.PHONE,
        FileField.ADDRESS,
        FileField.OCCUPATION,
    }


@pytest.mark.proves("R116", "S17")
def test_members_confirm_their_data_twice_a_year(books: Books, clock: ManualClock) -> None:
    member = people.make_person(books)
    assert see(books, confirmation_of, member).state is Confirmation.CONFIRMED
    people.set_day(clock, date(2026, 12, 1))
    assert see(books, confirmation_of, member).state is Confirmation.DUE
    people.set_day(clock, date(2027, 2, 1))
    assert see(books, confirmation_of, member).state is Confirmation.OVERDUE
    do(books, files.confirm_file, member, {"address": "南京路1号"})
    assert see(books, confirmation_of, member).state is Confirmation.CONFIRMED
    assert see(books, files.file_of, member).address == "南京路1号"


@pytest.mark.proves("S18", "R157")
def test_a_number_that_does_not_answer_three_times_is_dead_until_it_is_changed(books: Books) -> None:
    member = people.make_person(books, 1)
    for _ in range(3):
        do(books, note_contact, member, ContactKind.PHONE, "13900000001", arrived=False)
    reach = see(books, contacts_of, member)
    assert reach.blind_spots == {ContactKind.PHONE: ContactState.DEAD, ContactKind.EMAIL: ContactState.MISSING}
    assert reach.unreachable
    do(books, files.change_file, member, {"phone": "13900000002"})
    assert not see(books, contacts_of, member).unreachable
    do(books, note_contact, member, ContactKind.PHONE, "13900000002", arrived=False)
    do(books, note_contact, member, ContactKind.PHONE, "13900000002", arrived=True)
    assert see(books, contacts_of, member).contacts[0].failures == 0


def test_a_member_of_a_list_gets_a_file_with_the_first_change(books: Books) -> None:
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord("a" * 16, "M7", "赵一")])
    assert see(books, files.file_of, "a" * 16).name == "赵一"
    do(books, files.change_file, "a" * 16, {"phone": "13711112222"})
    assert [each.member_no for each in see(books, search, "13711112222")] == ["M7"]


@pytest.mark.proves("S16", "R71")
def test_a_leavers_file_is_kept_three_years_and_then_erased_everywhere(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, email="wang@example.org")
    number = people.row_of(books, member).member_no
    do(books, membership.cancel, member, why="council")
    for text in ("part=all&q=%E7%8E%8B%E5%B0%8F1&as=csv", "q=1380000&as=xlsx", "q=Lotus&as=csv"):
        found = {"file": "csv", "looked_for": text}
        books.change(DESK, lambda change, found=found: change.note("list.export", "list", "members", after=found))
    last = date(2029, 11, 21)
    people.set_day(clock, last)
    with pytest.raises(InvalidInput, match="is kept"):
        do(books, purge_file, member)
    people.set_day(clock, last + DAY)
    do(books, purge_file, member)
    assert people.row_of(books, member).member_no == number
    assert people.row_of(books, member).name == ""
    file = see(books, files.file_of, member)
    assert (file.name, file.phone, file.born, file.purged_on) == ("", "", None, last + DAY)
    with books.look() as look:
        tables = [look.connection.execute(select(each)).all() for each in (application, audit, notice)]
    assert not [word for word in ("王小1", "13800000001", "wang@", "1990-05-04") if word in str(tables)]
    searched = [row["after"]["looked_for"] for row in noted(books, action="list.export")]
    assert searched == ["", "", "q=Lotus&as=csv"]
    with pytest.raises(InvalidInput, match="erased"):
        do(books, files.change_file, member, {"name": "王"})
    assert people.approve(books, people.make_applicant(1, former=member)) == member


@pytest.mark.proves("R71")
def test_a_rejected_application_is_erased_when_its_time_is_over(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    application_id = do(books, applications.submit, people.make_applicant(1))
    for step in (applications.pre_register, applications.review):
        do(books, step, application_id)
    do(books, applications.reject, application_id, ReviewReason.NO_PLACES)
    people.set_day(clock, date(2029, 11, 22))
    assert see(books, applications_to_purge, "", 10) == []
    people.set_day(clock, date(2029, 11, 23))
    assert see(books, applications_to_purge, "", 10) == [application_id]
    do(books, purge_application, application_id)
    assert see(books, applications_to_purge, "", 10) == []
    with books.look() as look:
        rows = look.connection.execute(select(application)).mappings().all()
    assert (rows[0]["reason"], rows[0]["name"]) == ("no_places", "")
    assert "13800000001" not in str(rows)
    assert {each["address"] for each in told(books)} == {""}


@pytest.mark.proves("S90")
def test_an_application_that_nobody_took_up_is_erased_after_half_a_year_without_a_word(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    silent, touched = (do(books, applications.submit, people.make_applicant(number)) for number in (1, 2))
    people.set_day(clock, TODAY + 10 * DAY)
    do(books, applications.amend, touched, {"interests": "swimming"})
    people.set_day(clock, TODAY + 180 * DAY)
    run_job(life_job.run, books)
    assert see(books, application_of, silent).purged_on is None
    before = len(told(books))
    people.set_day(clock, TODAY + 181 * DAY)
    run_job(life_job.run, books)
    gone, stays = see(books, application_of, silent), see(books, application_of, touched)
    assert (gone.state, gone.applicant.name, gone.purged_on) == ("withdrawn", "", TODAY + 181 * DAY)
    assert (stays.state, stays.applicant.name, stays.purged_on) == ("submitted", "王小2", None)
    with books.look() as look:
        rows = [look.connection.execute(select(each)).all() for each in (application, audit, notice)]
    assert "13800000001" not in str(rows)
    assert [row for row in told(books)[before:] if row["address"]] == []
