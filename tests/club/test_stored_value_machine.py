"""A member's stored value through any sequence of top-ups, purchases, returns and closings."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kiosk.club.refund_rules import BonusBasis, RefundRules
from kiosk.club.refunds import StoredValue, refund_of
from kiosk.club.rule_packs import Caps
from kiosk.club.stored_value import (
    BonusTier,
    Origin,
    SpendingOrder,
    Spent,
    StoredRefusal,
    StoredValueRules,
    Wallet,
    give_back,
    spend,
)
from kiosk.club.top_ups import PutIn, ToppedUp, put_in
from tests.club.builders_money import TODAY, make_caps

CAP = 500_000


class StoredValueMachine(RuleBasedStateMachine):
    """One member. `paid` and `given` are what came in, `spent` what purchases took and kept."""

    def __init__(self) -> None:
        super().__init__()
        self.wallet, self.rules, self.caps = Wallet(), StoredValueRules(), Caps()
        self.paid = self.given = self.spent = self.orders = 0
        self.purchases: list[Spent] = []

    @initialize(order=st.sampled_from(SpendingOrder), debt=st.sampled_from([0, 2_000]))
    def begin(self, order: SpendingOrder, debt: int) -> None:
        tiers = (BonusTier(50_000, 5_000), BonusTier(10_000, 333))
        self.rules = StoredValueRules(order=order, debt_minor=debt, bonus_tiers=tiers)
        self.caps = make_caps(named_card_minor=CAP)

    def put(self, amount: int, origin: Origin) -> None:
        self.orders += 1
        day = TODAY + timedelta(days=self.orders)
        answer = put_in(self.wallet, PutIn(f"o{self.orders}", day, amount, origin=origin), self.caps, self.rules)
        if isinstance(answer, ToppedUp):
            self.wallet = answer.wallet
            self.paid += amount
            self.given += answer.lot.bonus_minor

    @rule(amount=st.integers(100, 120_000), origin=st.sampled_from([Origin.TOP_UP, Origin.TRANSFER_IN]))
    def pay_in(self, amount: int, origin: Origin) -> None:
        self.put(amount, origin)

    @rule(amount=st.integers(1, 60_000))
    def buy(self, amount: int) -> None:
        answer = spend(self.wallet, amount, self.rules)
        if isinstance(answer, StoredRefusal):
            assert amount > self.wallet.principal_minor + self.wallet.bonus_minor
            return
        self.wallet = answer.wallet
        self.spent += amount
        self.purchases.append(answer)

    @precondition(lambda self: self.purchases)
    @rule(data=st.data())
    def bring_back(self, data: st.DataObject) -> None:
        purchase = self.purchases.pop(data.draw(st.integers(0, len(self.purchases) - 1)))
        amount = purchase.principal_minor + purchase.bonus_minor + purchase.debt_minor
        back = give_back(self.wallet, purchase, amount)
        self.wallet = back.wallet
        self.spent -= amount
        if back.rest_minor:
            # What was paid for a debt comes in again: it was paid once, and is counted once.
            self.paid -= back.rest_minor
            self.caps = Caps()
            self.put(back.rest_minor, Origin.REFUND_IN)

    @invariant()
    def every_fen_is_accounted_for(self) -> None:
        assert self.wallet.balance_minor == self.paid + self.given - self.spent
        assert 0 <= self.wallet.debt_minor <= self.rules.debt_minor

    @invariant()
    def no_lot_holds_more_than_its_order_or_less_than_nothing(self) -> None:
        for lot in self.wallet.lots:
            assert 0 <= lot.principal_left_minor <= lot.paid_minor
            assert 0 <= lot.bonus_left_minor <= lot.bonus_minor

    @invariant()
    def nobody_gets_more_back_than_was_paid_for_what_is_left(self) -> None:
        for basis in BonusBasis:
            found = refund_of(StoredValue(self.wallet), TODAY, Caps(), RefundRules(bonus_basis=basis))
            assert 0 <= found.amount_minor <= max(self.wallet.balance_minor, 0)
            assert found.amount_minor <= sum(lot.paid_minor for lot in self.wallet.lots)


TestStoredValue = StoredValueMachine.TestCase
TestStoredValue.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
