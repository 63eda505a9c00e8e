"""The life of a membership as a table, and its rules as entries."""

from datetime import date, timedelta
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club.membership import ENDED, MEMBER_LIFE, OPEN, MemberAction, MemberFacts, MembershipRules, MemberState
from kiosk.club.standing import standing_on
from tests.club import strategies_people as people


@pytest.mark.proves("R07", "R45")
def test_nobody_becomes_valid_but_by_collecting_a_card() -> None:
    assert MEMBER_LIFE.actions(MemberState.APPLICANT) == (MemberAction.APPROVE,)
    assert MEMBER_LIFE.after(MemberState.APPLICANT, MemberAction.APPROVE) is MemberState.UNCOLLECTED
    inside = [
        action
        for action in MEMBER_LIFE.actions(MemberState.UNCOLLECTED)
        if MEMBER_LIFE.after(MemberState.UNCOLLECTED, action) not in ENDED
    ]
    assert inside == [MemberAction.COLLECT]


@pytest.mark.proves("S10", "S16")
@pytest.mark.parametrize("state", sorted(ENDED))
def test_who_left_can_only_apply_again(state: MemberState) -> None:
    assert MEMBER_LIFE.actions(state) == (MemberAction.REJOIN,)
    assert MEMBER_LIFE.after(state, MemberAction.REJOIN) is MemberState.APPLICANT


@pytest.mark.proves("R63")
def test_a_member_can_be_cancelled_from_every_state_inside() -> None:
    for state in set(MemberState) - ENDED - {MemberState.APPLICANT}:
        assert MEMBER_LIFE.after(state, MemberAction.CANCEL) is MemberState.CANCELLED


@pytest.mark.proves("R64")
def test_the_kept_title_is_a_state_of_its_own_from_which_rights_come_back() -> None:
    assert MEMBER_LIFE.after(MemberState.VALID, MemberAction.KEEP_TITLE) is MemberState.TITLE_KEPT
    assert MEMBER_LIFE.after(MemberState.TITLE_KEPT, MemberAction.RESTORE) is MemberState.VALID
    assert MemberState.TITLE_KEPT not in OPEN | ENDED


@given(people.facts(), people.rules(), people.days())
def test_every_standing_is_a_state_of_the_drawing(facts: MemberFacts, rules: MembershipRules, day: date) -> None:
    drawn = MEMBER_LIFE.drawing()
    assert f" {standing_on(facts, rules, day).state}" in drawn


def _reachable(state: MemberState) -> set[MemberState]:
    """Return the states that steps lead to from a state, those of coming back left out."""
    found = {state}
    ahead = [state]
    while ahead:
        now = ahead.pop()
        steps = set(MEMBER_LIFE.actions(now)) - {MemberAction.REJOIN}
        fresh = {MEMBER_LIFE.after(now, action) for action in steps} - found
        found |= fresh
        ahead.extend(fresh)
    return found


@pytest.mark.proves("S07")
@given(people.facts(), people.rules(), people.days(), st.integers(1, 400))
def test_days_lead_only_where_the_steps_of_the_life_lead(
    facts: MemberFacts, rules: MembershipRules, day: date, later: int
) -> None:
    before = standing_on(facts, rules, day).state
    assert standing_on(facts, rules, day + timedelta(days=later)).state in _reachable(before)


@pytest.mark.proves("R62")
def test_a_member_may_ask_to_leave_from_every_state_after_the_card() -> None:
    before_or_asked = {MemberState.APPLICANT, MemberState.UNCOLLECTED, MemberState.WITHDRAWAL_PENDING}
    for state in set(MemberState) - ENDED - before_or_asked:
        assert MEMBER_LIFE.after(state, MemberAction.ASK_TO_LEAVE) is MemberState.WITHDRAWAL_PENDING


def test_each_rule_says_what_it_means_and_where_it_comes_from() -> None:
    for hint in get_type_hints(MembershipRules, include_extras=True).values():
        meta = next(each for each in hint.__metadata__ if isinstance(each, msgspec.Meta))
        assert meta.description
        assert meta.extra is not None
        assert meta.extra["source"]


def test_a_rule_below_its_least_value_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"grace_days": -1}, MembershipRules)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"forfeit_after_months": 0}, MembershipRules)
