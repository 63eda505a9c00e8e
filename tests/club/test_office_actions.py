"""Acts of the office: one permission each, and nobody approves what he asked for."""

import pytest

from kiosk.club.office_actions import (
    DECISIONS,
    FAVOURS,
    NEEDS,
    Matter,
    OfficeAction,
    separation,
)
from kiosk.club.roles import GRANTS, Permission, Role, RoleReason, RoleRules, Staff, against

RULES = RoleRules()
MANAGER = Staff("g1", frozenset({Role.GENERAL_MANAGER}), member="m9")


def make_staff(role: Role, **fields: str) -> Staff:
    """Make somebody of one role who has shown the second factor."""
    return Staff(**{"id": f"of-{role}", "roles": frozenset({role}), "second_factor": True} | fields)


@pytest.mark.proves("S94")
def test_every_act_needs_a_permission_and_every_permission_is_for_an_act() -> None:
    assert set(NEEDS) == set(OfficeAction)
    assert set(NEEDS.values()) == set(Permission)


@pytest.mark.proves("S94", "R149")
def test_an_act_is_open_to_the_roles_that_have_its_permission_and_to_no_other() -> None:
    for permission in Permission:
        allowed = {role for role in Role if against(make_staff(role), permission, RULES) is None}
        assert allowed == {role for role in Role if permission in GRANTS[role]}, permission
        assert allowed, permission


@pytest.mark.proves("S94", "R36")
def test_nobody_decides_on_his_own_request_or_twice() -> None:
    for action in sorted(DECISIONS):
        own = separation(MANAGER, action, Matter(requested_by="g1"))
        again = separation(MANAGER, action, Matter(requested_by="s1", decided_by=("f1", "g1")))
        assert own is not None, action
        assert again is not None, action
        assert (own.reason, again.reason) == (RoleReason.OWN_REQUEST, RoleReason.HAS_DECIDED_ALREADY)
        assert separation(MANAGER, action, Matter(requested_by="s1", decided_by=("f1",))) is None, action


@pytest.mark.proves("S94")
def test_nobody_acts_in_his_own_favour() -> None:
    no_member = Staff("g2", frozenset({Role.GENERAL_MANAGER}))
    for action in sorted(FAVOURS):
        refusal = separation(MANAGER, action, Matter(member="m9"))
        assert refusal is not None, action
        assert refusal.reason is RoleReason.OWN_FILE, action
        assert separation(MANAGER, action, Matter(member="m1")) is None, action
        assert separation(no_member, action, Matter()) is None, action


def test_an_admin_does_not_change_his_own_account() -> None:
    admin = make_staff(Role.ADMIN)
    own = separation(admin, OfficeAction.EDIT_STAFF, Matter(staff=admin.id))
    assert own is not None
    assert own.reason is RoleReason.OWN_FILE
    assert separation(admin, OfficeAction.EDIT_STAFF, Matter(staff="d1")) is None


def test_looking_things_up_is_no_decision() -> None:
    matter = Matter(requested_by="g1", decided_by=("g1",), member="m9")
    assert separation(MANAGER, OfficeAction.SHOW_MEMBER, matter) is None
