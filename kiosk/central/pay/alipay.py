"""Alipay's open platform: orders made ahead and paid by QR code. The library signs and checks; what is asked is ours.

Until somebody scans the code Alipay knows nothing of an order, so that `unknown` is no end of it.
"""

import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from alipay import AliPay
from alipay.utils import AliPayConfig

from kiosk.central.pay.bills import BYTES_MAX, CHINA, fen_of, read_alipay, yuan_of
from kiosk.central.pay.provider import (
    Back,
    BackState,
    BillLine,
    NoStatement,
    ProviderDown,
    ProviderRefused,
    ProviderShort,
    Reply,
    Seen,
    SeenState,
    Trade,
)
from kiosk.central.pay.settings import AlipaySettings
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import ConfigError, InvalidInput, MessageRejected
from kiosk.local.settings import is_loopback

_DONE = "10000"
_SHORT = "ACQ.SELLER_BALANCE_NOT_ENOUGH"
_NO_SUCH = "ACQ.TRADE_NOT_EXIST"
_NONE_YET = frozenset({"isp.bill_not_exist", "isv.bill-not-exist", "BILL_NOT_EXIST"})
_STATES = {
    "WAIT_BUYER_PAY": SeenState.UNPAID,
    "TRADE_SUCCESS": SeenState.PAID,
    "TRADE_FINISHED": SeenState.PAID,
    "TRADE_CLOSED": SeenState.CLOSED,
}
_BUSINESS = "40004"
"""The code of an answer by which the business was refused; any other than it and 10000 says nothing of the order."""


