"""What a membership is on a day, and what a gate must know to say the same on every later day by itself.

`standing_on` says it for the register and the desk, `projection` for the roster. A gate holds dates and compares them;
where one set of dates cannot say it all, the projection names the last day for which it is good.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.calendar import add_months
from kiosk.club.membership import (
    Ending,
    EndReason,
    MemberFacts,
    MembershipRules,
    MemberState,
    StopReason,
    Suspension,
)
from kiosk.core.records import DenyReason

_DAY = timedelta(days=1)


class StandingReason(StrEnum):
    """Why a membership stands as it does. Wire format."""

    NOT_APPROVED = "not_approved"
    CARD_NOT_COLLECTED = "card_not_collected"
    IN_ORDER = "in_order"
    IN_GRACE = "in_grace"
    DEFERRAL = "deferral"
    FEE_UNPAID = "fee_unpaid"
    REQUESTED = "requested"
    DISCIPLINE = "discipline"
    REMINDERS = "reminders"
    ABSENCE = "absence"
    DATA = "data"
    MISCONDUCT = "misconduct"
    YEAR_UNPAID = "year_unpaid"
    LEFT_REGION = "left_region"
    MANDATE_OVER = "mandate_over"


_WHY_ENDED = {
    EndReason.REQUESTED: StandingReason.REQUESTED,
    EndReason.ABSENCE: StandingReason.ABSENCE,
    EndReason.MISCONDUCT: StandingReason.MISCONDUCT,
    EndReason.UNPAID: StandingReason.YEAR_UNPAID,
    EndReason.REMINDERS: StandingReason.REMINDERS,
    EndReason.LEFT_REGION: StandingReason.LEFT_REGION,
    EndReason.MANDATE_OVER: StandingReason.MANDATE_OVER,
}
_WHY_STOPPED = {
    StopReason.DISCIPLINE: StandingReason.DISCIPLINE,
    StopReason.REMINDERS: StandingReason.REMINDERS,
    StopReason.ABSENCE: StandingReason.ABSENCE,
    StopReason.DATA: StandingReason.DATA,
}
_GRAVEST = (MemberState.CANCELLED, MemberState.VOID, MemberState.WITHDRAWN, MemberState.FORFEITED)


class Standing(msgspec.Struct, frozen=True):
    """A membership on a day: its state and why, since or until when if that is known, and what a gate answers.

    `deny` is None for a valid member; `inherited` when the cause lies with the unit represented, or the host.
    """

    state: MemberState
    reason: StandingReason
    deny: DenyReason | None
    until: date | None = None
    inherited: bool = False


class Projection(msgspec.Struct, frozen=True):
    """The dates of `kiosk.core.model.Credential` that stand for a membership.

    `uncollected` is the card's state. `good_until` is the last day on which these dates say what the facts say; None
    = for good. The day after, central projects again.
    """

    uncollected: bool
    member_until: date | None
    suspended_from: date | None
    suspended_until: date | None
    paid_until: date | None
    good_until: date | None


def standing_on(facts: MemberFacts, rules: MembershipRules, day: date) -> Standing:
    """Return the standing on a local day, from the facts as known now (R45, R46, R51, R52, §4 L1)."""
    if facts.approved_on is None or day < facts.approved_on:
        return Standing(MemberState.APPLICANT, StandingReason.NOT_APPROVED, DenyReason.CARD_NOT_COLLECTED)
    uncollected = facts.collected_on is None or day < facts.collected_on
    end = end_of(facts, rules)
    if end is not None and day > end.last_day:
        deny = DenyReason.CARD_NOT_COLLECTED if uncollected else DenyReason.MEMBERSHIP_ENDED
        return Standing(end.state, _WHY_ENDED[end.reason], deny, end.last_day, end.inherited)
    if uncollected:
        return Standing(MemberState.UNCOLLECTED, StandingReason.CARD_NOT_COLLECTED, DenyReason.CARD_NOT_COLLECTED)
    return _stopped(facts, day) or _by_fee(facts, rules, day)


def _stopped(facts: MemberFacts, day: date) -> Standing | None:
    """Return the standing of a day on which rights are stopped; a decision of people goes before a count."""
    held = [each for each in facts.suspensions if each.since <= day and (each.until is None or day <= each.until)]
    if not held:
        return None
    stop = min(held, key=lambda each: (each.reason is StopReason.ABSENCE, each.since, each.inherited))
    state = MemberState.TITLE_KEPT if stop.reason is StopReason.ABSENCE else MemberState.SUSPENDED
    return Standing(state, _WHY_STOPPED[stop.reason], DenyReason.MEMBERSHIP_SUSPENDED, stop.until, stop.inherited)


def _by_fee(facts: MemberFacts, rules: MembershipRules, day: date) -> Standing:
    passes_until = fee_passes_until(facts, rules)
    if passes_until is not None and day > passes_until:
        return Standing(
            MemberState.ARREARS, StandingReason.FEE_UNPAID, DenyReason.FEE_OVERDUE, passes_until, facts.fees_inherited
        )
    asked = [each for each in facts.withdrawals if each.requested_on <= day]
    if asked:
        first = min(asked, key=lambda each: each.last_day)
        return Standing(MemberState.WITHDRAWAL_PENDING, StandingReason.REQUESTED, None, first.last_day, first.inherited)
    paid_until = _paid_until(facts)
    if paid_until is None or day <= paid_until:
        return Standing(MemberState.VALID, StandingReason.IN_ORDER, None, paid_until)
    if facts.deferred_until is not None and day <= facts.deferred_until:
        return Standing(MemberState.DEFERRED, StandingReason.DEFERRAL, None, facts.deferred_until)
    return Standing(MemberState.VALID, StandingReason.IN_GRACE, None, passes_until)


def _paid_until(facts: MemberFacts) -> date | None:
    """Return the last paid day, which before the first payment is the day before approval; None = no fee is owed."""
    if not facts.owes_fees or facts.approved_on is None:
        return None
    return facts.paid_until or facts.approved_on - _DAY


def fee_passes_until(facts: MemberFacts, rules: MembershipRules) -> date | None:
    """Return the last day on which no fee keeps the member out: paid and grace, or deferred (R46, R51)."""
    paid_until = _paid_until(facts)
    if paid_until is None:
        return None
    graced = paid_until + timedelta(days=rules.grace_days)
    return max(graced, facts.deferred_until) if facts.deferred_until else graced


def end_of(facts: MemberFacts, rules: MembershipRules) -> Ending | None:
    """Return how the membership ends by what is known now: the first end counts, of one day's the gravest."""
    ends = [*facts.endings, *_withdrawn(facts, rules), *_forfeited(facts, rules)]
    return min(ends, key=lambda each: (each.last_day, _GRAVEST.index(each.state), each.inherited), default=None)


