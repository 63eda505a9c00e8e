"""Days and visits not used: paid back by a printed formula, and closed when the money is sent."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.migrations.versions.r0020_desk import SETTLED
from kiosk.central.money import corrections, fee_book, fee_payments, fee_reports, fees, ledger, refunds
from kiosk.central.money.fee_tables import fee_charge
from kiosk.central.money.ledger import prove
from kiosk.central.money.times import times_account
from kiosk.club.fees import Cover
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.money_lives import ChargeState, RefundState
from kiosk.club.paying_back import PayOut, PayWay
from kiosk.club.refunds import RefundOf, StepCode
from tests.central.builders import ManualClock
from tests.central.club.builders_people import gate_says, hand_over
from tests.central.money import builders_fees as at_fees
from tests.central.money import builders_sales as counter
from tests.central.money.builders import by_hand
from tests.central.money.builders_fees import OTHER, TODAY, do, join, pass_nights, pay, see, set_day, set_rule
from tests.central.money.builders_sales import basket, open_counter, sell

ASKED = date(2026, 11, 25)
FEES, SALES = Account(AccountKind.REVENUE_FEES), Account(AccountKind.REVENUE_SALES)


def on(books: Books, account: Account) -> int:
    """Return what is on an account."""
    return see(books, ledger.balance, account)


def settled(books: Books) -> list[str | None]:
    """Return when each charge was settled."""
    with books.look() as look:
        return list(look.connection.execute(select(fee_charge.c.settled_on)).scalars())


def refused(books: Books, work: Callable[..., Any], *args: Any, **more: Any) -> str:
    """Return why something is refused."""
    with pytest.raises(RuleRefused) as caught:
        do(books, work, *args, **more)
    return str(caught.value.reason)


def test_days_not_used_come_back_the_way_they_were_paid_and_the_gate_closes_when_the_money_leaves(
    books: Books, clock: ManualClock
) -> None:
    at_fees.open_club(books)
    set_rule(books, "refunds.deduction_percent", 10)
    member = join(books)
    pay(books, member, 120_000, way=PayWay.BANK_CARD)
    hand_over(books, member, 1)
    set_day(clock, ASKED)
    ask = (refunds.request_cards, "r1", member, RefundOf.TIME, "", "moves away")
    row = do(books, *ask)
    # 361 of 365 days, within the seven days without a deduction.
    assert (row.amount_minor, row.second, do(books, *ask)) == (118_685, True, row)
    assert [each.code for each in row.steps] == [
        StepCode.PAID, StepCode.REMAINING_DAYS, StepCode.COOLING_OFF, StepCode.REFUND,
    ]  # fmt: skip
    assert dict(row.steps[1].numbers) == {"days": 361, "of": 365, "minor": 118_685}
    assert refused(books, refunds.request_cards, "r2", member, RefundOf.TIME, "", "twice") == "refund_open"
    assert refused(books, fee_payments.take_back, "p1", new_id="b1", why="twice") == "refund_open"
    assert refused(books, refunds.approve, "r1") == "same_person"
    signed = do(books, refunds.approve, "r1", by=OTHER)
    assert (signed.ways, gate_says(books, 1, date(2027, 1, 1))) == ((PayOut(PayWay.BANK_CARD, 118_685, "p1"),), "ok")
    do(books, refunds.pay, "r1")
    assert [gate_says(books, 1, ASKED), gate_says(books, 1, date(2026, 11, 26))] == ["ok", "fee_overdue"]
    assert do(books, refunds.confirm, "r1").state is RefundState.PAID
    assert (on(books, FEES), see(books, fees.cover, member)) == (1_315, Cover(ASKED))
    income = see(books, fee_reports.incomes, TODAY, ASKED)
    assert sum(each.amount_minor for each in income) == 1_315
    pass_nights(books, clock, 5)
    assert len(see(books, fee_book.charges_of, member)) == 1
    assert refused(books, refunds.request_cards, "r3", member, RefundOf.TIME, "", "again") == "no_amount"
    for _ in range(2):
        assert settled(books) == [str(TODAY)], "by the payment, not by what went back"
        by_hand(books, "UPDATE fee_charge SET settled_on = NULL", SETTLED)
    assert see(books, prove).found == ()


def test_a_period_paid_ahead_comes_back_whole_and_one_charged_ahead_is_not_asked_for_any_more(
    books: Books, clock: ManualClock
) -> None:
    at_fees.open_club(books)
    member, other = join(books, "month"), join(books, "month", 2)
    pay(books, member, 20_000, periods_ahead=1)
    set_day(clock, ASKED)
    row = do(books, refunds.request_cards, "r1", member, RefundOf.TIME, "", "moves away")
    assert [each.amount_minor for each in row.cards] == [8_667, 10_000]
    do(books, refunds.approve, "r1", by=OTHER)
    do(books, refunds.pay, "r1")
    states = [each.state for each in see(books, fee_book.charges_of, member)]
    assert (states, see(books, fees.cover, member)) == ([ChargeState.PAID, ChargeState.GIVEN_BACK], Cover(ASKED))
    pay(books, other, 10_000, "p2")
    pass_nights(books, clock, 25)
    assert [each.state for each in see(books, fee_book.charges_of, other)] == [ChargeState.PAID, ChargeState.DUE]
    do(books, refunds.request_cards, "r2", other, RefundOf.TIME, "", "moves away")
    do(books, refunds.approve, "r2", by=OTHER)
    do(books, refunds.pay, "r2")
    assert see(books, fee_book.charges_of, other)[1].state is ChargeState.GIVEN_BACK
    assert see(books, ledger.balance, fees.debt_of(other)) == 0
    assert see(books, prove).found == ()


def test_what_stored_value_paid_for_is_not_refunded_as_money(books: Books) -> None:
    at_fees.open_club(books)
    member = join(books)
    counter.top_up(books, member, 120_000)
    pay(books, member, 120_000, way=None)
    assert refused(books, refunds.request_cards, "r1", member, RefundOf.TIME, "", "x") == "not_paid_in_money"


def test_visits_not_used_come_back_by_their_share_and_cannot_be_used_meanwhile(
    books: Books, clock: ManualClock
) -> None:
    member = open_counter(books)[0]
    sell(books, "s1", basket(member, "lessons10", by=(counter.CASH,)))
    for number in range(3):
        sell(books, f"l{number}", basket(member, "lesson", by=()))
    lessons = times_account(member, "lesson")
    clock.pass_s(8 * 86_400)
    set_rule(books, "refunds.deduction_percent", 10)
    row = do(books, refunds.request_cards, "r1", member, RefundOf.VISITS, "lesson", "moves away")
    # Seven of ten for 150,000, and after the seven days the club keeps a tenth.
    assert (row.amount_minor, see(books, ledger.available, lessons)) == (94_500, 0)
    assert [dict(each.numbers) for each in row.steps if each.code is StepCode.REMAINING_VISITS] == [
        {"visits": 7, "of": 10, "minor": 105_000}
    ]
    do(books, refunds.refuse_it, "r1", "he stays")
    assert see(books, ledger.available, lessons) == 7
    do(books, refunds.request_cards, "r2", member, RefundOf.VISITS, "lesson", "moves away")
    assert do(books, refunds.approve, "r2", by=OTHER).ways == (PayOut(PayWay.TRANSFER, 94_500),)
    do(books, refunds.pay, "r2")
    do(books, refunds.confirm, "r2")
    assert (on(books, SALES), on(books, lessons)) == (55_500, 0)
    assert refused(books, corrections.correct_sale, "s1", {"lessons10": 1}, "twice") == "more_than_sold"
    assert refused(books, refunds.request_cards, "r3", member, RefundOf.VISITS, "lesson", "again") == "no_amount"
    assert see(books, prove).found == ()
