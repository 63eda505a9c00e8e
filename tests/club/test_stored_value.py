"""Stored value: what purchases take of what was paid and what was given, to the fen."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.rule_packs import Caps
from kiosk.club.stored_value import (
    GivenBack,
    SpendingOrder,
    Spent,
    StoredReason,
    StoredRefusal,
    StoredValueRules,
    Wallet,
    give_back,
    spend,
)
from kiosk.club.top_ups import PutIn, ToppedUp, put_in
from kiosk.core.errors import InvalidInput
from tests.club.builders_money import TODAY, make_lot, make_wallet

RULES = StoredValueRules()


def spent(wallet: Wallet, amount_minor: int, rules: StoredValueRules = RULES) -> Spent:
    """Return what a purchase took, that has to be possible."""
    answer = spend(wallet, amount_minor, rules)
    assert isinstance(answer, Spent)
    return answer


AMOUNT = st.integers(0, 500_000)


@st.composite
def wallets(draw: st.DrawFn) -> Wallet:
    """Draw up to four orders, of which some may be used up in part."""
    lots = []
    for n in range(draw(st.integers(1, 4))):
        paid, bonus = draw(AMOUNT), draw(AMOUNT)
        left = draw(st.integers(0, paid)), draw(st.integers(0, bonus))
        day = TODAY.replace(day=draw(st.integers(1, 28)))
        lot = make_lot(paid, bonus, order=f"o{n}", opened_on=day)
        lots.append(msgspec.structs.replace(lot, principal_left_minor=left[0], bonus_left_minor=left[1]))
    return make_wallet(*lots)


def test_a_purchase_takes_paid_and_given_money_in_the_ratio_of_the_order() -> None:
    after = spent(make_wallet(make_lot()), 359_400)
    assert (after.principal_minor, after.bonus_minor) == (269_550, 89_850)
    assert (after.wallet.principal_minor, after.wallet.bonus_minor) == (30_450, 10_150)


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        (SpendingOrder.PRO_RATA, (7_500, 2_500)),
        (SpendingOrder.PRINCIPAL_FIRST, (10_000, 0)),
        (SpendingOrder.BONUS_FIRST, (0, 10_000)),
    ],
)
def test_the_club_chooses_what_is_spent_first(order: SpendingOrder, parts: tuple[int, int]) -> None:
    after = spent(make_wallet(make_lot()), 10_000, StoredValueRules(order=order))
    assert (after.principal_minor, after.bonus_minor) == parts


@pytest.mark.parametrize("order", list(SpendingOrder))
@settings(max_examples=120, deadline=None)
@given(wallet=wallets(), data=st.data())
def test_every_fen_is_accounted_for_and_no_lot_goes_below_nothing(
    order: SpendingOrder, wallet: Wallet, data: st.DataObject
) -> None:
    rules = StoredValueRules(order=order)
    there = wallet.principal_minor + wallet.bonus_minor
    amount = data.draw(st.integers(1, max(there, 1)))
    answer = spend(wallet, amount, rules)
    if amount > there:
        assert isinstance(answer, StoredRefusal)
        return
    assert isinstance(answer, Spent)
    assert answer.principal_minor + answer.bonus_minor == amount
    assert answer.wallet.balance_minor == there - amount
    assert wallet.principal_minor - answer.wallet.principal_minor == answer.principal_minor
    assert all(min(each.principal_left_minor, each.bonus_left_minor) >= 0 for each in answer.wallet.lots)
    assert give_back(answer.wallet, answer, amount) == GivenBack(wallet, 0)


@settings(max_examples=120, deadline=None)
@given(paid=AMOUNT, bonus=AMOUNT, parts=st.lists(st.integers(1, 3_000), min_size=1, max_size=20))
def test_many_small_purchases_take_the_same_fen_as_one_large_one(paid: int, bonus: int, parts: list[int]) -> None:
    wallet = make_wallet(make_lot(paid + 60_000, bonus))
    step = wallet
    for part in parts:
        step = spent(step, part).wallet
    assert step == spent(wallet, sum(parts)).wallet


def test_a_fen_at_a_time_does_not_eat_up_what_was_paid_first() -> None:
    wallet = make_wallet(make_lot(300, 100))
    for _ in range(200):
        wallet = spent(wallet, 1).wallet
    assert (wallet.principal_minor, wallet.bonus_minor) == (150, 50)


def test_the_oldest_order_is_used_first_and_of_one_day_the_first() -> None:
    young, old = make_lot(1_000, 0, order="young"), make_lot(1_000, 0, order="old", opened_on=TODAY.replace(day=1))
    takes = spent(make_wallet(young, old, make_lot(1_000, 0, order="third")), 2_500).takes
    assert [(each.order, each.principal_minor) for each in takes] == [("old", 1_000), ("young", 1_000), ("third", 500)]


@pytest.mark.parametrize(("amount", "possible"), [(400_000, True), (400_001, False)])
def test_no_more_is_spent_than_there_is(amount: int, possible: bool) -> None:
    answer = spend(make_wallet(make_lot()), amount, RULES)
    assert isinstance(answer, Spent) is possible
    if isinstance(answer, StoredRefusal):
        assert answer == StoredRefusal(StoredReason.NOT_ENOUGH, {"needed": amount, "there": 400_000})


@pytest.mark.parametrize(("amount", "possible"), [(1_500, True), (1_501, False)])
def test_a_member_goes_below_zero_within_the_allowance_only(amount: int, possible: bool) -> None:
    answer = spend(make_wallet(make_lot(1_000, 0)), amount, StoredValueRules(debt_minor=500))
    assert isinstance(answer, Spent) is possible
    if isinstance(answer, Spent):
        assert (answer.principal_minor, answer.debt_minor, answer.wallet.balance_minor) == (1_000, 500, -500)
        assert spend(answer.wallet, 1, StoredValueRules(debt_minor=500)) != answer
        assert isinstance(spend(answer.wallet, 1, StoredValueRules(debt_minor=500)), StoredRefusal)


def test_nothing_is_no_purchase() -> None:
    assert spend(make_wallet(make_lot()), 0, RULES) == StoredRefusal(StoredReason.NO_AMOUNT)


def test_part_of_a_purchase_goes_back_as_debt_first_and_then_as_it_was_taken() -> None:
    rules = StoredValueRules(debt_minor=500)
    after = spent(make_wallet(make_lot(3_000, 1_000)), 4_500, rules)
    back = give_back(after.wallet, after, 900).wallet
    assert (back.debt_minor, back.principal_minor, back.bonus_minor) == (0, 300, 100)


def test_a_debt_that_was_paid_since_comes_back_as_money_to_be_put_in() -> None:
    after = spent(make_wallet(make_lot(3_000, 1_000)), 4_500, StoredValueRules(debt_minor=500))
    later = put_in(after.wallet, PutIn("o2", TODAY, 1_200), Caps(), RULES)
    assert isinstance(later, ToppedUp)
    back = give_back(later.wallet, after, 4_500)
    assert (back.rest_minor, back.wallet.balance_minor) == (500, 4_000 + 700)


@pytest.mark.parametrize("amount", [-1, 4_001])
def test_no_more_is_given_back_than_was_taken(amount: int) -> None:
    after = spent(make_wallet(make_lot(3_000, 1_000)), 4_000)
    with pytest.raises(InvalidInput, match="cannot be given back of 4000"):
        give_back(after.wallet, after, amount)


@settings(max_examples=80, deadline=None)
@given(wallet=wallets(), share=st.integers(0, 100))
def test_what_goes_back_of_a_purchase_is_never_more_than_it_took_of_any_order(wallet: Wallet, share: int) -> None:
    there = wallet.principal_minor + wallet.bonus_minor
    if not there:
        return
    after = spent(wallet, there)
    back = give_back(after.wallet, after, there * share // 100).wallet
    assert back.balance_minor == there * share // 100
    for before, now in zip(wallet.lots, back.lots, strict=True):
        assert now.principal_left_minor <= before.principal_left_minor
        assert now.bonus_left_minor <= before.bonus_left_minor


def test_a_bonus_tier_that_begins_at_nothing_does_not_fit_the_book() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"bonus_tiers": [{"paid_min_minor": 0, "bonus_minor": 5}]}, StoredValueRules)
