"""Who looks after a member, and how that changes hands."""

from datetime import date
from typing import Any

import pytest

from kiosk.club.life import StepRefused
from kiosk.club.ownership import (
    CHANGE_LIFE,
    ChangeAction,
    ChangeState,
    OwnerChange,
    OwnerReason,
    OwnershipRules,
    against_agreeing,
    against_leaving,
    against_request,
    credit_of,
    first_for_complaint,
)

RULES = OwnershipRules()
TODAY = date(2026, 11, 22)
STAFF = ("li", "wang", "zhao")


def make_change(**fields: Any) -> OwnerChange:
    """Make a written request to give a member of Li's to Wang."""
    people = {"member": "m1", "owner_from": "li", "owner_to": "wang", "asked_by": "li", "paper": "letter-1"}
    return OwnerChange(**people | fields)


def test_an_owner_changes_in_four_steps_and_in_no_other_order() -> None:
    state = CHANGE_LIFE.start
    for action in (ChangeAction.AGREE_STORE, ChangeAction.AGREE, ChangeAction.CHANGE, ChangeAction.FILE):
        state = CHANGE_LIFE.after(state, action)
    assert state is ChangeState.FILED
    for skipped in (ChangeAction.AGREE, ChangeAction.CHANGE, ChangeAction.FILE):
        with pytest.raises(StepRefused):
            CHANGE_LIFE.after(ChangeState.REQUESTED, skipped)
    with pytest.raises(StepRefused):
        CHANGE_LIFE.after(ChangeState.AGREED, ChangeAction.REFUSE)


def test_a_request_is_written_and_names_somebody_else_on_the_staff() -> None:
    assert against_request(make_change(), STAFF, RULES) is None
    wrong = {
        OwnerReason.NO_PAPER: make_change(paper=""),
        OwnerReason.SAME_OWNER: make_change(owner_to="li"),
        OwnerReason.NOT_ON_STAFF: make_change(owner_to="gone"),
    }
    for reason, change in wrong.items():
        refusal = against_request(change, STAFF, RULES)
        assert refusal is not None
        assert refusal.reason is reason
    assert against_request(make_change(paper=""), STAFF, RULES, leaver=True) is None


def test_nobody_agrees_to_the_own_request_and_nobody_twice() -> None:
    own = against_agreeing(make_change(), "li", RULES)
    twice = against_agreeing(make_change(agreed_by=("boss",)), "boss", RULES)
    assert own is not None
    assert own.reason is OwnerReason.OWN_REQUEST
    assert twice is not None
    assert twice.reason is OwnerReason.HAS_AGREED_ALREADY
    assert against_agreeing(make_change(agreed_by=("boss",)), "head", RULES) is None
    assert against_agreeing(make_change(agreed_by=("boss",)), "boss", OwnershipRules(two_approvals=False)) is None


def test_a_leaver_hands_over_first() -> None:
    refusal = against_leaving(1, RULES)
    assert refusal is not None
    assert refusal.detail == {"members": 1}
    assert against_leaving(0, RULES) is None


@pytest.mark.proves("R132", "R155")
def test_a_sale_is_credited_to_whoever_received_the_member() -> None:
    assert credit_of("li", "wang").credited == "wang"
    assert credit_of("li", "wang").owner == "li"
    assert credit_of("li", "").credited == "li"


def test_a_complaint_goes_to_the_members_own_person_first_unless_it_is_about_that_person() -> None:
    assert first_for_complaint("li", "", STAFF, RULES) == "li"
    assert first_for_complaint("li", "li", STAFF, RULES) == ""
    assert first_for_complaint("li", "", ("wang",), RULES) == ""
    assert first_for_complaint("", "", STAFF, RULES) == ""
