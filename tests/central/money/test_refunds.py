"""Refunds: reserved when asked for, signed by another, paid by the way the money came, never more than paid."""

from collections.abc import Iterator

import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import refunds
from kiosk.central.money.ledger import NotEnough
from kiosk.central.money.refund_book import refund_named, refund_page
from kiosk.central.money.stored_lots import principal_of
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.life import StepRefused
from kiosk.club.money_lives import RefundState
from kiosk.club.paying_back import PayOut, PayWay
from kiosk.club.refunds import StepCode
from kiosk.club.stored_value import BonusTier, SpendingOrder
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import DESK
from tests.central.money.builders import on
from tests.central.money.builders_sales import (
    BOSS,
    TILL,
    ask_refund,
    basket,
    change_of,
    check,
    lot_sums,
    open_counter,
    owned,
    pay_out,
    sell,
    set_rule,
    top_up,
)


@pytest.fixture
def member(books: Books) -> str:
    return open_counter(books)[0]


@pytest.fixture(autouse=True)
def _proved(books: Books) -> Iterator[None]:
    """The books hold after every test, and lots and accounts say the same."""
    yield
    check(books)


def payable(member: str) -> Account:
    return Account(AccountKind.REFUND_PAYABLE, member)


@pytest.mark.proves("S45")
def test_l06_more_than_there_is_is_refused_a_part_leaves_the_rest_and_no_amount_is_all_of_it(
    books: Books, member: str
) -> None:
    top_up(books, member, 10_000)
    with pytest.raises(RuleRefused) as caught:
        ask_refund(books, member, 20_000)
    assert (caught.value.reason, caught.value.detail) == ("not_enough", {"needed": 20_000, "there": 10_000})
    ask_refund(books, member, 2_000)
    assert pay_out(books).state is RefundState.PAID
    assert (owned(books, member), on(books, TILL)) == ((8_000, 0, 0), [8_000])
    ask_refund(books, member, None, "r2")
    assert pay_out(books, "r2").amount_minor == 8_000
    assert on(books, principal_of(member), TILL, payable(member)) == [0, 0, 0]
    with pytest.raises(RuleRefused) as caught:
        ask_refund(books, member, None, "r3")
    assert caught.value.reason == "no_amount"


@pytest.mark.proves("S45")
def test_what_is_reserved_is_not_spent_and_comes_back_when_it_is_refused_or_withdrawn(
    books: Books, member: str
) -> None:
    top_up(books, member, 10_000)
    row = ask_refund(books, member, 9_000)
    assert ask_refund(books, member, 9_000) == row
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s1", basket(member, "tea"))
    assert caught.value.detail["there"] == 1_000
    assert on(books, principal_of(member)) == [10_000]
    change_of(books, refunds.refuse_it, "r1", "he stays", actor=BOSS)
    assert (lot_sums(books, member), owned(books, member)) == ((10_000, 0), (10_000, 0, 0))
    with pytest.raises(StepRefused):
        change_of(books, refunds.approve, "r1", actor=BOSS)
    ask_refund(books, member, None, "r2")
    change_of(books, refunds.approve, "r2", actor=BOSS)
    assert on(books, principal_of(member), payable(member)) == [0, 10_000]
    change_of(books, refunds.withdraw, "r2", "he stays after all")
    assert (lot_sums(books, member), on(books, payable(member))) == ((10_000, 0), [0])
    sell(books, "s1", basket(member, "tea"))


@pytest.mark.proves("S45")
def test_above_the_limit_another_signs_and_the_money_goes_back_the_way_it_came(books: Books, member: str) -> None:
    top_up(books, member, 40_000, "t1", PayWay.BANK_CARD)
    top_up(books, member, 30_000, "t2", PayWay.WECHAT)
    row = ask_refund(books, member)
    assert (row.amount_minor, row.second) == (70_000, True)
    with pytest.raises(RuleRefused) as caught:
        change_of(books, refunds.approve, "r1")
    assert caught.value.reason == "same_person"
    signed = change_of(books, refunds.approve, "r1", actor=BOSS)
    assert signed.ways == (PayOut(PayWay.WECHAT, 30_000, "t2"), PayOut(PayWay.BANK_CARD, 40_000, "t1"))
    assert change_of(books, refunds.pay, "r1").state is RefundState.UNDER_WAY
    clearing = [Account(AccountKind.PROVIDER_CLEARING, each) for each in ("wechat", "bank_card")]
    assert on(books, payable(member), *clearing) == [70_000, 30_000, 40_000]
    done = change_of(books, refunds.confirm, "r1", actor=BOSS)
    assert (done.state, done.closed_by) == (RefundState.PAID, BOSS.id)
    assert on(books, payable(member), *clearing) == [0, 0, 0]
    with pytest.raises(StepRefused):
        change_of(books, refunds.confirm, "r1")