def _withdrawn(facts: MemberFacts, rules: MembershipRules) -> Iterator[Ending]:
    for each in facts.withdrawals:
        last_day = each.last_day
        if rules.withdrawal_waits_for_approval:
            if each.approved_on is None:
                continue
            last_day = max(last_day, each.approved_on)
        yield Ending(last_day, MemberState.WITHDRAWN, EndReason.REQUESTED, each.inherited)


def _forfeited(facts: MemberFacts, rules: MembershipRules) -> Iterator[Ending]:
    """Yield the end of somebody who pays nothing for a year in a row; deferred days are not unpaid days (R51, R52)."""
    paid_until = _paid_until(facts)
    if paid_until is not None:
        covered = max(paid_until, facts.deferred_until) if facts.deferred_until else paid_until
        last_day = add_months(covered, rules.forfeit_after_months)
        yield Ending(last_day, MemberState.FORFEITED, EndReason.UNPAID, facts.fees_inherited)


def projection(facts: MemberFacts, rules: MembershipRules, day: date) -> Projection:
    """Return what the roster says of a membership from a local day on (S07)."""
    comes = [each for each in (facts.approved_on, facts.collected_on) if each is not None]
    uncollected = len(comes) < 2 or day < max(comes)
    ahead = [block for block in _blocks(facts.suspensions) if block[1] is None or day <= block[1]]
    changes = []
    if uncollected and len(comes) == 2:
        changes.append(max(comes))
    if len(ahead) > 1:
        changes.append(ahead[1][0])
    end = end_of(facts, rules)
    suspended_from, suspended_until = ahead[0] if ahead else (None, None)
    return Projection(
        uncollected=uncollected,
        member_until=end.last_day if end else None,
        suspended_from=suspended_from,
        suspended_until=suspended_until,
        paid_until=fee_passes_until(facts, rules),
        good_until=min(changes) - _DAY if changes else None,
    )


def _blocks(suspensions: Iterable[Suspension]) -> list[tuple[date, date | None]]:
    """Return the days on which rights are stopped as spans, both ends included, that neither touch nor overlap."""
    spans = sorted((each.since, each.until or date.max) for each in suspensions)
    blocks: list[tuple[date, date]] = []
    for since, until in spans:
        if until < since:
            continue
        if blocks and since <= min(blocks[-1][1], date.max - _DAY) + _DAY:
            blocks[-1] = (blocks[-1][0], max(blocks[-1][1], until))
        else:
            blocks.append((since, until))
    return [(since, None if until == date.max else until) for since, until in blocks]
