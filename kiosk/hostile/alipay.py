"""The hostile provider in Alipay's clothes: one gateway, RSA2 signatures, no order until somebody scans its code."""

import csv
import io
import secrets
import zipfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.core.clock import Clock
from kiosk.hostile.keys import APP, ProviderKeys, is_signed, sign
from kiosk.hostile.trades import Line, Trade, TradeRefused, Trades, TradeState
from kiosk.hostile.wechat import CHINA, Answer, Opened, yuan

WAY = "alipay"
GATEWAY, BILL = "/gateway.do", "/alipay-bill"
COLUMNS = [
    "支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称",
    "操作员", "终端号", "对方账户", "订单金额（元）", "商家实收（元）", "支付宝红包（元）", "集分宝（元）",
    "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）",
    "卡消费金额（元）", "退款批次号/请求号", "服务费（元）", "分润（元）", "备注",
]  # fmt: skip

_STATES = {TradeState.PAID: "TRADE_SUCCESS", TradeState.CLOSED: "TRADE_CLOSED", TradeState.GIVEN_BACK: "TRADE_CLOSED"}
_NO_SUCH = {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST"}
_CODES = {"ORDERPAID": "ACQ.TRADE_HAS_SUCCESS", "ORDER_CLOSED": "ACQ.TRADE_HAS_CLOSE"}


class AlipaySide:
    """Answers a merchant, and makes notices."""

    def __init__(self, trades: Trades, keys: ProviderKeys, clock: Clock, address: str, opened: Opened) -> None:
        """Take where it is reached, and what hears of each new order."""
        self._trades, self._keys, self._clock, self._address = trades, keys, clock, address
        self._opened = opened
        self._calls: Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._look_at_refund,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }

    def answer(self, target: str, body: bytes) -> Answer:
        """Return what Alipay would, signed; what the merchant did not sign is answered without a signature."""
        parts = urlsplit(target)
        asked = dict(parse_qsl(parts.query or body.decode(errors="replace")))
        if parts.path == BILL:
            return self._download(asked.get("day", ""))
        method = asked.get("method", "")
        if not self._is_merchants(asked) or method not in self._calls:
            refused = {
                "error_response": {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
            }
            return _json(msgspec.json.encode(refused))
        try:
            said = self._calls[method](msgspec.json.decode(asked["biz_content"]), asked.get("notify_url", ""))
        except TradeRefused as error:
            sub_code = _CODES.get(error.code, f"ACQ.{error.code}")
            said = _NO_SUCH if error.status == 404 else {**_NO_SUCH, "sub_code": sub_code}
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError):
            said = {**_NO_SUCH, "sub_code": "ACQ.INVALID_PARAMETER"}
        text = msgspec.json.encode(said).decode()
        signature = sign(self._keys.platform, text)
        return _json(f'{{"{method.replace(".", "_")}_response":{text},"sign":"{signature}"}}'.encode())

    def notice(
        self, trade: Trade, now: datetime, signer: rsa.RSAPrivateKey | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a notice of a payment, as it is said to stand; by another key it is forged."""
        said = {"notify_time": _local(now), "notify_type": "trade_status_sync", "notify_id": secrets.token_hex(16),
                "app_id": APP, "charset": "utf-8", "version": "1.0", "trade_no": trade.payment,
                "out_trade_no": trade.number, "trade_status": _STATES.get(trade.state, "WAIT_BUYER_PAY"),
                "total_amount": yuan(trade.amount_minor)}  # fmt: skip
        signed = {**said, "sign_type": "RSA2", "sign": sign(signer or self._keys.platform, _text(said))}
        return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(signed).encode()

    def _precreate(self, wish: dict[str, Any], notice_url: str) -> dict[str, Any]:
        until = datetime.strptime(wish["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
        code = f"{self._address}/pay/{secrets.token_urlsafe(12)}"
        amount_minor = _fen(wish["total_amount"])
        trade = Trade(wish["out_trade_no"], WAY, amount_minor, wish["subject"], until, notice_url, code)
        taken, fresh = self._trades.open(WAY, trade)
        if fresh:
            self._opened(taken, self._clock.now())
        return {"code": "10000", "msg": "Success", "out_trade_no": taken.number, "qr_code": taken.code}

    def _query(self, wish: dict[str, Any], _notice_url: str) -> dict[str, Any]:
        trade = self._scanned(wish["out_trade_no"])
        said = {"code": "10000", "msg": "Success", "out_trade_no": trade.number, "trade_no": trade.payment or "2026",
                "trade_status": _state(trade), "total_amount": yuan(trade.amount_minor)}  # fmt: skip
        return said | ({"send_pay_date": _local(trade.paid_at)} if trade.paid_at else {})

    def _close(self, wish: dict[str, Any], _notice_url: str) -> dict[str, Any]:
        self._trades.close(WAY, self._scanned(wish["out_trade_no"]).number)
        return {"code": "10000", "msg": "Success", "out_trade_no": wish["out_trade_no"]}

    def _refund(self, wish: dict[str, Any], _notice_url: str) -> dict[str, Any]:
        amount_minor, now = _fen(wish["refund_amount"]), self._clock.now()
        self._trades.refund(WAY, wish["out_trade_no"], wish["out_request_no"], amount_minor, now)
        return {"code": "10000", "msg": "Success", "fund_change": "Y", "out_trade_no": wish["out_trade_no"]}

    def _look_at_refund(self, wish: dict[str, Any], _notice_url: str) -> dict[str, Any]:
        said = {"code": "10000", "msg": "Success"}
        try:
            trade, back = self._trades.find_back(WAY, wish["out_request_no"])
        except TradeRefused:
            return said
        if back.closed or self._clock.now() < back.at:
            return said
        named = {"out_trade_no": trade.number, "out_request_no": back.number}
        return said | named | {"refund_status": "REFUND_SUCCESS", "refund_amount": yuan(back.amount_minor)}

    def _bill(self, wish: dict[str, Any], _notice_url: str) -> dict[str, Any]:
        day = date.fromisoformat(wish["bill_date"])
        if day >= self._clock.now().astimezone(CHINA).date() or not self._lines(day):
            return {**_NO_SUCH, "sub_code": "isp.bill_not_exist"}
        where = f"{self._address}{BILL}?day={day.isoformat()}"
        return {"code": "10000", "msg": "Success", "bill_download_url": where}

    def _download(self, day: str) -> Answer:
        try:
            return Answer(200, {"Content-Type": "application/zip"}, self._packed(date.fromisoformat(day)))
        except ValueError:
            return Answer(404, {"Content-Type": "text/plain"}, b"")

    def _scanned(self, number: str) -> Trade:
        """Return an order that somebody has scanned; here whoever scans pays. Raises TradeRefused for another one."""
        trade = self._trades.find(WAY, number)
        if trade.state is TradeState.UNPAID:
            raise TradeRefused("TRADE_NOT_EXIST", 404)
        return trade

    def _lines(self, day: date) -> list[Line]:
        first = datetime.combine(day, time(), CHINA)
        return self._trades.statement(WAY, day, first, first + timedelta(days=1))

    def _packed(self, day: date) -> bytes:
        out, packed = io.StringIO(), io.BytesIO()
        out.write("#支付宝业务明细查询\n#账号：[20880000000000000156]\n")
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        rows.writerows([f"{each}\t" for each in _cells(line)] for line in self._lines(day))
        out.write("#-----------------------------------------业务明细列表结束------------------------------------\n")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(f"2088_{day:%Y%m%d}_业务明细.csv", out.getvalue().encode("gb18030"))
            bundle.writestr(f"2088_{day:%Y%m%d}_业务明细(汇总).csv", "#\n".encode("gb18030"))
        return packed.getvalue()

    def _is_merchants(self, asked: dict[str, str]) -> bool:
        said = {name: value for name, value in asked.items() if name != "sign"}
        try:
            signature = b64decode(asked.get("sign", ""), validate=True)
        except ValueError:
            return False
        return said.get("app_id") == APP and is_signed(self._keys.merchant.public_key(), _text(said), signature)


def _state(trade: Trade) -> str:
    """Return how an order stands: one of which a part went back is paid still."""
    return _STATES[TradeState.PAID if trade.paid_at is not None and trade.left_minor else trade.state]


def _fen(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0") or "0")


def _cells(line: Line) -> list[str]:
    amount = yuan(line.amount_minor)
    said = {"支付宝交易号": line.payment, "商户订单号": line.number, "业务类型": "退款" if line.refund else "交易",
            "创建时间": _local(line.at), "完成时间": _local(line.at), "退款批次号/请求号": line.own,
            "订单金额（元）": f"-{amount}" if line.refund else amount, "商家实收（元）": amount}  # fmt: skip
    return [said.get(column, "") for column in COLUMNS]


def _text(said: Mapping[str, str]) -> str:
    """Return what is signed of some parameters."""
    return "&".join(f"{name}={value}" for name, value in sorted(said.items()))


def _json(body: bytes) -> Answer:
    return Answer(200, {"Content-Type": "application/json; charset=utf-8"}, body)


def _local(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
