"""The hostile provider as an HTTP server: a provider's API that fails as its faults have it, and a page that pays."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from kiosk.core.clock import Clock
from kiosk.core.errors import CannotStart
from kiosk.hostile.alipay import BILL, GATEWAY, AlipaySide
from kiosk.hostile.faults import Faults, Rates
from kiosk.hostile.keys import ProviderKeys
from kiosk.hostile.notices import Deliver, Notices, post
from kiosk.hostile.page import headers, list_page, trade_page
from kiosk.hostile.trades import Trade, TradeRefused, Trades
from kiosk.hostile.wechat import WAY as WECHAT
from kiosk.hostile.wechat import Answer, WechatSide

BODY_BYTES_MAX = 64 * 1024
IDLE_S = 10.0
STEP_S = 0.1
STOP_S = 5.0


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """What does not fit is dropped and comes again after a second, which is nobody's fault that was asked for."""


class HostileProvider:
    """Takes orders, pays them when told to, and sends notices; while `down` it answers nobody."""

    def __init__(
        self, keys: ProviderKeys, clock: Clock, rates: Rates, seed: int, *, port: int = 0, deliver: Deliver = post
    ) -> None:
        """Listen on loopback, at any port unless one is named; raises CannotStart."""
        self.down = False
        self.faults = Faults(rates, seed)
        self.trades = Trades(self.faults)
        self._clock, self._stop = clock, threading.Event()
        try:
            self._server = _Server(("127.0.0.1", port), _handler(self))
        except (OSError, OverflowError) as error:
            raise CannotStart(f"cannot listen on port {port}: {error}", hint="Name another port") from error
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        common = (self.trades, keys, clock, self.address, self._opened)
        self._wechat, self._alipay = WechatSide(*common), AlipaySide(*common)
        self._notices = Notices(self.trades, self.faults, self._make_notice, deliver, keys.merchant)
        self._threads: list[threading.Thread] = []

    def start(self, *, notices: bool = True) -> None:
        """Serve in a thread; with `notices` send them in another one, else `work` does."""
        wanted = {"hostile-server": self._serve} | ({"hostile-notices": self._send} if notices else {})
        self._threads = [threading.Thread(target=run, name=name, daemon=True) for name, run in wanted.items()]
        for each in self._threads:
            each.start()

    def close(self) -> None:
        """Stop serving."""
        self._stop.set()
        if self._threads:
            self._server.shutdown()
        self._server.server_close()
        for each in self._threads:
            each.join(STOP_S)

    def pay(self, code: str, amount_minor: int | None = None) -> Trade:
        """Pay what a QR code asks for, or another amount, as no honest provider would; raises TradeRefused."""
        now = self._clock.now()
        paid = self.trades.pay(code, now, amount_minor)
        self._notices.paid(paid, now)
        return paid

    def work(self, now: datetime) -> int:
        """Send the notices that are due and return how many there were."""
        return self._notices.work(now)

    def answer(self, method: str, target: str, sent: Mapping[str, str], body: bytes) -> Answer | None:
        """Return what is answered to a request, None where nothing is."""
        if target == "/" or target.startswith("/pay/"):
            return self._page(method, target)
        if self.down or self.faults.happens("not_heard"):
            return None
        if self.faults.happens("server_error"):
            return Answer(500, {"Content-Type": "application/json"}, b'{"code":"SYSTEM_ERROR","message":"try again"}')
        if target.startswith((GATEWAY, BILL)):
            answer = self._alipay.answer(target, body)
        else:
            answer = self._wechat.answer(method, target, sent, body)
        return None if self.faults.happens("done_and_not_said") else answer

    def _opened(self, trade: Trade, now: datetime) -> None:
        self._notices.opened(trade, now)

    def _make_notice(self, trade: Trade, now: datetime, signer: RSAPrivateKey | None) -> tuple[dict[str, str], bytes]:
        side = self._wechat if trade.way == WECHAT else self._alipay
        return side.notice(trade, now, signer)

    def _page(self, method: str, target: str) -> Answer:
        if target == "/":
            return Answer(200, headers(), list_page(self.trades.waiting()).encode())
        code = f"{self.address}{target}"
        if method == "POST":
            with suppress(TradeRefused):  # the page says how it stands
                self.pay(code)
            return Answer(303, {"Location": target}, b"")
        trade = next((each for each in self.trades.all() if each.code == code), None)
        if trade is None:
            return Answer(404, headers(), list_page(()).encode())
        return Answer(200, headers(), trade_page(trade).encode())

    def _serve(self) -> None:
        self._server.serve_forever(STEP_S / 2)

    def _send(self) -> None:
        while not self._stop.wait(STEP_S):
            self.work(self._clock.now())


def _handler(provider: HostileProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hands each request to the provider."""

        timeout = IDLE_S

        def do_GET(self) -> None:
            """Answer a GET."""
            self._answer(b"")

        def do_POST(self) -> None:
            """Answer a POST."""
            length = self.headers.get("Content-Length", "")
            self._answer(self.rfile.read(min(int(length) if length.isdecimal() else 0, BODY_BYTES_MAX)))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self, body: bytes) -> None:
            answer = provider.answer(self.command, self.path, dict(self.headers), body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler
