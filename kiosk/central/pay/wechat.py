"""WeChat Pay v3: native orders by QR code. The library signs, checks signatures and opens notices; paths are ours.

It has no setting for the gateway and raises bare exceptions; both are dealt with here and nowhere else.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType

from kiosk.central.pay.bills import BYTES_MAX, CHINA, read_wechat
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
from kiosk.central.pay.settings import WechatSettings
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import ConfigError, InvalidInput, MessageRejected

APART_MAX_S = 300
"""How old a notice may be, or how far ahead: what is repeated is signed anew."""

_STATES = {
    "SUCCESS": SeenState.PAID,
    "REFUND": SeenState.GIVEN_BACK,
    "NOTPAY": SeenState.UNPAID,
    "USERPAYING": SeenState.UNPAID,
    "PAYERROR": SeenState.UNPAID,
    "CLOSED": SeenState.CLOSED,
    "REVOKED": SeenState.CLOSED,
}
_BACK_STATES = {
    "SUCCESS": BackState.DONE,
    "PROCESSING": BackState.UNDER_WAY,
    "CLOSED": BackState.CLOSED,
    "ABNORMAL": BackState.STUCK,
}
_SHORT, _GONE = "NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL"
"""Of a refund: our account there holds too little, and the member's is no more. Both come as 403."""

_NO_SUCH = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_NONE_YET = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING"})
_NOT_AN_ANSWER = frozenset({401, 403, 429})
"""Besides errors of the server: our keys are not known there, or we ask too often; nothing is known of the order."""


