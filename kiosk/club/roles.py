"""The roles of staff and the least that each may do: one table, and one name for every permission (S94, R149, §5.4).

`office_actions` names the permission of each act of the office, and who may not do it though permitted.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.refusal import Refusal


class Role(StrEnum):
    """A role of staff; one person may have several. Wire format."""

    DESK = "desk"
    MEMBERSHIP = "membership"
    FINANCE = "finance"
    OPERATIONS = "operations"
    GENERAL_MANAGER = "general_manager"
    IT = "it"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a role may do. Wire format."""

    MEMBERS_READ = "members_read"
    MEMBERS_WRITE = "members_write"
    MEMBERS_SENSITIVE = "members_sensitive"
    MEMBERS_EXPORT = "members_export"
    PASSAGES_READ = "passages_read"
    MEMBERS_IMPORT = "members_import"
    APPLICATIONS_READ = "applications_read"
    APPLICATIONS_WRITE = "applications_write"
    APPLICATIONS_DECIDE = "applications_decide"
    MEMBERSHIPS_DECIDE = "memberships_decide"
    DISCIPLINE_READ = "discipline_read"
    DISCIPLINE_PROPOSE = "discipline_propose"
    DISCIPLINE_DECIDE = "discipline_decide"
    CARDS_READ = "cards_read"
    CARDS_HAND_OVER = "cards_hand_over"
    CARDS_ASSIGN = "cards_assign"
    CARDS_REPLACE = "cards_replace"
    CARDS_STOP = "cards_stop"
    CARDS_RESTORE = "cards_restore"
    CARDS_ORDER = "cards_order"
    CARDS_CHECK = "cards_check"
    STOCK_MOVE = "stock_move"
    GIFTS_SELL = "gifts_sell"
    GIFTS_TAKE_IN = "gifts_take_in"
    GIFTS_FUND = "gifts_fund"
    GIFTS_DESTROY = "gifts_destroy"
    SPECIALS_REQUEST = "specials_request"
    SPECIALS_APPROVE = "specials_approve"
    SPECIALS_ACTIVATE = "specials_activate"
    POINTS_EARN = "points_earn"
    POINTS_REDEEM = "points_redeem"
    POINTS_ADJUST = "points_adjust"
    TIERS_GIVE = "tiers_give"
    RIGHTS_USE = "rights_use"
    COUPONS_GRANT = "coupons_grant"
    OFFERS_WRITE = "offers_write"
    FEES_READ = "fees_read"
    MONEY_READ = "money_read"
    MONEY_TAKE = "money_take"
    MONEY_PAY_OUT = "money_pay_out"
    MONEY_DECIDE = "money_decide"
    PRICES_WRITE = "prices_write"
    ACTIVITIES_READ = "activities_read"
    ACTIVITIES_WRITE = "activities_write"
    SIGN_IN_TAKE = "sign_in_take"
    CASES_READ = "cases_read"
    CASES_WRITE = "cases_write"
    CASES_DECIDE = "cases_decide"
    NOTICES_READ = "notices_read"
    NOTICES_WRITE = "notices_write"
    RULES_READ = "rules_read"
    RULES_PROPOSE = "rules_propose"
    RULES_DECIDE = "rules_decide"
    DEVICES_READ = "devices_read"
    DEVICES_WRITE = "devices_write"
    DEVICES_MEND = "devices_mend"
    CARE_READ = "care_read"
    CARE_WRITE = "care_write"
    CARE_DECIDE = "care_decide"
    RISKS_READ = "risks_read"
    RISKS_WRITE = "risks_write"
    RISKS_DECIDE = "risks_decide"
    STAFF_WRITE = "staff_write"
    AUDIT_READ = "audit_read"
    REPORTS_READ = "reports_read"


