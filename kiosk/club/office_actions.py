"""What staff do in the office, the permission that each act needs, and who may not do it though permitted."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from kiosk.club.roles import Permission, RoleReason, RoleRefusal, Staff


class OfficeAction(StrEnum):
    """One act of the office: a button, a form, a route. Wire format of the audit trail."""

    SEARCH = "search"
    SHOW_MEMBER = "show_member"
    SHOW_SENSITIVE = "show_sensitive"
    EDIT_MEMBER = "edit_member"
    SHOW_PASSAGES = "show_passages"
    EXPORT_MEMBERS = "export_members"
    ERASE_MEMBER = "erase_member"
    IMPORT_MEMBERS = "import_members"
    EDIT_SENSITIVE = "edit_sensitive"
    SHOW_APPLICATIONS = "show_applications"
    TAKE_APPLICATION = "take_application"
    ASSESS_APPLICANT = "assess_applicant"
    APPROVE_APPLICATION = "approve_application"
    REJECT_APPLICATION = "reject_application"
    DEFER_FEE = "defer_fee"
    TAKE_WITHDRAWAL = "take_withdrawal"
    APPROVE_WITHDRAWAL = "approve_withdrawal"
    SUSPEND_MEMBER = "suspend_member"
    NOTE_TURN = "note_turn"
    APPOINT_REPRESENTATIVE = "appoint_representative"
    LINK_CHILD = "link_child"
    INVITE_GUEST = "invite_guest"
    SHOW_DISCIPLINE = "show_discipline"
    PROPOSE_ORDER = "propose_order"
    DECIDE_ORDER = "decide_order"
    LIFT_ORDER = "lift_order"
    SHOW_CARD = "show_card"
    ADOPT_CARD = "adopt_card"
    ENCODE_CARD = "encode_card"
    ASSIGN_CARD = "assign_card"
    UNASSIGN_CARD = "unassign_card"
    HAND_CARD_OVER = "hand_card_over"
    RENEW_CARD = "renew_card"
    REPORT_CARD_LOST = "report_card_lost"
    REPORT_CARD_FOUND = "report_card_found"
    SUSPEND_CARD = "suspend_card"
    RESTORE_CARD = "restore_card"
    REPLACE_CARD = "replace_card"
    TAKE_CARD_BACK = "take_card_back"
    CANCEL_CARD = "cancel_card"
    DESTROY_CARD = "destroy_card"
    ORDER_CARDS = "order_cards"
    CHECK_CARDS = "check_cards"
    MOVE_STOCK = "move_stock"
    SELL_GIFT_CARD = "sell_gift_card"
    EXTEND_GIFT_CARD = "extend_gift_card"
    OPEN_GIFT_BALANCE = "open_gift_balance"
    TAKE_IN_GIFT_CARD = "take_in_gift_card"
    HAND_GIFT_CARDS_TO_FUNDS = "hand_gift_cards_to_funds"
    SEND_GIFT_CARDS = "send_gift_cards"
    DESTROY_GIFT_CARDS = "destroy_gift_cards"
    REQUEST_SPECIAL = "request_special"
    APPROVE_SPECIAL = "approve_special"
    REFUSE_SPECIAL = "refuse_special"
    ACTIVATE_SPECIAL = "activate_special"
    CLOSE_SPECIAL = "close_special"
    BOOK_CONSUMPTION = "book_consumption"
    REDEEM_POINTS = "redeem_points"
    ADJUST_POINTS = "adjust_points"
    GIVE_TIER = "give_tier"
    USE_RIGHT = "use_right"
    GRANT_COUPON = "grant_coupon"
    HAND_GIFT_OVER = "hand_gift_over"
    WITHDRAW_GIFT = "withdraw_gift"
    WRITE_OFFER = "write_offer"
    SHOW_FEES = "show_fees"
    CHOOSE_PLAN = "choose_plan"
    NOTE_REMINDER = "note_reminder"
    WITNESS_TILL = "witness_till"
    APPROVE_FEE_USE = "approve_fee_use"
    SHOW_MONEY = "show_money"
    TAKE_MONEY = "take_money"
    PAY_MONEY_OUT = "pay_money_out"
    DECIDE_MONEY = "decide_money"
    DECIDE_VOID = "decide_void"
    EDIT_PRICES = "edit_prices"
    SHOW_ACTIVITIES = "show_activities"
    EDIT_ACTIVITY = "edit_activity"
    SIGN_IN_MEMBER = "sign_in_member"
    GIVE_RIGHTS_BACK = "give_rights_back"
    APPOINT_LEADER = "appoint_leader"
    REPORT_MISUSE = "report_misuse"
    SHOW_CASES = "show_cases"
    DECIDE_CASE = "decide_case"
    SHOW_NOTICES = "show_notices"
    TURN_NOTICE = "turn_notice"
    PIN_UP = "pin_up"
    SHOW_RULES = "show_rules"
    PROPOSE_RULE = "propose_rule"
    DECIDE_RULE = "decide_rule"
    SHOW_DEVICES = "show_devices"
    EDIT_DEVICE = "edit_device"
    SHOW_CARE = "show_care"
    DO_CARE = "do_care"
    HANDLE_COMPLAINT = "handle_complaint"
    DECIDE_CARE = "decide_care"
    MEND_DEVICE = "mend_device"
    SHOW_RISKS = "show_risks"
    ANSWER_RISK = "answer_risk"
    DECIDE_RISK = "decide_risk"
    EDIT_STAFF = "edit_staff"
    SHOW_AUDIT = "show_audit"
    SHOW_REPORTS = "show_reports"


_A, _P = OfficeAction, Permission

NEEDS: Mapping[OfficeAction, Permission] = {
    _A.SEARCH: _P.MEMBERS_READ,
    _A.SHOW_MEMBER: _P.MEMBERS_READ,
    _A.SHOW_SENSITIVE: _P.MEMBERS_SENSITIVE,
    _A.EDIT_MEMBER: _P.MEMBERS_WRITE,
    _A.SHOW_PASSAGES: _P.PASSAGES_READ,
    _A.EXPORT_MEMBERS: _P.MEMBERS_EXPORT,
    _A.ERASE_MEMBER: _P.MEMBERSHIPS_DECIDE,
    _A.IMPORT_MEMBERS: _P.MEMBERS_IMPORT,
    _A.EDIT_SENSITIVE: _P.MEMBERS_SENSITIVE,
    _A.SHOW_APPLICATIONS: _P.APPLICATIONS_READ,
    _A.TAKE_APPLICATION: _P.APPLICATIONS_WRITE,
    _A.ASSESS_APPLICANT: _P.APPLICATIONS_DECIDE,
    _A.APPROVE_APPLICATION: _P.APPLICATIONS_DECIDE,
    _A.REJECT_APPLICATION: _P.APPLICATIONS_DECIDE,
    _A.DEFER_FEE: _P.MEMBERSHIPS_DECIDE,
    _A.TAKE_WITHDRAWAL: _P.APPLICATIONS_WRITE,
    _A.APPROVE_WITHDRAWAL: _P.MEMBERSHIPS_DECIDE,
    _A.SUSPEND_MEMBER: _P.MEMBERSHIPS_DECIDE,
    _A.NOTE_TURN: _P.MEMBERSHIPS_DECIDE,
    _A.APPOINT_REPRESENTATIVE: _P.APPLICATIONS_DECIDE,
    _A.LINK_CHILD: _P.MEMBERS_WRITE,
    _A.INVITE_GUEST: _P.APPLICATIONS_WRITE,
    _A.SHOW_DISCIPLINE: _P.DISCIPLINE_READ,
    _A.PROPOSE_ORDER: _P.DISCIPLINE_PROPOSE,
    _A.DECIDE_ORDER: _P.DISCIPLINE_DECIDE,
    _A.LIFT_ORDER: _P.DISCIPLINE_DECIDE,
    _A.SHOW_CARD: _P.CARDS_READ,
    _A.ADOPT_CARD: _P.CARDS_HAND_OVER,
    _A.ENCODE_CARD: _P.CARDS_HAND_OVER,
    _A.ASSIGN_CARD: _P.CARDS_ASSIGN,
    _A.UNASSIGN_CARD: _P.CARDS_ASSIGN,
    _A.HAND_CARD_OVER: _P.CARDS_HAND_OVER,
    _A.RENEW_CARD: _P.CARDS_ASSIGN,
    _A.REPORT_CARD_LOST: _P.CARDS_STOP,
    _A.REPORT_CARD_FOUND: _P.CARDS_STOP,
    _A.SUSPEND_CARD: _P.CARDS_STOP,
    _A.RESTORE_CARD: _P.CARDS_RESTORE,
    _A.REPLACE_CARD: _P.CARDS_REPLACE,
    _A.TAKE_CARD_BACK: _P.CARDS_STOP,
    _A.CANCEL_CARD: _P.CARDS_ASSIGN,
    _A.DESTROY_CARD: _P.CARDS_ASSIGN,
    _A.ORDER_CARDS: _P.CARDS_ORDER,
    _A.CHECK_CARDS: _P.CARDS_CHECK,
    _A.MOVE_STOCK: _P.STOCK_MOVE,
    _A.SELL_GIFT_CARD: _P.GIFTS_SELL,
    _A.EXTEND_GIFT_CARD: _P.GIFTS_FUND,
    _A.OPEN_GIFT_BALANCE: _P.GIFTS_FUND,
    _A.TAKE_IN_GIFT_CARD: _P.GIFTS_TAKE_IN,
    _A.HAND_GIFT_CARDS_TO_FUNDS: _P.GIFTS_TAKE_IN,
    _A.SEND_GIFT_CARDS: _P.GIFTS_FUND,
    _A.DESTROY_GIFT_CARDS: _P.GIFTS_DESTROY,
    _A.REQUEST_SPECIAL: _P.SPECIALS_REQUEST,
    _A.APPROVE_SPECIAL: _P.SPECIALS_APPROVE,
    _A.REFUSE_SPECIAL: _P.SPECIALS_APPROVE,
    _A.ACTIVATE_SPECIAL: _P.SPECIALS_ACTIVATE,
    _A.CLOSE_SPECIAL: _P.SPECIALS_ACTIVATE,
    _A.BOOK_CONSUMPTION: _P.POINTS_EARN,
    _A.REDEEM_POINTS: _P.POINTS_REDEEM,
    _A.ADJUST_POINTS: _P.POINTS_ADJUST,
    _A.GIVE_TIER: _P.TIERS_GIVE,
    _A.USE_RIGHT: _P.RIGHTS_USE,
    _A.GRANT_COUPON: _P.COUPONS_GRANT,
    _A.HAND_GIFT_OVER: _P.POINTS_REDEEM,
    _A.WITHDRAW_GIFT: _P.COUPONS_GRANT,
    _A.WRITE_OFFER: _P.OFFERS_WRITE,
    _A.SHOW_FEES: _P.FEES_READ,
    _A.CHOOSE_PLAN: _P.MEMBERSHIPS_DECIDE,
    _A.NOTE_REMINDER: _P.MEMBERSHIPS_DECIDE,
    _A.WITNESS_TILL: _P.MONEY_TAKE,
    _A.APPROVE_FEE_USE: _P.MONEY_DECIDE,
    _A.SHOW_MONEY: _P.MONEY_READ,
    _A.TAKE_MONEY: _P.MONEY_TAKE,
    _A.PAY_MONEY_OUT: _P.MONEY_PAY_OUT,
    _A.DECIDE_MONEY: _P.MONEY_DECIDE,
    _A.DECIDE_VOID: _P.MONEY_DECIDE,
    _A.EDIT_PRICES: _P.PRICES_WRITE,
    _A.SHOW_ACTIVITIES: _P.ACTIVITIES_READ,
    _A.EDIT_ACTIVITY: _P.ACTIVITIES_WRITE,
    _A.SIGN_IN_MEMBER: _P.SIGN_IN_TAKE,
    _A.GIVE_RIGHTS_BACK: _P.MEMBERSHIPS_DECIDE,
    _A.APPOINT_LEADER: _P.MEMBERSHIPS_DECIDE,
    _A.REPORT_MISUSE: _P.CASES_WRITE,
    _A.SHOW_CASES: _P.CASES_READ,
    _A.DECIDE_CASE: _P.CASES_DECIDE,
    _A.SHOW_NOTICES: _P.NOTICES_READ,
    _A.TURN_NOTICE: _P.NOTICES_WRITE,
    _A.PIN_UP: _P.NOTICES_WRITE,
    _A.SHOW_RULES: _P.RULES_READ,
    _A.PROPOSE_RULE: _P.RULES_PROPOSE,
    _A.DECIDE_RULE: _P.RULES_DECIDE,
    _A.SHOW_DEVICES: _P.DEVICES_READ,
    _A.EDIT_DEVICE: _P.DEVICES_WRITE,
    _A.SHOW_CARE: _P.CARE_READ,
    _A.DO_CARE: _P.CARE_WRITE,
    _A.HANDLE_COMPLAINT: _P.CARE_WRITE,
    _A.DECIDE_CARE: _P.CARE_DECIDE,
    _A.MEND_DEVICE: _P.DEVICES_MEND,
    _A.SHOW_RISKS: _P.RISKS_READ,
    _A.ANSWER_RISK: _P.RISKS_WRITE,
    _A.DECIDE_RISK: _P.RISKS_DECIDE,
    _A.EDIT_STAFF: _P.STAFF_WRITE,
    _A.SHOW_AUDIT: _P.AUDIT_READ,
    _A.SHOW_REPORTS: _P.REPORTS_READ,
}
"""The permission of each act; every act has one and every permission is needed by one."""

DECISIONS = frozenset(
    {
        _A.APPROVE_APPLICATION,
        _A.REJECT_APPLICATION,
        _A.DEFER_FEE,
        _A.APPROVE_WITHDRAWAL,
        _A.DECIDE_ORDER,
        _A.CHECK_CARDS,
        _A.APPROVE_SPECIAL,
        _A.REFUSE_SPECIAL,
        _A.ACTIVATE_SPECIAL,
        _A.DECIDE_RULE,
        _A.DECIDE_VOID,
        _A.WITNESS_TILL,
        _A.APPROVE_FEE_USE,
    }
)
"""Acts that answer somebody's request: another person's than the one who asked, and nobody answers twice."""

FAVOURS = frozenset(
    {*DECISIONS, _A.LIFT_ORDER, _A.ADJUST_POINTS, _A.GIVE_TIER, _A.GRANT_COUPON, _A.RESTORE_CARD, _A.EDIT_STAFF}
    | {_A.GIVE_RIGHTS_BACK, _A.APPOINT_LEADER, _A.DECIDE_CASE, _A.HANDLE_COMPLAINT}
    | {_A.ERASE_MEMBER, _A.EDIT_MEMBER, _A.EDIT_SENSITIVE, _A.ASSESS_APPLICANT, _A.SUSPEND_MEMBER, _A.NOTE_TURN}
    | {_A.APPOINT_REPRESENTATIVE, _A.LINK_CHILD, _A.INVITE_GUEST}
    | {_A.ASSIGN_CARD, _A.HAND_CARD_OVER, _A.RENEW_CARD, _A.REPLACE_CARD}
    | {_A.TAKE_MONEY, _A.PAY_MONEY_OUT, _A.DECIDE_MONEY, _A.CHOOSE_PLAN, _A.NOTE_REMINDER}
    | {_A.BOOK_CONSUMPTION, _A.REDEEM_POINTS, _A.USE_RIGHT, _A.HAND_GIFT_OVER, _A.WITHDRAW_GIFT}
)
"""Acts that nobody does for his own file or account."""


class Matter(msgspec.Struct, frozen=True):
    """What an act is about: who asked for it, who has decided on it so far, and whose file or account it is."""

    requested_by: str | None = None
    decided_by: tuple[str, ...] = ()
    member: str | None = None
    staff: str | None = None


def separation(staff: Staff, action: OfficeAction, matter: Matter) -> RoleRefusal | None:
    """Return why an act is not for this person: nobody approves what he asked for, or in his own favour (S94)."""
    if action in DECISIONS and staff.id == matter.requested_by:
        return RoleRefusal(RoleReason.OWN_REQUEST, {"action": action.value})
    if action in DECISIONS and staff.id in matter.decided_by:
        return RoleRefusal(RoleReason.HAS_DECIDED_ALREADY, {"action": action.value})
    own = matter.staff == staff.id or (matter.member is not None and matter.member == staff.member)
    if action in FAVOURS and own:
        return RoleRefusal(RoleReason.OWN_FILE, {"action": action.value})
    return None
