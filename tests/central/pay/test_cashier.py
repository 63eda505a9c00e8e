"""The cashier: whatever a provider does, an order is credited once or closed, and what is odd a person looks at."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from kiosk.central.club.cases import case_page, notes_of
from kiosk.central.lease import LeaseLost
from kiosk.central.money import ledger, order_rows, provider_orders, provider_receiving
from kiosk.central.money.order_rows import OrderState as Kept
from kiosk.central.money.provider_receiving import Received
from kiosk.central.money.stored_lots import principal_of
from kiosk.central.pay.cashier import BACK_OFF_S, Cashier
from kiosk.central.pay.provider import ProviderRefused, Seen
from kiosk.central.pay.resting import DOWN_AFTER, REST_S, Resting
from kiosk.central.tables import lease
from kiosk.club.paying_back import PayWay
from kiosk.core.self_service import OrderState
from kiosk.hostile.faults import Rates
from kiosk.hostile.trades import TradeState
from tests.central.builders import ManualClock
from tests.central.money.builders_sales import set_rule
from tests.central.pay.builders import Till, make_asked
from tests.central.pay.conftest import MakeTill


def cases_of(till: Till) -> list[str]:
    """Return what the open cases say."""
    with till.books.look() as look:
        return [notes_of(look, each.id)[0].text for each in case_page(look)]


@pytest.mark.proves("S54")
def test_an_order_is_opened_paid_and_credited_once(till: Till, member: str, card: str) -> None:
    set_rule(till.books, "stored_value.bonus_tiers", [{"paid_min_minor": 2_000, "bonus_minor": 100}])
    told = till.opened(make_asked(credential=card))
    assert (told.state, told.given_minor) == (OrderState.OPEN, 100)
    assert told.code.startswith(till.hostile.address)
    till.pay()
    till.work(5)
    told = till.told()
    assert (told.state, told.after_minor, told.code) == (OrderState.PAID, 2_100, "")
    assert told.receipt
    till.work(300, 20)
    assert till.has(member) == 2_000
    assert till.cashier.counts["orders_credited"] == 1
    assert till.kept().next_at is None
    till.check()


def test_a_kiosk_that_dies_changes_nothing(till: Till, member: str, card: str) -> None:
    """Nobody looks at the order, and no notice comes: it is credited all the same."""
    till.hostile.faults.rates = Rates(notice_lost=1.0)
    till.opened(make_asked(credential=card))
    till.pay()
    till.work(10)
    assert till.has(member) == 2_000


def test_notices_that_are_late_repeated_and_out_of_order_credit_once(
    make_till: MakeTill, member: str, card: str
) -> None:
    till = make_till(rates=Rates(notice_late=0.5, notice_repeated=0.8), seed=5)
    for number in range(4):
        till.opened(make_asked(f"order-{number:04}", card))
        till.pay(f"order-{number:04}")
    till.work(200, 4)
    assert till.has(member) == 8_000
    assert len(till.replies) > 8
    assert {each.status for each in till.replies} == {200}


def test_a_forged_notice_touches_nothing_and_one_that_contradicts_makes_us_look(
    make_till: MakeTill, member: str, card: str
) -> None:
    till = make_till(rates=Rates(notice_forged=1.0, notice_contradictory=1.0))
    till.opened(make_asked(credential=card))
    before = till.kept()
    till.hostile.work(till.clock.now() + timedelta(seconds=2))
    assert sorted(each.status for each in till.replies) == [200, 401]
    after = till.kept()
    assert after.next_at == till.clock.now() - order_rows.FIRST < before.next_at
    till.work(5)
    assert till.told().state is OrderState.OPEN
    assert till.has(member) == 0


def test_an_order_whose_answer_was_lost_is_opened_again_as_the_same(
    make_till: MakeTill, member: str, card: str
) -> None:
    till = make_till(rates=Rates(done_and_not_said=1.0))
    assert till.opened(make_asked(credential=card)).state is OrderState.OPENING
    assert till.kept().tries == 1
    till.hostile.faults.rates = Rates()
    till.work(2)
    (trade,) = till.hostile.trades.all()
    assert till.told().code == trade.code
    till.pay()
    till.work(5)
    assert till.has(member) == 2_000


def test_while_a_provider_is_away_nothing_is_said_and_soon_after_it_is_back_it_is_credited(
    till: Till, member: str, card: str
) -> None:
    for number in range(5):
        till.opened(make_asked(f"order-{number:04}", card, amount_minor=1_000))
        till.pay(f"order-{number:04}")
    till.hostile.down = True
    till.work(600, 5)
    assert {till.told(f"order-{number:04}").state for number in range(5)} == {OrderState.CHECKING}
    assert till.cashier.health()
    assert till.cashier.counts["orders_put_off"] < 600, "a provider that is away is let alone"
    till.hostile.down = False
    till.work(REST_S[1] + BACK_OFF_S[1] + 1, 0.5)
    assert {till.told(f"order-{number:04}").state for number in range(5)} == {OrderState.PAID}
    assert till.has(member) == 5_000
    till.check()


def test_an_order_that_is_given_up_is_closed_and_leaves_its_room(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    told = till.cancel()
    assert (told.state, told.code) == (OrderState.CHECKING, "")
    till.work()
    assert till.told().state is OrderState.CLOSED
    assert [each.state for each in till.hostile.trades.all()] == [TradeState.CLOSED]
    with till.books.look() as look:
        assert ledger.coming(look, principal_of(member)) == 0
    assert till.cancel().state is OrderState.CLOSED
    till.work(120, 10)
    assert till.kept().next_at is None


def test_one_that_is_given_up_before_its_provider_has_it_is_closed(till: Till, member: str, card: str) -> None:
    till.open(make_asked(credential=card))
    till.cancel()
    till.work()
    assert till.told().state is OrderState.CLOSED
    assert till.hostile.trades.all() == []


def test_who_pays_and_gives_up_at_once_is_credited(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    till.pay()
    till.cancel()
    till.work()
    assert (till.told().state, till.has(member)) == (OrderState.PAID, 2_000)


def test_an_order_that_nobody_pays_is_closed_at_its_end(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    till.work(185, 5)
    assert till.told().state is OrderState.CLOSED
    assert till.cashier.counts["orders_closed"] == 1


@pytest.mark.parametrize("wait_s", [30, 600])
def test_money_that_comes_after_an_order_was_closed_is_credited_all_the_same(
    till: Till, member: str, card: str, wait_s: int
) -> None:
    """By the last look after closing, or by a notice whenever it comes."""
    told = till.opened(make_asked(credential=card))
    till.cancel()
    till.work()
    assert till.told().state is OrderState.CLOSED
    till.work(wait_s, 10)
    (trade,) = till.hostile.trades._trades.values()
    trade.state = TradeState.UNPAID
    trade.until += timedelta(hours=1)
    till.hostile.faults.rates = Rates(notice_lost=float(wait_s < 60))
    till.hostile.pay(told.code)
    till.work(60, 5)
    assert (till.told().state, till.has(member)) == (OrderState.PAID, 2_000)
    assert till.cashier.counts["orders_late"] == 1
    till.check()


def test_money_of_another_amount_rests_in_suspense_with_a_case(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    till.pay(amount_minor=1_999)
    till.work(5)
    assert till.told().state is OrderState.CHECKING
    assert (till.has(member), till.suspense()) == (0, 1_999)
    till.work(300, 20)
    assert till.suspense() == 1_999
    assert [text for text in cases_of(till) if "of 2000 was paid with 1999" in text]
    assert len(cases_of(till)) == 1
    with till.books.look() as look:
        assert ledger.coming(look, principal_of(member)) == 0
    till.check()


def test_a_second_payment_of_an_order_rests_in_suspense_with_a_case_once(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    first = till.pay().payment
    till.work(5)
    for payment, expected in ((first, Received.KNOWN), ("second", Received.TWICE), ("second", Received.KNOWN)):
        assert till.do(provider_receiving.receive, "order-0001", 2_000, payment) is expected
    assert (till.has(member), till.suspense(), len(cases_of(till))) == (2_000, 2_000, 1)
    till.check()


def test_what_staff_confirmed_by_hand_is_not_credited_again(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    till.do(provider_orders.confirm, "order-0001", 2_000)
    payment = till.hostile.pay(till.kept().code).payment
    till.work(120, 10)
    assert (till.has(member), till.kept().payment, till.suspense()) == (2_000, payment, 0)


def test_money_that_the_provider_gave_back_before_it_was_booked_is_not_credited(
    till: Till, member: str, card: str
) -> None:
    till.hostile.faults.rates = Rates(notice_lost=1.0)
    till.opened(make_asked(credential=card))
    trade = till.pay()
    till.hostile.trades.give_back("wechat", trade.number, till.clock.now())
    till.work(100, 10)
    assert (till.told().state, till.has(member), till.suspense()) == (OrderState.CLOSED, 0, 0)


def test_an_order_that_the_provider_refuses_is_closed(till: Till, member: str, card: str) -> None:
    till.open(make_asked(credential=card, amount_minor=100))
    trade = till.kept().trade
    told = till.open(make_asked("order-0002", card))
    till.work()
    # Another one has taken its number there.
    till.hostile.trades._trades["wechat", till.kept("order-0002").trade].amount_minor = 1
    assert told.state is OrderState.OPENING
    with till.books.database.begin() as connection:
        provider_orders.order_rows.write(connection, "order-0002", next_at=till.clock.now(), code="")
    till.work(5)
    assert till.told("order-0002").state is OrderState.CLOSED
    assert till.cashier.counts["orders_refused"] == 1
    assert till.kept().trade == trade
    assert till.kept().state is Kept.WAITING


def test_an_order_that_is_paid_between_a_look_and_its_closing_is_credited(till: Till, member: str, card: str) -> None:
    code = till.opened(make_asked(credential=card)).code
    ours = till.providers[PayWay.WECHAT]

    class PaidMeanwhile:
        """WeChat, where the member pays while we close."""

        way = PayWay.WECHAT
        look, statement = ours.look, ours.statement

        def close(self, trade: str) -> None:
            """Close an order that was paid a moment ago."""
            till.hostile.pay(code)
            ours.close(trade)

    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: PaidMeanwhile()})
    till.cancel()
    till.work()
    assert till.told().state is OrderState.CHECKING
    till.work(5)
    assert (till.told().state, till.has(member)) == (OrderState.PAID, 2_000)
    assert till.cashier.counts["orders_closed"] == 0


def test_an_order_of_which_alipay_knows_nothing_yet_can_still_be_paid_until_its_time_is_over(
    till: Till, member: str, card: str
) -> None:
    """Alipay makes no order before its code is scanned: that there is none is no end of it."""
    for id in ("order-0001", "order-0002"):
        till.opened(make_asked(id, card, way="alipay"))
        till.cancel(id)
    till.work(60, 5)
    assert {till.told(id).state for id in ("order-0001", "order-0002")} == {OrderState.CHECKING}
    till.hostile.pay(till.kept().code)
    till.work(130, 5)
    assert (till.told().state, till.told("order-0002").state) == (OrderState.PAID, OrderState.CLOSED)
    assert till.has(member) == 2_000
    till.check()


def test_an_order_that_its_provider_closed_by_itself_is_closed(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))
    till.hostile.trades.close("wechat", till.kept().trade)
    till.work(10)
    assert (till.told().state, till.has(member), till.suspense()) == (OrderState.CLOSED, 0, 0)
    with till.books.look() as look:
        assert ledger.coming(look, principal_of(member)) == 0


class Looking:
    """WeChat, where something happens while the cashier looks at an order."""

    way = PayWay.WECHAT

    def __init__(self, till: Till, happens: Callable[[str], None]) -> None:
        self._ours, self._happens = till.providers[self.way], happens
        self.statement = self._ours.statement

    def look(self, trade: str) -> Seen:
        """Look, and let it happen before there is an answer."""
        seen = self._ours.look(trade)
        self._happens(trade)
        return seen


def test_who_leads_no_more_books_nothing(till: Till, member: str, card: str) -> None:
    till.hostile.faults.rates = Rates(notice_lost=1.0)
    till.opened(make_asked(credential=card))
    till.pay()

    def lead(holder: str) -> None:
        with till.books.database.begin() as connection:
            connection.execute(update(lease).values(holder=holder, until_ms=0))

    till.clock.pass_s(3.5)
    assert till.lease.try_hold()
    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: Looking(till, lambda _trade: lead("another"))})
    with pytest.raises(LeaseLost):
        till.cashier.round()
    assert (till.has(member), till.kept().state) == (0, Kept.WAITING)
    till.clock.pass_s(5)
    assert till.cashier.round() == 0
    assert (till.has(member), till.kept().state) == (0, Kept.WAITING)
    lead("")
    till.cashier = Cashier(till.books, till.lease, till.providers)
    till.work(5)
    assert till.has(member) == 2_000


def test_a_notice_that_comes_while_its_order_is_looked_at_is_not_lost(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))

    def tell(trade: str) -> None:
        with till.books.database.begin() as connection:
            assert order_rows.wake(connection, trade, till.clock.now())

    till.clock.pass_s(3.5)
    assert till.lease.try_hold()
    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: Looking(till, tell)})
    assert till.cashier.round() == 1
    next_at = till.kept().next_at
    assert next_at is not None
    assert next_at <= till.clock.now()


def test_an_order_that_nobody_can_ask_about_lets_the_others_go_first(till: Till, member: str, card: str) -> None:
    till.opened(make_asked(credential=card))

    def refuse(_trade: str) -> None:
        raise ProviderRefused("WeChat: PARAM_ERROR")

    till.cashier = Cashier(till.books, till.lease, {PayWay.WECHAT: Looking(till, refuse)})
    for tries in (1, 2, 3):
        till.clock.pass_s(3)
        assert till.lease.try_hold()
        assert till.cashier.round() == 1
        assert (till.kept().tries, till.told().state) == (tries, OrderState.OPEN)
        assert till.cashier.round() == 0
    assert till.cashier.counts["orders_stuck"] == 3
    assert till.cashier.health() == {}


def test_a_provider_that_answers_now_and_then_is_not_let_alone() -> None:
    resting = Resting([PayWay.WECHAT], ManualClock())
    for _ in range(3):
        assert not any(resting.failed(PayWay.WECHAT, "away") for _ in range(DOWN_AFTER - 1))
        resting.answered(PayWay.WECHAT)
    assert [resting.failed(PayWay.WECHAT, "away") for _ in range(DOWN_AFTER)][-1]
    assert resting.awake() == []
