"""By which way a refund goes, and who signs."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.paying_back import (
    PaidBy,
    PayBackReason,
    PayOut,
    PayWay,
    against_paying,
    cash_limit,
    needs_second,
    ways_back,
)
from kiosk.club.refund_rules import RefundRules
from kiosk.club.rule_packs import Caps
from tests.club.builders_money import TODAY, make_caps

RULES = RefundRules()


def make_paid(payment: str = "p1", way: PayWay = PayWay.WECHAT, **changes: object) -> PaidBy:
    """Return a payment of today of which 300 yuan have not gone back."""
    return msgspec.structs.replace(PaidBy(payment, way, TODAY, 30_000), **changes)


def test_a_refund_goes_back_the_way_the_money_came_the_latest_payment_first() -> None:
    early = make_paid("p1", on=TODAY - timedelta(days=3))
    late = make_paid("p2", PayWay.ALIPAY, left_minor=10_000)
    outs = ways_back(25_000, [early, late], TODAY, Caps(), RULES)
    assert outs == (PayOut(PayWay.ALIPAY, 10_000, "p2"), PayOut(PayWay.WECHAT, 15_000, "p1"))


@pytest.mark.parametrize(
    ("days", "out"), [(365, PayOut(PayWay.WECHAT, 20_000, "p1")), (366, PayOut(PayWay.TRANSFER, 20_000))]
)
def test_a_provider_takes_a_refund_for_so_long_and_then_a_bank_account_does(days: int, out: PayOut) -> None:
    paid = make_paid(on=TODAY - timedelta(days=days))
    assert ways_back(20_000, [paid], TODAY, Caps(), RULES) == (out,)


def test_what_came_by_transfer_goes_back_by_transfer_however_little_and_late() -> None:
    paid = make_paid(way=PayWay.TRANSFER, on=TODAY - timedelta(days=900))
    assert ways_back(500, [paid], TODAY, Caps(), RULES) == (PayOut(PayWay.TRANSFER, 500, "p1"),)


@pytest.mark.parametrize(
    ("amount", "at_desk", "way"),
    [(10_000, True, PayWay.CASH), (10_001, True, PayWay.TRANSFER), (10_000, False, PayWay.TRANSFER)],
)
def test_cash_is_paid_out_up_to_a_hundred_yuan_at_a_desk(amount: int, at_desk: bool, way: PayWay) -> None:
    paid = make_paid(way=PayWay.CASH, left_minor=50_000)
    assert ways_back(amount, [paid], TODAY, Caps(), RULES, at_desk=at_desk) == (PayOut(way, amount),)


def test_the_lower_limit_of_club_and_pack_holds_for_cash() -> None:
    assert cash_limit(Caps(), RULES) == 10_000
    assert cash_limit(make_caps(cash_refund_minor=5_000), RULES) == 5_000
    assert cash_limit(make_caps(cash_refund_minor=50_000), RULES) == 10_000


@pytest.mark.parametrize(("before", "way"), [(9_000, PayWay.CASH), (9_001, PayWay.TRANSFER)])
def test_what_was_paid_in_cash_that_day_counts_for_the_limit_of_cash(before: int, way: PayWay) -> None:
    outs = ways_back(1_000, [], TODAY, Caps(), RULES, cash_before_minor=before)
    assert outs == (PayOut(way, 1_000),)


@pytest.mark.parametrize(("beside", "why"), [(49_000, None), (49_001, PayBackReason.SAME_PERSON)])
def test_the_other_refunds_of_that_day_count_for_the_second_person(beside: int, why: PayBackReason | None) -> None:
    refusal = against_paying(1_000, 1_000, "s1", "s1", RULES, beside)
    assert (refusal.reason if refusal else None) is why
    assert needs_second(1_000, beside, RULES) is (why is not None)


@pytest.mark.parametrize(
    ("amount", "signed", "why"),
    [
        (0, "", PayBackReason.NO_AMOUNT),
        (50_000, "", None),
        (50_001, "", PayBackReason.SECOND_PERSON),
        (50_001, "s1", PayBackReason.SAME_PERSON),
        (50_001, "s2", None),
        (90_000, "s2", None),
        (90_001, "s2", PayBackReason.MORE_THAN_RESERVED),
    ],
)
def test_only_what_was_reserved_is_paid_and_above_a_limit_by_two_people(
    amount: int, signed: str, why: PayBackReason | None
) -> None:
    refusal = against_paying(amount, 90_000, "s1", signed, RULES)
    assert (refusal.reason if refusal else None) is why


PAID = st.builds(
    PaidBy,
    payment=st.sampled_from("abcdef"),
    way=st.sampled_from(PayWay),
    on=st.dates(date(2025, 1, 1), TODAY),
    left_minor=st.integers(0, 90_000),
)


@settings(max_examples=150, deadline=None)
@given(amount=st.integers(0, 400_000), payments=st.lists(PAID, max_size=6, unique_by=lambda each: each.payment))
def test_the_parts_sum_to_the_refund_and_none_exceeds_its_payment(amount: int, payments: list[PaidBy]) -> None:
    outs = ways_back(amount, payments, TODAY, Caps(), RULES)
    assert sum(each.amount_minor for each in outs) == amount
    left = {each.payment: each.left_minor for each in payments}
    assert all(0 < each.amount_minor <= left.get(each.payment, amount) for each in outs)
    assert all(each.amount_minor <= RULES.cash_max_minor for each in outs if each.way is PayWay.CASH)
