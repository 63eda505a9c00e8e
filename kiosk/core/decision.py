"""Who may pass, and why not: `decide()` is the one decider, on gate, central and simulator alike.

A case (`case.py`) is everything the rules look at. The checks stand in `CHECKS` in the order of the contract; the first
that applies is the reason. A check returns what was missing, for staff, or None.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from kiosk.core.case import Case
from kiosk.core.clock import is_to_come
from kiosk.core.funnel import nearest
from kiosk.core.model import Area, CredentialState, Passback, Presence
from kiosk.core.records import Access, AccessDenied, AccessGranted, DenyReason, GrantReason, RosterMark

Detail = dict[str, str | int]


class Decision(msgspec.Struct, frozen=True):
    """The event to be journalled, and for staff what was missing, nearest miss first."""

    event: Access
    granted: bool
    detail: Detail


def decide(case: Case) -> Decision:
    """Decide one case. Never raises for a card; the answer is the very event that is journalled (CONTRACT §2)."""
    if case.read.fault is not DenyReason.READ_FAILED:
        if case.point.way_out:
            return _granted(case, GrantReason.OK_EXIT)
        if case.posture.emergency:
            return _granted(case, GrantReason.EMERGENCY)
    forced = False
    for reason, check in CHECKS:
        missing = check(case)
        if missing is None:
            continue
        if case.posture.release is None or reason not in FORCEABLE:
            return _denied(case, reason, missing)
        forced = True
    return _granted(case, GrantReason.OK_FORCED if forced else _grant_reason(case))


def _read_failed(case: Case) -> Detail | None:
    return {} if case.read.fault is DenyReason.READ_FAILED else None


def _identifier_not_trusted(case: Case) -> Detail | None:
    needed = case.point.min_assurance.rank
    if case.credential is not None:
        needed = max(needed, case.credential.assurance.rank)
    if case.read.fault is not None or case.read.credential is None or case.read.assurance.rank < needed:
        return {"assurance": case.read.assurance.value}
    return None


def _journal_unavailable(case: Case) -> Detail | None:
    return None if case.posture.journal_ok else {}


def _lockdown(case: Case) -> Detail | None:
    return {} if case.posture.lockdown else None


def _credential_not_found(case: Case) -> Detail | None:
    return {} if case.credential is None else None


def _gift_card(case: Case) -> Detail | None:
    return {} if case.known.gift else None


def _revoked(case: Case) -> Detail | None:
    if case.denied:
        return {"by": "deny_list"}
    state = case.known.state
    return {"by": state.value} if state in (CredentialState.REVOKED, CredentialState.LOST) else None


def _not_enabled(case: Case) -> Detail | None:
    return {} if case.known.state is CredentialState.DISABLED else None


def _not_collected(case: Case) -> Detail | None:
    return {} if case.known.state is CredentialState.UNCOLLECTED else None


def _not_active(case: Case) -> Detail | None:
    start = case.known.valid_from
    if start is not None and case.today < start:
        return {"from": start.isoformat()}
    begins = case.funnel.begins
    return {"from": begins.isoformat()} if begins is not None else None


def _expired(case: Case) -> Detail | None:
    end = case.known.valid_until
    if end is not None and case.today > end:
        return {"until": end.isoformat()}
    ended = case.funnel.ended
    return {"until": ended.isoformat()} if ended is not None else None


def _membership_ended(case: Case) -> Detail | None:
    end = case.known.member_until
    return {"until": end.isoformat()} if end is not None and case.today > end else None


def _membership_suspended(case: Case) -> Detail | None:
    start, end = case.known.suspended_from, case.known.suspended_until
    if start is None or case.today < start or (end is not None and case.today > end):
        return None
    return {"from": start.isoformat(), "until": end.isoformat() if end else ""}


def _fee_overdue(case: Case) -> Detail | None:
    paid = case.known.paid_until
    if paid is not None and case.today > paid:
        return {"paid_until": paid.isoformat()}
    return {"unpaid": case.funnel.unpaid} if case.funnel.unpaid is not None else None


def _roster_too_old(case: Case) -> Detail | None:
    if case.clock.roster_age_s <= case.policy.roster_age_max_s or (case.tier is not None and case.tier.stale):
        return None
    return {"age_s": case.clock.roster_age_s}


def _from_funnel(reason: DenyReason) -> Callable[[Case], Detail | None]:
    def check(case: Case) -> Detail | None:
        miss = nearest(case.funnel)
        return miss.detail if miss is not None and miss.reason is reason else None

    return check


def _tier_too_low(case: Case) -> Detail | None:
    needed = case.point.min_tier
    if needed is None:
        return None
    least = case.policy.tiers.get(needed)
    if least is not None and case.tier is not None and case.tier.rank >= least.rank:
        return None
    return {"needed": needed, "tier": case.known.tier}


def _antipassback(case: Case) -> Detail | None:
    presence = _misplaced(case)
    if presence is None or case.point.passback is Passback.SOFT:
        return None
    if case.point.passback is Passback.TIMED and case.now_ms - presence.at_ms >= case.point.passback_s * 1000:
        return None
    return {"area": presence.area}


def _area_full(case: Case) -> Detail | None:
    area = case.policy.areas.get(case.point.area_to)
    kept = _kept_from(case, area) if area is not None else 0
    if area is None or area.capacity is None or case.standing.occupancy < area.capacity - kept:
        return None
    presence = case.standing.presence
    if presence is not None and presence.area == area.id:
        return None
    detail: Detail = {"capacity": area.capacity, "inside": case.standing.occupancy}
    return detail | {"kept": kept} if kept else detail


def _kept_from(case: Case, area: Area) -> int:
    """Return how many of an area's places are kept for members of a higher tier than this one (S39)."""
    above = case.policy.tiers.get(area.kept_for)
    if above is None or (case.tier is not None and case.tier.rank >= above.rank):
        return 0
    return area.kept


