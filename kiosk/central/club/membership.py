"""Memberships: what they are today and what befalls them, written down as facts; the gates follow at once."""

from datetime import date, timedelta

import msgspec

from kiosk.central.club.books import Change
from kiosk.central.club.composing import composed_of, is_guest
from kiosk.central.club.composing import facts_of as facts_of
from kiosk.central.club.departure import let_go
from kiosk.central.club.files import keep_file
from kiosk.central.club.gate_dates import project as project
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.spells import begin_spell, lock_member, save_spell, spell_of
from kiosk.central.club.telling import tell_member
from kiosk.central.club.turning import Told, check_own_fees, check_step, own_part, turn
from kiosk.central.club.turning import left_on as left_on
from kiosk.central.club.turning import standing as standing
from kiosk.central.club.turning import standings as standings
from kiosk.club import leaving
from kiosk.club.leaving import LeavingReason, Settlement
from kiosk.club.membership import (
    ENDED,
    Ending,
    EndReason,
    MemberAction,
    MemberFacts,
    MemberState,
    StopReason,
    Suspension,
)
from kiosk.club.notices import NoticeCode
from kiosk.club.standing import Standing, end_of

_DAY = timedelta(days=1)
_ENDS = {
    MemberState.WITHDRAWN: MemberAction.LEAVE,
    MemberState.CANCELLED: MemberAction.CANCEL,
    MemberState.FORFEITED: MemberAction.FORFEIT,
    MemberState.VOID: MemberAction.MAKE_VOID,
}
_TOLD_OF_END = {
    EndReason.ABSENCE: NoticeCode.ATTENDANCE_WITHDRAWN,
    EndReason.MISCONDUCT: NoticeCode.DISCIPLINE_CANCELLED,
    EndReason.UNPAID: NoticeCode.MEMBERSHIP_FORFEITED,
}


def admit(change: Change, member_id: str, application: str | None, *, owes_fees: bool, rejoins: bool = False) -> None:
    """Begin a membership today: the first, or that of somebody who comes back under the old id (S16, §4 L1).

    Raises StepRefused where one who `rejoins` is a member still.
    """
    lock_member(change, member_id)
    facts = MemberFacts(approved_on=change.today, owes_fees=owes_fees)
    if rejoins:
        record_end(change, member_id)
        check_step(change, facts_of(change, member_id), MemberAction.REJOIN)
        facts = msgspec.structs.replace(leaving.rejoined(facts, change.today), owes_fees=owes_fees)
    own = spell_of(change, member_id)
    if own.facts.approved_on is None:
        save_spell(change, msgspec.structs.replace(own, application=application), facts)
    else:
        begin_spell(change, member_id, facts, application)
    keep_file(change, member_id, None)
    action = MemberAction.REJOIN if rejoins else MemberAction.APPROVE
    change.note(f"member.{action}", "member", member_id, after=facts)
    project(change, member_id)


def collect(change: Change, member_id: str, on: date) -> bool:
    """Write down that a member has a card in the hand, which makes the membership valid; say if it is the first.

    (R45, S27, seeds 000:39). A guest needs no approval of its own. Raises RuleRefused before the approval.
    """
    lock_member(change, member_id)
    composed = composed_of(change, member_id)
    own = composed.own
    if composed.facts.approved_on is None and not is_guest(change, member_id):
        raise RuleRefused("not_approved", what=f"member {member_id}", hint="Approve the application first")
    first = own.facts.collected_on is None
    if first:
        facts = msgspec.structs.replace(own.facts, collected_on=max(on, own.facts.approved_on or on))
        save_spell(change, own, facts)
        change.note(f"member.{MemberAction.COLLECT}", "member", member_id, before=own.facts, after=facts)
    project(change, member_id)
    return first


def suspend(
    change: Change,
    member_id: str,
    reason: StopReason,
    *,
    why: str,
    since: date | None = None,
    until: date | None = None,
    told: Told | None = None,
) -> Standing:
    """Stop a member's rights from a day on, until a day or further notice; for absence the title is kept (R46, R64)."""
    first = since or change.today
    if first < change.today or (until is not None and until < first):
        raise RuleRefused("begins_in_the_past", {"earliest": change.today.isoformat()}, what=f"from {first} to {until}")
    absent = reason is StopReason.ABSENCE
    action = MemberAction.KEEP_TITLE if absent else MemberAction.SUSPEND

    def stop(facts: MemberFacts) -> MemberFacts:
        check_step(change, facts, action)
        return msgspec.structs.replace(facts, suspensions=(*facts.suspensions, Suspension(first, reason, until)))

    data = {"reason": reason.value, "since": first.isoformat(), "until": until.isoformat() if until else ""}
    return turn(change, member_id, action, stop, why=why, told=told or Told(NoticeCode.MEMBERSHIP_SUSPENDED, data))


def restore(change: Change, member_id: str, reason: StopReason, *, why: str) -> Standing:
    """Give rights back that were stopped for a reason; raises StepRefused where none are stopped."""

    def give_back(facts: MemberFacts) -> MemberFacts:
        check_step(change, facts, MemberAction.RESTORE)
        return leaving.restore(facts, reason, change.today)

    told = Told(NoticeCode.MEMBERSHIP_RESTORED, {"reason": reason.value})
    return turn(change, member_id, MemberAction.RESTORE, give_back, why=why, told=told)


