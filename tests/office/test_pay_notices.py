"""Where providers tell of payments: no session, no form, nothing but what they signed, and no page of ours."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk.central.pay.making import make_providers
from kiosk.central.pay.provider import Trade
from kiosk.central.pay.settings import PaySettings, WechatSettings
from kiosk.hostile.faults import Rates
from kiosk.hostile.keys import make_keys
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.tables import wechat_values
from kiosk.office.app import close_app, create_app
from kiosk.office.settings import OfficeSettings
from tests.builders import FakeClock
from tests.office.builders import SECRET
from tests.office.conftest import MakeApp, copy_of
from tests.support.needs import needs_module

PATH = "/pay/notices/wechat"


@pytest.fixture(scope="module")
def sent() -> list[tuple[dict[str, str], bytes]]:
    """What the provider sends of a payment."""
    return []


@pytest.fixture(scope="module")
def stranger(
    tmp_path_factory: pytest.TempPathFactory, filled_file: Path, sent: list[tuple[dict[str, str], bytes]]
) -> Iterator[FlaskClient]:
    """Somebody on the network, before an office that takes notices of WeChat Pay; one order was paid there."""
    needs_module("wechatpayv3", "wechatpayv3")
    folder, clock = tmp_path_factory.mktemp("pay"), FakeClock()

    def keep(_address: str, headers: dict[str, str], body: bytes) -> int:
        sent.append((headers, body))
        return 200

    hostile = HostileProvider(make_keys(folder), clock, Rates(), 1, deliver=keep)
    values = wechat_values(folder, hostile.address, "http://127.0.0.1:1")
    providers = make_providers(PaySettings(wechat=WechatSettings(**values)), Path)
    hostile.start(notices=False)
    ((_, provider),) = providers.items()
    code = provider.open(Trade("k" * 32, 100, clock.now() + timedelta(minutes=3)))
    hostile.pay(code)
    hostile.work(clock.now() + timedelta(seconds=3))
    hostile.close()
    with copy_of(filled_file) as database:
        app = create_app(OfficeSettings(), database, clock, SECRET, providers)
        yield app.test_client()
        close_app(app)


def test_what_the_provider_signed_is_taken_without_a_session(
    stranger: FlaskClient, sent: list[tuple[dict[str, str], bytes]]
) -> None:
    ((headers, body),) = sent
    for _ in range(2):
        answer = stranger.post(PATH, headers=headers, data=body)
        assert (answer.status_code, answer.json) == (200, {"code": "SUCCESS", "message": ""})
    assert "Set-Cookie" not in answer.headers


def test_what_it_did_not_sign_is_refused_whatever_it_is(
    stranger: FlaskClient, sent: list[tuple[dict[str, str], bytes]]
) -> None:
    ((headers, body),) = sent
    for wrong, data in (({}, b""), ({}, b"\xff"), (headers, body + b" "), ({**headers, "Wechatpay-Nonce": "x"}, body)):
        answer = stranger.post(PATH, headers=wrong, data=data)
        assert answer.status_code == 401
        assert answer.json == {"code": "FAIL", "message": "not signed by WeChat Pay"}
    assert stranger.post(PATH, data=b"x" * 20_000).status_code == 413
    assert stranger.post(PATH, data=b"x" * 200_000).status_code == 413


def test_there_is_a_route_for_each_provider_that_is_set_up_and_for_no_other(
    stranger: FlaskClient, make_app: MakeApp
) -> None:
    assert stranger.post("/pay/notices/alipay").status_code == 404
    assert stranger.get(PATH).status_code == 405
    assert make_app().test_client().post(PATH).status_code == 404
