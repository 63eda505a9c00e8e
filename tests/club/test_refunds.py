"""Refunds: the golden cases, the steps that are printed, and that nobody gets more than was paid."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.refund_rules import BonusBasis, RefundRules, VisitPrice
from kiosk.club.refunds import FORMULA, Refund, RefundStep, StepCode, StoredValue, TimeCard, VisitCard, refund_of
from kiosk.club.rule_packs import Caps
from kiosk.club.stored_value import SpendingOrder, Spent, StoredValueRules, Wallet, spend
from tests.club.builders_money import TODAY, golden, make_caps, make_lot, make_wallet

RULES = RefundRules()


def cases(table: str) -> Any:
    """Return the golden refunds of a table, by their names."""
    return pytest.mark.parametrize(
        "case", [pytest.param(each, id=each["name"]) for each in golden("refunds.toml", table)]
    )


def used(wallet: Wallet, amount_minor: int, order: SpendingOrder = SpendingOrder.PRO_RATA) -> Wallet:
    """Return a wallet after a purchase."""
    if not amount_minor:
        return wallet
    answer = spend(wallet, amount_minor, StoredValueRules(order=order))
    assert isinstance(answer, Spent)
    return answer.wallet


def make_time_card(**changes: object) -> TimeCard:
    """Return a year's card of the past year, half of it used."""
    card = TimeCard(365_000, date(2026, 1, 1), date(2026, 1, 1), date(2026, 12, 31))
    return msgspec.structs.replace(card, **changes)


@cases("stored_value")
def test_the_golden_refunds_of_stored_value_hold(case: dict[str, Any]) -> None:
    wallet = used(make_wallet(make_lot(case["paid_minor"], case["bonus_minor"])), case["used_minor"])
    for basis in (BonusBasis.RATIO, BonusBasis.LARGER):
        found = refund_of(StoredValue(wallet), TODAY, Caps(), RefundRules(bonus_basis=basis))
        assert found.amount_minor == case["refund_minor"]


@cases("time_card")
def test_the_golden_refunds_of_time_cards_hold(case: dict[str, Any]) -> None:
    card = TimeCard(case["paid_minor"], case["paid_on"], case["first"], case["last"])
    assert refund_of(card, case["asked_on"], Caps(), RULES).amount_minor == case["refund_minor"]


@cases("visit_card")
def test_the_golden_refunds_of_visit_cards_hold(case: dict[str, Any]) -> None:
    card = VisitCard(case["paid_minor"], case["paid_on"], case["visits"], case["used"], case["list_minor"])
    rules = RefundRules(visit_price=VisitPrice(case["price"]))
    assert refund_of(card, case["asked_on"], Caps(), rules).amount_minor == case["refund_minor"]


def test_a_refund_prints_its_formula_with_every_number() -> None:
    wallet = used(make_wallet(make_lot()), 359_400)
    found = refund_of(StoredValue(wallet), TODAY, Caps(), RULES)
    numbers = {"paid_minor": 300_000, "bonus_minor": 100_000, "left_minor": 40_600, "minor": 30_450}
    assert found == Refund(
        FORMULA,
        30_450,
        (
            RefundStep(StepCode.BONUS_RATIO, numbers),
            RefundStep(StepCode.COOLING_OFF, {"days": 7, "minor": 30_450}),
            RefundStep(StepCode.REFUND, {"minor": 30_450}),
        ),
        StoredValue(wallet),
        second=False,
        from_principal_minor=30_450,
        forfeited_minor=10_150,
    )
    assert msgspec.json.decode(msgspec.json.encode(found))["steps"][0]["numbers"] == numbers


@pytest.mark.parametrize(
    ("basis", "order", "refund", "parts"),
    [
        (BonusBasis.RATIO, SpendingOrder.BONUS_FIRST, 225_000, (225_000, 0, 75_000)),
        (BonusBasis.LARGER, SpendingOrder.BONUS_FIRST, 300_000, (300_000, 0, 0)),
        (BonusBasis.LOTS, SpendingOrder.PRINCIPAL_FIRST, 200_000, (200_000, 0, 100_000)),
        (BonusBasis.LARGER, SpendingOrder.PRINCIPAL_FIRST, 225_000, (200_000, 25_000, 75_000)),
    ],
)
def test_where_another_order_of_spending_was_agreed_the_member_has_the_larger(
    basis: BonusBasis, order: SpendingOrder, refund: int, parts: tuple[int, int, int]
) -> None:
    wallet = used(make_wallet(make_lot()), 100_000, order)
    found = refund_of(StoredValue(wallet), TODAY, Caps(), RefundRules(bonus_basis=basis))
    assert found.amount_minor == refund
    assert (found.from_principal_minor, found.from_bonus_minor, found.forfeited_minor) == parts


def test_what_a_member_owes_is_paid_from_the_value_left() -> None:
    wallet = make_wallet(make_lot(10_000, 0), debt_minor=4_000)
    found = refund_of(StoredValue(wallet), TODAY, Caps(), RULES)
    assert (found.amount_minor, found.from_principal_minor, found.forfeited_minor) == (6_000, 10_000, 0)
    more = refund_of(StoredValue(make_wallet(make_lot(10_000, 0), debt_minor=14_000)), TODAY, Caps(), RULES)
    assert (more.amount_minor, more.from_principal_minor, more.forfeited_minor) == (0, 10_000, 0)


