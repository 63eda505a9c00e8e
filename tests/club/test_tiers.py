"""The ladder: what is earned, what is missing, what is published, and a ladder that does not hold together."""

from datetime import date

import msgspec
import pytest

from kiosk.club import tiers
from kiosk.club.tiers import Basis, Combine, Condition, Missing, MonthReading, Progress, Rung, TierFacts, TierRules
from kiosk.core.errors import InvalidInput

TODAY = date(2026, 11, 22)
RULES = TierRules()


def make_facts(**changes: object) -> TierFacts:
    """Return a member who joined a year ago, with nothing counted yet."""
    return msgspec.structs.replace(TierFacts(joined_on=date(2025, 11, 22)), **changes)


def make_rules(*conditions: Condition, combine: Combine = Combine.ANY_OF) -> TierRules:
    """Return a ladder of two: joining, and the conditions."""
    return TierRules(ladder=(Rung("ordinary"), Rung("senior", conditions, combine)))


@pytest.mark.proves("S33", "R72", "R73")
def test_the_ladder_is_the_seeds_own_and_ordered() -> None:
    assert [rung.tier for rung in RULES.ladder] == ["ordinary", "silver", "gold", "platinum"]
    assert tiers.rank_of("ordinary", RULES) == 1
    assert tiers.rank_of("platinum", RULES) == 4


@pytest.mark.proves("R72", "R73")
def test_another_clubs_ladder_is_configuration() -> None:
    other = msgspec.convert(
        {"ladder": [{"tier": "junior"}, {"tier": "diamond"}], "job_change_tier": "junior"}, TierRules
    )
    assert tiers.rank_of("diamond", other) == 2
    with pytest.raises(InvalidInput, match=r"no such tier: 'gold'. There are junior, diamond"):
        tiers.rank_of("gold", other)


@pytest.mark.parametrize(
    ("points", "tier"),
    [(0, "silver"), (1000, "silver"), (1999, "silver"), (2000, "gold"), (4999, "gold"), (5000, "platinum")],
)
@pytest.mark.proves("R76", "R77")
def test_gold_is_at_2000_points_and_platinum_at_5000(points: int, tier: str) -> None:
    assert tiers.earned(make_facts(lifetime_points=points), RULES, TODAY).tier == tier


@pytest.mark.parametrize(
    ("condition", "just_not", "enough"),
    [
        (Condition(Basis.SPEND_MINOR, 500_000), {"spend_minor": 499_999}, {"spend_minor": 500_000}),
        (Condition(Basis.VISITS_IN_MONTH, 12), {"visits_in_month": 11}, {"visits_in_month": 12}),
        (Condition(Basis.TENURE_MONTHS, 6), {"joined_on": date(2026, 5, 23)}, {"joined_on": date(2026, 5, 22)}),
        (Condition(Basis.LIFETIME_POINTS, 300), {"lifetime_points": 299}, {"lifetime_points": 300}),
        (Condition(Basis.BOUGHT, 1), {"bought": "ordinary"}, {"bought": "senior"}),
    ],
)
@pytest.mark.proves("S34", "R82", "R83", "R84", "R152")
def test_each_basis_carries_a_member_up_at_its_number(
    condition: Condition, just_not: dict[str, object], enough: dict[str, object]
) -> None:
    rules = make_rules(condition)
    assert tiers.earned(make_facts(**just_not), rules, TODAY).tier == "ordinary"
    assert tiers.earned(make_facts(**enough), rules, TODAY).tier == "senior"


@pytest.mark.proves("S34")
def test_a_rung_asks_for_any_or_for_all_of_its_conditions() -> None:
    both = (Condition(Basis.SPEND_MINOR, 100), Condition(Basis.VISITS_IN_MONTH, 4))
    half = make_facts(spend_minor=100)
    assert tiers.earned(half, make_rules(*both), TODAY).tier == "senior"
    assert tiers.earned(half, make_rules(*both, combine=Combine.ALL_OF), TODAY).tier == "ordinary"
    full = make_facts(spend_minor=100, visits_in_month=4)
    assert tiers.earned(full, make_rules(*both, combine=Combine.ALL_OF), TODAY).tier == "senior"


@pytest.mark.proves("R152")
def test_a_tier_that_was_bought_counts_for_those_below_and_until_its_last_paid_day() -> None:
    facts = make_facts(bought="platinum", bought_until=TODAY)
    assert tiers.earned(facts, RULES, TODAY).tier == "platinum"
    assert tiers.is_bought("gold", facts, RULES, TODAY)
    assert tiers.earned(facts, RULES, date(2026, 11, 23)).tier == "silver"


@pytest.mark.proves("R84")
def test_visits_in_a_month_are_those_of_the_last_full_one_or_of_the_running_one() -> None:
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 22), date(2026, 10, 31), date(2026, 11, 1), TODAY]
    assert tiers.visits_in_month(days, TODAY, RULES) == 3
    assert tiers.visits_in_month(days, TODAY, TierRules(visits_month=MonthReading.RUNNING)) == 3
    assert tiers.visits_in_month(days, date(2026, 11, 21), TierRules(visits_month=MonthReading.RUNNING)) == 3
    assert tiers.visits_in_month([date(2026, 10, 22)], TODAY, TierRules(visits_month=MonthReading.RUNNING)) == 0


@pytest.mark.proves("S34")
def test_what_is_missing_is_said_basis_by_basis() -> None:
    facts = make_facts(lifetime_points=1994)
    assert tiers.what_is_missing("silver", facts, RULES, TODAY) == Progress(
        "gold",
        Combine.ANY_OF,
        (Missing(Basis.LIFETIME_POINTS, 2000, 1994, 6), Missing(Basis.BOUGHT, 1, 0, 1)),
    )


def test_more_than_enough_leaves_nothing_missing_and_the_top_has_no_next() -> None:
    progress = tiers.what_is_missing("silver", make_facts(lifetime_points=9999), RULES, TODAY)
    assert progress is not None
    assert progress.missing[0].missing == 0
    assert tiers.what_is_missing("platinum", make_facts(), RULES, TODAY) is None


@pytest.mark.proves("R86")
def test_the_conditions_of_every_tier_are_published() -> None:
    rows = tiers.published(RULES)
    assert [(row.rank, row.tier) for row in rows] == [(1, "ordinary"), (2, "silver"), (3, "gold"), (4, "platinum")]
    assert rows[2].conditions[0] == Condition(Basis.LIFETIME_POINTS, 2000)
    assert (rows[2].combine, rows[2].gift) == (Combine.ANY_OF, "upgrade_gold")


def test_a_sound_ladder_has_no_faults() -> None:
    assert tiers.ladder_faults(RULES) == ()


def test_a_ladder_that_contradicts_itself_is_named() -> None:
    ladder = (
        Rung("a"),
        Rung("b", (Condition(Basis.SPEND_MINOR, 100),)),
        Rung("c", (Condition(Basis.SPEND_MINOR, 100),)),
        Rung("a"),
    )
    assert tiers.ladder_faults(TierRules(ladder=ladder, job_change_tier="x")) == (
        "tier a stands on the ladder 2 times",
        "job_change_tier x is not on the ladder",
        "tier c asks for no more spend_minor than a tier below it",
    )