@pytest.mark.proves("S45")
def test_a_limit_is_not_escaped_by_asking_in_pieces_on_one_day(books: Books, clock: ManualClock, member: str) -> None:
    set_rule(books, "refunds.second_above_minor", 15_000)
    top_up(books, member, 40_000)
    ways = []
    for number, amount_minor in enumerate((6_000, 4_000, 5_000), 1):
        assert not ask_refund(books, member, amount_minor, f"r{number}").second
        ways.append(change_of(books, refunds.approve, f"r{number}").ways[0].way)
        change_of(books, refunds.pay, f"r{number}")
    assert ways == [PayWay.CASH, PayWay.CASH, PayWay.TRANSFER]
    assert ask_refund(books, member, 1, "r4").second
    with pytest.raises(RuleRefused) as caught:
        change_of(books, refunds.approve, "r4")
    assert caught.value.reason == "same_person"
    change_of(books, refunds.withdraw, "r4", "another day")
    change_of(books, refunds.confirm, "r3")
    clock.pass_s(86_400)
    ask_refund(books, member, 10_000, "r5")
    assert change_of(books, refunds.approve, "r5").ways == (PayOut(PayWay.CASH, 10_000),)
    clock.pass_s(86_400)
    ask_refund(books, member, 5_000, "r6")
    assert change_of(books, refunds.approve, "r6").ways == (PayOut(PayWay.TRANSFER, 5_000),), "r5 may be paid today"


def test_what_a_provider_sends_back_goes_by_transfer(books: Books, member: str) -> None:
    top_up(books, member, 40_000, "t1", PayWay.ALIPAY)
    ask_refund(books, member)
    change_of(books, refunds.approve, "r1", actor=BOSS)
    change_of(books, refunds.pay, "r1")
    back = change_of(books, refunds.bounce, "r1", "account closed")
    assert (back.state, back.ways) == (RefundState.APPROVED, (PayOut(PayWay.TRANSFER, 40_000),))
    with pytest.raises(RuleRefused):
        change_of(books, refunds.withdraw, "r1", "keep it")
    assert change_of(books, refunds.pay, "r1").sent == 2
    change_of(books, refunds.confirm, "r1")
    assert on(books, payable(member), Account(AccountKind.BANK)) == [0, -40_000]


def test_cash_of_a_refund_sent_back_is_paid_once_and_counts_for_the_limit_of_its_day(books: Books, member: str) -> None:
    top_up(books, member, 20_000, "t1", PayWay.CASH)
    top_up(books, member, 5_000, "t2", PayWay.ALIPAY)
    ask_refund(books, member, 12_000)
    assert change_of(books, refunds.approve, "r1").ways == (
        PayOut(PayWay.ALIPAY, 5_000, "t2"),
        PayOut(PayWay.CASH, 7_000),
    )
    change_of(books, refunds.pay, "r1")
    back = change_of(books, refunds.bounce, "r1", "account closed")
    assert back.ways == (PayOut(PayWay.CASH, 7_000), PayOut(PayWay.TRANSFER, 5_000))
    ask_refund(books, member, 8_001, "r2")
    assert change_of(books, refunds.approve, "r2").ways[1] == PayOut(PayWay.TRANSFER, 3_001), "with r1 past the limit"
    change_of(books, refunds.pay, "r1")
    change_of(books, refunds.confirm, "r1")
    assert on(books, TILL, Account(AccountKind.BANK), payable(member)) == [13_000, -5_000, 8_001]


@pytest.mark.proves("S45")
def test_the_explanation_is_stored_step_by_step_and_the_bonus_is_forfeited(books: Books, member: str) -> None:
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(50_000, 10_000)])
    top_up(books, member, 50_000, way=PayWay.BANK_CARD)
    sell(books, "s1", basket(member, "tea", "shirt"))
    row = ask_refund(books, member)
    assert (row.amount_minor, row.forfeited_minor, row.formula) == (40_833, 8_167, "2026-1")
    with books.look() as look:
        kept = refund_named(look, "r1")
        assert [each.id for each in refund_page(look, member=member)] == ["r1"]
    assert [each.code for each in kept.steps] == [StepCode.BONUS_RATIO, StepCode.COOLING_OFF, StepCode.REFUND]
    assert dict(kept.steps[0].numbers) == {
        "paid_minor": 50_000, "bonus_minor": 10_000, "left_minor": 49_000, "minor": 40_833,
    }  # fmt: skip
    pay_out(books)
    assert owned(books, member) == (0, 0, 0)
    assert on(books, Account(AccountKind.BONUS_EXPENSE)) == [-1_833]


def test_an_overdraft_is_taken_off_and_asking_in_pieces_wins_nothing(books: Books, member: str) -> None:
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(10_000, 5_000)])
    top_up(books, member, 10_000)
    got = 0
    for number in range(7):
        ask_refund(books, member, 1_111, f"r{number}")
        got += pay_out(books, f"r{number}").amount_minor
    with books.look() as look:
        rest = refunds.refundable(look, member).amount_minor
    assert got + rest <= 10_000
    assert rest >= 10_000 - got - 7
    if rest:
        ask_refund(books, member, None, "last")
        pay_out(books, "last")
    assert owned(books, member) == (0, 0, 0)


def test_a_bonus_that_was_spent_first_leaves_what_was_paid(books: Books, member: str) -> None:
    set_rule(books, "stored_value.order", SpendingOrder.BONUS_FIRST)
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(10_000, 2_000)])
    top_up(books, member, 10_000)
    sell(books, "s1", basket(member, "tea"))
    assert ask_refund(books, member).amount_minor == 10_000
    with pytest.raises(InvalidInput):
        change_of(books, refunds.request, "r1", "f" * 16, None, "another")


def test_a_till_pays_out_no_more_than_is_in_it(books: Books, member: str) -> None:
    top_up(books, member, 5_000)
    ask_refund(books, member)
    change_of(books, refunds.approve, "r1", actor=BOSS)
    with pytest.raises(NotEnough):
        change_of(books, refunds.pay, "r1", refunds.Place("", "till-2"))
    with books.look() as look:
        assert refund_named(look, "r1").state is RefundState.APPROVED
    change_of(books, refunds.pay, "r1", actor=DESK)