class Alipay:
    """Alipay as a provider."""

    def __init__(self, settings: AlipaySettings, description: str, key: Callable[[str], str]) -> None:
        """Take the settings, what payers read, and what reads a key file; raises ConfigError."""
        self._settings, self._description = settings, description
        ours, theirs = key(settings.key_file), key(settings.platform_key_file)
        config = AliPayConfig(timeout=settings.patience_s)
        try:
            self._api: Any = AliPay(settings.app, settings.notice_url, ours, theirs, config=config)
        except Exception as error:  # the library raises nothing narrower
            raise ConfigError(f"the keys of [pay.alipay] cannot be used: {error}", hint="PEM files of RSA") from error
        vars(self._api)["_gateway"] = settings.gateway

    @property
    def way(self) -> PayWay:
        """The way to pay."""
        return PayWay.ALIPAY

    def open(self, trade: Trade) -> str:
        """Take an order and return what its QR code says; raises ProviderDown, ProviderRefused."""
        wish = {
            "out_trade_no": trade.id,
            "total_amount": yuan_of(trade.amount_minor),
            "subject": self._description,
            "time_expire": f"{trade.until.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        }
        code = _taken(self._ask("alipay.trade.precreate", wish)).get("qr_code")
        if not isinstance(code, str) or not code:
            raise ProviderDown("Alipay took an order and gave no code")
        return code

    def look(self, trade: str) -> Seen:
        """Return how an order stands now; raises ProviderDown, ProviderRefused."""
        said = self._ask("alipay.trade.query", {"out_trade_no": trade})
        if said.get("sub_code") == _NO_SUCH:
            return Seen(trade, SeenState.UNKNOWN)
        state = _STATES.get(str(_taken(said).get("trade_status")))
        if state is None or said.get("out_trade_no") != trade:
            raise ProviderDown(f"Alipay answered of another order than {trade}")
        if state is SeenState.CLOSED and said.get("send_pay_date"):
            return Seen(trade, SeenState.GIVEN_BACK)
        if state is not SeenState.PAID:
            return Seen(trade, state)
        payment = said.get("trade_no")
        try:
            amount_minor = fen_of(str(said.get("total_amount")))
        except InvalidInput as error:
            raise ProviderDown(f"Alipay says that {trade} was paid, and not what") from error
        if not isinstance(payment, str) or not payment:
            raise ProviderDown(f"Alipay says that {trade} was paid, and not by which payment")
        return Seen(trade, state, amount_minor, payment)

    def close(self, trade: str) -> None:
        """Have an order take no money any more; raises ProviderDown, ProviderRefused."""
        said = self._ask("alipay.trade.close", {"out_trade_no": trade})
        if said.get("sub_code") != _NO_SUCH:
            _taken(said)

    def refund(self, trade: str, refund: str, amount_minor: int, total_minor: int) -> None:
        """Ask to give money of a paid order back, once under a number of ours; raises as `open` does, ProviderShort."""
        wish = {
            "out_trade_no": trade,
            "out_request_no": refund,
            "refund_amount": yuan_of(min(amount_minor, total_minor)),
        }
        said = self._ask("alipay.trade.refund", wish)
        if said.get("sub_code") == _SHORT:
            raise ProviderShort("Alipay: SELLER_BALANCE_NOT_ENOUGH, the merchant's account holds too little")
        _taken(said)

    def look_at_refund(self, trade: str, refund: str) -> Back:
        """Return how a refund stands now: Alipay tells of those alone that are done; raises as `look` does."""
        wish = {"out_trade_no": trade, "out_request_no": refund}
        said = self._ask("alipay.trade.fastpay.refund.query", wish)
        if said.get("sub_code") == _NO_SUCH or _taken(said).get("refund_status") != "REFUND_SUCCESS":
            return Back(BackState.UNKNOWN)
        if (said.get("out_request_no"), said.get("out_trade_no")) != (refund, trade):
            raise ProviderDown(f"Alipay answered of another refund than {refund}")
        try:
            return Back(BackState.DONE, fen_of(str(said.get("refund_amount"))))
        except InvalidInput as error:
            raise ProviderDown(f"Alipay says that {refund} was given back, and not what") from error

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return which order a notice is about; raises MessageRejected."""
        try:
            said = dict(parse_qsl(body.decode(), strict_parsing=True, max_num_fields=100))
            signature = said.pop("sign")
            genuine = said.get("sign_type") == "RSA2" and self._api.verify({**said}, signature)
        except Exception as error:  # the library raises nothing narrower
            raise MessageRejected(f"a notice that cannot be read: {error}") from error
        if not genuine or said.get("app_id") != self._settings.app:
            raise MessageRejected("a notice that Alipay did not sign, or not to us")
        return said.get("out_trade_no", "")[:64]

    def reply(self, *, taken: bool) -> Reply:
        """Return what to answer to a notice."""
        return Reply(200, "success", "text/plain") if taken else Reply(401, "fail", "text/plain")

    def statement(self, day: date) -> Sequence[BillLine]:
        """Return what was paid and given back on a day; raises NoStatement, ProviderDown, ProviderRefused."""
        wish = {"bill_type": "trade", "bill_date": day.isoformat()}
        said = self._ask("alipay.data.dataservice.bill.downloadurl.query", wish)
        if said.get("sub_code") in _NONE_YET:
            raise NoStatement(f"Alipay has no statement of {day}")
        packed = self._download(str(_taken(said).get("bill_download_url", "")))
        try:
            return read_alipay(packed)
        except (InvalidInput, KeyError) as error:
            raise ProviderRefused(f"Alipay's statement of {day} cannot be read: {error}") from error

    def _ask(self, method: str, wish: dict[str, str]) -> dict[str, Any]:
        """Ask, and return the answer; raises ProviderDown where there is none to be believed."""
        try:
            said = self._api.server_api(method, wish)
        except Exception as error:  # the library raises nothing narrower
            raise ProviderDown(f"Alipay did not answer {method}: {type(error).__name__}") from error
        if not isinstance(said, dict) or said.get("code") not in (_DONE, _BUSINESS):
            raise ProviderDown(f"Alipay answered {method} with {str(said)[:200]}")
        if said.get("sub_code") in ("ACQ.SYSTEM_ERROR", "isp.unknow-error"):
            raise ProviderDown(f"Alipay answered {method} with {said['sub_code']}")
        return said

    def _download(self, address: str) -> bytes:
        found = urlsplit(address)
        plain = found.scheme == "http" and is_loopback(found.hostname or "")
        if not (plain or (found.scheme in ("http", "https") and str(found.hostname).endswith(".alipay.com"))):
            raise ProviderRefused("Alipay named an address for its statement that is none of its own")
        try:
            with urllib.request.urlopen(address, timeout=self._settings.patience_s) as answer:  # noqa: S310  # checked above
                packed: bytes = answer.read(BYTES_MAX + 1)
        except OSError as error:
            raise ProviderDown(f"Alipay's statement did not come: {error}") from error
        if len(packed) > BYTES_MAX:
            raise ProviderRefused(f"a statement of more than {BYTES_MAX} bytes")
        return packed


def _taken(said: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that says yes; raises ProviderRefused for one that says no."""
    if said.get("code") != _DONE:
        raise ProviderRefused(f"Alipay: {str(said.get('sub_code', said.get('code')))[:64]}")
    return said