def _misplaced(case: Case) -> Presence | None:
    """Return where the credential was seen when that is not `area_from`; None where nothing speaks against it."""
    presence = case.standing.presence
    if presence is None or presence.area == case.point.area_from or case.point.passback is Passback.OFF:
        return None
    if is_to_come(presence.at_ms, case.now_ms):
        return None
    return presence if case.now_ms - presence.at_ms < case.point.presence_s * 1000 else None


CHECKS: tuple[tuple[DenyReason, Callable[[Case], Detail | None]], ...] = (
    (DenyReason.READ_FAILED, _read_failed),
    (DenyReason.IDENTIFIER_NOT_TRUSTED, _identifier_not_trusted),
    (DenyReason.JOURNAL_UNAVAILABLE, _journal_unavailable),
    (DenyReason.LOCKDOWN, _lockdown),
    (DenyReason.CREDENTIAL_NOT_FOUND, _credential_not_found),
    (DenyReason.GIFT_CARD_NOT_ADMITTED, _gift_card),
    (DenyReason.CREDENTIAL_REVOKED, _revoked),
    (DenyReason.CREDENTIAL_NOT_ENABLED, _not_enabled),
    (DenyReason.CARD_NOT_COLLECTED, _not_collected),
    (DenyReason.CREDENTIAL_NOT_ACTIVE, _not_active),
    (DenyReason.CREDENTIAL_EXPIRED, _expired),
    (DenyReason.MEMBERSHIP_ENDED, _membership_ended),
    (DenyReason.MEMBERSHIP_SUSPENDED, _membership_suspended),
    (DenyReason.FEE_OVERDUE, _fee_overdue),
    (DenyReason.ROSTER_TOO_OLD, _roster_too_old),
    (DenyReason.NOT_PERMITTED_AT_THIS_SITE, _from_funnel(DenyReason.NOT_PERMITTED_AT_THIS_SITE)),
    (DenyReason.NOT_PERMITTED_HERE, _from_funnel(DenyReason.NOT_PERMITTED_HERE)),
    (DenyReason.TIER_TOO_LOW, _tier_too_low),
    (DenyReason.NOT_PERMITTED_AT_THIS_TIME, _from_funnel(DenyReason.NOT_PERMITTED_AT_THIS_TIME)),
    (DenyReason.NO_VISITS_LEFT, _from_funnel(DenyReason.NO_VISITS_LEFT)),
    (DenyReason.ANTIPASSBACK_VIOLATION, _antipassback),
    (DenyReason.TOO_SOON, _from_funnel(DenyReason.TOO_SOON)),
    (DenyReason.AREA_FULL, _area_full),
)

FORCEABLE = frozenset(DenyReason) - {
    DenyReason.READ_FAILED,
    DenyReason.IDENTIFIER_NOT_TRUSTED,
    DenyReason.JOURNAL_UNAVAILABLE,
    DenyReason.LOCKDOWN,
    DenyReason.CREDENTIAL_NOT_FOUND,
    DenyReason.GIFT_CARD_NOT_ADMITTED,
}
"""What an operator's release overrules. An unknown card cannot be forced as a member (scenario G11)."""


def _grant_reason(case: Case) -> GrantReason:
    if case.clock.roster_age_s > case.policy.roster_age_max_s:
        return GrantReason.OK_STALE
    if _misplaced(case) is not None and case.point.passback is Passback.SOFT:
        return GrantReason.OK_SOFT_ANTIPASSBACK
    if case.funnel.in_grace:
        return GrantReason.OK_GRACE
    return GrantReason.OK_GUEST if case.known.guest_of else GrantReason.OK


def _granted(case: Case, reason: GrantReason) -> Decision:
    counted: str | None = None
    if case.credential is not None and not case.point.way_out and reason is not GrantReason.EMERGENCY:
        counted = case.funnel.counted
    return Decision(AccessGranted(reason=reason.value, entitlement=counted, **_common(case)), True, {})


def _denied(case: Case, reason: DenyReason, missing: Detail) -> Decision:
    return Decision(AccessDenied(reason=reason.value, **_common(case)), False, missing)


def _common(case: Case) -> dict[str, Any]:
    known = case.credential
    return {
        "access_point": case.point.id,
        "reader": case.read.reader,
        "credential": case.read.credential,
        "member": known.member if known else None,
        "tier": (known.tier or None) if known else None,
        "operator": case.posture.release.operator if case.posture.release else None,
        "clock": case.clock.state,
        "roster": RosterMark(case.policy.revision, case.clock.roster_age_s),
    }
