"""Units and their representatives at central, and what one does to the other at the gates."""

from datetime import date, timedelta

import pytest

from kiosk.central.club import applications, files, life_job, membership, organisations, tiers
from kiosk.central.club.books import Books
from kiosk.central.club.files import FileKind, MemberFile
from kiosk.central.club.organisations import Succession
from kiosk.central.club.refused import RuleRefused
from kiosk.club.membership import MemberState, StopReason
from kiosk.club.organisations import Change, Mandate, Position, Role
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted
from tests.central.club.builders_people import do, see
from tests.central.club.builders_points import run_job

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def _unit(books: Books, *, paid_until: date | None = date(2027, 11, 21)) -> str:
    people.open_club(books)
    unit = people.approve(books, people.make_unit_applicant())
    if paid_until is not None:
        do(books, membership.record_paid, unit, paid_until, why="unit's fee")
    return unit


def _representative(books: Books, unit: str, number: int = 1, role: Role = Role.MAIN) -> str:
    person = people.make_person(books, number)
    do(books, organisations.appoint, person, unit, role, why="letter of the unit")
    people.hand_over(books, person, number)
    return person


@pytest.mark.proves("S13", "R11")
def test_a_units_standing_reaches_both_representatives_in_the_same_change(both_books: Books) -> None:
    unit = _unit(both_books)
    _representative(both_books, unit, 1)
    _representative(both_books, unit, 2, Role.DEPUTY)
    assert [people.gate_says(both_books, n, TODAY) for n in (1, 2)] == ["ok", "ok"]
    assert see(both_books, membership.standing, unit).state is MemberState.VALID
    do(both_books, membership.suspend, unit, StopReason.DISCIPLINE, why="council")
    assert [people.gate_says(both_books, n, TODAY) for n in (1, 2)] == ["membership_suspended"] * 2
    do(both_books, membership.restore, unit, StopReason.DISCIPLINE, why="council")
    do(both_books, membership.ask_to_leave, unit, why="letter")
    assert [people.gate_says(both_books, n, date(2026, 12, 22)) for n in (1, 2)] == ["ok", "ok"]
    assert [people.gate_says(both_books, n, date(2026, 12, 23)) for n in (1, 2)] == ["membership_ended"] * 2


@pytest.mark.proves("S13")
def test_the_units_fees_count_and_nobody_pays_them_for_a_representative(books: Books, clock: ManualClock) -> None:
    unit = _unit(books, paid_until=TODAY)
    person = _representative(books, unit)
    people.set_day(clock, TODAY + DAY)
    assert people.gate_says(books, 1, TODAY + DAY) == "fee_overdue"
    with pytest.raises(RuleRefused, match="fees_inherited"):
        do(books, membership.record_paid, person, date(2027, 11, 21), why="by mistake")
    do(books, membership.record_paid, unit, date(2027, 11, 21), why="transfer")
    assert people.gate_says(books, 1, date(2027, 11, 21)) == "ok"


def test_a_representative_cannot_restore_what_lies_with_the_unit(books: Books) -> None:
    unit = _unit(books)
    person = _representative(books, unit)
    do(books, membership.suspend, unit, StopReason.DISCIPLINE, why="council")
    with pytest.raises(InvalidInput, match="nothing to restore"):
        do(books, membership.restore, person, StopReason.DISCIPLINE, why="asks nicely")


@pytest.mark.proves("R45", "S13")
def test_no_card_is_handed_over_for_a_unit_that_has_not_paid(books: Books) -> None:
    unit = _unit(books, paid_until=None)
    person = people.join(books, 1)
    do(books, organisations.appoint, person, unit, Role.MAIN, why="letter")
    assert people.gate_says(books, 1, TODAY) == "fee_overdue"
    with pytest.raises(RuleRefused, match="fee_unpaid"):
        do(books, applications.collected, person, TODAY)


@pytest.mark.proves("R45", "S13")
def test_a_card_of_a_unit_that_is_not_approved_opens_nothing(books: Books) -> None:
    people.open_club(books)
    unit = do(books, files.open_file, MemberFile("", FileKind.ORGANISATION, "未批准公司")).member
    person = people.join(books, 1)
    assert people.gate_says(books, 1, TODAY) == "ok"
    do(books, organisations.appoint, person, unit, Role.MAIN, why="too early")
    assert people.gate_says(books, 1, TODAY) == "card_not_collected"
    assert people.cards_of(books, person)[0].state is CredentialState.UNCOLLECTED
    do(books, membership.admit, unit, None, owes_fees=False)
    assert people.gate_says(books, 1, TODAY) == "ok"
    assert people.cards_of(books, person)[0].state is CredentialState.ACTIVE


@pytest.mark.proves("R11")
def test_a_unit_has_one_main_and_one_deputy(books: Books) -> None:
    unit = _unit(books)
    first = _representative(books, unit)
    second, third = people.make_person(books, 2), people.make_person(books, 3)
    with pytest.raises(RuleRefused, match="role_taken"):
        do(books, organisations.appoint, second, unit, Role.MAIN, why="both want it")
    do(books, organisations.appoint, second, unit, Role.DEPUTY, why="letter")
    with pytest.raises(RuleRefused):
        do(books, organisations.appoint, third, unit, Role.DEPUTY, why="one more")
    assert [each.member for each in see(books, organisations.representatives_of, unit)] == [first, second]
    with pytest.raises(InvalidInput, match="cannot_represent"):
        do(books, organisations.appoint, third, first, Role.MAIN, why="no unit")


