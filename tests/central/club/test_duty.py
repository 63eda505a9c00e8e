"""The duty to attend at central: three or six absences, what the gates then answer, and the way back."""

from datetime import date

import pytest

from kiosk.central.club import activities, duty, leaders, membership, organisations
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import MemberRecord, save_cards, save_members
from kiosk.club.activities import ActivityAction, Audience
from kiosk.club.membership import EndReason, MemberState, StopReason
from kiosk.club.organisations import Change as Turn
from kiosk.club.organisations import Position, Role
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import DAY, Boxes, announce, hold, moment, pass_night
from tests.central.club.builders_people import do, gate_says, see, set_day
from tests.central.club.builders_points import run_job

FIRST = date(2026, 12, 1)
WEEK = 7 * DAY
NOTICES = ("attendance_warning", "membership_restored", "attendance_withdrawn")


def state(books: Books, member: str) -> MemberState:
    """Return where a membership stands."""
    found: MemberState = see(books, membership.standing, member).state
    return found


def tellings(books: Books, member: str) -> list[str]:
    """Return what a member was told of the duty to attend."""
    return [row["template"] for row in told(books, member=member) if row["template"] in NOTICES]


def unit_with_two(books: Books) -> tuple[str, str, str]:
    """Make a unit whose main representative has card 1 and whose deputy has card 2."""
    people.open_club(books)
    unit = people.approve(books, people.make_unit_applicant())
    do(books, membership.record_paid, unit, date(2028, 11, 21), why="unit's fee")
    found = [unit]
    for number, role in ((1, Role.MAIN), (2, Role.DEPUTY)):
        person = people.make_person(books, number)
        do(books, organisations.appoint, person, unit, role, why="letter of the unit")
        people.hand_over(books, person, number)
        found.append(person)
    return found[0], found[1], found[2]


@pytest.mark.proves("S09", "R64", "S07")
def test_three_activities_without_anybody_stop_a_units_rights_at_the_gates_and_coming_again_gives_them_back(
    books: Books, clock: ManualClock
) -> None:
    unit, main, _deputy = unit_with_two(books)
    boxes = Boxes(books, clock)
    days = [FIRST + n * WEEK for n in range(3)]
    for day in days:
        hold(books, clock, day)
        assert gate_says(books, 1, day) == "ok"
        pass_night(books, clock, day + DAY)
    out = days[-1] + DAY
    assert [gate_says(books, n, out) for n in (1, 2)] == ["membership_suspended"] * 2
    assert gate_says(books, 1, days[-1]) == "ok"
    assert state(books, unit) is MemberState.TITLE_KEPT
    assert tellings(books, unit) == ["attendance_warning"]
    pass_night(books, clock, out + DAY)
    assert tellings(books, unit) == ["attendance_warning"]
    # The tap of the next activity comes from a box, and only after the night.
    back = out + WEEK
    found = hold(books, clock, back)
    boxes.sign_in(boxes.at_demo, found, moment(back, 14, 20), member=main)
    pass_night(books, clock, back + DAY)
    assert gate_says(books, 1, back + DAY) == "membership_suspended"
    boxes.send()
    pass_night(books, clock, back + 2 * DAY)
    assert [gate_says(books, n, back + 2 * DAY) for n in (1, 2)] == ["ok", "ok"]
    assert state(books, unit) is MemberState.VALID
    assert tellings(books, unit) == ["attendance_warning", "membership_restored"]
    assert [row["actor"] for row in noted(books, thing_id=unit, action="member.keep_title")] == ["job:attendance"]


@pytest.mark.proves("R64", "R11")
def test_a_deputy_keeps_a_unit_from_having_nobody_there_and_not_from_being_away(
    books: Books, clock: ManualClock
) -> None:
    unit, _main, deputy = unit_with_two(books)
    for n in range(5):
        hold(books, clock, FIRST + n * DAY, deputy)
    pass_night(books, clock, FIRST + 5 * DAY)
    assert state(books, unit) is MemberState.VALID
    hold(books, clock, FIRST + 5 * DAY, deputy)
    pass_night(books, clock, FIRST + 6 * DAY)
    assert state(books, unit) is MemberState.TITLE_KEPT
    assert see(books, duty.standings, [deputy]) == {}


