"""What changes the facts of a membership: putting a fee off, leaving, and coming back."""

from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.calendar import add_months
from kiosk.club.membership import (
    ENDED,
    MemberFacts,
    MembershipRules,
    StopReason,
    Suspension,
    Withdrawal,
)
from kiosk.club.refusal import Refusal
from kiosk.club.standing import end_of, fee_passes_until, standing_on

_DAY = timedelta(days=1)


class LeavingReason(StrEnum):
    """Why a change of a membership is refused. Wire format."""

    NOT_A_MEMBER = "not_a_member"
    ALREADY_LEAVING = "already_leaving"
    NOT_LEAVING = "not_leaving"
    NO_FEE_OWED = "no_fee_owed"
    GIVES_NO_TIME = "gives_no_time"
    TOO_LONG = "too_long"
    NOTHING_SETTLED = "nothing_settled"


class LeavingRefusal(Refusal[LeavingReason], frozen=True):
    """Why a change of a membership is refused."""


class Settlement(msgspec.Struct, frozen=True):
    """What has to be in order before a leaver's papers are closed (R62, seeds 000:100)."""

    card_returned: bool
    owes_minor: int
    holds_minor: int


def ask_to_leave(
    facts: MemberFacts, rules: MembershipRules, today: date, wanted: date | None = None, waived: bool = False
) -> MemberFacts | LeavingRefusal:
    """Accept a written request to leave; `waived` lets the club give up its notice (R61, §6.28).

    A member may always ask: only somebody who is none, or has asked already, is told so.
    """
    if standing_on(facts, rules, today).state in ENDED or facts.approved_on is None:
        return LeavingRefusal(LeavingReason.NOT_A_MEMBER)
    if any(not each.inherited for each in facts.withdrawals):
        return LeavingRefusal(LeavingReason.ALREADY_LEAVING)
    earliest = today if waived else add_months(today, rules.notice_months)
    asked = Withdrawal(requested_on=today, last_day=max(wanted or earliest, earliest))
    return msgspec.structs.replace(facts, withdrawals=(*facts.withdrawals, asked))


def stay(facts: MemberFacts, rules: MembershipRules, today: date) -> MemberFacts | LeavingRefusal:
    """Take a request to leave back while it has not come to pass (R62, seeds 000:94)."""
    kept = tuple(each for each in facts.withdrawals if each.inherited)
    if len(kept) == len(facts.withdrawals) or standing_on(facts, rules, today).state in ENDED:
        return LeavingRefusal(LeavingReason.NOT_LEAVING)
    return msgspec.structs.replace(facts, withdrawals=kept)


def approve_leaving(facts: MemberFacts, settlement: Settlement, today: date) -> MemberFacts | LeavingRefusal:
    """Approve a withdrawal when the card is back and nobody owes anybody (R62, §6.28)."""
    own = [each for each in facts.withdrawals if not each.inherited]
    if not own:
        return LeavingRefusal(LeavingReason.NOT_LEAVING)
    if not settlement.card_returned or settlement.owes_minor or settlement.holds_minor:
        return LeavingRefusal(
            LeavingReason.NOTHING_SETTLED,
            {
                "card_returned": int(settlement.card_returned),
                "owes_minor": settlement.owes_minor,
                "holds_minor": settlement.holds_minor,
            },
        )
    approved = tuple(
        each if each.inherited else msgspec.structs.replace(each, approved_on=today) for each in facts.withdrawals
    )
    return msgspec.structs.replace(facts, withdrawals=approved)


def defer(facts: MemberFacts, rules: MembershipRules, today: date, until: date) -> MemberFacts | LeavingRefusal:
    """Put a fee off to a day that the club has agreed to (R51, seeds 000:123)."""
    if facts.approved_on is None or standing_on(facts, rules, today).state in ENDED:
        return LeavingRefusal(LeavingReason.NOT_A_MEMBER)
    passes_until = fee_passes_until(facts, rules)
    if passes_until is None:
        return LeavingRefusal(LeavingReason.NO_FEE_OWED)
    if until <= max(passes_until, today):
        return LeavingRefusal(LeavingReason.GIVES_NO_TIME, {"passes_until": passes_until.isoformat()})
    latest = add_months(max(today, facts.paid_until or facts.approved_on), rules.deferral_months_max)
    if until > latest:
        return LeavingRefusal(LeavingReason.TOO_LONG, {"latest": latest.isoformat()})
    return msgspec.structs.replace(facts, deferred_until=until)


def paid(facts: MemberFacts, paid_until: date, today: date) -> MemberFacts:
    """Return the facts after a payment: covered to a day, and what stood only for want of it is over (§4 L5)."""
    suspensions = tuple(
        _lifted(each, today) if each.reason is StopReason.REMINDERS else each for each in facts.suspensions
    )
    covered = max(facts.paid_until or paid_until, paid_until)
    return msgspec.structs.replace(facts, paid_until=covered, suspensions=suspensions)


def restore(facts: MemberFacts, reason: StopReason, today: date) -> MemberFacts:
    """Return the facts after rights stopped for a reason were given back; the days before stay stopped days."""
    suspensions = tuple(_lifted(each, today) if each.reason is reason else each for each in facts.suspensions)
    return msgspec.structs.replace(facts, suspensions=suspensions)


def _lifted(stop: Suspension, today: date) -> Suspension:
    before = today - _DAY
    if stop.inherited or (stop.until is not None and stop.until <= before):
        return stop
    return msgspec.structs.replace(stop, until=before)


def record_end(facts: MemberFacts, rules: MembershipRules, today: date) -> MemberFacts:
    """Write an end down that came about by dates alone, so that a payment after it does not undo it (R52, S11)."""
    end = end_of(facts, rules)
    if end is None or end.last_day >= today or end in facts.endings:
        return facts
    return msgspec.structs.replace(facts, endings=(*facts.endings, end))


def keep_file_until(last_day: date, rules: MembershipRules) -> date:
    """Return the last day on which a leaver's file is kept; the number of the card is never used again (R71, S16)."""
    return add_months(last_day, 12 * rules.file_retention_years)


def rejoined(facts: MemberFacts, approved_on: date) -> MemberFacts:
    """Return the facts of a new spell of somebody who was a member before: the same person, nothing carried over.

    The member's id stays, so that files and points are found again (S16, §4 L1).
    """
    return MemberFacts(approved_on=approved_on, owes_fees=facts.owes_fees)
