"""The rights of the tiers: the seeds' own, the check that higher has no less, and what a new version changes."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club import benefits
from kiosk.club.benefits import (
    Allowance,
    BenefitRules,
    LowerHasMore,
    Right,
    RightKind,
    TierAllowance,
)
from kiosk.club.earning import EarningRules, percent_of
from kiosk.club.tiers import TierRules
from kiosk.core.model import Period

LADDER = TierRules()
RULES = BenefitRules()
TODAY = date(2026, 11, 22)
TIERS = [rung.tier for rung in LADDER.ladder]


def make_rules(*rights: Right, **changes: object) -> BenefitRules:
    """Return rules of these rights alone."""
    return msgspec.structs.replace(BenefitRules(rights=rights), **changes)


def codes_of(tier: str) -> set[str]:
    """Return the rights of a tier by the seeds."""
    return {held.right.code for held in benefits.rights_of(tier, RULES, LADDER)}


@pytest.mark.proves("R94")
def test_the_eleven_rights_of_the_list_are_there_for_members() -> None:
    listed = set(list(RightKind)[:11])
    assert len(listed) == 11
    assert listed <= {held.right.kind for held in benefits.rights_of("silver", RULES, LADDER)}


@pytest.mark.proves("R79", "S35")
def test_silver_has_priority_service_events_and_coupons() -> None:
    assert codes_of("silver") >= {"priority_service", "member_events", "coupons"}
    assert codes_of("silver").isdisjoint({"priority_booking", "car_wash", "oil_service", "hotline"})


@pytest.mark.proves("R80", "S35")
def test_gold_is_silver_with_priority_booking_one_car_wash_and_one_oil_service() -> None:
    assert codes_of("gold") - codes_of("silver") == {"priority_booking", "car_wash", "oil_service"}
    assert codes_of("silver") < codes_of("gold")
    once = {held.right.code for held in benefits.rights_of("gold", RULES, LADDER) if held.allowance == Allowance(1)}
    assert once == {"car_wash", "oil_service"}


@pytest.mark.proves("R81", "S35")
def test_platinum_is_gold_with_the_hotline_one_tyre_change_and_one_wiper_clean() -> None:
    assert codes_of("platinum") - codes_of("gold") == {"hotline", "tyre_change", "wiper_clean"}
    assert codes_of("gold") < codes_of("platinum")


@pytest.mark.proves("R85")
def test_the_seeds_own_rights_and_points_grow_with_the_tier() -> None:
    points = [("points", tier, percent_of(tier, EarningRules())) for tier in TIERS]
    assert benefits.lower_has_more(RULES, LADDER, points) == ()


@pytest.mark.parametrize(
    "more",
    [
        TierAllowance("platinum", None),
        TierAllowance("platinum", Allowance(2)),
        TierAllowance("platinum", Allowance(3, Period.YEAR)),
        TierAllowance("platinum", Allowance(2, Period.WEEK)),
    ],
)
@pytest.mark.proves("R85")
def test_a_benefit_that_a_higher_tier_has_less_of_is_named(more: TierAllowance) -> None:
    rules = make_rules(Right("sauna", RightKind.FACILITY, "gold", Allowance(3, Period.MONTH), more=(more,)))
    assert benefits.lower_has_more(rules, LADDER) == (LowerHasMore("sauna", "gold", "platinum"),)


@pytest.mark.parametrize("more", [Allowance(), Allowance(3, Period.MONTH), Allowance(3, Period.DAY)])
@pytest.mark.proves("R85")
def test_as_much_or_more_for_a_higher_tier_is_in_order(more: Allowance) -> None:
    right = Right(
        "sauna", RightKind.FACILITY, "gold", Allowance(3, Period.MONTH), more=(TierAllowance("platinum", more),)
    )
    assert benefits.lower_has_more(make_rules(right), LADDER) == ()


@pytest.mark.proves("R85")
def test_a_limit_where_a_lower_tier_has_none_is_named() -> None:
    right = Right("pool", RightKind.FACILITY, "silver", more=(TierAllowance("gold", Allowance(99, Period.DAY)),))
    assert benefits.lower_has_more(make_rules(right), LADDER) == (LowerHasMore("pool", "silver", "gold"),)


@pytest.mark.proves("R85")
def test_points_that_fall_with_the_tier_are_named() -> None:
    points = [("points", "silver", 150), ("points", "gold", 120), ("points", "platinum", 120)]
    assert benefits.lower_has_more(make_rules(), LADDER, points) == (LowerHasMore("points", "silver", "gold"),)


ALLOWANCES = st.builds(Allowance, st.none() | st.integers(1, 9), st.none() | st.sampled_from(Period))


@given(ALLOWANCES, ALLOWANCES, ALLOWANCES)
def test_covering_is_an_order(a: Allowance, b: Allowance, c: Allowance) -> None:
    assert a.covers(a)
    assert not (a.covers(b) and b.covers(c)) or a.covers(c)


@given(st.sampled_from(TIERS), ALLOWANCES)
@pytest.mark.proves("R85")
def test_a_right_without_exceptions_grows_with_the_tier(tier: str, allowance: Allowance) -> None:
    assert benefits.lower_has_more(make_rules(Right("x", RightKind.SERVICE, tier, allowance)), LADDER) == ()
