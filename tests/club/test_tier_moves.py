"""Moving on the ladder: up at once with gifts, down by a rule or a change of job only."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club import tier_moves
from kiosk.club.points import Kind, balance_on
from kiosk.club.tier_moves import Holding, Move, Source
from kiosk.club.tiers import Basis, Condition, Fall, Rung, TierFacts, TierRules, rank_of
from tests.club.builders_points import STEPS, book_history

TODAY = date(2026, 11, 22)
RULES = TierRules()


def make_facts(points: int = 1000, **changes: object) -> TierFacts:
    """Return a member with so many points in a lifetime."""
    return msgspec.structs.replace(TierFacts(date(2025, 11, 22), points), **changes)


def make_holding(tier: str = "silver", source: Source = Source.EARNED, **changes: object) -> Holding:
    """Return a tier held since the summer, to be reviewed next summer."""
    return msgspec.structs.replace(Holding(tier, source, date(2026, 6, 1), date(2027, 6, 1)), **changes)


@pytest.mark.proves("R74")
def test_who_registers_is_silver_and_it_is_reviewed_in_a_year() -> None:
    decision = tier_moves.join(make_facts(1000), RULES, TODAY)
    assert decision.holding == Holding("silver", Source.JOINED, TODAY, date(2027, 11, 22))
    assert decision.gifts == ()


@pytest.mark.proves("R152")
def test_the_tier_chosen_at_joining_says_that_it_was_bought() -> None:
    decision = tier_moves.join(make_facts(bought="gold"), RULES, TODAY)
    assert (decision.holding.tier, decision.holding.source) == ("gold", Source.BOUGHT)


@pytest.mark.proves("R76", "R87", "S34")
def test_a_member_rises_at_once_and_gets_the_gift() -> None:
    decision = tier_moves.decide_tier(make_holding(), make_facts(2000), RULES, TODAY)
    assert decision.move is Move.RISEN
    assert decision.holding == Holding("gold", Source.EARNED, TODAY, date(2027, 11, 22))
    assert decision.gifts == ("upgrade_gold",)
    assert tier_moves.decide_tier(make_holding(), make_facts(1999), RULES, TODAY).move is Move.KEPT


@pytest.mark.proves("R87")
def test_two_rungs_at_once_bring_both_gifts_and_none_comes_twice() -> None:
    assert tier_moves.decide_tier(make_holding(), make_facts(5000), RULES, TODAY).gifts == (
        "upgrade_gold",
        "upgrade_platinum",
    )
    had = make_facts(5000, gifts_had=("upgrade_gold",))
    assert tier_moves.decide_tier(make_holding(), had, RULES, TODAY).gifts == ("upgrade_platinum",)


def test_nothing_falls_by_default_and_the_review_moves_on() -> None:
    decision = tier_moves.decide_tier(make_holding("gold"), make_facts(0), RULES, date(2029, 1, 5))
    assert decision.move is Move.KEPT
    assert decision.holding == make_holding("gold", review_on=date(2029, 6, 1))


@pytest.mark.parametrize(("fall", "tier"), [(Fall.ONE_RUNG, "gold"), (Fall.TO_EARNED, "silver")])
def test_a_tier_is_held_until_its_review_and_falls_then_as_the_rule_says(fall: Fall, tier: str) -> None:
    rules, held = TierRules(fall=fall), make_holding("platinum")
    assert tier_moves.decide_tier(held, make_facts(0), rules, date(2027, 5, 31)).move is Move.KEPT
    decision = tier_moves.decide_tier(held, make_facts(0), rules, date(2027, 6, 1))
    assert (decision.move, decision.holding.tier) == (Move.FALLEN, tier)
    assert decision.holding.review_on == date(2028, 6, 1)


def test_what_is_still_earned_stays_at_the_review() -> None:
    rules = TierRules(fall=Fall.TO_EARNED)
    decision = tier_moves.decide_tier(make_holding("gold"), make_facts(2000), rules, date(2027, 6, 1))
    assert (decision.move, decision.holding.review_on) == (Move.KEPT, date(2028, 6, 1))


@pytest.mark.proves("R152")
def test_what_was_bought_ends_with_what_was_paid_for() -> None:
    held = make_holding("gold", Source.BOUGHT)
    paid = make_facts(bought="gold", bought_until=TODAY)
    assert tier_moves.decide_tier(held, paid, RULES, TODAY).move is Move.KEPT
    over = tier_moves.decide_tier(held, paid, RULES, TODAY + timedelta(days=1))
    assert (over.move, over.holding.tier) == (Move.FALLEN, "silver")
    earned = msgspec.structs.replace(paid, lifetime_points=2000)
    kept = tier_moves.decide_tier(held, earned, RULES, TODAY + timedelta(days=1))
    assert (kept.move, kept.holding.tier, kept.holding.source) == (Move.KEPT, "gold", Source.EARNED)


def test_a_representative_who_leaves_the_post_is_ordinary_until_staff_lift_it() -> None:
    decision = tier_moves.after_job_change(make_holding("platinum"), RULES, TODAY)
    assert (decision.move, decision.holding.tier) == (Move.FALLEN, "ordinary")
    assert decision.holding.source is Source.JOB_CHANGED
    later = tier_moves.decide_tier(decision.holding, make_facts(9000), RULES, TODAY)
    assert (later.move, later.holding.tier) == (Move.KEPT, "ordinary")
    assert tier_moves.give_tier(decision.holding, "gold", make_facts(), RULES, TODAY).holding.tier == "ordinary"
    lifted = tier_moves.lift_ceiling(decision.holding)
    assert tier_moves.decide_tier(lifted, make_facts(9000), RULES, TODAY).holding.tier == "platinum"


def test_who_is_ordinary_already_gets_the_ceiling_by_a_change_of_job() -> None:
    decision = tier_moves.after_job_change(make_holding("ordinary"), RULES, TODAY)
    assert (decision.move, decision.holding.ceiling) == (Move.KEPT, "ordinary")


@pytest.mark.proves("R90")
def test_a_tier_that_is_given_raises_and_never_lowers() -> None:
    risen = tier_moves.give_tier(make_holding(), "gold", make_facts(), RULES, TODAY)
    assert (risen.move, risen.holding.source, risen.gifts) == (Move.RISEN, Source.GIVEN, ("upgrade_gold",))
    assert tier_moves.give_tier(make_holding("platinum"), "gold", make_facts(), RULES, TODAY).move is Move.KEPT


MORE_POINTS = st.lists(st.integers(0, 3000), min_size=1, max_size=8)


@given(MORE_POINTS, st.sampled_from(Fall))
@pytest.mark.proves("R78")
def test_who_only_ever_earns_never_falls_whatever_the_rule(steps: list[int], fall: Fall) -> None:
    rules, points, day = TierRules(fall=fall), 0, TODAY
    held = tier_moves.join(make_facts(0), rules, day).holding
    for step in steps:
        points, day = points + step, day + timedelta(days=200)
        after = tier_moves.decide_tier(held, make_facts(points), rules, day)
        assert after.move is not Move.FALLEN
        assert rank_of(after.holding.tier, rules) >= rank_of(held.tier, rules)
        held = after.holding


@given(STEPS)
@settings(max_examples=60, deadline=None)
@pytest.mark.proves("R78")
def test_a_redemption_lowers_no_tier_even_where_tiers_fall(steps: list[tuple[str, int, int, int]]) -> None:
    ladder = (Rung("low"), *(Rung(str(n), (Condition(Basis.LIFETIME_POINTS, n),)) for n in (50, 100, 200)))
    rules = TierRules(ladder=ladder, fall=Fall.TO_EARNED, hold_months=1, job_change_tier="low")
    entries = book_history(steps)
    for count, entry in enumerate(entries):
        if entry.kind is Kind.REDEEM:
            before, after = (balance_on(entries[:end], entry.on).lifetime for end in (count, count + 1))
            held = tier_moves.join(make_facts(before), rules, entry.on).holding
            later = entry.on + timedelta(days=400)
            assert tier_moves.decide_tier(held, make_facts(after), rules, later).move is Move.KEPT
