"""The hostile provider's own page: what a telephone shows, and one button that pays."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import cli
from kiosk.hostile.faults import Faults, Rates
from kiosk.hostile.keys import make_keys
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.trades import Trade, TradeRefused, TradeState
from tests.builders import FakeClock


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[HostileProvider]:
    """A provider with one order that waits."""
    clock = FakeClock()
    made = HostileProvider(make_keys(tmp_path), clock, Rates(), 1, deliver=lambda *_: 200)
    made.start(notices=False)
    until = clock.now() + timedelta(minutes=3)
    trade = Trade("k1", "wechat", 123_456, "会员<充值>", until, f"{made.address}/x", f"{made.address}/pay/abc")
    made.trades.open("wechat", trade)
    yield made
    made.close()


def load(address: str, data: bytes | None = None) -> tuple[str, str]:
    """Return the body of a page and its rules for what it may load."""
    with urllib.request.urlopen(urllib.request.Request(address, data), timeout=30) as answer:
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def test_a_telephone_finds_the_order_and_pays_it_once(provider: HostileProvider) -> None:
    listed, _ = load(f"{provider.address}/")
    (path,) = re.findall(r'href="(/pay/[^"]+)"', listed)
    page, policy = load(provider.address + path)
    assert "¥1234.56" in page
    assert "会员&lt;充值&gt;" in page
    assert "default-src 'none'" in policy
    paid, _ = load(provider.address + path, b"")
    assert "已付款 / Paid" in paid
    assert "<button>" not in paid
    assert provider.trades.find("wechat", "k1").state is TradeState.PAID
    with pytest.raises(TradeRefused):
        provider.pay(f"{provider.address}/pay/abc")


def test_an_order_that_is_over_takes_no_money(provider: HostileProvider) -> None:
    with pytest.raises(TradeRefused):
        provider.trades.pay(f"{provider.address}/pay/abc", FakeClock().now() + timedelta(minutes=3))
    with pytest.raises(urllib.error.HTTPError):
        load(f"{provider.address}/pay/none")


def test_the_same_seed_brings_the_same_faults() -> None:
    rates = Rates(not_heard=0.5)
    made = [Faults(rates, seed) for seed in (1, 1, 2)]
    first, second, other = ([each.happens("not_heard") for _ in range(50)] for each in made)
    assert first == second != other


def test_the_command_is_hidden_and_prints_what_central_needs(tmp_path: Path) -> None:
    assert "hostile-provider" not in CliRunner().invoke(cli, ["--help"]).output
    said = CliRunner().invoke(cli, ["hostile-provider", "--folder", str(tmp_path), "--settings"])
    assert said.exit_code == 0
    assert said.output.startswith("[pay.wechat]\n")
    assert (tmp_path / "merchant.pem").stat().st_mode & 0o777 == 0o600
