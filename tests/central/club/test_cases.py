"""Cases: what looks like a lent card opens one, late records count, and people decide."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from kiosk.central.club import card_taps, cards, cases, discipline, misuse
from kiosk.central.club.books import Actor, Books
from kiosk.central.club.card_adoption import adopt
from kiosk.central.club.case_tables import card_tap
from kiosk.central.club.cases import Case, CaseWish
from kiosk.central.club.earners import visit_days
from kiosk.club.cases import CaseDecision, CaseKind, CaseState
from kiosk.club.discipline import Evidence, Misconduct
from kiosk.club.life import StepRefused
from kiosk.club.misuse_rules import MisuseRules, StaffReport
from kiosk.core.errors import InvalidInput
from tests.central.builders import START, EdgeJournal, ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import DAY, MINUTE, Boxes, card
from tests.central.club.builders_people import do, gate_says, see
from tests.central.club.builders_points import amend, run_job

TODAY = date(2026, 11, 22)
HOUR = timedelta(hours=1)


def opened(books: Books, *states: CaseState) -> list[Case]:
    """Return the cases in some states or in any, the newest first."""
    found: list[Case] = see(books, cases.case_page, states)
    return found


def suspicions(books: Books, case: Case) -> dict[str, bool]:
    """Return the suspicions of a case, each with whether it still stands."""
    rows: list[dict[str, Any]] = see(books, misuse.alerts_of, case.id)
    return {row["misuse"]: row["explained_at"] is None for row in rows}


@pytest.mark.proves("S28", "R39")
def test_a_card_at_two_sites_at_once_opens_exactly_one_case_with_its_records(
    both_books: Books, clock: ManualClock
) -> None:
    books = both_books
    people.open_club(books)
    member = people.join(books, 1)
    boxes = Boxes(books, clock)
    here = boxes.enter(boxes.at_demo, START)
    there = boxes.enter(boxes.at_island, START + 5 * MINUTE)
    boxes.send(boxes.at_demo)
    assert opened(books) == []
    boxes.send(boxes.at_island)
    (case,) = opened(books)
    assert (case.state, case.kind, case.member, case.credential) == ("open", CaseKind.MISUSE, member, card(1))
    assert suspicions(books, case) == {"too_fast": True, "two_places": True}
    expected = {Evidence(boxes.at_demo.id, here), Evidence(boxes.at_island.id, there)}
    assert set(see(books, cases.records_of, case.id)) == expected
    assert [(row["channel"], row["member"]) for row in told(books, template="case_opened")] == [("office", None)]
    # More of the same, and the same records copied into another journal, are the same case.
    boxes.enter(boxes.at_demo, START + 9 * MINUTE)
    copy = EdgeJournal()
    boxes.enter(copy, START)
    copy.append(
        "access.taken",
        {"clock": "ok", "of": 1, "area_from": "outside", "area_to": "club",
         "copied_from": {"journal": boxes.at_demo.id, "seq": here}},
        START,
    )  # fmt: skip
    boxes.send(boxes.at_demo, boxes.at_island, copy)
    assert [each.id for each in opened(books)] == [case.id]
    assert len(told(books, template="case_opened")) == 1
    assert gate_says(books, 1, TODAY) == "ok"


@pytest.mark.proves("S28", "R39")
def test_a_passage_after_the_card_was_reported_lost_is_looked_into_however_late_it_is_told(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    people.join(books, 1)
    number = do(books, adopt, card(1)).card.number
    boxes = Boxes(books, clock)
    clock.pass_s(3600)
    do(books, cards.report_lost, number)
    boxes.enter(boxes.at_demo, START + 55 * MINUTE)
    boxes.leave(boxes.at_demo, START + 56 * MINUTE)
    boxes.send()
    assert opened(books) == []
    late = boxes.enter(boxes.at_demo, START + 65 * MINUTE)
    clock.pass_s(86400)
    boxes.send()
    (case,) = opened(books)
    assert suspicions(books, case) == {"after_loss": True}
    assert see(books, cases.records_of, case.id) == (Evidence(boxes.at_demo.id, late),)
    assert see(books, visit_days, [case.member], START)[case.member] == {TODAY}


@pytest.mark.proves("S28")
def test_a_way_out_that_comes_late_takes_the_suspicion_away_and_one_that_speaks_for_it_brings_it_back(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    out = EdgeJournal()
    boxes.enter(boxes.at_demo, START)
    boxes.enter(boxes.at_island, START + HOUR)
    boxes.send()
    (case,) = opened(books)
    assert suspicions(books, case) == {"two_places": True}
    boxes.leave(out, START + 20 * MINUTE)
    boxes.send(out)
    (case,) = opened(books)
    assert (case.state, case.decision) == (CaseState.CLOSED, CaseDecision.EXPLAINED)
    assert suspicions(books, case) == {"two_places": False}
    assert told(books, template="case_closed") == []
    boxes.enter(out, START + 25 * MINUTE)
    boxes.send(out)
    (case,) = opened(books)
    assert (case.state, suspicions(books, case)["two_places"]) == (CaseState.OPEN, True)


def test_a_case_that_somebody_looks_into_is_not_closed_by_a_late_record(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    out = EdgeJournal()
    boxes.enter(boxes.at_demo, START)
    boxes.enter(boxes.at_island, START + HOUR)
    boxes.send()
    do(books, cases.assign, opened(books)[0].id, "staff-1")
    boxes.leave(out, START + 20 * MINUTE)
    boxes.send(out)
    (case,) = opened(books)
    assert (case.state, case.assigned_to) == (CaseState.ASSIGNED, "staff-1")
    assert "explained by a late record" in see(books, cases.notes_of, case.id)[0].text


@pytest.mark.proves("S28", "R39")
def test_a_card_handed_back_through_the_gate_three_times_looks_lent(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    for n in range(3):
        boxes.enter(boxes.at_demo, START + n * DAY)
        boxes.again(boxes.at_demo, START + n * DAY + 2 * MINUTE)
        boxes.leave(boxes.at_demo, START + n * DAY + HOUR)
        boxes.send()
        assert len(opened(books)) == (n == 2)
        clock.set_wall(START + (n + 1) * DAY)
    (case,) = opened(books)
    assert suspicions(books, case) == {"lent": True}
    assert len(see(books, cases.records_of, case.id)) == 6


def test_a_passage_that_was_copied_into_another_journal_is_no_second_one(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    copy = EdgeJournal()
    for n in range(3):
        seq = boxes.enter(boxes.at_demo, START + n * DAY)
        grant = boxes.enter(copy, START + n * DAY) - 1
        copy.bodies.pop()
        copy.hashes.pop()
        origin = {"journal": boxes.at_demo.id, "seq": seq}
        taken = {"clock": "ok", "of": grant, "area_from": "outside", "area_to": "club", "copied_from": origin}
        copy.append("access.taken", taken, START + n * DAY)
    clock.set_wall(START + 3 * DAY)
    boxes.send(boxes.at_demo, copy)
    assert opened(books) == []


def test_another_days_suspicion_joins_the_open_case_and_opens_another_after_it_is_closed(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    boxes = Boxes(books, clock)
    for n in range(3):
        clock.set_wall(START + n * DAY)
        boxes.enter(boxes.at_demo, START + n * DAY)
        boxes.enter(boxes.at_island, START + n * DAY + 5 * MINUTE)
        boxes.send()
        if n == 1:
            (first,) = opened(books)
            do(books, cases.close, first.id, CaseDecision.TALKED_TO, why="a brother had it")
    assert [each.state for each in opened(books)] == [CaseState.OPEN, CaseState.CLOSED]
    (row,) = told(books, template="case_closed")
    assert (row["member"], row["data"]["decision"]) == (member, "talked_to")


def test_times_that_cannot_be_believed_and_records_that_are_too_old_raise_nothing(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    boxes.enter(boxes.at_demo, START)
    grant = boxes.enter(boxes.at_island, START + 5 * MINUTE) - 1
    taken = {"clock": "behind", "of": grant, "area_from": "outside", "area_to": "club"}
    boxes.at_island.bodies.pop()
    boxes.at_island.hashes.pop()
    boxes.at_island.append("access.taken", taken, START + 5 * MINUTE)
    old = START - card_taps.LATE - DAY
    boxes.enter(boxes.at_demo, old)
    boxes.enter(boxes.at_island, old + MINUTE)
    boxes.enter(boxes.at_island, START + 6 * MINUTE, access_point="\0")
    boxes.send()
    assert opened(books) == []


def test_the_rule_book_says_how_far_two_sites_are_apart(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, 1)
    amend(books, misuse__travel_minutes=5, misuse__inside_minutes=0)
    boxes = Boxes(books, clock)
    boxes.enter(boxes.at_demo, START)
    boxes.enter(boxes.at_island, START + 3 * MINUTE)
    boxes.send()
    assert opened(books) == []
    boxes.enter(boxes.at_demo, START + 4 * MINUTE)
    boxes.send()
    assert len(opened(books)) == 1


def test_taps_are_forgotten_when_nothing_is_held_against_them_any_more(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    people.join(books, 1)
    boxes = Boxes(books, clock)
    boxes.enter(boxes.at_demo, START)
    boxes.send()
    for days, left in ((0, 1), (-1, 0)):
        clock.set_wall(START + card_taps.kept_for(MisuseRules()) - days * DAY)
        run_job(misuse.forget, books)
        with books.look() as look:
            assert look.connection.execute(select(func.count()).select_from(card_tap)).scalar_one() == left


@pytest.mark.proves("S28")
def test_staff_report_a_photo_that_does_not_fit_and_the_report_comes_once(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    boxes = Boxes(books, clock)
    seq = boxes.enter(boxes.at_demo, START)
    boxes.send()
    report = StaffReport(boxes.at_demo.id, seq, START, "demo", "staff-1")
    found = [do(books, misuse.report_photo, card(1), report).id for _ in range(2)]
    (case,) = opened(books)
    assert found == [case.id, case.id]
    assert (case.member, suspicions(books, case)) == (member, {"photo_mismatch": True})
    with pytest.raises(InvalidInput, match="there is no record"):
        do(books, misuse.report_photo, card(1), StaffReport(boxes.at_demo.id, 99, START, "demo", "staff-1"))
    with pytest.raises(InvalidInput, match="no such card"):
        do(books, misuse.report_photo, card(9), report)


@pytest.mark.proves("S08", "S28")
def test_a_case_becomes_a_violation_with_its_records_as_evidence(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    boxes = Boxes(books, clock)
    boxes.enter(boxes.at_demo, START)
    boxes.enter(boxes.at_island, START + 5 * MINUTE)
    boxes.send()
    (case,) = opened(books)
    do(books, cases.assign, case.id, "staff-1")
    do(books, discipline.record_of_case, case.id, Misconduct.CARD_LENT, TODAY, why="admitted it")
    (violation,) = see(books, discipline.violations_of, member)
    assert violation.misconduct is Misconduct.CARD_LENT
    assert violation.evidence == see(books, cases.records_of, case.id)
    (closed,) = opened(books, CaseState.CLOSED)
    assert (closed.decision, closed.assigned_to) == (CaseDecision.VIOLATION, "staff-1")
    with pytest.raises(StepRefused):
        do(books, cases.close, case.id, CaseDecision.UNFOUNDED, why="again")
    steps = ["case.open", "case.alert", "case.alert", "case.assign", "case.close", "case.note"]
    assert [row["action"] for row in noted(books, thing_id=case.id)] == steps


def test_staff_open_note_and_reopen_a_case_by_hand(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    with pytest.raises(InvalidInput, match="there is no record"):
        do(books, cases.open_case, CaseWish(CaseKind.COMPLAINT, member, evidence=(Evidence("ab" * 16, 1),)))
    assert opened(books) == []
    case = do(books, cases.open_case, CaseWish(CaseKind.COMPLAINT, member, text="loud at night"))
    clock.pass_s(60)
    books.change(Actor("staff-2"), lambda change: cases.add_note(change, case.id, "talked to the neighbours"))
    notes = see(books, cases.notes_of, case.id)
    assert [(each.by, each.text) for each in notes] == [
        ("desk-1", "loud at night"), ("staff-2", "talked to the neighbours"),
    ]  # fmt: skip
    do(books, cases.close, case.id, CaseDecision.UNFOUNDED, why="was the neighbour")
    assert told(books, template="case_closed") == []
    again = do(books, cases.reopen, case.id, why="a second neighbour")
    assert (again.state, again.decision, again.closed_at) == (CaseState.OPEN, "", None)
    for wrong in ("", " ", "x" * 2001):
        with pytest.raises(InvalidInput):
            do(books, cases.add_note, case.id, wrong)
