"""Whatever is bought, undone, reserved, fetched and given back in any order: what must never be, never is."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from kiosk.central.club import coupons, point_entries, points, rewards, tiers
from kiosk.central.club.books import Books, Change
from kiosk.central.club.point_entries import REVERSAL
from kiosk.central.tables import member as member_table
from kiosk.club.benefits import Right, RightKind
from kiosk.club.points import Source
from kiosk.club.rewards import RedemptionState, Reward, RewardKind
from kiosk.club.tiers import TierRules, rank_of
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders_points import amend, do, put_club, put_welcomed, rights_with, run_job, tap

STOCK = 2
DAY_S = 86400
IDS = st.integers(0, 3)


class Counter(RuleBasedStateMachine):
    """One member at a counter of the club, with a gate to the lounge, which gold opens."""

    books: Books
    clock: ManualClock

    def __init__(self) -> None:
        super().__init__()
        with self.books.look() as look:
            self.number = look.connection.execute(select(func.count()).select_from(member_table)).scalar_one() + 1
        self.item = f"towel{self.number}"
        self.member = put_welcomed(self.books, self.number)
        towel = Reward(self.item, RewardKind.GIFT, 700, stock=STOCK)
        do(self.books, lambda change: rewards.save_reward(change, towel))
        self.rank = 0

    def attempt(self, work: Any) -> None:
        """Try a change; what the rules refuse changes nothing."""

        def whole(change: Change) -> None:
            work(change)

        try:
            do(self.books, whole)
        except InvalidInput:
            return

    def name(self, pick: int) -> str:
        """Return an id that belongs to this member."""
        return f"{self.number}.{pick}"

    @rule(pick=IDS, many=st.sampled_from([5, 800, 3000]))
    def earns(self, pick: int, many: int) -> None:
        """Points come in for something, once."""
        key = f"{self.name(pick)}.{many}"
        self.attempt(lambda change: points.earn_fixed(change, self.member, Source.REFERRAL, key, many))

    @rule(pick=IDS)
    def buys(self, pick: int) -> None:
        """A purchase, perhaps the same one again."""
        self.attempt(lambda change: points.earn_for_sale(change, self.member, self.name(pick), 5000, change.now))

    @rule(pick=IDS)
    def undoes_a_purchase(self, pick: int) -> None:
        """A purchase is undone."""
        self.attempt(lambda change: points.undo_sale(change, self.name(pick), "returned"))

    @rule(pick=IDS, quantity=st.integers(1, 2))
    def reserves(self, pick: int, quantity: int) -> None:
        """A towel is reserved, or two."""
        name = self.name(pick)
        self.attempt(lambda change: rewards.reserve(change, self.member, self.item, name, quantity=quantity))

    @rule(pick=IDS, what=st.sampled_from([rewards.hand_over, rewards.cancel]))
    def ends_a_reservation(self, pick: int, what: Any) -> None:
        """It is fetched or given up."""
        self.attempt(lambda change: what(change, self.name(pick)))

    @rule(pick=IDS)
    def brings_it_back(self, pick: int) -> None:
        """What was fetched is taken back."""
        self.attempt(lambda change: rewards.take_back(change, self.name(pick), "wrong size"))

    @rule(many=st.sampled_from([-1500, -100, 100]))
    def is_corrected(self, many: int) -> None:
        """Staff correct the balance."""
        self.attempt(lambda change: points.adjust(change, self.member, many, "a test"))

    @rule(days=st.sampled_from([1, 8, 200]))
    def waits(self, days: int) -> None:
        """Days pass, and the nightly jobs run."""
        self.clock.pass_s(days * DAY_S)
        for job in (points.run, tiers.run, rewards.run, coupons.run):
            assert run_job(job, self.books).error == ""

    @invariant()
    def nothing_is_that_must_not_be(self) -> None:
        """Points below zero only by a reversal, no tier lowered, no stock oversold, the gate as the tier."""
        with self.books.look() as look:
            now = points.balance(look, self.member)
            booked = point_entries.history(look, self.member)
            tier = tiers.outlook(look, self.member).holding.tier
            standing = [
                each for each in rewards.redemptions_of(look, self.member) if each.state is not RedemptionState.RETURNED
            ]
        assert now.available >= 0 or (now.owed > 0 and any(each.source == REVERSAL for each in booked))
        corrected = sum(-each.entry.points for each in booked if each.source == "adjust" and each.entry.points < 0)
        assert now.spent - corrected == sum(each.points for each in standing)
        assert sum(each.quantity for each in standing) <= STOCK
        rank = rank_of(tier, TierRules())
        assert rank >= self.rank
        self.rank = rank
        gold = rank >= rank_of("gold", TierRules())
        assert tap(self.books, self.number, "lounge", self.clock.now()).granted == gold


@pytest.mark.proves("R78", "S48")
def test_no_order_of_events_lowers_a_tier_by_redeeming_or_points_below_zero_but_by_a_reversal(
    books: Books, clock: ManualClock
) -> None:
    put_club(books)
    amend(
        books,
        points__valid_months=9,
        benefits__rights=rights_with(Right("lounge", RightKind.FACILITY, "gold", areas=("lounge",))),
    )
    machine = type("CounterOfThisTest", (Counter,), {"books": books, "clock": clock})
    few = settings(max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=few)
