"""What befalls a membership in the office: stopped and given back, put off, left, paid (S07 to S11, L1).

A breach is not dealt with here: that takes a violation with evidence and an order of a body (`club_discipline`, S08).
"""

from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Change, Look
from kiosk.central.club.discipline import orders_of
from kiosk.central.club.membership import (
    approve_leaving,
    ask_to_leave,
    restore,
    standing,
    stay,
    suspend,
)
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money.fee_payments import defer, record_paid
from kiosk.club.discipline import Measure, OrderState
from kiosk.club.leaving import Settlement
from kiosk.club.membership import ADMINISTRATIVE, ENDED, MEMBER_LIFE, MemberAction, MemberState, StopReason
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.standing import Standing
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_people_acts import KIND, person_named
from kiosk.office.membership_wishes import (
    ApproveLeaving,
    AskToLeave,
    DeferFee,
    RecordPaid,
    RestoreMember,
    Stay,
    SuspendMember,
)
from kiosk.office.person_view import PersonView


def _suspend(change: Change, wish: SuspendMember, ids: Ids) -> Standing:
    if wish.reason not in ADMINISTRATIVE:
        raise RuleRefused("needs_order", {"reason": wish.reason.value}, what=f"member {ids['member']}")
    return suspend(change, ids["member"], wish.reason, why=wish.why, since=wish.since, until=wish.until)


def _restore(change: Change, wish: RestoreMember, ids: Ids) -> Standing:
    """Give rights back; what an order or the count of absences stopped is given back there."""
    if wish.reason is StopReason.ABSENCE or (wish.reason is StopReason.DISCIPLINE and _is_ordered(change, ids)):
        raise RuleRefused("lift_order", {"reason": wish.reason.value}, what=f"member {ids['member']}")
    return restore(change, ids["member"], wish.reason, why=wish.why)


def _defer(change: Change, wish: DeferFee, ids: Ids) -> Standing:
    return defer(change, ids["member"], wish.until, why=wish.why)


def _ask_to_leave(change: Change, wish: AskToLeave, ids: Ids) -> Standing:
    return ask_to_leave(change, ids["member"], why=wish.why, wanted=wish.wanted, waived=wish.waived)


def _stay(change: Change, wish: Stay, ids: Ids) -> Standing:
    return stay(change, ids["member"], why=wish.why)


def _approve_leaving(change: Change, wish: ApproveLeaving, ids: Ids) -> Standing:
    settled = Settlement(wish.card_returned, wish.owes_minor, wish.holds_minor)
    return approve_leaving(change, ids["member"], settled, why=wish.why)


def _record_paid(change: Change, wish: RecordPaid, ids: Ids) -> Standing:
    return record_paid(change, ids["member"], wish.paid_until, why=wish.why)


def _restore_draft(look: Look, ids: Ids) -> Draft:
    """Begin with the reason for which rights are stopped today."""
    now = standing(look, ids["member"]).reason.value
    choices = [(each.value, "") for each in StopReason if each is not StopReason.ABSENCE]
    stopped = {"reason": now} if now in dict(choices) else {}
    return person_named(look, ids)._replace(values=stopped, choices={"reason": choices})


def _suspend_draft(look: Look, ids: Ids) -> Draft:
    """Offer the reasons that need no order."""
    choices = [(each.value, "") for each in StopReason if each in ADMINISTRATIVE]
    return person_named(look, ids)._replace(choices={"reason": choices})


def _is_ordered(look: Look, ids: Ids) -> bool:
    """Say whether an order stops a member's rights today or later; a list knows none."""
    decided = (each for each in orders_of(look, ids["member"]) if each.state is OrderState.DECIDED)
    return any(each.order.until is None or each.order.until >= look.today
               for each in decided if each.order.measure is Measure.SUSPENSION)  # fmt: skip


def _asked_to_leave(look: Look, ids: Ids) -> Matter:
    """Return who wrote the request down: somebody else approves it (S94)."""
    asked = audit_page(look, AuditFilter(KIND, ids["member"], action=f"member.{MemberAction.ASK_TO_LEAVE}"), limit=1)
    return Matter(asked[0].actor if asked else None, member=ids["member"])


def _can(view: PersonView, *actions: MemberAction) -> bool:
    return bool({*actions} & {*MEMBER_LIFE.actions(view.standing.state)})


def _is_member(view: PersonView) -> bool:
    return view.facts.approved_on is not None and view.standing.state not in ENDED and not view.is_guest


def _owes_in_person(view: PersonView) -> bool:
    return _is_member(view) and view.facts.owes_fees and not view.facts.fees_inherited


_DECIDES, _TAKES = Permission.MEMBERSHIPS_DECIDE, Permission.APPLICATIONS_WRITE
_O, _M = OfficeAction, MemberAction

# A paid fee is in the member's favour as a deferral is: the same people, and nobody for the own file.
ACTIONS = (
    Action(
        "record_paid",
        "/people/{member}/fee",
        _DECIDES,
        RecordPaid,
        Standing,
        _record_paid,
        "Write down to which day fees are paid",
        about=KIND,
        then="/people/{member}",
        possible=_owes_in_person,
        drafts=person_named,
        act=_O.DEFER_FEE,
    ),
    Action(
        "defer_fee",
        "/people/{member}/deferral",
        _DECIDES,
        DeferFee,
        Standing,
        _defer,
        "Put a fee off to a day",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: _owes_in_person(view) and _can(view, _M.DEFER),
        drafts=person_named,
        act=_O.DEFER_FEE,
    ),
    Action(
        "suspend_member",
        "/people/{member}/suspension",
        _DECIDES,
        SuspendMember,
        Standing,
        _suspend,
        "Stop a member's rights for want of a fee or of data",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: _can(view, _M.SUSPEND),
        drafts=_suspend_draft,
        act=_O.SUSPEND_MEMBER,
    ),
    Action(
        "restore_member",
        "/people/{member}/restoration",
        _DECIDES,
        RestoreMember,
        Standing,
        _restore,
        "Give rights back that no order stopped",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: _can(view, _M.RESTORE) and view.standing.state is not MemberState.TITLE_KEPT,
        drafts=_restore_draft,
        act=_O.GIVE_RIGHTS_BACK,
    ),
    Action(
        "ask_to_leave",
        "/people/{member}/withdrawal",
        _TAKES,
        AskToLeave,
        Standing,
        _ask_to_leave,
        "Take a request to leave",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: _is_member(view) and (not view.own.withdrawals),
        drafts=person_named,
        act=_O.TAKE_WITHDRAWAL,
    ),
    Action(
        "stay",
        "/people/{member}/stay",
        _TAKES,
        Stay,
        Standing,
        _stay,
        "Take a request to leave back",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: _is_member(view) and bool(view.own.withdrawals),
        drafts=person_named,
        act=_O.TAKE_WITHDRAWAL,
    ),
    Action(
        "approve_leaving",
        "/people/{member}/settlement",
        _DECIDES,
        ApproveLeaving,
        Standing,
        _approve_leaving,
        "Approve a withdrawal",
        about=KIND,
        then="/people/{member}",
        possible=lambda view: any(each.approved_on is None for each in view.own.withdrawals),
        drafts=person_named,
        act=_O.APPROVE_WITHDRAWAL,
        matter=_asked_to_leave,
    ),
)