class WechatPay:
    """WeChat Pay as a provider."""

    def __init__(self, settings: WechatSettings, description: str, key: Callable[[str], str]) -> None:
        """Take the settings, what payers read, and what reads a key file; raises ConfigError."""
        self._settings, self._description = settings, description
        keys = {"public_key": key(settings.platform_key_file), "public_key_id": settings.platform_key}
        ours = (settings.merchant, settings.key_serial, key(settings.key_file), key(settings.secret_file))
        try:
            self._core: Any = Core(*ours, timeout=settings.patience_s, **keys)
        except Exception as error:  # the library raises nothing narrower
            raise ConfigError(f"the keys of [pay.wechat] cannot be used: {error}", hint="PEM, PKCS 8") from error
        vars(self._core)["_gate_way"] = settings.gateway.rstrip("/")

    @property
    def way(self) -> PayWay:
        """The way to pay."""
        return PayWay.WECHAT

    def open(self, trade: Trade) -> str:
        """Take an order and return what its QR code says; raises ProviderDown, ProviderRefused."""
        wish = {
            "appid": self._settings.app,
            "mchid": self._settings.merchant,
            "description": self._description,
            "out_trade_no": trade.id,
            "time_expire": trade.until.astimezone(CHINA).isoformat(timespec="seconds"),
            "notify_url": self._settings.notice_url,
            "amount": {"total": trade.amount_minor, "currency": "CNY"},
        }
        code = _taken(*self._ask("/v3/pay/transactions/native", wish)).get("code_url")
        if not isinstance(code, str) or not code:
            raise ProviderDown("WeChat took an order and gave no code")
        return code

    def look(self, trade: str) -> Seen:
        """Return how an order stands now; raises ProviderDown, ProviderRefused."""
        status, body = self._ask(f"{_order(trade)}?mchid={self._settings.merchant}")
        if body.get("code") in _NO_SUCH:
            return Seen(trade, SeenState.UNKNOWN)
        said = _taken(status, body)
        state = _STATES.get(said.get("trade_state", ""))
        if state is None or said.get("out_trade_no") != trade or said.get("mchid") != self._settings.merchant:
            raise ProviderDown(f"WeChat answered of another order than {trade}")
        if state is not SeenState.PAID:
            return Seen(trade, state)
        amount = said.get("amount")
        total = amount.get("total") if isinstance(amount, dict) and amount.get("currency") == "CNY" else None
        payment = said.get("transaction_id")
        if type(total) is not int or not isinstance(payment, str) or not payment:
            raise ProviderDown(f"WeChat says that {trade} was paid, and not what")
        return Seen(trade, state, total, payment)

    def close(self, trade: str) -> None:
        """Have an order take no money any more; raises ProviderDown, ProviderRefused."""
        status, body = self._ask(f"{_order(trade)}/close", {"mchid": self._settings.merchant})
        if body.get("code") not in _NO_SUCH | {"ORDER_CLOSED"}:
            _taken(status, body)

    def refund(self, trade: str, refund: str, amount_minor: int, total_minor: int) -> None:
        """Ask to give money of a paid order back, once under a number of ours; raises as `open` does, ProviderShort."""
        amount = {"refund": amount_minor, "total": total_minor, "currency": "CNY"}
        wish = {"out_trade_no": trade, "out_refund_no": refund, "amount": amount}
        status, body = self._ask(_REFUNDS, wish)
        if body.get("code") == _SHORT:
            raise ProviderShort("WeChat: NOT_ENOUGH, the merchant's account holds too little")
        _taken(status, body)

    def look_at_refund(self, trade: str, refund: str) -> Back:
        """Return how a refund stands now; raises ProviderDown, ProviderRefused."""
        status, body = self._ask(f"{_REFUNDS}/{refund}")
        if body.get("code") in _NO_SUCH:
            return Back(BackState.UNKNOWN)
        said = _taken(status, body)
        state = _BACK_STATES.get(said.get("status", ""))
        if state is None or (said.get("out_refund_no"), said.get("out_trade_no")) != (refund, trade):
            raise ProviderDown(f"WeChat answered of another refund than {refund}")
        amount = said.get("amount")
        given = amount.get("refund") if isinstance(amount, dict) and amount.get("currency") == "CNY" else None
        if state is BackState.DONE and type(given) is not int:
            raise ProviderDown(f"WeChat says that {refund} was given back, and not what")
        return Back(state, given if type(given) is int else 0)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return which order a notice is about; raises MessageRejected."""
        if headers.get("Wechatpay-Serial") != self._settings.platform_key:
            # Else the library asks WeChat for further certificates, whoever sent this.
            raise MessageRejected("a notice signed by another key")
        sent = headers.get("Wechatpay-Timestamp", "")
        if not (sent.isascii() and sent.isdigit() and abs(int(sent[:12]) - now.timestamp()) <= APART_MAX_S):
            raise MessageRejected("a notice of another time")
        try:
            read = self._core.callback(dict(headers), body)
        except Exception as error:  # the library raises nothing narrower
            raise MessageRejected(f"a notice that cannot be read: {error}") from error
        said = read.get("resource") if isinstance(read, dict) else None
        if not isinstance(said, dict) or said.get("mchid") != self._settings.merchant:
            raise MessageRejected("a notice that WeChat did not sign, or not to us")
        return str(said.get("out_trade_no", ""))[:64]

    def reply(self, *, taken: bool) -> Reply:
        """Return what to answer to a notice."""
        said = {"code": "SUCCESS", "message": ""} if taken else {"code": "FAIL", "message": "not signed by WeChat Pay"}
        return Reply(200 if taken else 401, msgspec.json.encode(said).decode(), "application/json")

    def statement(self, day: date) -> Sequence[BillLine]:
        """Return what was paid and given back on a day; raises NoStatement, ProviderDown, ProviderRefused."""
        status, body = self._ask(f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL")
        if body.get("code") in _NONE_YET:
            raise NoStatement(f"WeChat has no statement of {day}")
        where = _taken(status, body)
        address = urlsplit(str(where.get("download_url", "")))
        _, text = self._request(f"{address.path}?{address.query}", skip_verify=True)
        content = text.encode() if isinstance(text, str) else text
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if len(content) > BYTES_MAX or digest != str(where.get("hash_value", "")).lower():
            raise ProviderDown(f"WeChat's statement of {day} is not the one it named")
        try:
            return read_wechat(content.decode())
        except (InvalidInput, KeyError, UnicodeError) as error:
            raise ProviderRefused(f"WeChat's statement of {day} cannot be read: {error}") from error

    def _ask(self, path: str, wish: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Ask, and return status and answer; raises ProviderDown where there is none to be believed."""
        status, text = self._request(path, wish)
        try:
            body = msgspec.json.decode(text, type=dict[str, Any]) if text else {}
        except msgspec.MsgspecError as error:
            raise ProviderDown(f"WeChat answered {status} and no JSON") from error
        said_no = status == 403 and body.get("code") in (_SHORT, _GONE)
        if status >= 500 or (status in _NOT_AN_ANSWER and not said_no):
            raise ProviderDown(f"WeChat answered {status} to {path.partition('?')[0]}: {str(text)[:200]}")
        return status, body

    def _request(self, path: str, wish: dict[str, Any] | None = None, *, skip_verify: bool = False) -> tuple[int, Any]:
        method = RequestType.GET if wish is None else RequestType.POST
        try:
            status, text = self._core.request(path, method=method, data=wish, skip_verify=skip_verify)
        except Exception as error:  # the library raises nothing narrower
            raise ProviderDown(f"WeChat did not answer {path.partition('?')[0]}: {error}") from error
        return int(status), text


_REFUNDS = "/v3/refund/domestic/refunds"


def _order(trade: str) -> str:
    return f"/v3/pay/transactions/out-trade-no/{trade}"


def _taken(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that says yes; raises ProviderRefused for one that says no."""
    if status >= 300:
        raise ProviderRefused(f"WeChat: {str(body.get('code', status))[:64]} {str(body.get('message', ''))[:200]}")
    return body