def defer(change: Change, member_id: str, until: date, *, why: str) -> Standing:
    """Put a fee off to a day that was approved (R51)."""
    check_own_fees(change, member_id)
    told = Told(NoticeCode.FEE_DEFERRED, {"until": until.isoformat()})
    rules, today = change.rules.membership, change.today
    return turn(
        change,
        member_id,
        MemberAction.DEFER,
        lambda facts: leaving.defer(facts, rules, today, until),
        why=why,
        told=told,
    )


def ask_to_leave(
    change: Change, member_id: str, *, why: str, wanted: date | None = None, waived: bool = False
) -> Standing:
    """Accept a written request to leave; the member passes until the last day (R61, S10)."""
    rules, today = change.rules.membership, change.today
    lock_member(change, member_id)
    after = leaving.ask_to_leave(facts_of(change, member_id), rules, today, wanted, waived)
    data: dict[str, str | int] = {}
    if isinstance(after, MemberFacts):
        data["last_day"] = after.withdrawals[-1].last_day.isoformat()
    told = Told(NoticeCode.WITHDRAWAL_CONFIRMED, data)
    return turn(change, member_id, MemberAction.ASK_TO_LEAVE, lambda _facts: after, why=why, told=told)


def stay(change: Change, member_id: str, *, why: str) -> Standing:
    """Take a request to leave back while it has not come to pass (R62)."""
    rules, today = change.rules.membership, change.today
    return turn(change, member_id, MemberAction.STAY, lambda facts: leaving.stay(facts, rules, today), why=why)


def approve_leaving(change: Change, member_id: str, settlement: Settlement, *, why: str) -> Standing:
    """Approve a withdrawal when the card is back and nobody owes anybody (R62)."""
    today = change.today
    told = Told(NoticeCode.WITHDRAWAL_APPROVED)
    return turn(
        change,
        member_id,
        MemberAction.LEAVE,
        lambda facts: leaving.approve_leaving(facts, settlement, today),
        why=why,
        told=told,
    )


def end(change: Change, member_id: str, ending: Ending, *, why: str) -> Standing:
    """End a membership after a last day by a decision: cancelled, void, withdrawn by absence … (R63 to R70)."""
    action = _ENDS[ending.state]

    def close(facts: MemberFacts) -> MemberFacts:
        check_step(change, facts, action)
        return msgspec.structs.replace(facts, endings=(*facts.endings, ending))

    code = _TOLD_OF_END.get(ending.reason)
    told = Told(code, {"last_day": ending.last_day.isoformat()}) if code else None
    result = turn(change, member_id, action, close, why=why, told=told)
    if ending.last_day < change.today:
        let_go(change, member_id, ending)
    return result


def cancel(change: Change, member_id: str, *, why: str, last_day: date | None = None) -> Standing:
    """Cancel a membership for a breach, at once unless a last day is named (R63, R70, S08)."""
    last = last_day or change.today - _DAY
    return end(change, member_id, Ending(last, MemberState.CANCELLED, EndReason.MISCONDUCT), why=why)


def record_paid(change: Change, member_id: str, paid_until: date, *, why: str) -> Standing:
    """Write down to which day fees are paid; what stood only for want of the fee is over (§4 L5).

    Raises RuleRefused for one who is no member any more, and where a unit or host owes the fees.
    """
    check_own_fees(change, member_id)
    if record_end(change, member_id) or standing(change, member_id).state in ENDED:
        raise RuleRefused(LeavingReason.NOT_A_MEMBER, what=f"member {member_id}", hint="Let the person apply again")
    today = change.today
    return turn(change, member_id, MemberAction.PAY, lambda facts: leaving.paid(facts, paid_until, today), why=why)


def owe_fees(change: Change, member_id: str, owes: bool, *, why: str) -> Standing:
    """Say whether a fee is asked of a member at all."""
    check_own_fees(change, member_id)
    action = MemberAction.FALL_DUE if owes else MemberAction.PAY
    return turn(change, member_id, action, lambda facts: msgspec.structs.replace(facts, owes_fees=owes), why=why)


def record_end(change: Change, member_id: str) -> bool:
    """Write an end down that came about by dates alone, and from when the file need not be kept; say if any did."""
    lock_member(change, member_id)
    composed = composed_of(change, member_id)
    rules, today = change.rules.membership, change.today
    last = end_of(composed.facts, rules)
    if last is None or last.last_day >= today:
        return False
    let_go(change, member_id, last)
    own = own_part(leaving.record_end(composed.facts, rules, today), composed)
    if own == composed.own.facts:
        return False
    save_spell(change, composed.own, own)
    change.note("member.end", "member", member_id, before=composed.own.facts, after=own)
    project(change, member_id)
    if last.reason is EndReason.UNPAID:
        tell_member(change, member_id, NoticeCode.MEMBERSHIP_FORFEITED, {"last_day": last.last_day.isoformat()})
    return True
