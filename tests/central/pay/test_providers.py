"""Our clients of WeChat Pay and Alipay, each through its library, against the hostile provider over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.central.pay.bills import CHINA
from kiosk.central.pay.making import make_providers
from kiosk.central.pay.provider import NoStatement, Provider, ProviderDown, ProviderRefused, SeenState, Trade
from kiosk.central.pay.settings import AlipaySettings, PaySettings, WechatSettings
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import ConfigError, MessageRejected
from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import ProviderKeys
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.tables import alipay_values, wechat_values
from kiosk.hostile.trades import TradeRefused
from tests.central.builders import START, ManualClock
from tests.central.pay.builders import OFFICE, SHOWN_AS, providers_of

UNTIL = START.replace(microsecond=0) + timedelta(minutes=3)
TRADE = Trade("k0123456789abcdef0123456789abcdef"[:32], 1_234, UNTIL)
Notice = tuple[dict[str, str], bytes]


class Side:
    """One provider: what we say of it, what it is, and what it sent."""

    def __init__(self, keys: ProviderKeys, folder: Path, way: PayWay) -> None:
        self.clock, self.sent = ManualClock(), list[Notice]()
        self.hostile = HostileProvider(keys, self.clock, Rates(), 1, deliver=self._keep)
        self.hostile.start(notices=False)
        self.ours: Provider = providers_of(self.hostile, folder)[way]

    def _keep(self, _address: str, headers: dict[str, str], body: bytes) -> int:
        self.sent.append((headers, body))
        return 200

    def say(self, odd: dict[str, Any]) -> None:
        """Have the provider say something else of its orders."""
        wechat, alipay = self.hostile._wechat, self.hostile._alipay
        order, query = type(wechat)._order, type(alipay)._query
        vars(wechat)["_order"] = lambda trade: order(wechat, trade) | odd
        alipay._calls = {**alipay._calls, "alipay.trade.query": lambda wish, url: query(alipay, wish, url) | odd}

    def pay(self) -> None:
        """Open the order and pay it."""
        self.hostile.pay(self.ours.open(TRADE))
        self.hostile.work(self.clock.now() + timedelta(minutes=5))


@pytest.fixture(params=[PayWay.WECHAT, PayWay.ALIPAY])
def side(request: pytest.FixtureRequest, keys: ProviderKeys, keys_folder: Path) -> Iterator[Side]:
    """Each provider in turn."""
    made = Side(keys, keys_folder, request.param)
    yield made
    made.hostile.close()


def test_an_order_is_taken_once_and_tells_only_amount_number_and_description(side: Side) -> None:
    assert side.ours.open(TRADE) == side.ours.open(TRADE)
    (trade,) = side.hostile.trades.all()
    assert (trade.number, trade.amount_minor, trade.description, trade.until) == (TRADE.id, 1_234, SHOWN_AS, UNTIL)
    assert trade.notice_url.endswith(f"/pay/notices/{side.ours.way.value}")


def test_an_order_is_seen_as_it_stands(side: Side) -> None:
    assert side.ours.look(TRADE.id).state is SeenState.UNKNOWN
    code = side.ours.open(TRADE)
    waits = SeenState.UNPAID if side.ours.way is PayWay.WECHAT else SeenState.UNKNOWN
    assert side.ours.look(TRADE.id).state is waits
    paid = side.hostile.pay(code)
    seen = side.ours.look(TRADE.id)
    assert (seen.state, seen.amount_minor, seen.payment) == (SeenState.PAID, 1_234, paid.payment)
    side.ours.refund(TRADE.id, "r-1", 1_234, 1_234)
    assert side.ours.look(TRADE.id).state is SeenState.GIVEN_BACK


def test_an_order_that_was_paid_is_not_closed_and_one_that_there_is_not_is(side: Side) -> None:
    side.ours.close(TRADE.id)
    side.pay()
    with pytest.raises(ProviderRefused):
        side.ours.close(TRADE.id)
    with pytest.raises(ProviderRefused):
        side.ours.open(TRADE)
    assert side.ours.look(TRADE.id).state is SeenState.PAID


@pytest.mark.parametrize("fault", ["not_heard", "server_error", "done_and_not_said"])
def test_no_answer_is_no_word_about_an_order(side: Side, fault: str) -> None:
    side.hostile.faults.rates = Rates(**{fault: 1.0})
    asked = (lambda: side.ours.open(TRADE), lambda: side.ours.look(TRADE.id), lambda: side.ours.close(TRADE.id))
    for each in (*asked, lambda: side.ours.statement(START.date())):
        with pytest.raises(ProviderDown):
            each()
    assert len(side.hostile.trades.all()) == (fault == "done_and_not_said")


def test_an_answer_that_the_provider_did_not_sign_is_none(side: Side, keys: ProviderKeys) -> None:
    stranger = type(keys)(keys.merchant, keys.merchant, keys.secret)
    for each in (side.hostile._wechat, side.hostile._alipay):
        each._keys = stranger
    with pytest.raises(ProviderDown):
        side.ours.open(TRADE)


def test_a_provider_that_failed_has_refused_nothing(side: Side) -> None:
    def fail(*_args: object) -> None:
        raise TradeRefused("SYSTEM_ERROR", 500)

    vars(side.hostile.trades).update(open=fail, find=fail, close=fail)
    for each in (lambda: side.ours.open(TRADE), lambda: side.ours.look(TRADE.id)):
        with pytest.raises(ProviderDown):
            each()


def test_a_provider_that_does_not_know_our_key_says_nothing_of_an_order(side: Side, keys: ProviderKeys) -> None:
    side.pay()
    for each in (side.hostile._wechat, side.hostile._alipay):
        each._keys = type(keys)(keys.platform, keys.platform, keys.secret)
    for ask in (lambda: side.ours.open(TRADE), lambda: side.ours.look(TRADE.id), lambda: side.ours.close(TRADE.id)):
        with pytest.raises(ProviderDown):
            ask()


ODD: dict[PayWay, list[dict[str, Any]]] = {
    PayWay.WECHAT: [
        {"out_trade_no": "another-order"}, {"mchid": "1900000002"}, {"trade_state": "NEW"}, {"transaction_id": ""},
        {"amount": {"total": 1_234, "currency": "USD"}}, {"amount": {"total": "1234", "currency": "CNY"}},
    ],
    PayWay.ALIPAY: [
        {"out_trade_no": "another-order"}, {"trade_status": "NEW"}, {"trade_no": ""}, {"total_amount": "12.345"},
        {"code": "20000"},
    ],
}  # fmt: skip


def test_what_does_not_hold_together_is_no_word_of_a_payment(side: Side) -> None:
    """Of another order, to another merchant, in other money, or without a number to book it under."""
    side.pay()
    for odd in ODD[side.ours.way]:
        side.say(odd)
        with pytest.raises(ProviderDown):
            side.ours.look(TRADE.id)
    side.say({})
    assert side.ours.look(TRADE.id).state is SeenState.PAID


def test_a_notice_is_read_when_the_provider_signed_it_alone(side: Side) -> None:
    side.pay()
    ((headers, body),) = side.sent
    now = side.clock.now() + timedelta(minutes=5)
    assert side.ours.read_notice(headers, body, now) == TRADE.id
    forged = [({}, body), (headers, b""), (headers, b"\xff{"), (headers, body.replace(b"t", b"T", 1)),
              ({**headers, "Wechatpay-Serial": "PUB_KEY_ID_1"}, body.replace(b"sign=", b"sign=x"))]  # fmt: skip
    for wrong, said in forged[2:] if side.ours.way is PayWay.ALIPAY else forged:
        with pytest.raises(MessageRejected):
            side.ours.read_notice(wrong, said, now)
    assert (side.ours.reply(taken=True).status, side.ours.reply(taken=False).status) == (200, 401)


def test_a_notice_to_another_merchant_is_not_ours(side: Side, keys_folder: Path) -> None:
    side.pay()
    ((headers, body),) = side.sent
    wechat = wechat_values(keys_folder, side.hostile.address, OFFICE) | {"merchant": "1900000002"}
    alipay = alipay_values(keys_folder, side.hostile.address, OFFICE) | {"app": "another"}
    theirs = make_providers(PaySettings(SHOWN_AS, WechatSettings(**wechat), AlipaySettings(**alipay)), Path)
    with pytest.raises(MessageRejected, match="not to us"):
        theirs[side.ours.way].read_notice(headers, body, side.clock.now() + timedelta(minutes=5))


def test_wechats_notice_by_an_unknown_key_makes_us_ask_nobody(keys: ProviderKeys, keys_folder: Path) -> None:
    side = Side(keys, keys_folder, PayWay.WECHAT)
    side.pay()
    ((headers, body),) = side.sent
    side.hostile.faults.rates = Rates(not_heard=1.0)
    with pytest.raises(MessageRejected, match="another key"):
        side.ours.read_notice({**headers, "Wechatpay-Serial": "5157F09EFDC096DE"}, body, side.clock.now())
    side.hostile.close()
    assert side.hostile.faults.counts["not_heard"] == 0


def test_wechats_notice_of_another_time_is_none(keys: ProviderKeys, keys_folder: Path) -> None:
    side = Side(keys, keys_folder, PayWay.WECHAT)
    side.pay()
    side.hostile.close()
    ((headers, body),) = side.sent
    for minutes in (-6, 11):
        with pytest.raises(MessageRejected, match="another time"):
            side.ours.read_notice(headers, body, START + timedelta(minutes=minutes))


def test_a_statement_says_what_was_paid_and_what_went_back(side: Side) -> None:
    side.pay()
    day = START.astimezone(CHINA).date()
    with pytest.raises(NoStatement):
        side.ours.statement(day)
    side.clock.pass_s(86_400)
    side.ours.refund(TRADE.id, "r-1", 1_234, 1_234)
    (line,) = side.ours.statement(day)
    payment = side.ours.look(TRADE.id)
    assert (line.trade, line.amount_minor, line.refund) == (TRADE.id, 1_234, "")
    assert line.at == datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC)
    assert payment.state is SeenState.GIVEN_BACK
    side.clock.pass_s(86_400)
    (back,) = side.ours.statement(day + timedelta(days=1))
    assert (back.trade, back.amount_minor, back.payment) == (TRADE.id, -1_234, line.payment)
    assert back.refund
    with pytest.raises(NoStatement):
        side.ours.statement(day - timedelta(days=3))


def test_a_statement_is_taken_from_its_provider_alone_and_whole(keys: ProviderKeys, keys_folder: Path) -> None:
    alipay, wechat = (Side(keys, keys_folder, way) for way in (PayWay.ALIPAY, PayWay.WECHAT))
    day = START.astimezone(CHINA).date()
    for side in (alipay, wechat):
        side.pay()
        side.clock.pass_s(86_400)
    for address in ("http://127.0.0.1.example", "http://alipay.com.example", "https://10.0.0.1", "file:"):
        alipay.hostile._alipay._address = address
        with pytest.raises(ProviderRefused, match="none of its own"):
            alipay.ours.statement(day)
    bill = wechat.hostile._wechat._bill
    vars(wechat.hostile._wechat)["_bill"] = lambda of: bill(of) | {"hash_value": "0" * 40}
    with pytest.raises(ProviderDown, match="not the one it named"):
        wechat.ours.statement(day)
    for side in (alipay, wechat):
        side.hostile.close()


def test_keys_that_are_none_are_named(keys_folder: Path, tmp_path: Path, keys: ProviderKeys) -> None:
    side = Side(keys, keys_folder, PayWay.WECHAT)
    side.hostile.close()
    for name in ("merchant.pem", "platform.pem", "api-v3.key"):
        (tmp_path / name).write_text("no key")
    with pytest.raises(ConfigError, match=r"\[pay.wechat\]"):
        providers_of(side.hostile, tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        providers_of(side.hostile, tmp_path / "nowhere")
