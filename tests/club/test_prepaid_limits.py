"""Selling ahead within the limits of the rule packs, and what is to be put aside."""

from datetime import date

import msgspec
import pytest

from kiosk.club.prepaid_limits import (
    Ahead,
    Aside,
    Prepaid,
    PrepaidReason,
    PrepaidRefusal,
    against_selling,
    escrow_due,
    over_pool,
)
from kiosk.club.rule_pack_data import PACKS
from kiosk.club.rule_packs import Caps, PackRules, caps_on
from tests.club.builders_money import TODAY, make_caps

SHANGHAI = caps_on(TODAY, PackRules(chosen=("shanghai_fitness_2025",)), PACKS)


def make_sale(**changes: object) -> Ahead:
    """Return two years of membership for 5,000 yuan from today on."""
    sale = Ahead(Prepaid.MEMBERSHIP, 500_000, TODAY, date(2028, 11, 21))
    return msgspec.structs.replace(sale, **changes)


def make_lessons(**changes: object) -> Ahead:
    """Return sixty lessons for 20,000 yuan."""
    return msgspec.structs.replace(Ahead(Prepaid.LESSONS, 2_000_000, TODAY, None, 60), **changes)


@pytest.mark.parametrize(
    ("sale", "why"),
    [
        (make_sale(), None),
        (make_sale(amount_minor=500_001), PrepaidReason.OVER_AMOUNT),
        (make_sale(amount_minor=300_000, held_minor=200_000), None),
        (make_sale(amount_minor=300_000, held_minor=200_001), PrepaidReason.OVER_AMOUNT),
        (make_sale(others_minor=1_500_000), None),
        (make_sale(others_minor=1_500_001), PrepaidReason.OVER_PERSON_TOTAL),
        (make_sale(ends_on=date(2028, 11, 22)), PrepaidReason.TOO_LONG),
        (make_sale(ends_on=None), PrepaidReason.TOO_LONG),
        (make_sale(starts_on=date(2027, 11, 22), ends_on=date(2029, 11, 21)), None),
        (make_sale(amount_minor=1, held_minor=1, starts_on=date(2027, 11, 22)), None),
        (
            make_sale(amount_minor=1, held_minor=1, starts_on=date(2027, 11, 22), ends_on=date(2028, 11, 22)),
            PrepaidReason.TOO_LONG,
        ),
        (make_lessons(), None),
        (make_lessons(amount_minor=2_000_001), PrepaidReason.OVER_AMOUNT),
        (make_lessons(count=61), PrepaidReason.OVER_COUNT),
        (make_lessons(count=30, amount_minor=1, held_count=31), PrepaidReason.OVER_COUNT),
        (make_sale(count=61), None),
    ],
)
def test_a_gym_in_shanghai_sells_ahead_to_the_limits_and_not_beyond(sale: Ahead, why: PrepaidReason | None) -> None:
    refusal = against_selling(sale, TODAY, SHANGHAI)
    assert (refusal.reason if refusal else None) is why


@pytest.mark.parametrize(("start", "early"), [(date(2026, 12, 22), False), (date(2026, 12, 23), True)])
def test_where_a_pack_says_so_nothing_is_charged_long_before_it_starts(start: date, early: bool) -> None:
    refusal = against_selling(make_sale(starts_on=start), TODAY, make_caps(before_start_months=1))
    assert refusal == (PrepaidRefusal(PrepaidReason.TOO_EARLY, {"limit": 1}) if early else None)
    assert against_selling(make_sale(starts_on=start), TODAY, Caps()) is None


def test_lessons_may_have_a_limit_of_months() -> None:
    youth = make_caps(lessons_months=3)
    assert against_selling(make_lessons(ends_on=date(2027, 2, 21)), TODAY, youth) is None
    late = against_selling(make_lessons(ends_on=date(2027, 2, 22)), TODAY, youth)
    assert late == PrepaidRefusal(PrepaidReason.TOO_LONG, {"limit": 3})


@pytest.mark.parametrize(
    ("balance", "aside"),
    [
        (0, Aside(0)),
        (1, Aside(1, "cn_single_purpose_card")),
        (20_000_000, Aside(4_000_000, "cn_single_purpose_card")),
        (20_000_001, Aside(8_000_001, "shanghai_all_2019")),
    ],
)
def test_each_packs_part_is_put_aside_from_its_own_amount_on(balance: int, aside: Aside) -> None:
    names = ("shanghai_all_2019.escrow_above_minor", "shanghai_all_2019.escrow_percent")
    rules = PackRules(chosen=("cn_single_purpose_card", "shanghai_all_2019"), confirmed=names)
    assert escrow_due(balance, TODAY, rules, PACKS) == aside
    assert escrow_due(balance, TODAY, PackRules(chosen=("cn_supreme_court_2025",)), PACKS) == Aside(0)


@pytest.mark.parametrize(("balance", "over"), [(400, 0), (401, 1)])
def test_all_prepaid_balances_are_held_against_the_last_years_revenue(balance: int, over: int) -> None:
    assert over_pool(balance, 1_000, make_caps(pool_of_revenue_percent=40)) == over
    assert over_pool(balance, 1_000, Caps()) == 0
