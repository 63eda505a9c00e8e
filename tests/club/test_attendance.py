"""What attending brings, and leaders who do nothing."""

from datetime import date

import pytest

from kiosk.club.attendance import (
    AttendanceRules,
    Presence,
    ReturnReason,
    Voice,
    against_return,
    leader_removed_on,
    voice,
)


@pytest.mark.proves("R66", "S09")
def test_who_did_not_attend_has_no_say_and_no_benefits() -> None:
    rules = AttendanceRules()
    assert voice(Presence.NOBODY, rules) == Voice(say=False, benefits=False)
    assert voice(Presence.IN_PERSON, rules) == Voice(say=True, benefits=True)
    assert voice(Presence.BY_REPRESENTATIVE, rules) == Voice(say=True, benefits=True)
    strict = AttendanceRules(representative_has_say=False)
    assert voice(Presence.BY_REPRESENTATIVE, strict) == Voice(say=False, benefits=False)
    assert voice(Presence.IN_PERSON, strict) == Voice(say=True, benefits=True)


@pytest.mark.proves("R67")
def test_a_leader_without_work_is_out_after_six_calendar_months() -> None:
    assert leader_removed_on(date(2026, 8, 31), AttendanceRules()) == date(2027, 2, 28)
    assert leader_removed_on(date(2026, 8, 31), AttendanceRules(leader_idle_months=3)) == date(2026, 11, 30)


@pytest.mark.proves("R67")
def test_a_removed_leader_comes_back_by_check_and_vote_only() -> None:
    assert against_return(True, True) == ()
    assert [each.reason for each in against_return(False, True)] == [ReturnReason.NOT_CHECKED_AGAIN]
    assert [each.reason for each in against_return(True, False)] == [ReturnReason.NO_COUNCIL_VOTE]
    assert len(against_return(False, False)) == 2


@pytest.mark.proves("R64", "R65")
def test_the_numbers_are_those_of_the_regulation() -> None:
    rules = AttendanceRules()
    assert (rules.nobody_to_stop, rules.away_to_stop) == (3, 6)
    assert (rules.absent_to_withdraw, rules.months_to_withdraw) == (7, 12)