@pytest.mark.parametrize(("days", "before", "refund"), [(7, False, 365_000), (8, False, 328_500), (7, True, 328_500)])
def test_a_deduction_is_kept_after_the_cooling_off_time_or_from_who_had_the_service_before(
    days: int, before: bool, refund: int
) -> None:
    bought = date(2026, 2, 1)
    later = {"first": date(2026, 6, 1), "last": date(2027, 5, 31)}
    card = make_time_card(paid_on=bought, same_service_before=before, **later)
    found = refund_of(card, bought + timedelta(days=days), Caps(), RefundRules(deduction_percent=10))
    assert found.amount_minor == refund
    assert (StepCode.SAME_SERVICE_BEFORE in [each.code for each in found.steps]) is before


def test_a_pack_may_ask_for_a_longer_cooling_off_time_and_never_for_a_shorter() -> None:
    card = make_time_card(paid_on=TODAY - timedelta(days=14), first=TODAY, last=TODAY + timedelta(days=9))
    rules = RefundRules(deduction_percent=100)
    amounts = [refund_of(card, TODAY, make_caps(cooling_off_days=days), rules).amount_minor for days in (14, 13, 0)]
    assert amounts == [328_500, 0, 0]
    fresh = msgspec.structs.replace(card, paid_on=TODAY - timedelta(days=7))
    assert refund_of(fresh, TODAY, make_caps(cooling_off_days=0), rules).amount_minor == 328_500


def test_each_order_of_stored_value_has_its_own_cooling_off_time() -> None:
    old = make_lot(10_000, 0, order="old", opened_on=TODAY - timedelta(days=8))
    new = make_lot(20_000, 0, order="new", opened_on=TODAY - timedelta(days=7))
    found = refund_of(StoredValue(make_wallet(old, new)), TODAY, Caps(), RefundRules(deduction_percent=10))
    assert found.amount_minor == 29_000
    again = StoredValue(make_wallet(old, new), same_service_before=True)
    assert refund_of(again, TODAY, Caps(), RefundRules(deduction_percent=10)).amount_minor == 27_000


@pytest.mark.parametrize(("paid", "second"), [(50_000, False), (50_001, True)])
def test_a_large_refund_needs_a_second_person(paid: int, second: bool) -> None:
    assert refund_of(StoredValue(make_wallet(make_lot(paid, 0))), TODAY, Caps(), RULES).second is second


RULE_SETS = st.builds(
    RefundRules,
    cooling_off_days=st.integers(0, 30),
    deduction_percent=st.integers(0, 100),
    bonus_basis=st.sampled_from(BonusBasis),
    visit_price=st.sampled_from(VisitPrice),
)
MINOR = st.integers(0, 500_000)


@st.composite
def refundable(draw: st.DrawFn) -> tuple[TimeCard | VisitCard | StoredValue, int]:
    """Draw something to give back, and what was paid for it."""
    paid, before = draw(MINOR), draw(st.booleans())
    paid_on = TODAY - timedelta(days=draw(st.integers(0, 60)))
    match draw(st.integers(0, 2)):
        case 0:
            first = TODAY + timedelta(days=draw(st.integers(-90, 30)))
            return TimeCard(paid, paid_on, first, first + timedelta(days=draw(st.integers(0, 90))), before), paid
        case 1:
            visits = draw(st.integers(1, 60))
            card = VisitCard(paid, paid_on, visits, draw(st.integers(0, visits + 2)), draw(MINOR), before)
            return card, paid
    lots, orders = [], draw(st.integers(1, 3))
    for n in range(orders):
        lot = make_lot(draw(MINOR), draw(MINOR), order=f"o{n}", opened_on=TODAY - timedelta(days=n * 5))
        whole = make_wallet(lot)
        part = draw(st.integers(0, lot.left_minor))
        lots.append(used(whole, part, draw(st.sampled_from(SpendingOrder))).lots[0])
    wallet = make_wallet(*lots, debt_minor=draw(st.sampled_from([0, 0, 3_000])))
    return StoredValue(wallet, before), sum(each.paid_minor for each in lots)


@settings(max_examples=200, deadline=None)
@given(drawn=refundable(), rules=RULE_SETS)
def test_a_refund_is_never_more_than_was_paid_and_never_below_nothing(
    drawn: tuple[TimeCard | VisitCard | StoredValue, int], rules: RefundRules
) -> None:
    what, paid = drawn
    found = refund_of(what, TODAY, Caps(), rules)
    assert 0 <= found.amount_minor <= paid
    assert found.steps[-1] == RefundStep(StepCode.REFUND, {"minor": found.amount_minor})
    if isinstance(what, StoredValue):
        wallet = what.wallet
        assert 0 <= found.from_principal_minor <= wallet.principal_minor
        assert 0 <= found.from_bonus_minor <= wallet.bonus_minor
        taken = found.from_principal_minor + found.from_bonus_minor
        assert taken + found.forfeited_minor == wallet.principal_minor + wallet.bonus_minor
        assert found.amount_minor <= taken
