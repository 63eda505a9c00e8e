"""The hostile provider in WeChat Pay's clothes: the same paths, the same signatures, the same sealed notices (v3)."""

import csv
import hashlib
import io
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.core.clock import Clock
from kiosk.core.errors import InvalidInput
from kiosk.hostile.keys import APP, MERCHANT, MERCHANT_SERIAL, PLATFORM, ProviderKeys, is_signed, sign
from kiosk.hostile.trades import Line, Trade, TradeRefused, Trades, TradeState, back_number

WAY = "wechat"
CHINA = timezone(timedelta(hours=8))
COLUMNS = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
]

_ORDER = re.compile(r"/v3/pay/transactions/out-trade-no/([0-9A-Za-z_\-*|@]{6,32})(/close)?\Z")
_CALL = re.compile(r'(\w+)="([^"]*)"')
_STATES = {
    TradeState.UNPAID: "NOTPAY",
    TradeState.PAID: "SUCCESS",
    TradeState.CLOSED: "CLOSED",
    TradeState.GIVEN_BACK: "REFUND",
}


Opened = Callable[[Trade, datetime], None]


class Answer(msgspec.Struct, frozen=True):
    """An answer as it goes out."""

    status: int
    headers: dict[str, str]
    body: bytes


class WechatSide:
    """Answers a merchant, and makes notices."""

    def __init__(self, trades: Trades, keys: ProviderKeys, clock: Clock, address: str, opened: Opened) -> None:
        """Take where it is reached, and what hears of each new order."""
        self._trades, self._keys, self._clock, self._address = trades, keys, clock, address
        self._opened = opened

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what WeChat would, signed; a request that the merchant did not sign gets 401."""
        if not self._is_merchants(method, target, headers.get("Authorization", ""), body):
            return self._signed(401, {"code": "SIGN_ERROR", "message": "not signed by the merchant"})
        try:
            return self._do(method, target, body)
        except TradeRefused as error:
            return self._signed(error.status, {"code": error.code, "message": error.code})
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            return self._signed(400, {"code": "PARAM_ERROR", "message": str(error)})

    def notice(
        self, trade: Trade, now: datetime, signer: rsa.RSAPrivateKey | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a notice of a payment, as it is said to stand; by another key it is forged."""
        aes, nonce, kind = AESGCM(self._keys.secret.encode()), secrets.token_hex(6), "transaction"
        said = msgspec.json.encode(self._order(trade))
        sealed = b64encode(aes.encrypt(nonce.encode(), said, kind.encode())).decode()
        resource = {"original_type": kind, "algorithm": "AEAD_AES_256_GCM", "ciphertext": sealed,
                    "associated_data": kind, "nonce": nonce}  # fmt: skip
        body = msgspec.json.encode(
            {"id": secrets.token_hex(16), "create_time": _iso(now), "resource_type": "encrypt-resource",
             "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功", "resource": resource}
        )  # fmt: skip
        return self._signature(body, now, signer), body

    def _do(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        found = _ORDER.match(parts.path)
        if method == "POST" and parts.path == "/v3/pay/transactions/native":
            return self._signed(200, {"code_url": self._open(msgspec.json.decode(body))})
        if method == "POST" and found and found[2]:
            self._trades.close(WAY, found[1])
            return self._signed(204, None)
        if method == "GET" and found and not found[2]:
            return self._signed(200, self._order(self._trades.find(WAY, found[1])))
        if method == "POST" and parts.path == "/v3/refund/domestic/refunds":
            wish = msgspec.json.decode(body)
            number, refund, now = wish["out_trade_no"], wish["out_refund_no"], self._clock.now()
            self._trades.refund(WAY, number, refund, wish["amount"]["refund"], now)
            return self._signed(200, self._back(refund))
        if method == "GET" and parts.path.startswith("/v3/refund/domestic/refunds/"):
            return self._signed(200, self._back(parts.path.rpartition("/")[2]))
        if method == "GET" and parts.path == "/v3/bill/tradebill":
            return self._signed(200, self._bill(date.fromisoformat(parse_qs(parts.query)["bill_date"][0])))
        if method == "GET" and parts.path == "/v3/billdownload/file":
            text = self._statement(date.fromisoformat(parse_qs(parts.query)["token"][0]))
            return Answer(200, {"Content-Type": "text/plain"}, text)
        raise TradeRefused("NOT_FOUND", 404)

    def _open(self, wish: dict[str, Any]) -> str:
        if (wish["mchid"], wish["appid"], wish["amount"]["currency"]) != (MERCHANT, APP, "CNY"):
            raise TradeRefused("MCH_NOT_EXISTS")
        number, total = wish["out_trade_no"], wish["amount"]["total"]
        if not re.fullmatch(r"[0-9A-Za-z_\-*|@]{6,32}", number) or type(total) is not int or total < 1:
            raise TradeRefused("PARAM_ERROR")
        until = datetime.fromisoformat(wish["time_expire"]).astimezone(UTC)
        code = f"{self._address}/pay/{secrets.token_urlsafe(12)}"
        trade = Trade(number, WAY, total, wish["description"], until, wish["notify_url"], code)
        taken, fresh = self._trades.open(WAY, trade)
        if fresh:
            self._opened(taken, self._clock.now())
        return taken.code

    def _order(self, trade: Trade) -> dict[str, Any]:
        said = {"appid": APP, "mchid": MERCHANT, "out_trade_no": trade.number, "trade_type": "NATIVE",
                "trade_state": _STATES[trade.state], "trade_state_desc": trade.state.value,
                "amount": {"total": trade.amount_minor, "currency": "CNY"}}  # fmt: skip
        if trade.paid_at is not None:
            said |= {"transaction_id": trade.payment, "success_time": _iso(trade.paid_at), "bank_type": "OTHERS"}
        return said

    def _back(self, refund: str) -> dict[str, Any]:
        trade, back = self._trades.find_back(WAY, refund)
        status = "PROCESSING" if self._clock.now() < back.at else "CLOSED" if back.closed else "SUCCESS"
        return {"out_refund_no": refund, "out_trade_no": trade.number, "transaction_id": trade.payment,
                "refund_id": back_number(trade, back), "status": status,
                "amount": {"total": trade.amount_minor, "refund": back.amount_minor, "currency": "CNY"}}  # fmt: skip

    def _bill(self, day: date) -> dict[str, str]:
        today = self._clock.now().astimezone(CHINA)
        if day >= today.date() or (day == today.date() - timedelta(days=1) and today.hour < 10):
            raise TradeRefused("STATEMENT_CREATING")
        digest = hashlib.sha1(self._statement(day), usedforsecurity=False).hexdigest()
        where = f"{self._address}/v3/billdownload/file?token={day.isoformat()}"
        return {"download_url": where, "hash_type": "SHA1", "hash_value": digest}

    def _statement(self, day: date) -> bytes:
        first = datetime.combine(day, time(), CHINA)
        lines = self._trades.statement(WAY, day, first, first + timedelta(days=1))
        if not lines:
            raise TradeRefused("NO_STATEMENT_EXIST")
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        rows.writerows([f"`{each}" for each in _cells(line)] for line in lines)
        rows.writerow(["总交易单数", "应结订单总金额", "退款总金额"])
        rows.writerow([f"`{len(lines)}", "`0.00", "`0.00"])
        return "\ufeff".encode() + out.getvalue().encode()

    def _is_merchants(self, method: str, target: str, call: str, body: bytes) -> bool:
        said = dict(_CALL.findall(call))
        if not call.startswith("WECHATPAY2-SHA256-RSA2048 ") or said.get("serial_no") != MERCHANT_SERIAL:
            return False
        try:
            parts = (method, target, said.get("timestamp", ""), said.get("nonce_str", ""), body.decode(), "")
            signature = b64decode(said.get("signature", ""), validate=True)
        except ValueError:
            return False
        return is_signed(self._keys.merchant.public_key(), "\n".join(parts), signature)

    def _signed(self, status: int, said: object) -> Answer:
        body = b"" if said is None else msgspec.json.encode(said)
        headers = self._signature(body, self._clock.now(), None)
        return Answer(status, {"Content-Type": "application/json; charset=utf-8", **headers}, body)

    def _signature(self, body: bytes, now: datetime, signer: rsa.RSAPrivateKey | None) -> dict[str, str]:
        at, nonce = str(int(now.timestamp())), secrets.token_hex(16)
        signature = sign(signer or self._keys.platform, f"{at}\n{nonce}\n{body.decode()}\n")
        return {"Wechatpay-Timestamp": at, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": PLATFORM,
                "Wechatpay-Signature": signature, "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
                "Content-Type": "application/json"}  # fmt: skip


def _cells(line: Line) -> list[str]:
    amount = yuan(line.amount_minor)
    back = amount if line.refund else "0.00"
    said = {"交易时间": f"{line.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}", "公众账号ID": APP, "商户号": MERCHANT,
            "微信订单号": line.payment, "商户订单号": line.number, "交易类型": "NATIVE", "货币种类": "CNY",
            "交易状态": "REFUND" if line.refund else "SUCCESS", "订单金额": amount, "应结订单金额": amount,
            "微信退款单号": line.refund, "商户退款单号": line.own, "退款金额": back, "申请退款金额": back}  # fmt: skip
    return [said.get(column, "") for column in COLUMNS]


def yuan(amount_minor: int) -> str:
    """Return fen as yuan with two decimals."""
    if amount_minor < 0:
        raise InvalidInput(f"an amount of {amount_minor}")
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def _iso(at: datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="seconds")
