"""Classes of members, A, B and C, their value, and groups."""

from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.club.calendar import add_months
from kiosk.club.segments import (
    Activity,
    DormancySign,
    GroupBy,
    MemberClass,
    SegmentRules,
    class_of,
    dormancy_signs,
    groups_of,
    places,
    value_of,
)

RULES = SegmentRules()
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)


def make_activity(**fields: Any) -> Activity:
    """Make what is known of a regular who came and bought yesterday."""
    return Activity(**{"joined_on": date(2025, 1, 1), "visited_on": TODAY - DAY, "bought_on": TODAY - DAY} | fields)


def _class(**fields: Any) -> MemberClass:
    return class_of(make_activity(**fields), RULES, TODAY)


@pytest.mark.proves("R104")
def test_a_member_is_new_for_three_months_and_then_a_regular() -> None:
    assert _class(joined_on=add_months(TODAY, -3) + DAY) is MemberClass.NEW
    assert _class(joined_on=add_months(TODAY, -3)) is MemberClass.REGULAR


def test_three_months_without_a_visit_make_dormant_and_a_day_less_does_not() -> None:
    away = make_activity(visited_on=add_months(TODAY, -3))
    assert dormancy_signs(away, RULES, TODAY) == (DormancySign.NO_VISIT,)
    assert class_of(away, RULES, TODAY) is MemberClass.DORMANT
    assert dormancy_signs(make_activity(visited_on=add_months(TODAY, -3) + DAY), RULES, TODAY) == ()


def test_six_months_without_a_purchase_make_dormant_and_a_day_less_does_not() -> None:
    silent = make_activity(bought_on=add_months(TODAY, -6))
    assert dormancy_signs(silent, RULES, TODAY) == (DormancySign.NO_PURCHASE,)
    assert class_of(silent, RULES, TODAY) is MemberClass.DORMANT
    assert dormancy_signs(make_activity(bought_on=add_months(TODAY, -6) + DAY), RULES, TODAY) == ()


def test_who_never_came_is_counted_from_joining() -> None:
    assert _class(joined_on=add_months(TODAY, -3), visited_on=None) is MemberClass.DORMANT
    assert _class(joined_on=add_months(TODAY, -3) + DAY, visited_on=None, bought_on=None) is MemberClass.NEW


def test_a_silence_does_not_begin_before_anything_could_be_seen() -> None:
    old = {"visited_on": None, "bought_on": None}
    assert _class(**old, watched_from=add_months(TODAY, -3)) is MemberClass.DORMANT
    assert _class(**old, watched_from=add_months(TODAY, -3) + DAY) is MemberClass.REGULAR


def test_one_sign_can_be_left_out_by_the_rule_book() -> None:
    rules = SegmentRules(dormant_by=(DormancySign.NO_PURCHASE,))
    away = make_activity(visited_on=add_months(TODAY, -4))
    assert class_of(away, rules, TODAY) is MemberClass.REGULAR


@pytest.mark.proves("S66", "R105", "R106", "R107")
@pytest.mark.parametrize(("regulars", "found"), [(10, (2, 5)), (5, (1, 3)), (3, (1, 2)), (2, (0, 1)), (0, (0, 0))])
def test_a_fifth_is_a_and_half_is_a_or_b_halves_rounded_up(regulars: int, found: tuple[int, int]) -> None:
    assert places(regulars, RULES) == found


@pytest.mark.proves("S83", "R118")
def test_the_value_is_made_of_amount_frequency_and_referrals() -> None:
    assert value_of(make_activity(), RULES) == 0
    assert value_of(make_activity(spend_minor=1_000_000), RULES) == 50
    assert value_of(make_activity(visits=100), RULES) == 30
    assert value_of(make_activity(referrals=5), RULES) == 20
    assert value_of(make_activity(spend_minor=9_000_000, visits=900, referrals=90), RULES) == 100


def test_the_value_is_rounded_down_once() -> None:
    # 10.5 of the amount and 10.5 of the visits are 21 together.
    assert value_of(make_activity(spend_minor=210_000, visits=35), RULES) == 21
    assert value_of(make_activity(spend_minor=219_999), RULES) == 10


@pytest.mark.proves("S82", "R119")
def test_groups_are_the_four_of_the_files_and_those_of_the_streams() -> None:
    said = {GroupBy.POST: "chair", GroupBy.REGION: "shanghai", GroupBy.TRADE: "steel", GroupBy.UNIT_TYPE: "company"}
    groups = groups_of(said, make_activity(visits=12, spend_minor=99_999), RULES)
    assert groups == ("post:chair", "unit_type:company", "region:shanghai", "trade:steel", "visits:2", "spend:1")
    assert groups_of({}, make_activity(visits=52), SegmentRules(groups=(GroupBy.VISITS,))) == ("visits:3",)