_P = Permission
_EVERYBODY = frozenset({_P.ACTIVITIES_READ, _P.RULES_READ, _P.SPECIALS_REQUEST})
_LOOKS_UP = frozenset({_P.MEMBERS_READ, _P.CARDS_READ})

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.DESK: _EVERYBODY
    | _LOOKS_UP
    | {_P.APPLICATIONS_READ, _P.APPLICATIONS_WRITE, _P.CARDS_HAND_OVER, _P.CARDS_REPLACE, _P.CARDS_STOP}
    | {_P.GIFTS_SELL, _P.GIFTS_TAKE_IN, _P.FEES_READ, _P.MONEY_READ, _P.MONEY_TAKE}
    | {_P.POINTS_EARN, _P.POINTS_REDEEM, _P.RIGHTS_USE, _P.SIGN_IN_TAKE, _P.CASES_WRITE}
    | {_P.CARE_READ, _P.CARE_WRITE},
    Role.MEMBERSHIP: _EVERYBODY
    | _LOOKS_UP
    | {_P.MEMBERS_WRITE, _P.MEMBERS_SENSITIVE, _P.MEMBERS_EXPORT, _P.MEMBERS_IMPORT, _P.PASSAGES_READ}
    | {_P.APPLICATIONS_READ, _P.APPLICATIONS_WRITE, _P.APPLICATIONS_DECIDE, _P.MEMBERSHIPS_DECIDE}
    | {_P.DISCIPLINE_READ, _P.DISCIPLINE_PROPOSE}
    | {_P.CARDS_ORDER, _P.CARDS_HAND_OVER, _P.CARDS_ASSIGN, _P.CARDS_REPLACE, _P.CARDS_STOP, _P.CARDS_RESTORE}
    | {_P.GIFTS_DESTROY, _P.FEES_READ}
    | {_P.TIERS_GIVE, _P.COUPONS_GRANT, _P.ACTIVITIES_WRITE, _P.SIGN_IN_TAKE}
    | {_P.CASES_READ, _P.CASES_WRITE, _P.CASES_DECIDE, _P.NOTICES_READ, _P.NOTICES_WRITE, _P.REPORTS_READ}
    | {_P.CARE_READ, _P.CARE_WRITE, _P.CARE_DECIDE},
    Role.FINANCE: _EVERYBODY
    | _LOOKS_UP
    | {_P.GIFTS_FUND, _P.SPECIALS_APPROVE, _P.POINTS_ADJUST, _P.REPORTS_READ}
    | {_P.FEES_READ, _P.MONEY_READ, _P.MONEY_PAY_OUT, _P.MONEY_DECIDE, _P.PRICES_WRITE},
    Role.OPERATIONS: _EVERYBODY
    | _LOOKS_UP
    | {_P.CARDS_CHECK, _P.STOCK_MOVE, _P.SPECIALS_APPROVE, _P.ACTIVITIES_WRITE, _P.OFFERS_WRITE}
    | {_P.CASES_READ, _P.RULES_PROPOSE, _P.DEVICES_READ, _P.REPORTS_READ}
    | {_P.DEVICES_MEND, _P.RISKS_READ, _P.RISKS_WRITE},
    Role.GENERAL_MANAGER: _EVERYBODY
    | _LOOKS_UP
    | {_P.APPLICATIONS_READ}
    | {_P.DISCIPLINE_READ, _P.DISCIPLINE_DECIDE, _P.SPECIALS_APPROVE, _P.RULES_DECIDE}
    | {_P.FEES_READ, _P.MONEY_READ, _P.MONEY_DECIDE, _P.PRICES_WRITE}
    | {_P.CASES_READ, _P.CASES_DECIDE, _P.NOTICES_READ, _P.AUDIT_READ, _P.REPORTS_READ}
    | {_P.CARE_READ, _P.CARE_DECIDE, _P.RISKS_READ, _P.RISKS_WRITE, _P.RISKS_DECIDE},
    Role.IT: _EVERYBODY | {_P.SPECIALS_ACTIVATE, _P.DEVICES_READ, _P.DEVICES_WRITE, _P.DEVICES_MEND, _P.NOTICES_READ},
    Role.ADMIN: frozenset({_P.STAFF_WRITE, _P.AUDIT_READ, _P.DEVICES_READ}),
}
"""Who may do what. IT and admins see no members; customer service, which destroys gift cards, is MEMBERSHIP (R32).

Membership orders cards and gives them to people, operations checks and stocks them: who makes a batch does not pass it.
The desk is the store that takes empty gift cards in and hands them to the fund department, which is FINANCE (R31).

What points buy and what a coupon takes off is set by the operations centre, as it is of the special card's discount
(seeds 004:43): neither by membership, which grants coupons, nor by finance, which corrects balances, so that nobody
makes what he prices.

The desk takes money and asks for refunds; finance signs them and pays them out, and sets prices with the general
manager: nobody sells at a price of his own or pays out what he has asked for above the limit.
"""


class RoleRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in with a second factor, and which roles one person may not have together."""

    second_factor_for: Annotated[
        tuple[Role, ...],
        Meta(
            description="Roles whose permissions count only after a second factor. Admins always: they give the roles.",
            extra={"source": "S94, §5.6; no seed for the factor"},
        ),
    ] = (Role.ADMIN,)
    never_together: Annotated[
        tuple[tuple[Role, Role], ...],
        Meta(
            description="Pairs of roles that one person may not have: who gives roles does not move money, who "
            "switches a special card on does not approve it.",
            extra={"source": "S94, R36, seeds 004:43"},
        ),
    ] = (
        (Role.ADMIN, Role.FINANCE),
        (Role.ADMIN, Role.GENERAL_MANAGER),
        (Role.IT, Role.FINANCE),
        (Role.IT, Role.OPERATIONS),
        (Role.IT, Role.GENERAL_MANAGER),
    )


class RoleReason(StrEnum):
    """Why staff may not do something. Wire format."""

    NOT_PERMITTED = "not_permitted"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    OWN_REQUEST = "own_request"
    HAS_DECIDED_ALREADY = "has_decided_already"
    OWN_FILE = "own_file"
    ROLES_NOT_TOGETHER = "roles_not_together"


class RoleRefusal(Refusal[RoleReason], frozen=True):
    """Why staff may not do something."""


class Staff(msgspec.Struct, frozen=True):
    """Who acts: the roles given, whether the second factor was shown, and the file of staff who are members too."""

    id: str
    roles: frozenset[Role]
    second_factor: bool = False
    member: str | None = None


def permissions(staff: Staff, rules: RoleRules) -> frozenset[Permission]:
    """Return what somebody may do as signed in: roles that ask for a second factor count only with it (S94, R149)."""
    held = (role for role in staff.roles if staff.second_factor or not _asks_factor(role, rules))
    return frozenset().union(*(GRANTS[role] for role in held))


def against(staff: Staff, permission: Permission, rules: RoleRules) -> RoleRefusal | None:
    """Return why somebody may not do what needs a permission, or None (S94, R149, seeds 002:50)."""
    if permission in permissions(staff, rules):
        return None
    if any(permission in GRANTS[role] for role in staff.roles):
        return RoleRefusal(RoleReason.SECOND_FACTOR_MISSING, {"permission": permission.value})
    return RoleRefusal(RoleReason.NOT_PERMITTED, {"permission": permission.value})


def against_roles(roles: Iterable[Role], rules: RoleRules) -> tuple[RoleRefusal, ...]:
    """Return the pairs of roles that one person may not be given together."""
    held = frozenset(roles)
    return tuple(
        RoleRefusal(RoleReason.ROLES_NOT_TOGETHER, {"one": one.value, "other": other.value})
        for one, other in rules.never_together
        if one in held and other in held
    )


def _asks_factor(role: Role, rules: RoleRules) -> bool:
    return role is Role.ADMIN or role in rules.second_factor_for
