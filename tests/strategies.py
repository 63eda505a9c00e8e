"""Hypothesis strategies for what the rules look at. Small pools of values, so that they meet."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from hypothesis import strategies as st

from kiosk.core.clock import ClockReading, ClockState
from kiosk.core.decision import Case, Posture, Read, Release, Standing
from kiosk.core.identifiers import Assurance
from kiosk.core.model import (
    AccessPoint,
    Area,
    Credential,
    CredentialState,
    Entitlement,
    Passback,
    Period,
    Policy,
    Presence,
    Product,
    Schedule,
    Site,
    SpecialDay,
    Tier,
    VisitRule,
    Window,
)
from kiosk.core.records import DenyReason
from kiosk.core.visits import Usage
from tests.builders import CREDENTIAL, NOW, at_ms

ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
AREAS = ("outside", "club", "pool", "cellar")
PRODUCTS = ("gym", "swim", "none-such")
SCHEDULES = ("hours", "nights", "none-such")
TIERS = ("", "silver", "gold", "none-such")

T = TypeVar("T")


def mostly(usual: T, *others: T) -> st.SearchStrategy[T]:
    """Draw the usual value three times in four."""
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), st.sampled_from([usual, *others]))


def seldom(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Draw a value one time in four, else None."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


moments = st.integers(0, 3 * 366 * 86400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
near_moments = st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: NOW + timedelta(seconds=seconds))
days = st.one_of(st.dates(NOW.date() - timedelta(days=2), NOW.date() + timedelta(days=2)), st.just(date(2028, 2, 29)))
counts = st.integers(0, 3)
past_ms = st.sampled_from([0, 1, 59, 60, 600, 86400, 200_000]).map(lambda seconds: at_ms(NOW, -seconds))
hours = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 30, 59]))
week = st.sets(st.sampled_from("1234567"), min_size=1).map(lambda digits: "".join(sorted(digits)))
windows = st.builds(Window, opens=hours, closes=st.one_of(hours, st.just("24:00")), days=week)
some_windows = st.lists(windows, max_size=3).map(tuple)
schedules = st.builds(
    Schedule,
    id=st.just("hours"),
    windows=some_windows,
    special_days=st.lists(st.builds(SpecialDay, day=days, windows=some_windows), max_size=2).map(tuple),
)
rules = st.builds(
    VisitRule,
    ever=seldom(counts),
    per_period=seldom(counts),
    period=st.sampled_from(Period),
    days=seldom(counts),
    gap_s=mostly(0, 60, 3600),
    grace_s=st.sampled_from([0, 60, 3600]),
)
entitlements = st.builds(
    Entitlement,
    id=st.sampled_from(["e1", "e2", "e3"]),
    product=st.sampled_from(PRODUCTS),
    valid_from=seldom(days),
    valid_until=seldom(days),
    unpaid=mostly(False, True),
    visits=seldom(rules),
)
credentials = st.builds(
    Credential,
    id=st.just(CREDENTIAL),
    member=st.none() | st.just("m1"),
    tier=st.sampled_from(TIERS),
    state=mostly(*CredentialState),
    gift=mostly(False, True),
    guest_of=st.none() | st.just("m2"),
    assurance=mostly(Assurance.UID, *Assurance),
    valid_from=seldom(days),
    valid_until=seldom(days),
    member_until=seldom(days),
    suspended_from=seldom(days),
    suspended_until=seldom(days),
    paid_until=seldom(days),
    entitlements=st.lists(entitlements, max_size=3, unique_by=lambda each: each.id).map(tuple),
)
points = st.builds(
    AccessPoint,
    id=st.just("entrance"),
    area_from=st.sampled_from(AREAS),
    area_to=st.sampled_from(AREAS),
    way_out=mostly(False, True),
    passback=st.sampled_from(Passback),
    passback_s=st.sampled_from([0, 60, 600]),
    presence_s=st.sampled_from([60, 43200]),
    min_tier=seldom(st.sampled_from(TIERS)),
    min_assurance=mostly(Assurance.UID, *Assurance),
    schedule=seldom(st.sampled_from(SCHEDULES)),
    admit_unpaid=mostly(False, True),
    windows_without_clock=st.booleans(),
)
usages = st.builds(
    Usage, total=counts, days=counts, day=counts, week=counts, month=counts, year=counts, last_ms=st.just(0) | past_ms
)
standings = st.builds(
    Standing,
    presence=st.none() | st.builds(Presence, area=st.sampled_from(AREAS), at_ms=past_ms),
    usage=st.dictionaries(st.sampled_from(["e1", "e2", "e3", "tier.gym"]), usages, max_size=3),
    occupancy=counts,
)
postures = st.builds(
    Posture,
    journal_ok=mostly(True, False),
    lockdown=mostly(False, True),
    emergency=mostly(False, True),
    release=st.none() | st.just(Release("desk-1")),
)
readings = st.builds(
    ClockReading,
    now=st.one_of(st.just(NOW), near_moments, moments),
    state=mostly(*ClockState),
    roster_age_s=mostly(0, 14 * 86400, 14 * 86400 + 1),
)


def _products(name: str) -> st.SearchStrategy[Product]:
    return st.builds(
        Product,
        id=st.just(name),
        sites=mostly((), ("elsewhere",), ("demo", "elsewhere")),
        areas=mostly((), ("club",), ("pool",), ("club", "pool")),
        schedule=mostly(None, *SCHEDULES),
        visits=seldom(rules),
    )


def _tiers(name: str, rank: int) -> st.SearchStrategy[Tier]:
    products = mostly((), ("gym",), ("none-such",))
    return st.builds(Tier, id=st.just(name), rank=st.just(rank), stale=st.booleans(), products=products)


policies = st.builds(
    Policy,
    revision=st.just(1),
    site=st.builds(Site, id=st.just("demo"), zone=st.sampled_from(ZONES)),
    areas=st.fixed_dictionaries(
        {"club": st.builds(Area, id=st.just("club"), capacity=st.none() | counts)},
        optional={"pool": st.builds(Area, id=st.just("pool"), capacity=st.none() | counts)},
    ),
    tiers=st.fixed_dictionaries({"silver": _tiers("silver", 1), "gold": _tiers("gold", 2)}),
    products=st.fixed_dictionaries({"gym": _products("gym"), "swim": _products("swim")}),
    schedules=st.fixed_dictionaries({"hours": schedules}, optional={"nights": schedules}),
)
reads = st.one_of(
    st.builds(Read, reader=st.just("door"), credential=st.just(CREDENTIAL), assurance=st.sampled_from(Assurance)),
    st.builds(Read, reader=st.just("door"), credential=st.just(CREDENTIAL)),
    st.builds(
        Read,
        reader=st.just("door"),
        credential=st.none(),
        assurance=st.sampled_from(Assurance),
        fault=st.sampled_from([None, DenyReason.READ_FAILED, DenyReason.IDENTIFIER_NOT_TRUSTED]),
    ),
)
cases = st.builds(
    Case,
    read=reads,
    point=points,
    clock=readings,
    policy=policies,
    credential=st.one_of(credentials, credentials, st.none()),
    denied=mostly(False, True),
    standing=standings,
    posture=postures,
)
"""Any case at all; about one in three is granted."""