def test_one_who_stays_after_representing_a_unit_begins_with_no_absence(books: Books, clock: ManualClock) -> None:
    _unit, main, _deputy = unit_with_two(books)
    for n in range(3):
        hold(books, clock, FIRST + n * DAY)
    assert see(books, duty.standings, [main]) == {}
    last = FIRST + 3 * DAY
    do(books, organisations.note_turn, main, Turn.LEFT_POST, last, why="letter")
    set_day(clock, last)
    assert see(books, duty.standings, [main]) == {}
    hold(books, clock, last + DAY)
    set_day(clock, last + 2 * DAY)
    assert see(books, duty.record_of, main).since == last + DAY
    assert see(books, duty.standings, [main])[main].nobody == 1


@pytest.mark.proves("R64", "R65")
def test_a_person_is_warned_at_the_sixth_absence_and_out_with_the_seventh(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member, eager = people.join(books, 1), people.join(books, 2)
    for n in range(5):
        hold(books, clock, FIRST + n * DAY, eager)
    pass_night(books, clock, FIRST + 5 * DAY)
    assert state(books, member) is MemberState.VALID
    hold(books, clock, FIRST + 5 * DAY, eager)
    pass_night(books, clock, FIRST + 6 * DAY)
    assert gate_says(books, 1, FIRST + 6 * DAY) == "membership_suspended"
    hold(books, clock, FIRST + 6 * DAY, eager)
    pass_night(books, clock, FIRST + 7 * DAY)
    assert gate_says(books, 1, FIRST + 7 * DAY) == "membership_ended"
    assert gate_says(books, 2, FIRST + 7 * DAY) == "ok"
    assert see(books, membership.facts_of, member).endings[0].reason is EndReason.ABSENCE
    assert tellings(books, member) == ["attendance_warning", "attendance_withdrawn"]
    assert tellings(books, eager) == []


def test_days_on_which_no_job_ran_are_made_up_for_in_one_night(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    for n in range(6):
        set_day(clock, FIRST - 9 * DAY)
        announce(books, FIRST + n * DAY)
    pass_night(books, clock, FIRST + 30 * DAY)
    (stop,) = see(books, membership.facts_of, member).suspensions
    assert (stop.since, stop.reason) == (FIRST + 6 * DAY, StopReason.ABSENCE)
    run_job(duty.run, books)
    assert len(noted(books, thing_id=member, action="member.keep_title")) == 1


def test_a_late_record_that_moves_the_first_day_is_no_second_warning(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    boxes = Boxes(books, clock)
    found = [hold(books, clock, FIRST + n * DAY) for n in range(6)]
    # A seventh ends the membership, unless the first was attended.
    pass_night(books, clock, FIRST + 6 * DAY)
    hold(books, clock, FIRST + 6 * DAY)
    boxes.sign_in(boxes.at_demo, found[0], moment(FIRST, 14))
    boxes.send()
    pass_night(books, clock, FIRST + 7 * DAY)
    (stop,) = see(books, membership.facts_of, member).suspensions
    assert stop.since == FIRST + 7 * DAY
    assert tellings(books, member) == ["attendance_warning"]


def test_nobody_has_a_duty_before_the_card_nor_as_a_guest_nor_where_not_invited(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books, 1)
    waiting = people.approve(books, people.make_applicant(2))
    for n in range(6):
        hold(books, clock, FIRST + n * DAY, audience=Audience(min_rank=9))
        hold(books, clock, FIRST + n * DAY, obligatory=False)
    assert see(books, duty.standings, [waiting]) == {}
    guest = MemberRecord("9" * 16, "G1", "王小妹", guest_of=member)
    do(books, lambda change: save_members(change.connection, [guest]))
    do(books, lambda change: save_cards(change.connection, [people.card_of(9, guest.id)]))
    assert see(books, duty.record_of, guest.id) is None
    record = see(books, duty.record_of, member)
    assert record.occasions == ()
    assert record.since == date(2026, 11, 22)
    found = announce(books, FIRST + 20 * DAY)
    do(books, activities.take_step, found, ActivityAction.CALL_OFF, why="storm")
    pass_night(books, clock, FIRST + 21 * DAY)
    assert state(books, member) is MemberState.VALID


def test_a_decision_gives_rights_back_and_what_was_missed_before_counts_no_more(
    books: Books, clock: ManualClock
) -> None:
    people.open_club(books)
    member = people.join(books)
    with pytest.raises(RuleRefused, match="not_stopped_for_absence"):
        do(books, duty.give_rights_back, member, why="council")
    for n in range(6):
        hold(books, clock, FIRST + n * DAY)
    pass_night(books, clock, FIRST + 6 * DAY)
    assert state(books, member) is MemberState.TITLE_KEPT
    with pytest.raises(InvalidInput):
        do(books, duty.give_rights_back, member, why=" ")
    do(books, duty.give_rights_back, member, why="council: was ill")
    assert gate_says(books, 1, FIRST + 6 * DAY) == "ok"
    hold(books, clock, FIRST + 7 * DAY)
    pass_night(books, clock, FIRST + 8 * DAY)
    assert state(books, member) is MemberState.VALID
    assert see(books, duty.standings, [member])[member].nobody == 1


def test_a_suspension_by_discipline_outlasts_the_return_to_activities(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    for n in range(6):
        hold(books, clock, FIRST + n * DAY)
    pass_night(books, clock, FIRST + 6 * DAY)
    hold(books, clock, FIRST + 7 * DAY, member)
    set_day(clock, FIRST + 7 * DAY, 20)
    do(books, membership.suspend, member, StopReason.DISCIPLINE, why="council")
    pass_night(books, clock, FIRST + 8 * DAY)
    assert gate_says(books, 1, FIRST + 8 * DAY) == "membership_suspended"
    assert state(books, member) is MemberState.SUSPENDED


@pytest.mark.proves("R13", "R67")
def test_a_leader_who_does_nothing_for_half_a_year_is_removed_and_needs_check_and_vote_to_return(
    both_books: Books, clock: ManualClock
) -> None:
    books = both_books
    _unit, main, _deputy = unit_with_two(books)
    alone = people.join(books, 7)
    with pytest.raises(RuleRefused, match="for_units_only"):
        do(books, leaders.appoint, alone, Position.CHAIR, why="vote")
    post = do(books, leaders.appoint, main, Position.VICE_CHAIR, why="vote")
    council = do(books, leaders.appoint, main, Position.COUNCIL_MEMBER, why="vote")
    set_day(clock, date(2026, 12, 10))
    do(books, leaders.note_work, post.id, date(2026, 12, 9), why="minutes")
    do(books, leaders.note_work, post.id, date(2026, 12, 1), why="minutes")
    for day, removed in ((date(2027, 6, 8), False), (date(2027, 6, 9), True)):
        set_day(clock, day, 3)
        run_job(leaders.run, books, day)
        found = {each.id: each for each in see(books, leaders.posts_of, main)}
        assert found[post.id].removed is removed
    assert found[post.id].until == date(2027, 6, 8)
    assert found[council.id].until is None
    with pytest.raises(RuleRefused, match="not_checked_again"):
        do(books, leaders.appoint, main, Position.VICE_CHAIR, why="vote")
    back = leaders.Return(checked_again=True, council_voted=True)
    again = do(books, leaders.appoint, main, Position.VICE_CHAIR, why="vote", back=back)
    assert do(books, leaders.step_down, again.id, why="letter").until == date(2027, 6, 9)
    set_day(clock, date(2027, 6, 10))
    with pytest.raises(RuleRefused, match="post_is_over"):
        do(books, leaders.note_work, again.id, date(2027, 6, 9), why="minutes")


def test_a_night_that_was_cut_short_goes_on_without_telling_anybody_twice(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    members = [people.join(books, number) for number in range(1, 4)]
    for n in range(6):
        hold(books, clock, FIRST + n * DAY, members[1])
    set_day(clock, FIRST + 6 * DAY, 3)
    do(books, duty.apply_to, members[:1])
    run_job(duty.run, books, FIRST + 6 * DAY)
    found = [state(books, member) for member in members]
    assert found == [MemberState.TITLE_KEPT, MemberState.VALID, MemberState.TITLE_KEPT]
    assert [tellings(books, member) for member in members] == [["attendance_warning"], [], ["attendance_warning"]]
