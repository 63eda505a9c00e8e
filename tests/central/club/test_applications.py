"""Applications at central, from the form to the gate that opens."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.central.club import applications, files, membership
from kiosk.central.club.application_book import application_of, application_page, open_points, publish_version
from kiosk.central.club.books import Books, Change
from kiosk.central.club.file_reading import completeness_of
from kiosk.central.club.people_tables import consent, paper
from kiosk.central.club.refused import RuleRefused
from kiosk.club.applications import ApplicationState, ReviewReason
from kiosk.club.joining import Channel, Consent, Document, JoiningReason, Mark
from kiosk.club.life import StepRefused
from kiosk.club.membership import MemberState, StopReason
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_people import do, see

TODAY = date(2026, 11, 22)
NEXT = date(2026, 11, 23)


def _reviewed(books: Books, **fields: Any) -> str:
    application = do(books, applications.submit, people.make_applicant(**fields))
    do(books, applications.pre_register, application)
    do(books, applications.review, application)
    return str(application)


@pytest.mark.proves("S03", "S05", "S07", "R07", "R45", "S27")
def test_from_the_form_to_the_gate_every_step_is_needed(both_books: Books, clock: ManualClock) -> None:
    people.open_club(both_books)
    member = people.approve(both_books, people.make_applicant())
    assert see(both_books, membership.standing, member).state is MemberState.UNCOLLECTED
    do(both_books, membership.record_paid, member, date(2027, 11, 21), why="fee")
    do(both_books, applications.card_made, member)
    assert people.gate_says(both_books, 1, TODAY) == "credential_not_found"
    people.hand_over(both_books, member)
    assert people.gate_says(both_books, 1, TODAY) == "ok"
    do(both_books, membership.suspend, member, StopReason.DISCIPLINE, why="noise in the library")
    assert people.gate_says(both_books, 1, TODAY) == "membership_suspended"
    do(both_books, membership.restore, member, StopReason.DISCIPLINE, why="apologised")
    assert people.gate_says(both_books, 1, TODAY) == "ok"
    do(both_books, membership.ask_to_leave, member, why="moves away")
    assert people.gate_says(both_books, 1, date(2026, 12, 22)) == "ok"
    assert people.gate_says(both_books, 1, date(2026, 12, 23)) == "membership_ended"


@pytest.mark.proves("R07", "R17")
def test_no_card_is_made_before_the_review_and_the_fee(books: Books) -> None:
    people.open_club(books)
    person = people.make_person(books, 7)
    with pytest.raises(RuleRefused, match="not_approved"):
        do(books, applications.collected, person, TODAY)
    member = people.approve(books, people.make_applicant())
    with pytest.raises(RuleRefused, match="fee_unpaid"):
        do(books, applications.collected, member, TODAY)
    free = people.approve(books, people.make_applicant(2), owes_fees=False)
    people.hand_over(books, free, 2)
    assert people.gate_says(books, 2, date(2030, 1, 1)) == "ok"


@pytest.mark.proves("R17")
def test_nothing_is_reviewed_before_it_is_registered(books: Books) -> None:
    application = do(books, applications.submit, people.make_applicant(channel=Channel.WEB))
    with pytest.raises(StepRefused, match="pre_register"):
        do(books, applications.review, application)
    with pytest.raises(StepRefused):
        do(books, applications.approve, application)


@pytest.mark.proves("R08", "S05")
def test_whoever_is_reviewed_is_told_both_ways_with_a_reason(books: Books) -> None:
    people.open_club(books)
    first = _reviewed(books, number=1)
    second = _reviewed(books, number=2, email="two@example.org")
    do(books, applications.approve, first)
    do(books, applications.reject, second, ReviewReason.NO_PLACES, why="full until spring")
    (approved,) = told(books, template="application_approved")
    (rejected,) = told(books, template="application_rejected")
    assert approved["address"] == "13800000001"
    assert rejected["data"]["reason"] == "no_places"
    assert rejected["address"] == "two@example.org"
    assert len(told(books, template="application_received")) == 2
    assert [each["actor"] for each in noted(books, action="application.reject")] == ["desk-1"]


@pytest.mark.proves("S04", "R01", "R08")
def test_a_child_is_turned_down_and_never_approved(books: Books) -> None:
    people.open_club(books)
    application = _reviewed(books, born=date(2008, 11, 23))
    assert [each.reason for each in see(books, application_of, application).open] == [JoiningReason.TOO_YOUNG]
    with pytest.raises(RuleRefused, match="too_young"):
        do(books, applications.approve, application)
    with pytest.raises(RuleRefused, match="cannot_be_put_right"):
        do(books, applications.ask_for_more, application)
    do(books, applications.reject, application, ReviewReason.NOT_ELIGIBLE)
    assert told(books, template="application_rejected")[0]["data"]["open"] == "too_young"


@pytest.mark.proves("S03", "R04", "R12", "R08")
def test_what_is_missing_is_asked_for_all_at_once_each_time_anew(books: Books) -> None:
    people.open_club(books)
    application = _reviewed(books, documents={Document.FORM: 1, Document.ID_COPY: 1}, marks=frozenset())
    do(books, applications.ask_for_more, application)
    do(books, applications.review, application)
    do(books, applications.ask_for_more, application)
    letters = told(books, template="application_incomplete")
    assert [each["data"]["open"] for each in letters] == ["document_missing mark_missing"] * 2
    do(
        books,
        applications.amend,
        application,
        {"documents": {"form": 1, "id_copy": 1, "photo": 1}, "marks": ["signature"]},
    )
    assert do(books, applications.review, application).open == ()
    assert do(books, applications.approve, application).state is ApplicationState.APPROVED
    with pytest.raises(InvalidInput, match="already_decided"):
        do(books, applications.amend, application, {"name": "another"})


@pytest.mark.proves("R03", "R09", "S06")
def test_a_charter_that_changes_before_the_card_has_to_be_agreed_to_anew(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.approve(books, people.make_applicant(), owes_fees=False)
    do(books, publish_version, Consent.CHARTER, "2027", NEXT, decided_by="council")
    see(books, applications.check_card, member)
    people.set_day(clock, NEXT)
    with pytest.raises(RuleRefused, match="consent_open"):
        do(books, applications.card_made, member)
    late = people.make_applicant(2)
    application = do(books, applications.submit, late)
    view = see(books, application_of, application)
    assert [each.detail["current"] for each in see(books, open_points, view)] == ["2027"]


@pytest.mark.proves("S06", "R09")
def test_consents_and_papers_stay_with_the_member(books: Books) -> None:
    people.open_club(books)
    member = people.approve(books, people.make_applicant())
    with books.look() as look:
        agreed = look.connection.execute(select(consent.c.consent, consent.c.version)).all()
        papers = dict(look.connection.execute(select(paper.c.document, paper.c.count)).all())
    assert {tuple(row) for row in agreed} == {(each, "2026") for each in ("purpose", "charter", "regulations")}
    assert papers == {"form": 1, "id_copy": 1, "photo": 1}
    assert {each.value for each in see(books, completeness_of, member).missing} == {
        "email",
        "sex",
        "health",
        "interests",
    }


@pytest.mark.proves("R14", "S19")
def test_one_phone_is_one_member_and_one_application(books: Books) -> None:
    people.open_club(books)
    do(books, applications.submit, people.make_applicant(1))
    with pytest.raises(RuleRefused, match="application_open"):
        do(books, applications.submit, people.make_applicant(1))
    people.approve(books, people.make_applicant(2))
    application = _reviewed(books, number=3, phone="13800000002")
    with pytest.raises(RuleRefused, match="phone_taken"):
        do(books, applications.approve, application)


@pytest.mark.proves("S16")
def test_whoever_comes_back_keeps_id_and_number(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    number = people.row_of(books, member).member_no
    again = _reviewed(books, number=1, former=member)
    with pytest.raises(RuleRefused, match="still_a_member"):
        do(books, applications.approve, again)
    do(books, applications.withdraw, again)
    do(books, membership.ask_to_leave, member, why="moves", waived=True)
    people.set_day(clock, NEXT)
    assert people.gate_says(books, 1, NEXT) == "membership_ended"
    back = people.approve(books, people.make_applicant(1, former=member, name="王小新"))
    assert back == member
    assert people.row_of(books, member).member_no == number
    assert see(books, files.file_of, member).name == "王小新"
    assert see(books, membership.standing, member).state is MemberState.UNCOLLECTED
    assert people.gate_says(books, 1, NEXT) == "card_not_collected"


@pytest.mark.proves("S78")
def test_who_was_here_before_was_brought_by_nobody_now(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    friend = people.join(books, 2)
    member = people.approve(books, people.make_applicant(1, referred_by=friend), owes_fees=False)
    people.hand_over(books, member)
    do(books, membership.ask_to_leave, member, why="moves", waived=True)
    people.set_day(clock, NEXT)
    for brought_by, reason in ((friend, "earlier_member"), (member, "self")):
        again = people.make_applicant(1, former=member, referred_by=brought_by)
        with pytest.raises(RuleRefused) as caught:
            do(books, applications.submit, again)
        assert caught.value.reason == reason
    with pytest.raises(RuleRefused) as caught:
        do(books, applications.submit, people.make_applicant(3, guest=friend, referred_by=friend))
    assert caught.value.reason == "self"
    assert people.approve(books, people.make_applicant(1, former=member)) == member
    assert see(books, files.file_of, member).referred_by == friend


def test_of_two_applications_at_once_with_one_phone_one_is_taken_in(both_books: Books) -> None:
    people.open_club(both_books)
    refused: list[str] = []

    def submit_too() -> None:
        try:
            do(both_books, applications.submit, people.make_applicant())
        except RuleRefused as error:
            refused.append(error.reason)

    second = threading.Thread(target=submit_too, name="second-applicant", daemon=True)

    def submit(change: Change) -> None:
        applications.submit(change, people.make_applicant())
        second.start()
        second.join(0.5)

    both_books.change(people.DESK, submit)
    second.join(30)
    assert refused == ["application_open"]
    assert len(see(both_books, application_page)) == 1


def test_an_applicant_who_withdraws_after_the_approval_is_no_member(books: Books) -> None:
    people.open_club(books)
    application = _reviewed(books)
    member = do(books, applications.approve, application).member
    do(books, applications.withdraw, application, why="changed his mind")
    assert see(books, membership.standing, member).state is MemberState.WITHDRAWN
    with pytest.raises(StepRefused):
        do(books, applications.approve, application)


@pytest.mark.proves("R18")
def test_the_first_card_brings_the_welcome_and_the_next_one_nothing(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    assert people.row_of(books, member).tier
    before = noted(books)
    do(books, applications.collected, member, TODAY)
    assert noted(books) == before


@pytest.mark.proves("R16")
def test_nobody_is_asked_for_an_income(books: Books) -> None:
    application = do(books, applications.submit, people.make_applicant())
    with pytest.raises(InvalidInput, match="income"):
        do(books, applications.amend, application, {"income": 100})


@pytest.mark.proves("S18")
def test_an_application_that_cannot_be_answered_is_not_taken_in(books: Books) -> None:
    with pytest.raises(RuleRefused, match="malformed field=phone"):
        do(books, applications.submit, people.make_applicant(phone="138-0000-0001"))
    with pytest.raises(InvalidInput, match="2001"):
        do(books, applications.submit, people.make_applicant(address="x" * 2001))
    with pytest.raises(InvalidInput, match="no member"):
        do(books, applications.submit, people.make_applicant(former="f" * 16))
    assert see(books, application_page) == []


def test_staff_see_the_applications_that_wait(books: Books) -> None:
    people.open_club(books)
    first = do(books, applications.submit, people.make_applicant(1))
    second = _reviewed(books, number=2, marks=frozenset({Mark.OWN_EMAIL}))
    waiting = see(books, application_page, (ApplicationState.UNDER_REVIEW,))
    assert [each.id for each in waiting] == [second]
    assert {each.id for each in see(books, application_page)} == {first, second}
