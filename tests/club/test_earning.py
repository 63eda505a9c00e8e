"""What earns points, what earns none, and how multipliers go together."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.club import earning
from kiosk.club.calendar import CalendarRules, MemberDay
from kiosk.club.earning import (
    Applied,
    Award,
    Earner,
    EarningRules,
    EarnReason,
    Multiplier,
    TierPercent,
    Together,
    WelcomePack,
)
from kiosk.club.points import Source
from kiosk.club.refusal import Refusal

TODAY = date(2026, 11, 22)
RULES = EarningRules()
PLAIN = CalendarRules()
MEMBER_DAY = CalendarRules(member_days=(MemberDay("today", dates=(TODAY,), points_percent=200),))


def make_earner(tier: str = "silver", **changes: object) -> Earner:
    """Return a valid member with an ordinary card who has bought nothing today."""
    return msgspec.structs.replace(Earner(tier), **changes)


def reason_of(earned: object) -> EarnReason:
    """Return why nothing was earned."""
    assert isinstance(earned, Refusal)
    return earned.reason


@pytest.mark.proves("R74", "S47")
def test_registration_gives_1000_points_once() -> None:
    assert earning.for_registration(make_earner(), RULES) == Award(Source.REGISTRATION, 1000, 1000)
    assert reason_of(earning.for_registration(make_earner(registered=True), RULES)) is EarnReason.ALREADY_HAD


@pytest.mark.parametrize("amount_minor", [100, 10_000, 10_000_000])
@pytest.mark.proves("R75", "S47")
def test_a_purchase_gives_5_points_whatever_it_costs(amount_minor: int) -> None:
    award = earning.for_consumption(make_earner(), amount_minor, TODAY, RULES, PLAIN)
    assert award == Award(Source.CONSUMPTION, 5, 5)


@pytest.mark.proves("R75")
def test_a_purchase_below_the_smallest_and_one_too_many_on_a_day_give_none() -> None:
    assert reason_of(earning.for_consumption(make_earner(), 99, TODAY, RULES, PLAIN)) is EarnReason.BELOW_MINIMUM
    fifth = earning.for_consumption(make_earner(consumptions_today=4), 100, TODAY, RULES, PLAIN)
    assert isinstance(fifth, Award)
    sixth = earning.for_consumption(make_earner(consumptions_today=5), 100, TODAY, RULES, PLAIN)
    assert reason_of(sixth) is EarnReason.DAY_LIMIT
    free = EarningRules(consumptions_per_day_max=None, consumption_min_minor=0)
    assert isinstance(earning.for_consumption(make_earner(consumptions_today=500), 0, TODAY, free, PLAIN), Award)


@pytest.mark.proves("R88", "S47")
def test_taking_part_in_an_activity_gives_its_points_or_the_rules() -> None:
    assert earning.for_event(make_earner(), None, TODAY, RULES, PLAIN) == Award(Source.EVENT, 5, 5)
    assert earning.for_event(make_earner(), 30, TODAY, RULES, PLAIN) == Award(Source.EVENT, 30, 30)
    assert reason_of(earning.for_event(make_earner(), 0, TODAY, RULES, PLAIN)) is EarnReason.WORTH_NOTHING


def test_a_card_that_earns_none_and_a_member_who_is_not_valid_earn_none() -> None:
    card = earning.for_consumption(make_earner(card_earns=False), 100, TODAY, RULES, PLAIN)
    assert reason_of(card) is EarnReason.CARD_EARNS_NONE
    member = earning.for_event(make_earner(valid=False), 5, TODAY, RULES, PLAIN)
    assert reason_of(member) is EarnReason.NOT_A_VALID_MEMBER


@pytest.mark.parametrize(("tier", "points"), [("ordinary", 5), ("silver", 5), ("gold", 6), ("platinum", 7)])
@pytest.mark.proves("R89")
def test_senior_tiers_earn_more_rounded_down(tier: str, points: int) -> None:
    award = earning.for_consumption(make_earner(tier), 100, TODAY, RULES, PLAIN)
    assert isinstance(award, Award)
    assert award.points == points


@pytest.mark.proves("S51")
def test_a_member_day_doubles_points() -> None:
    award = earning.for_event(make_earner(), 30, TODAY, RULES, MEMBER_DAY)
    assert award == Award(Source.EVENT, 60, 30, 200, (Applied(Multiplier.MEMBER_DAY, 200),))


@pytest.mark.proves("S76")
def test_the_days_of_a_birthday_double_points_and_the_day_before_does_not() -> None:
    born = make_earner(born_on=date(1990, 11, 22))
    award = earning.for_event(born, 30, TODAY, RULES, PLAIN)
    assert isinstance(award, Award)
    assert (award.points, award.applied) == (60, (Applied(Multiplier.BIRTHDAY, 200),))
    assert earning.for_event(born, 30, date(2026, 11, 21), RULES, PLAIN) == Award(Source.EVENT, 30, 30)


@pytest.mark.proves("R89")
def test_of_several_multipliers_the_highest_counts_or_all_by_rule() -> None:
    everything = make_earner("platinum", born_on=date(1990, 11, 22))
    highest = EarningRules(birthday_percent=300)
    award = earning.for_event(everything, 100, TODAY, highest, MEMBER_DAY)
    assert isinstance(award, Award)
    assert (award.points, award.applied) == (300, (Applied(Multiplier.BIRTHDAY, 300),))
    multiplied = EarningRules(birthday_percent=300, together=Together.MULTIPLY)
    award = earning.for_event(everything, 100, TODAY, multiplied, MEMBER_DAY)
    assert isinstance(award, Award)
    assert (award.points, award.percent, len(award.applied)) == (900, 900, 3)


def test_registration_is_not_multiplied() -> None:
    assert earning.for_registration(make_earner("platinum"), RULES) == Award(Source.REGISTRATION, 1000, 1000)
    assert earning.multipliers(Source.REFERRAL, make_earner("platinum"), TODAY, RULES, MEMBER_DAY) == ()


@given(st.integers(1, 5000), st.lists(st.integers(100, 400), max_size=3), st.sampled_from(Together))
@pytest.mark.proves("R89")
def test_a_multiplier_never_takes_points_away(base: int, percents: list[int], together: Together) -> None:
    days = tuple(MemberDay(str(each), dates=(TODAY,), points_percent=each) for each in percents)
    rules = EarningRules(together=together, tier_percents=(TierPercent("gold", 150),))
    award = earning.for_event(make_earner("gold"), base, TODAY, rules, CalendarRules(member_days=days))
    assert isinstance(award, Award)
    assert award.points >= base * 3 // 2 >= base


@pytest.mark.proves("R18", "S77")
def test_the_welcome_pack_comes_once_and_to_valid_members_only() -> None:
    assert earning.welcome(make_earner(), RULES) == WelcomePack(gifts=("welcome_pack",))
    assert reason_of(earning.welcome(make_earner(welcomed=True), RULES)) is EarnReason.ALREADY_HAD
    assert reason_of(earning.welcome(make_earner(valid=False), RULES)) is EarnReason.NOT_A_VALID_MEMBER
