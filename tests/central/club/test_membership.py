"""Memberships at central: what befalls them, and what the gates make of it."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from kiosk.central.club import membership
from kiosk.central.club.books import Books, Change
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import earlier_spells, lock_member, lock_members, spell_of
from kiosk.central.members import CardRecord, MemberRecord, refresh, save_cards, save_entitlements, save_members
from kiosk.club.leaving import Settlement
from kiosk.club.life import StepRefused
from kiosk.club.membership import Ending, EndReason, MemberState, StopReason
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_people import do, see
from tests.central.roster_builders import make_held

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
Lock = Callable[[Change, str], object]
LISTED = f"{1:016x}"


@pytest.mark.parametrize("lock", [lock_member, lambda change, member: lock_members(change, [member])])
def test_who_wants_a_member_that_another_change_has_waits_for_its_end(both_books: Books, lock: Lock) -> None:
    member, ended = people.make_person(both_books), []

    def change_later() -> None:
        both_books.change(people.DESK, lambda change: (lock(change, member), ended.append("second")))

    second = threading.Thread(target=change_later, name="second", daemon=True)

    def change_first(change: Change) -> None:
        lock(change, member)
        second.start()
        second.join(0.3)
        ended.append("first")

    both_books.change(people.DESK, change_first)
    second.join(30)
    assert ended == ["first", "second"]


def _list_member(books: Books, *, card: CredentialState = CredentialState.ACTIVE, **dates: date) -> str:
    """Write a member down as a list does: no file, no facts."""
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord(LISTED, "M1", "赵一", **dates)])
        save_cards(connection, [people.card_of(1, LISTED, card)])
        save_entitlements(connection, [make_held(1, valid_until=None)])
        refresh(connection, [LISTED], at=books.clock.now())
    return LISTED


@pytest.mark.proves("S10", "R61", "R62")
def test_whoever_asks_to_leave_passes_to_the_last_day_and_can_stay(both_books: Books) -> None:
    people.open_club(both_books)
    member = people.join(both_books)
    asked = do(both_books, membership.ask_to_leave, member, why="letter of today")
    assert (asked.state, asked.until) == (MemberState.WITHDRAWAL_PENDING, date(2026, 12, 22))
    assert told(both_books, template="withdrawal_confirmed")[0]["data"] == {"last_day": "2026-12-22"}
    with pytest.raises(RuleRefused, match="already_leaving"):
        do(both_books, membership.ask_to_leave, member, why="again")
    assert do(both_books, membership.stay, member, why="thought better of it").state is MemberState.VALID
    assert people.gate_says(both_books, 1, date(2027, 1, 30)) == "ok"
    with pytest.raises(RuleRefused, match="not_leaving"):
        do(both_books, membership.stay, member, why="twice")
    do(both_books, membership.ask_to_leave, member, why="now really")
    with pytest.raises(RuleRefused, match="nothing_settled"):
        do(both_books, membership.approve_leaving, member, Settlement(False, 0, 0), why="card missing")
    do(both_books, membership.approve_leaving, member, Settlement(True, 0, 0), why="all settled")
    assert len(told(both_books, template="withdrawal_approved")) == 1
    assert see(both_books, membership.facts_of, member).withdrawals[0].approved_on == TODAY


@pytest.mark.proves("S07", "R46")
def test_a_suspension_begins_and_ends_at_the_gates_by_itself(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    first, last = TODAY + 2 * DAY, TODAY + 5 * DAY
    do(books, membership.suspend, member, StopReason.DISCIPLINE, since=first, until=last, why="case 7")
    answers = [people.gate_says(books, 1, TODAY + n * DAY) for n in (1, 2, 5, 6)]
    assert answers == ["ok", "membership_suspended", "membership_suspended", "ok"]
    people.set_day(clock, first)
    with pytest.raises(StepRefused):
        do(books, membership.suspend, member, StopReason.DISCIPLINE, why="once more")
    do(books, membership.restore, member, StopReason.DISCIPLINE, why="appeal")
    assert people.gate_says(books, 1, first) == "ok"
    with pytest.raises(StepRefused):
        do(books, membership.restore, member, StopReason.DISCIPLINE, why="twice")


@pytest.mark.proves("S07", "R64")
def test_absence_keeps_the_title_and_stops_the_rights(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    kept = do(books, membership.suspend, member, StopReason.ABSENCE, why="six activities")
    assert kept.state is MemberState.TITLE_KEPT
    assert people.gate_says(books, 1, TODAY) == "membership_suspended"


@pytest.mark.proves("R46", "R51", "S59")
def test_an_unpaid_fee_shuts_the_gate_until_it_is_put_off_or_paid(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, paid_until=TODAY)
    people.set_day(clock, TODAY + DAY)
    assert see(books, membership.standing, member).state is MemberState.ARREARS
    assert people.gate_says(books, 1, TODAY + DAY) == "fee_overdue"
    deferred = do(books, membership.defer, member, TODAY + 30 * DAY, why="in hospital")
    assert deferred.state is MemberState.DEFERRED
    assert people.gate_says(books, 1, TODAY + 30 * DAY) == "ok"
    assert people.gate_says(books, 1, TODAY + 31 * DAY) == "fee_overdue"
    with pytest.raises(RuleRefused, match="too_long"):
        do(books, membership.defer, member, date(2029, 1, 1), why="too long")
    do(books, membership.record_paid, member, date(2027, 11, 22), why="receipt 12")
    assert people.gate_says(books, 1, date(2027, 11, 22)) == "ok"


@pytest.mark.proves("R52", "S11")
def test_a_year_unpaid_is_the_end_and_a_late_payment_does_not_undo_it(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, paid_until=TODAY)
    assert people.gate_says(books, 1, date(2027, 11, 22)) == "fee_overdue"
    assert people.gate_says(books, 1, date(2027, 11, 23)) == "membership_ended"
    people.set_day(clock, date(2027, 11, 23))
    with pytest.raises(RuleRefused, match="not_a_member"):
        do(books, membership.record_paid, member, date(2028, 11, 22), why="too late")
    assert see(books, membership.standing, member).state is MemberState.FORFEITED


@pytest.mark.proves("R55", "S58")
def test_service_that_stopped_for_want_of_the_fee_comes_back_with_the_payment(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books, paid_until=TODAY)
    people.set_day(clock, TODAY + DAY)
    assert see(books, membership.standing, member).state is MemberState.ARREARS
    stopped = do(books, membership.suspend, member, StopReason.REMINDERS, why="three reminders in vain")
    assert stopped.state is MemberState.SUSPENDED
    assert do(books, membership.record_paid, member, date(2027, 11, 22), why="cash").state is MemberState.VALID


@pytest.mark.proves("R63", "R70", "S08", "S16")
def test_a_cancelled_member_is_refused_at_once_and_the_file_stays(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    cancelled = do(books, membership.cancel, member, why="decision 3 of the council")
    assert cancelled.state is MemberState.CANCELLED
    assert people.gate_says(books, 1, TODAY) == "membership_ended"
    assert len(told(books, template="discipline_cancelled")) == 1
    from_books = see(books, spell_of, member).facts.endings
    assert from_books == (Ending(TODAY - DAY, MemberState.CANCELLED, EndReason.MISCONDUCT),)
    with pytest.raises(StepRefused):
        do(books, membership.suspend, member, StopReason.DISCIPLINE, why="too late")


@pytest.mark.proves("R44", "S01")
def test_every_change_is_in_the_trail_with_what_was_before_and_why(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    do(books, membership.record_paid, member, date(2028, 11, 21), why="receipt 5")
    entry = noted(books, action="member.pay")[-1]
    assert entry["before"] == {"paid_until": "2027-11-21"}
    assert entry["after"] == {"paid_until": "2028-11-21"}
    assert (entry["actor"], entry["why"]) == ("desk-1", "receipt 5")


def test_a_change_that_is_refused_leaves_nothing_behind(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    before = (noted(books), told(books), see(books, membership.facts_of, member))
    with pytest.raises(InvalidInput):
        do(books, membership.suspend, member, StopReason.DISCIPLINE, since=TODAY - DAY, why="backdated")
    with pytest.raises(InvalidInput, match="no member"):
        do(books, membership.cancel, "nobody", why="typing error")
    assert (noted(books), told(books), see(books, membership.facts_of, member)) == before


def test_a_member_of_a_list_needs_no_file_to_be_judged(books: Books) -> None:
    people.open_club(books)
    member = _list_member(books, paid_until=TODAY + 40 * DAY)
    assert see(books, membership.standing, member).state is MemberState.VALID
    assert see(books, spell_of, member).number == 0
    do(books, membership.suspend, member, StopReason.DISCIPLINE, why="first case")
    assert people.gate_says(books, 1, TODAY) == "membership_suspended"
    do(books, membership.restore, member, StopReason.DISCIPLINE, why="over")
    do(books, membership.record_paid, member, TODAY + 400 * DAY, why="cash")
    assert people.gate_says(books, 1, TODAY + 400 * DAY) == "ok"
    assert people.gate_says(books, 1, TODAY + 401 * DAY) == "fee_overdue"


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({}, MemberState.VALID),
        ({"paid_until": TODAY - DAY}, MemberState.ARREARS),
        ({"suspended_from": TODAY, "suspended_until": TODAY}, MemberState.SUSPENDED),
        ({"member_until": TODAY - DAY}, MemberState.WITHDRAWN),
        ({"member_until": TODAY}, MemberState.WITHDRAWAL_PENDING),
    ],
)
def test_the_dates_of_a_list_say_the_same_as_facts(books: Books, dates: dict[str, date], state: MemberState) -> None:
    people.open_club(books)
    member = _list_member(books, **dates)
    answers = [people.gate_says(books, 1, TODAY + n * DAY) for n in range(3)]
    assert see(books, membership.standing, member).state is state
    do(books, membership.project, member)
    assert [people.gate_says(books, 1, TODAY + n * DAY) for n in range(3)] == answers


def test_a_member_of_a_list_whose_card_waits_has_not_collected_it(books: Books) -> None:
    people.open_club(books)
    member = _list_member(books, card=CredentialState.UNCOLLECTED)
    assert see(books, membership.standing, member).state is MemberState.UNCOLLECTED


@pytest.mark.proves("S16")
def test_a_member_of_a_list_who_left_can_come_back_under_the_old_id(books: Books) -> None:
    people.open_club(books)
    member = _list_member(books, member_until=TODAY - 30 * DAY)
    assert people.approve(books, people.make_applicant(1, former=member)) == member
    assert see(books, earlier_spells, member) == 1
    do(books, membership.record_paid, member, date(2027, 11, 21), why="fee")
    people.hand_over(books, member)
    assert people.gate_says(books, 1, TODAY) == "ok"


def test_a_replaced_card_that_waits_does_not_open_because_the_member_is_valid(books: Books) -> None:
    people.open_club(books)
    member = people.join(books)
    spare: CardRecord = people.card_of(2, member, CredentialState.UNCOLLECTED)

    def give(change: membership.Change) -> None:
        save_cards(change.connection, [spare])
        membership.project(change, member)

    do(books, give)
    assert people.gate_says(books, 2, TODAY) == "card_not_collected"
    assert people.gate_says(books, 1, TODAY) == "ok"