@pytest.mark.proves("R68", "S12")
def test_who_leaves_the_post_stays_as_an_ordinary_member_with_own_fees(books: Books, clock: ManualClock) -> None:
    unit = _unit(books)
    person = _representative(books, unit)
    last = TODAY + 3 * DAY
    do(books, organisations.note_turn, person, Change.LEFT_POST, last, why="new job in town")
    assert people.gate_says(books, 1, last) == "ok"
    assert see(books, membership.standing, person).state is MemberState.VALID
    people.set_day(clock, last + DAY)
    do(books, membership.project, person)
    assert see(books, membership.standing, person).state is MemberState.ARREARS
    do(books, membership.record_paid, person, date(2027, 11, 30), why="own fee")
    do(books, membership.cancel, unit, why="the unit is gone")
    assert people.gate_says(books, 1, date(2027, 11, 30)) == "ok"


@pytest.mark.proves("R68", "S12")
def test_who_leaves_the_region_is_no_member_any_more(books: Books) -> None:
    unit = _unit(books)
    person = _representative(books, unit)
    do(books, organisations.note_turn, person, Change.LEFT_REGION, TODAY, why="moves to Harbin")
    assert people.gate_says(books, 1, TODAY) == "ok"
    assert people.gate_says(books, 1, TODAY + DAY) == "membership_ended"
    assert noted(books, action="member.left_region")[0]["why"] == "moves to Harbin"


@pytest.mark.proves("R68", "S12")
def test_who_leaves_the_post_falls_to_the_ordinary_tier_when_that_day_is_over(books: Books, clock: ManualClock) -> None:
    unit = _unit(books)
    first, second = _representative(books, unit), _representative(books, unit, 2, Role.DEPUTY)
    for member in (first, second):
        do(books, tiers.give, member, "gold", "council")
    people.set_day(clock, TODAY + DAY)
    do(books, organisations.note_turn, first, Change.LEFT_POST, TODAY, why="was yesterday")
    do(books, organisations.note_turn, second, Change.LEFT_POST, TODAY + 2 * DAY, why="tomorrow")
    assert [people.row_of(books, each).tier for each in (first, second)] == ["ordinary", "gold"]
    people.set_day(clock, TODAY + 2 * DAY)
    run_job(life_job.run, books)
    assert people.row_of(books, second).tier == "gold"
    people.set_day(clock, TODAY + 3 * DAY)
    run_job(life_job.run, books)
    assert people.row_of(books, second).tier == "ordinary"
    assert see(books, tiers.outlook, second).holding.ceiling == "ordinary"
    moves = len(see(books, tiers.moves_of, second))
    run_job(life_job.run, books)
    assert len(see(books, tiers.moves_of, second)) == moves


@pytest.mark.proves("R69")
def test_all_that_a_successor_lacks_is_to_be_seen_before_the_appointment(books: Books, clock: ManualClock) -> None:
    unit = _unit(books)
    first = _representative(books, unit)
    do(books, organisations.note_turn, first, Change.LEFT_POST, TODAY, why="retires")
    wanted = Mandate(people.make_person(books, 2), unit, Role.MAIN, TODAY + DAY)
    found = see(books, organisations.against_appointment, wanted)
    assert [each.reason.value for each in found] == ["not_reviewed", "not_agreed", "no_council_vote"]
    whole = Succession(reviewed=True, agreed=True, council_voted=True)
    assert see(books, organisations.against_appointment, wanted, whole) == ()


@pytest.mark.proves("R69")
def test_a_successor_inherits_nothing(books: Books, clock: ManualClock) -> None:
    unit = _unit(books)
    first = _representative(books, unit)
    do(books, organisations.note_turn, first, Change.LEFT_POST, TODAY, why="retires")
    people.set_day(clock, TODAY + DAY)
    second = people.make_person(books, 2)
    half = Succession(reviewed=True, agreed=True)
    with pytest.raises(RuleRefused, match="no_council_vote"):
        do(books, organisations.appoint, second, unit, Role.MAIN, why="follows", succession=half)
    whole = Succession(reviewed=True, agreed=True, council_voted=True)
    do(books, organisations.appoint, second, unit, Role.MAIN, why="follows", succession=whole)
    people.hand_over(books, second, 2)
    assert people.gate_says(books, 2, TODAY + DAY) == "ok"


@pytest.mark.proves("R13")
def test_posts_of_the_council_are_for_units(books: Books) -> None:
    unit = _unit(books)
    person = _representative(books, unit)
    see(books, organisations.check_position, person, Position.CHAIR)
    alone = people.join(books, 5)
    with pytest.raises(RuleRefused, match="for_units_only"):
        see(books, organisations.check_position, alone, Position.COUNCIL_MEMBER)


def test_a_mandate_to_come_changes_nothing_before_its_day(books: Books, clock: ManualClock) -> None:
    unit = _unit(books)
    person = people.join(books, 1)
    do(books, organisations.appoint, person, unit, Role.MAIN, since=TODAY + 5 * DAY, why="from December")
    do(books, membership.cancel, unit, why="bankrupt")
    assert people.gate_says(books, 1, TODAY + 4 * DAY) == "ok"
    people.set_day(clock, TODAY + 5 * DAY)
    do(books, membership.project, person)
    assert people.gate_says(books, 1, TODAY + 5 * DAY) == "membership_ended"
