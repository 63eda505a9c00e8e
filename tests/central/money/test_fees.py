"""Fees by contract: charged once, paid oldest first, and a gate that follows what the ledger says."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import update

from kiosk.central.club import membership, organisations
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import fee_book, fee_payments, fees, ledger, top_ups
from kiosk.central.money.days import DayClosed
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.fee_tables import fee_charge
from kiosk.central.money.ledger import PostedOtherwise, prove
from kiosk.central.money.proof_records import Check
from kiosk.central.money.top_ups import Place, TopUp
from kiosk.club.fees import Cover
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.life import StepRefused
from kiosk.club.membership import MemberState
from kiosk.club.money_lives import ChargeAction, ChargeState
from kiosk.club.organisations import Role
from kiosk.club.paying_back import PayWay
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import gate_says
from tests.central.money.builders_fees import (
    DAY,
    MONTH,
    TODAY,
    YEAR,
    assert_books_hold,
    do,
    join,
    open_club,
    pass_nights,
    pay,
    see,
    set_day,
    set_rule,
    today,
)

TILL = Account(AccountKind.TILL, "desk")
REVENUE = Account(AccountKind.REVENUE_FEES)


@pytest.fixture(autouse=True)
def _hold(books: Books) -> Iterator[None]:
    """The books hold after each test."""
    open_club(books)
    yield
    assert_books_hold(books)


def on(books: Books, account: Account) -> int:
    return see(books, ledger.balance, account)


def state(books: Books, member: str) -> MemberState:
    return see(books, membership.standing, member).state


def test_from_the_contract_to_the_gate_and_back(books: Books, clock: ManualClock) -> None:
    member = join(books)
    [charge] = see(books, fee_book.charges_of, member)
    assert (charge.first, charge.last, charge.due_on) == (TODAY, date(2027, 11, 21), TODAY)
    assert (on(books, fees.debt_of(member)), on(books, REVENUE)) == (-120_000, 120_000)
    paid = pay(books, member, 120_000)
    assert paid.cover == Cover(date(2027, 11, 21))
    assert (on(books, fees.debt_of(member)), on(books, TILL)) == (0, 120_000)
    people.hand_over(books, member)
    assert gate_says(books, 1, TODAY) == "ok"
    assert gate_says(books, 1, date(2027, 11, 22)) == "fee_overdue"
    set_day(clock, date(2027, 11, 14))
    pass_nights(books, clock)  # the window for renewing: seven days before
    assert [each.first for each in see(books, fee_book.charges_of, member)] == [TODAY, date(2027, 11, 22)]
    pass_nights(books, clock, 8)
    assert state(books, member) is MemberState.ARREARS
    assert gate_says(books, 1, today(clock)) == "fee_overdue"
    do(books, fee_payments.defer, member, date(2027, 12, 31), why="illness, letter of 20 November")
    assert gate_says(books, 1, today(clock)) == "ok"
    assert gate_says(books, 1, date(2028, 1, 1)) == "fee_overdue"
    assert pay(books, member, 120_000, "p2").cover == Cover(date(2028, 11, 21))
    assert gate_says(books, 1, date(2028, 11, 21)) == "ok"


def test_the_same_night_twice_charges_once(books: Books, clock: ManualClock) -> None:
    member = join(books, "month")
    set_day(clock, date(2026, 12, 14))
    pass_nights(books, clock)
    set_day(clock, today(clock) - DAY)
    pass_nights(books, clock)
    assert len(see(books, fee_book.charges_of, member)) == 2
    assert on(books, REVENUE) == 20_000


def test_a_payment_settles_the_oldest_and_no_gap_is_jumped(books: Books, clock: ManualClock) -> None:
    member = join(books, "month")
    set_day(clock, date(2027, 1, 14))
    pass_nights(books, clock)
    first, second, third = see(books, fee_book.charges_of, member)
    assert pay(books, member, 4_000).cover == Cover(None)
    paid = pay(books, member, 11_000, "p2", PayWay.WECHAT)
    assert paid.parts == ((first.n, 6_000), (second.n, 5_000))
    assert (paid.owed_minor, paid.cover) == (15_000, Cover(first.last))
    assert state(books, member) is MemberState.UNCOLLECTED
    states = [each.state for each in see(books, fee_book.charges_of, member)]
    assert states == [ChargeState.PAID, ChargeState.DUE, ChargeState.DUE]
    assert third.left_minor == 10_000


@pytest.mark.parametrize("way", [PayWay.CASH, PayWay.BANK_CARD, PayWay.ALIPAY, PayWay.TRANSFER])
def test_every_way_brings_its_money_where_it_lies(books: Books, way: PayWay) -> None:
    member = join(books, "month")
    pay(books, member, 10_000, way=way)
    there = {
        PayWay.CASH: TILL,
        PayWay.BANK_CARD: Account(AccountKind.PROVIDER_CLEARING, "bank_card"),
        PayWay.ALIPAY: Account(AccountKind.PROVIDER_CLEARING, "alipay"),
        PayWay.TRANSFER: Account(AccountKind.BANK),
    }[way]
    assert (on(books, there), on(books, fees.debt_of(member))) == (10_000, 0)


def test_stored_value_pays_a_fee_from_its_lots_and_never_on_credit(books: Books) -> None:
    member = join(books, "month")
    do(books, top_ups.book, TopUp("t1", member, 6_000, PayWay.CASH, Place("demo", "desk")))
    with pytest.raises(RuleRefused):
        pay(books, member, 10_000, way=None)
    assert pay(books, member, 5_000, way=None).owed_minor == 5_000
    assert on(books, Account(AccountKind.MEMBER_PRINCIPAL, member)) == 1_000
    do(books, fee_payments.take_back, "p1", new_id="p1/back", why="another member meant")
    assert on(books, Account(AccountKind.MEMBER_PRINCIPAL, member)) == 6_000
    assert pay(books, member, 6_000, "p2", way=None).owed_minor == 4_000


def test_the_same_payment_comes_once_and_another_of_its_id_is_refused(books: Books) -> None:
    member = join(books)
    assert pay(books, member, 20_000) == pay(books, member, 20_000)
    with pytest.raises(PostedOtherwise):
        pay(books, member, 30_000)
    assert on(books, TILL) == 20_000


def test_no_more_is_taken_than_is_asked_for(books: Books) -> None:
    member = join(books)
    with pytest.raises(RuleRefused, match="more_than_owed"):
        pay(books, member, 120_001)
    pay(books, member, 120_000)
    with pytest.raises(RuleRefused, match="nothing_due"):
        pay(books, member, 1, "p2")


def test_periods_are_paid_ahead_within_what_may_be_sold(books: Books) -> None:
    member = join(books, "month")
    paid = pay(books, member, 30_000, periods_ahead=2)
    assert paid.cover == Cover(date(2027, 2, 21))
    pack = {"code": "local", "city": "here", "trades": ["any"], "since": "2020-01-01", "source": "its text"}
    figure = {"kind": "membership_months", "value": 1, "confidence": "high"}
    set_rule(books, "packs.own", [pack | {"figures": [figure]}])
    set_rule(books, "packs.chosen", ["local"])
    with pytest.raises(RuleRefused, match="too_long"):
        pay(books, member, 30_000, "p2", periods_ahead=2)


def test_a_payment_that_was_a_mistake_is_taken_back_and_the_gate_follows(books: Books) -> None:
    member = join(books)
    pay(books, member, 120_000)
    people.hand_over(books, member)
    back = do(books, fee_payments.take_back, "p1", new_id="p1/back", why="paid for somebody else")
    assert (back.owed_minor, back.cover) == (120_000, Cover(None))
    assert gate_says(books, 1, TODAY) == "fee_overdue"
    with pytest.raises(RuleRefused, match="already_reversed"):
        do(books, fee_payments.take_back, "p1", new_id="p1/again", why="twice")
    assert pay(books, member, 120_000, "p2").owed_minor == 0
    assert gate_says(books, 1, TODAY) == "ok"


def test_what_was_paid_ahead_is_taken_back_only_as_far_back_as_it_goes(books: Books) -> None:
    member = join(books)
    pay(books, member, 120_000)
    people.hand_over(books, member)
    pay(books, member, 120_000, "p2", periods_ahead=1)
    assert gate_says(books, 1, date(2028, 11, 21)) == "ok"
    do(books, fee_payments.take_back, "p2", new_id="b2", why="mistake")
    assert gate_says(books, 1, date(2027, 11, 21)) == "ok"
    assert gate_says(books, 1, date(2027, 11, 22)) == "fee_overdue"


def test_a_fee_for_life_is_paid_once(books: Books, clock: ManualClock) -> None:
    member = join(books, "life")
    assert pay(books, member, 500_000).cover == Cover(for_life=True)
    people.hand_over(books, member)
    set_day(clock, date(2050, 1, 1))
    pass_nights(books, clock)
    assert len(see(books, fee_book.charges_of, member)) == 1
    assert gate_says(books, 1, date(2060, 1, 1)) == "ok"


def test_a_waived_charge_counts_as_settled_and_one_written_off_does_not(books: Books, clock: ManualClock) -> None:
    member = join(books, "month")
    [first] = see(books, fee_book.charges_of, member)
    with pytest.raises(StepRefused):
        do(books, fee_payments.lift, first.n, ChargeAction.WRITE_OFF, why="not overdue yet")
    do(books, fee_payments.lift, first.n, ChargeAction.WAIVE, why="the gym was closed")
    assert see(books, fees.cover, member) == Cover(first.last)
    assert on(books, REVENUE) == 0
    pass_nights(books, clock, 40)
    second = see(books, fee_book.charges_of, member)[1]
    do(books, fee_payments.lift, second.n, ChargeAction.WRITE_OFF, why="moved away, no address")
    assert see(books, fees.cover, member) == Cover(first.last)
    assert on(books, Account(AccountKind.LOSS)) == -10_000
    with pytest.raises(RuleRefused):
        pay(books, member, 50_000)


def test_a_payment_taken_back_from_a_charge_that_was_waived_since_leaves_nothing_owed(books: Books) -> None:
    member = join(books)
    pay(books, member, 50_000)
    [charge] = see(books, fee_book.charges_of, member)
    do(books, fee_payments.lift, charge.n, ChargeAction.WAIVE, why="the gym was closed")
    do(books, fee_payments.take_back, "p1", new_id="back-1", why="another member's money")
    assert [on(books, each) for each in (fees.debt_of(member), REVENUE, TILL)] == [0, 0, 0]


def test_the_proof_names_a_member_of_whom_the_charges_ask_for_another_sum_than_is_owed(books: Books) -> None:
    member, other = join(books), join(books, "month", 2)
    pay(books, member, 20_000)
    assert see(books, prove).found == ()
    with books.database.begin() as connection:
        connection.execute(update(fee_charge).where(fee_charge.c.member == member).values(paid_minor=19_999))
    [wrong] = see(books, prove).found
    assert (wrong.check, wrong.where, wrong.off_by, wrong.sums) == (Check.FEE_DEBT, member, 1, (100_001, 100_000))
    assert see(books, prove).words() == f"fee_debt {member} off by 1 (100001 against 100000)"
    with books.database.begin() as connection:
        connection.execute(update(fee_charge).where(fee_charge.c.member == member).values(paid_minor=20_000))
        connection.execute(update(fee_charge).where(fee_charge.c.member == other).values(state="written_off"))
    [wrong] = see(books, prove).found
    assert (wrong.where, wrong.sums) == (other, (0, 10_000))
    with books.database.begin() as connection:
        connection.execute(update(fee_charge).where(fee_charge.c.member == other).values(state="due"))


def test_a_deferral_is_for_what_is_due_for_a_reason_and_once_a_year(books: Books) -> None:
    member = join(books)
    with pytest.raises(RuleRefused, match="too_long"):
        do(books, fee_payments.defer, member, TODAY + 91 * DAY, why="illness")
    do(books, fee_payments.defer, member, TODAY + 30 * DAY, why="illness")
    assert [each.until for each in see(books, fee_book.deferrals_of, member)] == [TODAY + 30 * DAY]
    with pytest.raises(RuleRefused, match="too_often"):
        do(books, fee_payments.defer, member, TODAY + 60 * DAY, why="illness")
    pay(books, member, 120_000)
    with pytest.raises(RuleRefused, match="nothing_due"):
        do(books, fee_payments.defer, member, TODAY + 60 * DAY, why="illness")


def test_the_standard_is_by_kind_of_member_and_written_in_the_contract(books: Books, clock: ManualClock) -> None:
    with pytest.raises(RuleRefused, match="plan_not_offered"):
        join(books, "unit")
    member = join(books, number=2)
    set_rule(books, "fees.plans", [YEAR | {"amount_minor": 200_000}, MONTH])
    pay(books, member, 120_000)
    set_day(clock, date(2027, 11, 22))
    pass_nights(books, clock)
    assert see(books, fee_book.charges_of, member)[-1].amount_minor == 120_000
    changed = do(books, fees.choose_plan, member, "month", "C-2b", why="new contract")
    assert changed.since == date(2028, 11, 22)
    assert [each.until for each in see(books, fee_book.plans_of, member)] == [date(2028, 11, 21), None]


def test_what_was_paid_before_the_contract_is_not_asked_again(books: Books) -> None:
    member = people.join(books, paid_until=date(2027, 3, 31))
    held = do(books, fees.choose_plan, member, "year", "C-1", why="contract of 2027")
    assert (held.since, see(books, fee_book.charges_of, member)) == (date(2027, 4, 1), [])
    assert see(books, fees.cover, member) == Cover(date(2027, 3, 31))
    with pytest.raises(RuleRefused, match="paid_by_plan"):
        do(books, fee_payments.record_paid, member, date(2030, 1, 1), why="by hand")
    assert pay(books, member, 120_000, periods_ahead=1).cover == Cover(date(2028, 3, 31))
    assert gate_says(books, 1, date(2028, 3, 31)) == "ok"


def test_a_unit_pays_and_its_representatives_pass(books: Books) -> None:
    unit = people.approve(books, people.make_unit_applicant())
    person = people.make_person(books)
    do(books, organisations.appoint, person, unit, Role.MAIN, why="letter")
    do(books, fees.choose_plan, unit, "unit", "C-50", why="joins")
    with pytest.raises(RuleRefused, match="fee_unpaid"):
        people.hand_over(books, person)
    with pytest.raises(RuleRefused, match="fees_inherited"):
        pay(books, person, 900_000)
    with pytest.raises(RuleRefused, match="fees_inherited"):
        do(books, fees.choose_plan, person, "year", "C-51", why="by mistake")
    pay(books, unit, 900_000, way=PayWay.TRANSFER)
    people.hand_over(books, person)
    assert gate_says(books, 1, TODAY) == "ok"
    assert gate_says(books, 1, date(2027, 11, 22)) == "fee_overdue"


def test_whoever_left_is_charged_no_more_and_may_still_pay_what_is_owed(books: Books, clock: ManualClock) -> None:
    member = join(books, "month")
    do(books, membership.cancel, member, why="order 7")
    pass_nights(books, clock, 60)
    assert [each.first for each in see(books, fee_book.charges_of, member)] == [TODAY]
    assert see(books, fee_book.plan_of, member) is None
    assert pay(books, member, 10_000).owed_minor == 0
    assert state(books, member) is MemberState.CANCELLED


def test_a_closed_day_takes_no_payment_back_onto_it(books: Books) -> None:
    member = join(books, "month")
    do(books, lambda change: fee_payments.days.close(change, "demo", TODAY, by="boss"))
    wish = PayFees("p1", member, 10_000, PayWay.CASH, place=Place("demo", "desk"))
    do(books, fee_payments.pay, wish)
    found = see(books, ledger.find, "p1")
    assert found is not None
    assert (found.posting.day, found.posting.late) == (TODAY + DAY, True)
    with pytest.raises(DayClosed):
        do(books, lambda change: fee_payments.days.close(change, "demo", TODAY, by="boss"))
