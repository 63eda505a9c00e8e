"""Fee income: by month, quarter and year, when it is earned, what it was for, and the half-year's statement."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.calendar import Part, Span, span_of
from kiosk.club.fee_income import (
    Difference,
    FeeStatement,
    FeeUse,
    Income,
    IncomeRules,
    Mismatch,
    UseReason,
    against_use,
    differences,
    earned_in,
    earned_until,
    income_by,
    statement_before,
)
from kiosk.club.fees import Charge
from tests.club.test_fees import make_charge

RULES = IncomeRules()
YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))
FEBRUARY = Span(date(2026, 2, 1), date(2026, 2, 28))


def make_year(**changes: object) -> Charge:
    """Return a year's charge of 365 yuan that is paid."""
    charge = Charge("year", YEAR.first, YEAR.last, 36_500, YEAR.first, 36_500)
    return msgspec.structs.replace(charge, **changes)


@settings(max_examples=80, deadline=None)
@given(
    incomes=st.lists(
        st.builds(Income, on=st.dates(YEAR.first, YEAR.last), amount_minor=st.integers(-10_000, 50_000)), max_size=30
    )
)
def test_months_quarters_and_the_year_have_the_same_sum(incomes: list[Income]) -> None:
    for part, count in ((Part.MONTH, 12), (Part.QUARTER, 4), (Part.HALF_YEAR, 2), (Part.YEAR, 1)):
        found = income_by(part, incomes, YEAR.first, YEAR.last)
        assert len(found) == count
        assert sum(each.amount_minor for each in found) == sum(each.amount_minor for each in incomes)
        assert sum(each.count for each in found) == len(incomes)
        for each in found:
            own = [one.amount_minor for one in incomes if each.span.first <= one.on <= each.span.last]
            assert each.amount_minor == sum(own)


@pytest.mark.parametrize(
    ("day", "earned"),
    [
        (date(2025, 12, 31), 0),
        (date(2026, 1, 1), 100),
        (date(2026, 12, 30), 36_400),
        (date(2026, 12, 31), 36_500),
        (date(2030, 1, 1), 36_500),
    ],
)
def test_a_fee_is_earned_day_by_day(day: date, earned: int) -> None:
    assert earned_until(make_year(), day, RULES) == earned


@given(paid=st.integers(0, 10**6), first=st.dates(date(2025, 1, 1), date(2026, 6, 1)), days=st.integers(1, 400))
def test_the_months_of_a_period_earn_all_of_it_and_nothing_else_does(paid: int, first: date, days: int) -> None:
    charge = Charge("p", first, first + timedelta(days=days - 1), paid, first, paid)
    months = [span_of(date(2025 + n // 12, n % 12 + 1, 1), Part.MONTH) for n in range(36)]
    parts = [earned_in(charge, month, RULES) for month in months]
    assert sum(parts) == paid
    assert min(parts) >= 0


def test_a_fee_for_life_is_earned_over_its_months() -> None:
    charge = make_year(last=None)
    assert earned_until(charge, date(2035, 12, 31), RULES) == 36_500
    assert earned_until(charge, date(2035, 12, 30), RULES) < 36_500


@pytest.mark.parametrize(
    ("charge", "served", "excused", "found"),
    [
        (make_charge(2, paid_minor=10_000), [FEBRUARY], [], ()),
        (make_charge(2), [], [], ()),
        (
            make_charge(2, paid_minor=10_000),
            [Span(date(2026, 2, 3), date(2026, 2, 28))],
            [],
            (Difference("m1", Mismatch.PAID_NOT_SERVED, 2, date(2026, 2, 1)),),
        ),
        (make_charge(2), [FEBRUARY], [], (Difference("m1", Mismatch.SERVED_NOT_PAID, 28, date(2026, 2, 1)),)),
        (
            make_charge(2),
            [FEBRUARY],
            [Span(date(2026, 2, 1), date(2026, 2, 27))],
            (Difference("m1", Mismatch.SERVED_NOT_PAID, 1, date(2026, 2, 28)),),
        ),
    ],
)
def test_income_is_held_against_the_service_given(
    charge: Charge, served: list[Span], excused: list[Span], found: tuple[Difference, ...]
) -> None:
    assert differences("m1", [charge], served, FEBRUARY, excused) == found


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (FeeUse("upkeep", 1, YEAR.first, "council"), None),
        (FeeUse("upkeep", 0, YEAR.first, "council"), UseReason.NO_AMOUNT),
        (FeeUse("party", 1, YEAR.first, "council"), UseReason.UNKNOWN_HEAD),
        (FeeUse("upkeep", 1, YEAR.first), UseReason.NOT_APPROVED),
        (FeeUse("upkeep", 1, YEAR.first, "president"), UseReason.NOT_APPROVED),
    ],
)
def test_fees_are_used_for_their_heads_with_the_councils_approval(use: FeeUse, why: UseReason | None) -> None:
    refusal = against_use(use, RULES)
    assert (refusal.reason if refusal else None) is why
    assert against_use(msgspec.structs.replace(use, head="running", amount_minor=1), IncomeRules(approver="")) is None


@pytest.mark.parametrize(("day", "first"), [(date(2026, 6, 30), date(2025, 7, 1)), (date(2026, 7, 1), YEAR.first)])
def test_the_statement_is_of_the_last_half_year_that_is_over(day: date, first: date) -> None:
    last = span_of(first, Part.HALF_YEAR).last
    incomes = [Income(first, 1_000), Income(last, 500), Income(last + timedelta(days=1), 7)]
    uses = [FeeUse("upkeep", 300, last), FeeUse("running", 100, first), FeeUse("running", 9, first - timedelta(days=1))]
    used = (("running", 100), ("activities", 0), ("upkeep", 300))
    assert statement_before(day, incomes, uses, RULES) == FeeStatement(Span(first, last), 1_500, used, 1_100)
