"""Offline spending: leases, the worst overdraft, who bears it, and that it is never worse."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club.exposure import (
    Bound,
    ExposureRules,
    LeaseEnd,
    LeaseOffer,
    Overdrawn,
    SiteExposure,
    borne_by,
    lease_end,
    lease_for,
    limits_of,
    worst_case,
)
from kiosk.core.spending import SpendLimits
from tests.club.offline_sites import Club

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
EDGES = 24
SMALL = ExposureRules(tap_minor=1_000, card_minor=2_000, check_per_mille=100, debt_minor=700, lease_hours=1)


def make_site(**changes: object) -> SiteExposure:
    """Return a site with three counters and a hundred cards."""
    return msgspec.structs.replace(SiteExposure("demo", 3, 100, 500_000), **changes)


def test_edges_get_the_limits_of_the_rule_book() -> None:
    assert limits_of(ExposureRules()) == SpendLimits()
    changed = ExposureRules(1, 2, 3, 4, 5, 6, lease_margin_s=7, lease_devices=("d",))
    assert limits_of(changed) == SpendLimits(1, 2, 3, 4, 5, 6, lease_margin_s=7, lease_devices=("d",))


@pytest.mark.parametrize(
    ("site", "rules", "bound"),
    [
        (make_site(), ExposureRules(), Bound(60_000, 6_000_000)),
        (make_site(central_sells=False), ExposureRules(), Bound(40_000, 4_000_000)),
        (make_site(counters=1, central_sells=False), ExposureRules(), Bound(0, 0)),
        (make_site(counters=0, central_sells=False), ExposureRules(), Bound(0, 0)),
        (make_site(balance_max_minor=3_000), ExposureRules(), Bound(9_000, 900_000)),
        (make_site(), ExposureRules(in_a_row_max=2), Bound(30_000, 3_000_000)),
        (make_site(), ExposureRules(card_minor=0), Bound(0, 0)),
    ],
)
def test_the_worst_overdraft_follows_from_the_configuration(
    site: SiteExposure, rules: ExposureRules, bound: Bound
) -> None:
    assert worst_case(site, rules) == bound


@pytest.mark.parametrize(
    ("amount", "available", "debt", "borne"),
    [
        (1_000, 1_000, 0, Overdrawn(1_000, 0, 0)),
        (1_000, 400, 0, Overdrawn(400, 600, 0)),
        (6_000, 1_000, 0, Overdrawn(1_000, 5_000, 0)),
        (6_001, 1_000, 0, Overdrawn(1_000, 5_000, 1)),
        (100, -50, 4_950, Overdrawn(0, 50, 50)),
        (100, 0, 6_000, Overdrawn(0, 0, 100)),
    ],
)
def test_a_late_purchase_is_borne_by_balance_debt_and_loss(
    amount: int, available: int, debt: int, borne: Overdrawn
) -> None:
    assert borne_by(amount, available, debt, ExposureRules()) == borne
    assert borne.case is (borne.loss_minor > 0)


@given(
    amount=st.integers(0, 10**6),
    available=st.integers(-(10**6), 10**6),
    debt=st.integers(0, 10**6),
    allowance=st.integers(0, 10**5),
)
def test_what_bears_a_purchase_sums_to_it(amount: int, available: int, debt: int, allowance: int) -> None:
    borne = borne_by(amount, available, debt, ExposureRules(debt_minor=allowance))
    assert borne.from_balance_minor + borne.debt_minor + borne.loss_minor == amount
    assert min(borne.from_balance_minor, borne.debt_minor, borne.loss_minor) >= 0
    assert debt + borne.debt_minor <= max(debt, allowance)


@pytest.mark.parametrize(
    ("available", "amount"), [(0, 0), (-5, 0), (1, 0), (2, 1), (19_999, 9_999), (20_000, 10_000), (90_000, 10_000)]
)
def test_a_part_of_what_is_there_is_held_for_a_device(available: int, amount: int) -> None:
    offer = lease_for(available, NOW, ExposureRules())
    assert offer == (LeaseOffer(amount, NOW + timedelta(hours=48)) if amount else None)


@pytest.mark.parametrize(
    ("now_s", "complete_s", "end"),
    [
        (-1, None, LeaseEnd.RUNNING),
        (0, None, LeaseEnd.WAITS_FOR_RECORDS),
        (900, -1, LeaseEnd.WAITS_FOR_RECORDS),
        (0, 0, LeaseEnd.RELEASE),
    ],
)
def test_a_lease_goes_back_when_it_is_over_and_its_device_has_told_all(
    now_s: int, complete_s: int | None, end: LeaseEnd
) -> None:
    complete = None if complete_s is None else NOW + timedelta(seconds=complete_s)
    assert lease_end(NOW, complete, NOW + timedelta(seconds=now_s)) is end


def played(seed: int, rules: ExposureRules, *, leases: bool, events: int = 6_000) -> Club:
    """Return a club of many partitioned edges after thousands of events, everything arrived."""
    club = Club(seed, EDGES, 10, rules)
    for card in club.accounts:
        club.top_up(card, 5_000)
        for edge in range(EDGES):
            club.send_row(edge, card, lease=leases)
    for _ in range(events):
        club.step(leases=leases)
    club.settle()
    return club


def check_conservation(club: Club) -> None:
    """Fail unless every fen that came in is spent, there, held, owed or lost."""
    for account in club.accounts.values():
        there = account.available + account.held() - account.debt - account.lost
        assert account.put_in - account.spent == there
        assert account.debt <= club.rules.debt_minor
    recorded = [each for edge in club.edges for each in edge.journal]
    assert club.given == sum(each.unleased_minor + sum(amount for _, amount in each.leased) for each in recorded)


@pytest.mark.parametrize("leases", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_partitioned_edges_with_crashes_and_replays_never_overdraw_beyond_the_bound(seed: int, leases: bool) -> None:
    club = played(seed, SMALL, leases=leases)
    bound = worst_case(make_site(counters=EDGES, balance_max_minor=8_000), SMALL).per_card_minor
    worst = max(each.worst for each in club.accounts.values())
    assert 0 < worst <= bound
    assert club.given > 100_000
    assert club.twice > 50
    check_conservation(club)


@pytest.mark.parametrize("seed", [1, 2])
def test_with_leases_only_nothing_is_ever_overdrawn(seed: int) -> None:
    club = played(seed, msgspec.structs.replace(SMALL, card_minor=0), leases=True)
    assert all((each.worst, each.debt, each.lost) == (0, 0, 0) for each in club.accounts.values())
    assert club.given > 10_000
    check_conservation(club)


@pytest.mark.parametrize(("balance", "each"), [(5_000, 2_000), (800, 800)])
def test_the_bound_is_reached_when_everybody_spends_the_same_money(balance: int, each: int) -> None:
    rules = msgspec.structs.replace(SMALL, check_per_mille=0, ask_after=10)
    club = Club(3, EDGES, 1, rules)
    club.top_up("c0", balance)
    for edge in range(EDGES):
        club.send_row(edge, "c0", lease=False)
    while club.under_way:
        club.deliver_row()
    assert club.sell_at_central("c0", balance)
    for edge in range(EDGES):
        for _ in range(6):
            club.tap(edge, "c0", 400, link=False)
    club.settle()
    bound = worst_case(make_site(counters=EDGES, balance_max_minor=balance), rules)
    assert club.accounts["c0"].worst == bound.per_card_minor == EDGES * each


def test_who_crashes_between_two_purchases_has_not_spent_less() -> None:
    club = Club(4, 1, 1, msgspec.structs.replace(SMALL, check_per_mille=0))
    club.top_up("c0", 9_000)
    club.send_row(0, "c0", lease=False)
    club.deliver_row()
    for _ in range(5):
        club.tap(0, "c0", 1_000, link=False)
        club.crash(0)
    assert club.given == 2_000
