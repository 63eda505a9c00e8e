"""The hostile provider does the wrong that it is asked for: what is proved against it would else prove nothing."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import ProviderKeys, make_keys
from kiosk.hostile.notices import TRIES_MAX
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.trades import Line, Trade, TradeState
from tests.builders import NOW, FakeClock

MINUTE = timedelta(minutes=1)


class Provider:
    """A provider with one order that waits, and what it has sent."""

    def __init__(self, keys: ProviderKeys, rates: Rates, seed: int) -> None:
        self.sent: list[dict[str, str]] = []
        self.status = 200
        self.hostile = HostileProvider(keys, FakeClock(), rates, seed, deliver=self._keep)
        self.code = f"{self.hostile.address}/pay/abc"
        trade = Trade(
            "k1", "alipay", 2_000, "会员充值", NOW + 3 * MINUTE, "http://127.0.0.1/pay/notices/alipay", self.code
        )
        self.hostile.trades.open("alipay", trade)

    def _keep(self, _address: str, _headers: dict[str, str], body: bytes) -> int:
        self.sent.append(dict(parse_qsl(body.decode())))
        return self.status

    def after(self, seconds: float) -> int:
        """Return how much was sent, or given back, so long after the order was paid."""
        return self.hostile.work(NOW + timedelta(seconds=seconds))

    def lines(self) -> list[Line]:
        """Return the statement of the day."""
        return self.hostile.trades.statement("alipay", date(2026, 11, 22), NOW - MINUTE, NOW + MINUTE)


Make = Callable[..., Provider]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> ProviderKeys:
    """The keys of both sides, which take a while to make."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def make(keys: ProviderKeys) -> Iterator[Make]:
    """Makes a provider with faults."""
    made: list[Provider] = []

    def provider(seed: int = 1, **rates: Any) -> Provider:
        made.append(Provider(keys, Rates(**rates), seed))
        return made[-1]

    yield provider
    for each in made:
        each.hostile.close()


def test_without_faults_one_notice_comes_at_once(make: Make) -> None:
    provider = make()
    provider.hostile.pay(provider.code)
    assert (provider.after(2), provider.after(1_000)) == (1, 0)
    assert provider.lines() == provider.lines()
    assert [each.amount_minor for each in provider.lines()] == [2_000]


def test_a_notice_is_late_or_lost_or_comes_more_than_once(make: Make) -> None:
    late, lost, repeated = make(notice_late=1.0), make(notice_lost=1.0), make(notice_repeated=0.8)
    for each in (late, lost, repeated):
        each.hostile.pay(each.code)
    assert (late.after(19), late.after(91)) == (0, 1)
    assert lost.after(1_000) == 0
    assert repeated.after(91) == repeated.hostile.faults.counts["notice_repeated"] + 1 > 1


def test_a_notice_contradicts_what_is_so_or_is_forged(make: Make) -> None:
    odd, forged = make(notice_contradictory=1.0), make(notice_forged=1.0)
    for each in (odd, forged):
        each.hostile.pay(each.code)
        assert each.after(91) == 2
    assert sorted(each["total_amount"] for each in odd.sent) == ["20.00", "20.01"]
    assert len({each["sign"] for each in forged.sent}) == 2
    assert len({each["total_amount"] for each in forged.sent}) == 1


def test_a_notice_that_is_not_taken_comes_again_a_few_times(make: Make) -> None:
    provider = make()
    provider.status = 500
    provider.hostile.pay(provider.code)
    assert sum(provider.after(20 * step) for step in range(1, 10)) == 1 + TRIES_MAX


def test_money_goes_back_by_itself(make: Make) -> None:
    provider = make(given_back=1.0)
    provider.hostile.pay(provider.code)
    provider.after(91)
    assert provider.hostile.trades.find("alipay", "k1").state is TradeState.GIVEN_BACK


@pytest.mark.parametrize("fault", ["line_missing", "line_extra"])
def test_a_statement_has_a_line_too_few_or_too_many_and_stays_so(make: Make, fault: str) -> None:
    provider = make(**{fault: 1.0})
    provider.hostile.pay(provider.code)
    first = provider.lines()
    assert [each.number for each in first if each.number == "k1"] == ([] if fault == "line_missing" else ["k1"])
    assert len(first) == (0 if fault == "line_missing" else 2)
    provider.hostile.faults.rates = Rates()
    assert provider.lines() == first


def test_what_is_asked_is_not_heard_or_fails_or_is_done_and_not_said(make: Make) -> None:
    close = b'{"mchid":"1900000001"}'
    for rates, answered in (
        ({"not_heard": 1.0}, False),
        ({"server_error": 1.0}, True),
        ({"done_and_not_said": 1.0}, False),
    ):
        answer = make(**rates).hostile.answer("POST", "/v3/pay/transactions/out-trade-no/k00001/close", {}, close)
        assert (answer is not None) is answered
        assert answer is None or answer.status == 500
    down = make()
    down.hostile.down = True
    assert down.hostile.answer("GET", "/v3/bill/tradebill", {}, b"") is None
