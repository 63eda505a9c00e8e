"""Many orders are asked of several at once, most likely paid ones first, and a provider that is away by few."""

import threading
from collections import Counter
from datetime import timedelta

import pytest

from kiosk.central.money import order_rows
from kiosk.central.money.order_rows import KeptOrder, Order, OrderState
from kiosk.central.pay.asking import AT_ONCE_MAX, FEW, Asking, NotTaken
from kiosk.central.pay.provider import ProviderDown, ProviderRefused, Seen, SeenState, Trade
from kiosk.central.pay.resting import DOWN_AFTER, Resting
from kiosk.club.paying_back import PayWay
from tests.central.builders import START, ManualClock
from tests.central.pay.builders import Till, make_asked

WAIT_S = 30.0


class Counted:
    """A provider that counts who asks it, and answers as it is told."""

    way = PayWay.WECHAT

    def __init__(self, meet: int = 1) -> None:
        self.away, self.refuses = False, False
        self.asked = Counter[str]()
        self._together, self._lock = threading.Barrier(meet), threading.Lock()

    def open(self, trade: Trade) -> str:
        """Take an order."""
        self._ask()
        return f"code of {trade.id}"

    def look(self, trade: str) -> Seen:
        """Look at an order."""
        self._ask()
        return Seen(trade, SeenState.UNPAID)

    def _ask(self) -> None:
        self._together.wait(WAIT_S)
        with self._lock:
            self.asked[threading.current_thread().name] += 1
        if self.away:
            raise ProviderDown("away")
        if self.refuses:
            raise ProviderRefused("no")


def make_orders(count: int, code: str = "code") -> list[KeptOrder]:
    """Make orders that wait to be paid."""
    until = START + timedelta(minutes=3)
    order = Order("", "m", PayWay.WECHAT, 100, 0, OrderState.WAITING, until, "device:kiosk-1")
    names = [f"order-{number:04}" for number in range(count)]
    return [
        KeptOrder(Order(name, *[getattr(order, each) for each in Order.__struct_fields__[1:]]), OrderState.WAITING,
                  START, trade=name, code=code)
        for name in names
    ]  # fmt: skip


def make_asking(provider: Counted) -> tuple[Asking, Resting]:
    """Make what asks one provider."""
    clock = ManualClock()
    resting = Resting([provider.way], clock)
    return Asking({provider.way: provider}, resting, clock), resting  # type: ignore[dict-item]  # two of its methods


def test_many_are_asked_of_so_many_at_once_each_once() -> None:
    provider = Counted(meet=AT_ONCE_MAX)  # nobody gets an answer until so many ask
    asking, _ = make_asking(provider)
    orders = make_orders(AT_ONCE_MAX * FEW)
    answers = asking.ask_of(orders)
    assert {id: answer.trade for id, answer in answers.items() if isinstance(answer, Seen)} == {
        each.order.id: each.trade for each in orders
    }
    assert provider.asked.total() == len(orders)


def test_few_are_asked_of_by_the_one_thread() -> None:
    provider = Counted()
    asking, _ = make_asking(provider)
    asking.ask_of(make_orders(2 * FEW - 1))
    assert set(provider.asked) == {threading.current_thread().name}


def test_one_that_has_no_code_is_taken_to_its_provider_or_not_taken() -> None:
    provider = Counted()
    asking, _ = make_asking(provider)
    assert asking.ask_of(make_orders(1, code="")) == {"order-0000": "code of order-0000"}
    provider.refuses = True
    assert asking.ask_of(make_orders(1, code="")) == {"order-0000": NotTaken("no")}


@pytest.mark.parametrize("count", [FEW, 50])
def test_a_provider_that_is_away_is_asked_a_few_times_and_rests(count: int) -> None:
    provider = Counted()
    provider.away = True
    asking, resting = make_asking(provider)
    answers = asking.ask_of(make_orders(count))
    assert DOWN_AFTER <= provider.asked.total() == len(answers) < DOWN_AFTER + AT_ONCE_MAX
    assert not resting.is_awake(provider.way)
    assert resting.reasons() == {"wechat": "away"}


def test_what_has_no_code_comes_first_then_what_a_notice_named_then_what_waited_longest(
    till: Till, member: str, card: str
) -> None:
    for number in range(4):
        till.open(make_asked(f"order-{number:04}", card, amount_minor=100))
        till.clock.pass_s(1)
        till.work()
    till.clock.pass_s(60)
    till.open(make_asked("order-0009", card, amount_minor=100))
    now = till.clock.now()
    with till.books.database.begin() as connection:
        waits = {f"order-{number:04}": till.kept(f"order-{number:04}").next_at or now for number in (0, 1, 3)}
        assert order_rows.wake(connection, till.kept("order-0002").trade, now)
        due = [each.order.id for each in order_rows.due(connection, [PayWay.WECHAT], now, 50)]
    assert due == ["order-0009", "order-0002", *sorted(waits, key=lambda id: waits[id])]
