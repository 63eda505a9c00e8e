"""Hypothesis strategies for what the rules look at: the good case of `make_case()` with some of its fields drawn anew.

Values come from small pools, so that they meet.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from kiosk.core.case import Case, Release
from kiosk.core.clock import ClockState
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState, Entitlement, Passback, Period, Presence, SpecialDay, VisitRule, Window
from kiosk.core.records import DenyReason
from kiosk.core.visits import Usage
from tests.builders import NOW, at_ms, make_case, make_visits

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
AREAS = ("outside", "club", "pool", "cellar")
AGE_MAX_S = 14 * 86400

any_moments = st.integers(0, 3 * 366 * 86400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
near_moments = st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: NOW + timedelta(seconds=seconds))
days = st.one_of(st.dates(NOW.date() - timedelta(days=2), NOW.date() + timedelta(days=2)), st.just(date(2028, 2, 29)))
maybe_days = st.one_of(st.none(), days, days, days)
counts = st.integers(0, 3)
past_ms = st.sampled_from([0, 1, 59, 60, 600, 86400, 200_000]).map(lambda seconds: at_ms(NOW, -seconds))
tiers = st.sampled_from(["", "silver", "gold", "none-such"])
schedule_names = st.sampled_from(["hours", "nights", "none-such"])
hours = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 30, 59]))
week = st.sets(st.sampled_from("1234567"), min_size=1).map(lambda digits: "".join(sorted(digits)))
windows = st.lists(st.builds(Window, opens=hours, closes=hours | st.just("24:00"), days=week), max_size=3).map(tuple)
special_days = st.lists(st.builds(SpecialDay, day=days, windows=windows), max_size=2).map(tuple)
rules = st.builds(
    VisitRule,
    ever=st.none() | counts,
    per_period=st.none() | counts,
    period=st.sampled_from(Period),
    days=st.none() | counts,
    gap_s=st.sampled_from([0, 60, 3600]),
    grace_s=st.sampled_from([0, 60, 3600]),
)
few_rules = st.sampled_from([make_visits(ever=1), make_visits(ever=None, gap_s=3600), make_visits(grace_s=3600)])
entitlements = st.builds(
    Entitlement,
    id=st.sampled_from(["e1", "e2", "e3"]),
    product=st.sampled_from(["gym", "none-such"]),
    valid_from=st.none() | days,
    valid_until=st.none() | days,
    unpaid=st.booleans(),
    visits=st.none() | rules,
)
usages = st.builds(
    Usage, total=counts, days=counts, day=counts, week=counts, month=counts, year=counts, last_ms=st.just(0) | past_ms
)

TWISTS: dict[str, st.SearchStrategy[Any]] = {
    "read.assurance": st.sampled_from(Assurance),
    "read.credential": st.none(),
    "read.fault": st.sampled_from([DenyReason.READ_FAILED, DenyReason.IDENTIFIER_NOT_TRUSTED]),
    "point.area_from": st.sampled_from(AREAS),
    "point.area_to": st.sampled_from(AREAS),
    "point.way_out": st.booleans(),
    "point.passback": st.sampled_from(Passback),
    "point.passback_s": st.sampled_from([0, 60, 600]),
    "point.presence_s": st.sampled_from([60, 43200]),
    "point.min_tier": tiers,
    "point.min_assurance": st.sampled_from(Assurance),
    "point.schedule": schedule_names,
    "point.admit_unpaid": st.booleans(),
    "point.windows_without_clock": st.booleans(),
    "clock.now": near_moments | any_moments,
    "clock.state": st.sampled_from(ClockState),
    "clock.roster_age_s": st.sampled_from([AGE_MAX_S, AGE_MAX_S + 1]),
    "policy.site.zone": st.sampled_from(ZONES),
    "policy.areas.club.capacity": counts,
    "policy.tiers.silver.stale": st.booleans(),
    "policy.tiers.silver.products": st.sampled_from([("gym",), ("none-such",)]),
    "policy.products.gym.sites": st.sampled_from([("elsewhere",), ("demo", "elsewhere")]),
    "policy.products.gym.areas": st.sampled_from([(), ("pool",), ("club", "pool")]),
    "policy.products.gym.schedule": schedule_names,
    "policy.products.gym.visits": rules | few_rules,
    "policy.schedules.hours.windows": windows,
    "policy.schedules.hours.special_days": special_days,
    "credential": st.none(),
    "credential.member": st.none(),
    "credential.tier": tiers,
    "credential.state": st.sampled_from(CredentialState),
    "credential.gift": st.booleans(),
    "credential.guest_of": st.just("m2"),
    "credential.assurance": st.sampled_from(Assurance),
    "credential.valid_from": maybe_days,
    "credential.valid_until": maybe_days,
    "credential.member_until": maybe_days,
    "credential.suspended_from": maybe_days,
    "credential.suspended_until": maybe_days,
    "credential.paid_until": maybe_days,
    "credential.entitlements": st.lists(entitlements, max_size=3, unique_by=lambda each: each.id).map(tuple),
    "denied": st.booleans(),
    "standing.presence": st.builds(Presence, area=st.sampled_from(AREAS), at_ms=past_ms),
    "standing.usage": st.dictionaries(st.sampled_from(["e1", "e2", "e3", "tier.gym"]), usages, max_size=3),
    "standing.usage.e1": usages,
    "standing.occupancy": counts,
    "posture.journal_ok": st.booleans(),
    "posture.lockdown": st.booleans(),
    "posture.emergency": st.booleans(),
    "posture.release": st.just(Release("desk-1")),
}


@st.composite
def cases(draw: st.DrawFn, twists_max: int = 8) -> Case:
    """Draw any case at all: the good one with up to `twists_max` of its fields drawn anew."""
    case = make_case()
    for path in draw(st.lists(st.sampled_from(sorted(TWISTS)), max_size=twists_max, unique=True)):
        case = put(case, path.split("."), draw(TWISTS[path]))
    return case


def put(whole: Any, path: list[str], value: Any) -> Any:
    """Return a struct or mapping with the value at a path; a path through None changes nothing."""
    if not path or whole is None:
        return value if not path else None
    name, *rest = path
    if isinstance(whole, Mapping):
        return {**whole, name: put(whole.get(name), rest, value)}
    return msgspec.structs.replace(whole, **{name: put(getattr(whole, name), rest, value)})
