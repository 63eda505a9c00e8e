"""Fees paid by QR code: what is asked for is what would be booked; money that nothing is owed for is set aside."""

from collections.abc import Iterator

import pytest

from kiosk.central.club.books import Books
from kiosk.central.members import save_cards
from kiosk.central.money import fee_payments, fees, provider_receiving, refunds
from kiosk.central.money.fee_book import charges_of
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.provider_receiving import Received
from kiosk.central.money.refund_book import refund_named
from kiosk.club.money_lives import RefundState
from kiosk.club.paying_back import PayWay
from kiosk.club.refunds import RefundOf
from kiosk.core.self_service import OrderState, PayFor
from tests.central.builders import ManualClock
from tests.central.club.builders_people import card_of
from tests.central.money.builders_fees import do, join, open_club
from tests.central.money.builders_sales import BOSS, change_of
from tests.central.pay.builders import Till, make_asked
from tests.central.pay.conftest import MakeTill

YEAR_MINOR = 120_000


@pytest.fixture
def member(books: Books) -> str:
    """A member who owes the fee of a year, with a card in the hand."""
    open_club(books)
    found = join(books)
    with books.database.begin() as connection:
        save_cards(connection, [card_of(1, found)])
    do(books, fees.charge_due, found)
    return found


@pytest.fixture
def till(make_till: MakeTill, member: str) -> Iterator[Till]:
    """A kiosk, with the books proved afterwards."""
    made = make_till()
    yield made
    made.check()


def left_minor(till: Till, member: str) -> int:
    """Return what a member owes of fees."""
    with till.books.look() as look:
        return sum(each.left_minor for each in charges_of(look, member))


def test_a_fee_is_paid_and_makes_paid(till: Till, member: str, clock: ManualClock) -> None:
    asked = make_asked(credential=card_of(1, "").id, pay_for=PayFor.FEE, amount_minor=YEAR_MINOR)
    told = till.opened(asked)
    assert (told.state, left_minor(till, member)) == (OrderState.OPEN, YEAR_MINOR), "nothing is kept of the trial"
    till.pay()
    till.work(5)
    told = till.told()
    assert told.state is OrderState.PAID
    assert told.receipt
    assert told.paid_until is not None
    assert told.paid_until > clock.now().date()
    assert (left_minor(till, member), till.has(member)) == (0, 0)


def test_a_fee_ahead_is_paid_and_stands_in_the_match(till: Till, member: str) -> None:
    asked = make_asked(
        credential=card_of(1, "").id, pay_for=PayFor.FEE, amount_minor=2 * YEAR_MINOR, periods_ahead=1, way="wechat"
    )
    assert till.opened(asked).state is OrderState.OPEN
    till.pay()
    till.work(5)
    assert till.told().state is OrderState.PAID
    till.clock.pass_s(24 * 3600)
    till.work()
    assert till.reconcile() == {}


def test_a_fee_that_was_paid_at_the_desk_meanwhile_rests_in_suspense(till: Till, member: str) -> None:
    till.opened(make_asked(credential=card_of(1, "").id, pay_for=PayFor.FEE, amount_minor=YEAR_MINOR))
    do(till.books, fee_payments.pay, PayFees("desk-1", member, YEAR_MINOR, PayWay.CASH))
    till.pay()
    till.work(5)
    assert till.told().state is OrderState.CHECKING
    assert (till.suspense(), left_minor(till, member)) == (YEAR_MINOR, 0)
    told = (YEAR_MINOR, till.kept().payment)
    assert till.do(provider_receiving.receive, "order-0001", *told) is Received.KNOWN
    till.work(300, 20)
    assert till.suspense() == YEAR_MINOR


def test_days_not_used_go_back_through_the_provider_that_their_fee_was_paid_to(till: Till, member: str) -> None:
    asked = make_asked(credential=card_of(1, "").id, pay_for=PayFor.FEE, amount_minor=YEAR_MINOR)
    till.opened(asked)
    till.pay()
    till.work(5)
    change_of(till.books, refunds.request_cards, "r1", member, RefundOf.TIME, "", "moves away")
    change_of(till.books, refunds.approve, "r1", actor=BOSS)
    sent = change_of(till.books, refunds.pay, "r1")
    till.work(60, 5)
    with till.books.look() as look:
        assert refund_named(look, "r1").state is RefundState.PAID
    (trade,) = till.hostile.trades.all()
    assert [each.amount_minor for each in trade.backs] == [sent.amount_minor]
    assert 0 < sent.amount_minor <= YEAR_MINOR
