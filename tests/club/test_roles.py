"""Roles: the least that each needs, the second factor, and roles that do not go together."""

import pytest

from kiosk.club.roles import (
    GRANTS,
    Permission,
    Role,
    RoleReason,
    RoleRefusal,
    RoleRules,
    Staff,
    against,
    against_roles,
    permissions,
)

RULES = RoleRules()


def who_may(permission: Permission) -> set[Role]:
    """Return the roles that have a permission."""
    return {role for role in Role if permission in GRANTS[role]}


@pytest.mark.proves("S94")
def test_every_role_has_its_line_and_every_permission_is_somebodys() -> None:
    assert set(GRANTS) == set(Role)
    assert frozenset().union(*GRANTS.values()) == set(Permission)
    assert all(held < set(Permission) for held in GRANTS.values())


@pytest.mark.proves("S94", "R149")
@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        (Permission.MEMBERS_SENSITIVE, {Role.MEMBERSHIP}),
        (Permission.MEMBERS_EXPORT, {Role.MEMBERSHIP}),
        (Permission.POINTS_ADJUST, {Role.FINANCE}),
        (Permission.GIFTS_FUND, {Role.FINANCE}),
        (Permission.GIFTS_DESTROY, {Role.MEMBERSHIP}),
        (Permission.SPECIALS_ACTIVATE, {Role.IT}),
        (Permission.SPECIALS_APPROVE, {Role.OPERATIONS, Role.FINANCE, Role.GENERAL_MANAGER}),
        (Permission.DISCIPLINE_DECIDE, {Role.GENERAL_MANAGER}),
        (Permission.RULES_DECIDE, {Role.GENERAL_MANAGER}),
        (Permission.CARDS_ORDER, {Role.MEMBERSHIP}),
        (Permission.CARDS_CHECK, {Role.OPERATIONS}),
        (Permission.STOCK_MOVE, {Role.OPERATIONS}),
        (Permission.GIFTS_TAKE_IN, {Role.DESK}),
        (Permission.STAFF_WRITE, {Role.ADMIN}),
        (Permission.DEVICES_WRITE, {Role.IT}),
    ],
)
def test_what_is_delicate_belongs_to_one_department(permission: Permission, roles: set[Role]) -> None:
    assert who_may(permission) == roles


@pytest.mark.proves("R149")
def test_it_and_admins_see_no_members() -> None:
    seeing = {each for each in Permission if each.value.startswith(("members_", "cards_"))}
    assert not seeing & (GRANTS[Role.IT] | GRANTS[Role.ADMIN])


@pytest.mark.proves("S94")
def test_a_desk_decides_nothing_and_adjusts_nothing() -> None:
    assert not [each for each in GRANTS[Role.DESK] if each.value.endswith(("_decide", "_approve", "_adjust"))]


@pytest.mark.proves("S94")
def test_an_admin_may_do_nothing_before_the_second_factor() -> None:
    admin = Staff("a1", frozenset({Role.ADMIN}))
    assert permissions(admin, RULES) == frozenset()
    refusal = against(admin, Permission.STAFF_WRITE, RULES)
    assert refusal == RoleRefusal(RoleReason.SECOND_FACTOR_MISSING, {"permission": "staff_write"})
    shown = Staff("a1", frozenset({Role.ADMIN}), second_factor=True)
    assert against(shown, Permission.STAFF_WRITE, RULES) is None
    waived = RoleRules(second_factor_for=())
    assert against(admin, Permission.STAFF_WRITE, waived) is not None


def test_other_roles_need_the_second_factor_where_the_club_says_so() -> None:
    finance = Staff("f1", frozenset({Role.FINANCE, Role.DESK}))
    assert against(finance, Permission.POINTS_ADJUST, RULES) is None
    strict = RoleRules(second_factor_for=(Role.FINANCE,))
    refusal = against(finance, Permission.POINTS_ADJUST, strict)
    assert refusal is not None
    assert refusal.reason is RoleReason.SECOND_FACTOR_MISSING
    assert against(finance, Permission.POINTS_REDEEM, strict) is None


@pytest.mark.proves("S94", "R149")
def test_what_no_role_of_somebody_has_is_refused_by_name() -> None:
    desk = Staff("d1", frozenset({Role.DESK}), second_factor=True)
    assert against(desk, Permission.POINTS_ADJUST, RULES) == RoleRefusal(
        RoleReason.NOT_PERMITTED, {"permission": "points_adjust"}
    )
    assert permissions(Staff("x", frozenset()), RULES) == frozenset()


@pytest.mark.proves("S94")
def test_who_gives_roles_does_not_move_money() -> None:
    refusals = against_roles([Role.ADMIN, Role.FINANCE, Role.DESK], RULES)
    assert refusals == (RoleRefusal(RoleReason.ROLES_NOT_TOGETHER, {"one": "admin", "other": "finance"}),)
    assert against_roles([Role.DESK, Role.MEMBERSHIP, Role.OPERATIONS], RULES) == ()
    assert len(against_roles([Role.IT, Role.FINANCE, Role.OPERATIONS], RULES)) == 2
