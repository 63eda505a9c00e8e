"""Absences in a row, and what follows from them on which day."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.attendance import AttendanceRules, Combine, Occasion, Presence
from kiosk.club.duty import Duty, DutyNotice, DutyStanding, Record, apply_duty, as_ending, as_suspension, duty_on
from kiosk.club.membership import MemberState, StopReason, Suspension
from kiosk.club.standing import standing_on
from tests.club.builders_people import make_facts, make_membership_rules

RULES = AttendanceRules()
FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
MARKS = {"P": Presence.IN_PERSON, "r": Presence.BY_REPRESENTATIVE, ".": Presence.NOBODY}


def make_record(marks: str, unit: bool = False, step_days: int = 7, since: date = FIRST) -> Record:
    """Make a record from marks, one activity a step: P in person, r by representative, . nobody."""
    held = (
        Occasion(f"a{number:03}", FIRST + timedelta(days=number * step_days), MARKS[mark])
        for number, mark in enumerate(marks)
    )
    return Record(unit=unit, since=since, occasions=tuple(held))


def _on(number: int, step_days: int = 7) -> date:
    return FIRST + timedelta(days=number * step_days)


def _duty(marks: str, today: date | None = None, rules: AttendanceRules = RULES, unit: bool = False) -> DutyStanding:
    record = make_record(marks, unit)
    return duty_on(record, rules, today or record.occasions[-1].on + DAY)


@pytest.mark.proves("R64", "S09")
@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ("P.....", Duty.KEPT),
        ("P......", Duty.RIGHTS_STOPPED),
        ("P.....P.....", Duty.KEPT),
        ("Prrrrrr", Duty.RIGHTS_STOPPED),
        ("P..r...", Duty.RIGHTS_STOPPED),
    ],
)
def test_the_sixth_absence_in_person_in_a_row_stops_rights(marks: str, found: Duty) -> None:
    assert _duty(marks).duty is found


@pytest.mark.proves("R64", "S09")
@pytest.mark.parametrize(
    ("marks", "unit", "found"),
    [
        ("P..", True, Duty.KEPT),
        ("P...", True, Duty.RIGHTS_STOPPED),
        ("P...", False, Duty.KEPT),
        ("P..r..", True, Duty.KEPT),
        ("Prrrrrr", True, Duty.RIGHTS_STOPPED),
    ],
)
def test_the_third_activity_with_nobody_stops_a_units_rights(marks: str, unit: bool, found: Duty) -> None:
    assert _duty(marks, unit=unit).duty is found


@pytest.mark.proves("R64")
def test_a_club_may_read_the_sentence_so_that_a_unit_needs_both_counts() -> None:
    both = AttendanceRules(unit_needs=Combine.BOTH)
    assert _duty("P...", rules=both, unit=True).duty is Duty.KEPT
    assert _duty("Prrrrrr", rules=both, unit=True).duty is Duty.KEPT
    assert _duty("Prrr...", rules=both, unit=True).duty is Duty.RIGHTS_STOPPED


@pytest.mark.proves("R64")
def test_stopped_rights_come_with_a_warning_from_the_day_after() -> None:
    record = make_record("......")
    assert duty_on(record, RULES, _on(5)).duty is Duty.KEPT
    stopped = duty_on(record, RULES, _on(5) + DAY)
    assert stopped == DutyStanding(Duty.RIGHTS_STOPPED, _on(5) + DAY, 6, 6, DutyNotice.WARNING)
    assert duty_on(record, RULES, _on(5) + 100 * DAY).since == _on(5) + DAY


@pytest.mark.proves("R65", "S09")
def test_the_seventh_absence_in_a_row_ends_the_membership_for_good() -> None:
    gone = _duty("P.......")
    assert gone == DutyStanding(Duty.WITHDRAWN, _on(7) + DAY, 7, 7, DutyNotice.WITHDRAWN)
    assert _duty("P.......PPP").duty is Duty.WITHDRAWN
    assert _duty("P......P.").duty is Duty.KEPT


@pytest.mark.proves("R65")
def test_a_club_may_read_six_or_more_so_that_the_sixth_absence_ends_it() -> None:
    assert _duty("......", rules=AttendanceRules(absent_to_withdraw=6)).duty is Duty.WITHDRAWN


@pytest.mark.proves("R64", "R65")
def test_who_is_represented_every_time_keeps_the_title() -> None:
    assert _duty("P" + "r" * 20).duty is Duty.RIGHTS_STOPPED
    assert _duty("P" + "r" * 20, unit=True).duty is Duty.RIGHTS_STOPPED


@pytest.mark.proves("R65")
def test_a_year_of_absence_in_a_row_ends_the_membership() -> None:
    quarterly = Record(
        unit=False,
        since=FIRST,
        occasions=(
            Occasion("a", date(2026, 2, 1), Presence.NOBODY),
            Occasion("b", date(2026, 8, 1), Presence.NOBODY),
        ),
    )
    assert duty_on(quarterly, RULES, date(2027, 1, 31)).duty is Duty.KEPT
    gone = duty_on(quarterly, RULES, date(2027, 2, 1))
    assert (gone.duty, gone.since) == (Duty.WITHDRAWN, date(2027, 2, 1))


@pytest.mark.proves("R65")
def test_one_activity_missed_in_a_quiet_year_is_no_year_of_absence() -> None:
    once = Record(unit=False, since=FIRST, occasions=(Occasion("a", FIRST, Presence.NOBODY),))
    assert duty_on(once, RULES, date(2028, 1, 1)).duty is Duty.KEPT
    strict = AttendanceRules(months_need_absences=1)
    assert duty_on(once, strict, date(2027, 1, 1)).duty is Duty.WITHDRAWN


@pytest.mark.proves("S09")
def test_attending_again_gives_rights_back_unless_that_takes_a_decision() -> None:
    assert _duty("......P").duty is Duty.KEPT
    by_decision = AttendanceRules(attending_restores=False)
    stopped = _duty("......P", rules=by_decision)
    assert (stopped.duty, stopped.since) == (Duty.RIGHTS_STOPPED, _on(5) + DAY)
    restored = make_record("......P", since=_on(6))
    assert duty_on(restored, by_decision, _on(7)).duty is Duty.KEPT


def test_what_was_before_joining_does_not_count() -> None:
    record = make_record("......", since=_on(1))
    assert duty_on(record, RULES, _on(6)).away == 5


def test_a_club_without_the_duty_only_counts() -> None:
    free = _duty("........", rules=AttendanceRules(applies=False))
    assert free == DutyStanding(Duty.KEPT, None, 8, 8, None)


@given(st.text("Pr.", min_size=1, max_size=25), st.booleans(), st.integers(1, 60), st.integers(0, 200), st.randoms())
@settings(max_examples=200)
def test_when_the_records_arrive_makes_no_difference(
    marks: str, unit: bool, step_days: int, later: int, shuffled_by: Random
) -> None:
    record = make_record(marks, unit, step_days)
    mixed = list(record.occasions)
    shuffled_by.shuffle(mixed)
    today = FIRST + timedelta(days=later)
    shuffled = Record(unit=unit, since=FIRST, occasions=tuple(mixed))
    assert duty_on(shuffled, RULES, today) == duty_on(record, RULES, today)


@given(st.text("Pr.", min_size=1, max_size=25), st.integers(1, 60), st.integers(0, 900))
@settings(max_examples=200)
def test_a_jump_over_days_finds_what_each_day_would_have_found(marks: str, step_days: int, later: int) -> None:
    record = make_record(marks, step_days=step_days)
    found = duty_on(record, RULES, FIRST + timedelta(days=later))
    if found.since is not None:
        assert found.since <= FIRST + timedelta(days=later)
        assert duty_on(record, RULES, found.since).duty is found.duty
        assert duty_on(record, RULES, found.since - DAY).duty is not found.duty


@pytest.mark.proves("R64", "R65", "S09")
def test_stopped_rights_and_a_lost_title_become_facts_of_the_membership() -> None:
    rules = make_membership_rules()
    stopped = _duty("......")
    suspension = as_suspension(stopped)
    assert suspension is not None
    facts = make_facts(suspensions=(suspension,))
    assert standing_on(facts, rules, _on(5)).state is MemberState.VALID
    assert standing_on(facts, rules, _on(5) + DAY).state is MemberState.TITLE_KEPT
    gone = _duty(".......")
    ending = as_ending(gone)
    assert ending is not None
    facts = make_facts(endings=(ending,))
    assert standing_on(facts, rules, _on(6)).state is MemberState.VALID
    assert standing_on(facts, rules, _on(6) + DAY).state is MemberState.WITHDRAWN
    assert as_suspension(gone) is None
    assert as_ending(stopped) is None


@pytest.mark.proves("R64", "R65", "S09")
def test_a_membership_follows_the_duty_day_by_day_and_says_everything_once() -> None:
    record = make_record("......P.......")
    rules = make_membership_rules()
    facts = make_facts(approved_on=FIRST, collected_on=FIRST)
    states = []
    for number in range(14 * 7 + 2):
        today = FIRST + number * DAY
        facts = apply_duty(facts, duty_on(record, RULES, today), today)
        states.append(standing_on(facts, rules, today).state)
        assert len(facts.suspensions) <= 2
    assert states.index(MemberState.TITLE_KEPT) == 5 * 7 + 1
    assert states[6 * 7 : 12 * 7 + 1] == [MemberState.TITLE_KEPT] + [MemberState.VALID] * (6 * 7)
    assert states[12 * 7 + 1 : 13 * 7 + 1] == [MemberState.TITLE_KEPT] * 7
    assert states[13 * 7 + 1] is MemberState.WITHDRAWN
    assert len(facts.endings) == 1


def test_a_late_record_moves_the_day_and_leaves_other_suspensions_alone() -> None:
    other = Suspension(FIRST, StopReason.DISCIPLINE, FIRST + DAY)
    early = apply_duty(make_facts(suspensions=(other,)), _duty("......"), _on(6))
    late = apply_duty(early, _duty("P......"), _on(7))
    assert late.suspensions == (other, Suspension(_on(6) + DAY, StopReason.ABSENCE))
    assert apply_duty(late, _duty("P......"), _on(8)) is late
