"""Fees: plans, periods, what a payment settles, and until when one has paid."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.fees import (
    Anchor,
    Charge,
    Cover,
    Cycle,
    DeferralReason,
    FeePlan,
    FeeRules,
    against_deferral,
    allocate,
    charges_until,
    paid_until,
)
from tests.club.builders_money import TODAY

YEAR = FeePlan("year", Cycle.YEAR, 120_000)
JOINED = date(2026, 1, 31)


def make_charge(month: int = 1, **changes: object) -> Charge:
    """Return the charge of a month of 2026 at a hundred yuan."""
    first = date(2026, month, 1)
    last = date(2026, month + 1, 1) - timedelta(days=1)
    return msgspec.structs.replace(Charge("month", first, last, 10_000, first), **changes)


@pytest.mark.parametrize(
    ("cycle", "lasts"),
    [
        (Cycle.MONTH, [date(2026, 2, 27), date(2026, 3, 30)]),
        (Cycle.QUARTER, [date(2026, 4, 29)]),
        (Cycle.YEAR, [date(2027, 1, 30)]),
    ],
)
def test_periods_follow_one_another_from_the_day_of_joining(cycle: Cycle, lasts: list[date]) -> None:
    charges = charges_until(FeePlan("p", cycle, 5_000), JOINED, date(2026, 3, 5), FeeRules())
    assert [each.last for each in charges] == lasts
    assert {each.amount_minor for each in charges} == {5_000}
    for before, after in pairwise(charges):
        assert before.last is not None
        assert after.first == before.last + timedelta(days=1)


def test_a_lifetime_fee_is_charged_once() -> None:
    plan = FeePlan("life", Cycle.LIFETIME, 900_000)
    assert charges_until(plan, JOINED, JOINED - timedelta(days=1), FeeRules()) == ()
    (charge,) = charges_until(plan, JOINED, date(2040, 1, 1), FeeRules())
    assert (charge.last, charge.amount_minor) == (None, 900_000)


@pytest.mark.parametrize(("day", "count"), [(date(2026, 12, 31), 1), (date(2027, 1, 1), 2)])
def test_the_next_period_is_charged_when_the_window_to_renew_opens(day: date, count: int) -> None:
    assert len(charges_until(YEAR, JOINED, day, FeeRules())) == count


def test_of_a_plan_shorter_than_twice_the_window_never_more_than_one_period_lies_ahead() -> None:
    plan, counts = FeePlan("m", Cycle.MONTH, 10_000), []
    for day in (JOINED + timedelta(days=each) for each in range(400)):
        charges = charges_until(plan, JOINED, day, FeeRules())
        counts.append(sum(each.first > day for each in charges))
    assert (counts[0], max(counts), min(counts)) == (0, 1, 0)
    assert counts[13:29] == [0, *[1] * 14, 0], "from half of the 28 days on"
    year = [len(charges_until(YEAR, JOINED, date(2027, 1, 31) - timedelta(days=each), FeeRules())) for each in (31, 30)]
    assert year == [1, 2]


@pytest.mark.parametrize(("prorate", "amount"), [(True, 3_548), (False, 10_000)])
def test_by_the_calendar_a_member_pays_for_the_days_left_of_the_first_period(prorate: bool, amount: int) -> None:
    rules = FeeRules(anchor=Anchor.CALENDAR, prorate=prorate)
    charges = charges_until(FeePlan("m", Cycle.MONTH, 10_000), date(2026, 1, 21), date(2026, 1, 27), rules)
    assert [(each.last, each.amount_minor) for each in charges] == [
        (date(2026, 1, 31), amount),
        (date(2026, 2, 28), 10_000),
    ]


def test_the_same_night_twice_makes_the_same_charges() -> None:
    rules = FeeRules()
    early, late = (charges_until(YEAR, JOINED, day, rules) for day in (TODAY, TODAY + timedelta(days=365)))
    assert {each.id for each in early} < {each.id for each in late}
    assert early[0].id == "year:2026-01-31"


def test_a_payment_settles_the_oldest_first_and_the_rest_is_left_over() -> None:
    found = allocate([make_charge(3), make_charge(1), make_charge(2)], 25_000)
    assert found.parts == (("month:2026-01-01", 10_000), ("month:2026-02-01", 10_000), ("month:2026-03-01", 5_000))
    assert allocate(found.charges, 7_000).parts == (("month:2026-03-01", 5_000),)
    assert allocate(found.charges, 7_000).over_minor == 2_000


@settings(max_examples=100, deadline=None)
@given(
    amounts=st.lists(st.tuples(st.integers(0, 50_000), st.booleans()), min_size=1, max_size=8),
    payments=st.lists(st.integers(0, 60_000), max_size=8),
)
def test_every_fen_of_payments_is_in_a_charge_or_left_over(
    amounts: list[tuple[int, bool]], payments: list[int]
) -> None:
    charges = tuple(make_charge(n, amount_minor=amount, waived=waived) for n, (amount, waived) in enumerate(amounts, 1))
    placed = over = 0
    step = charges
    for payment in payments:
        found = allocate(step, payment)
        placed += sum(amount for _, amount in found.parts)
        over += found.over_minor
        step = found.charges
        assert all(0 <= each.paid_minor <= each.amount_minor for each in step)
    assert placed + over == sum(payments)
    assert allocate(charges, sum(payments)).charges == step


@pytest.mark.parametrize(
    ("paid", "cover"),
    [(0, Cover()), (9_999, Cover()), (10_000, Cover(date(2026, 1, 31))), (20_000, Cover(date(2026, 2, 28)))],
)
def test_a_member_has_paid_up_to_the_last_settled_period(paid: int, cover: Cover) -> None:
    assert paid_until(allocate([make_charge(1), make_charge(2)], paid).charges) == cover


def test_a_later_period_that_is_paid_closes_no_gap_and_a_waived_one_does() -> None:
    charges = [make_charge(1, paid_minor=10_000), make_charge(2), make_charge(3, paid_minor=10_000)]
    assert paid_until(charges) == Cover(date(2026, 1, 31))
    charges[1] = make_charge(2, waived=True)
    assert paid_until(charges) == Cover(date(2026, 3, 31))
    assert paid_until([make_charge(1, last=None, paid_minor=10_000)]) == Cover(for_life=True)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"charges": [make_charge(1, paid_minor=10_000)]}, DeferralReason.NOTHING_DUE),
        ({"why": " "}, DeferralReason.NO_REASON),
        ({"until": date(2026, 1, 9)}, DeferralReason.DAY_IS_OVER),
        ({"until": date(2026, 1, 10)}, None),
        ({"until": date(2026, 4, 1)}, None),
        ({"until": date(2026, 4, 2)}, DeferralReason.TOO_LONG),
        ({"approved": [date(2025, 1, 11)]}, DeferralReason.TOO_OFTEN),
        ({"approved": [date(2025, 1, 10)]}, None),
    ],
)
def test_a_payment_is_put_off_on_application_for_a_reason_and_within_limits(
    changes: dict[str, Any], why: DeferralReason | None
) -> None:
    facts: dict[str, Any] = {"charges": [make_charge(1)], "until": date(2026, 2, 1), "why": "ill", "approved": []}
    refusal = against_deferral(**facts | changes, today=date(2026, 1, 10), rules=FeeRules())
    assert (refusal.reason if refusal else None) is why


def test_a_charge_that_was_lowered_below_what_is_paid_lends_nothing_to_others() -> None:
    found = allocate([make_charge(1, amount_minor=6_000, paid_minor=10_000), make_charge(2)], 3_000)
    assert found.parts == (("month:2026-02-01", 3_000),)
    assert (found.charges[0].paid_minor, found.over_minor) == (10_000, 0)
