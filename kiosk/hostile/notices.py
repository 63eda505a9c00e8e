"""What the hostile provider sends by itself: notices, late, twice, out of order, forged or contradictory."""

import heapq
import itertools
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.hostile.faults import Faults
from kiosk.hostile.trades import Trade, TradeRefused, Trades, TradeState

AGAIN_S = 15.0
TRIES_MAX = 5
WAITING_MAX = 50_000
"""Past these the one that was to go out last is dropped, and counted."""

SOON_S, LATE_S, COPY_S = (0.05, 2.0), (20.0, 90.0), (0.0, 30.0)
PATIENCE_S = 5.0

Deliver = Callable[[str, dict[str, str], bytes], int]
"""Posts a notice and returns the status of the answer, 0 for none."""

MakeNotice = Callable[[Trade, datetime, rsa.RSAPrivateKey | None], tuple[dict[str, str], bytes]]

_log = logging.getLogger(__name__)


class _Post(msgspec.Struct, frozen=True):
    """A notice that waits; `stranger` by another key."""

    trade: Trade
    tries: int = 0
    stranger: bool = False


class Notices:
    """The notices that wait, and money that is to be given back. For any thread."""

    def __init__(
        self, trades: Trades, faults: Faults, make: MakeNotice, deliver: Deliver, stranger: rsa.RSAPrivateKey
    ) -> None:
        """Take what makes a notice and posts it, and a key that is not the provider's."""
        self._trades, self._faults, self._make, self._deliver = trades, faults, make, deliver
        self._stranger = stranger
        self._waiting: list[tuple[datetime, int, _Post | None, Trade]] = []
        self._number = itertools.count()
        self._lock = threading.Lock()

    def opened(self, trade: Trade, now: datetime) -> None:
        """Let something go wrong with an order that was just taken: nobody has paid it, and a notice says so."""
        paid = msgspec.structs.replace(trade, state=TradeState.PAID, payment="4200000000forged", paid_at=now)
        if self._faults.happens("notice_forged"):
            self._put(_Post(paid, stranger=True), now, SOON_S)
        if self._faults.happens("notice_contradictory"):
            self._put(_Post(paid), now, SOON_S)

    def paid(self, trade: Trade, now: datetime) -> None:
        """Tell of a payment, or not, or otherwise."""
        if self._faults.happens("given_back"):
            self._put(None, now, LATE_S, trade)
        if self._faults.happens("notice_contradictory"):
            self._put(_Post(msgspec.structs.replace(trade, amount_minor=trade.amount_minor + 1)), now, COPY_S)
        if self._faults.happens("notice_forged"):
            self._put(_Post(trade, stranger=True), now, SOON_S)
        if self._faults.happens("notice_lost"):
            return
        self._put(_Post(trade), now, LATE_S if self._faults.happens("notice_late") else SOON_S)
        while self._faults.happens("notice_repeated"):
            self._put(_Post(trade), now, COPY_S)

    def work(self, now: datetime) -> int:
        """Send what is due and return how many there were."""
        count = 0
        while (due := self._next(now)) is not None:
            post, trade = due
            count += 1
            if post is None:
                self._give_back(trade, now)
            elif not self._send(post, now) and not post.stranger and post.tries < TRIES_MAX:
                again = msgspec.structs.replace(post, tries=post.tries + 1)
                self._put(again, now + timedelta(seconds=AGAIN_S), (0.0, 1.0))
        return count

    def _send(self, post: _Post, now: datetime) -> bool:
        headers, body = self._make(post.trade, now, self._stranger if post.stranger else None)
        status = self._deliver(post.trade.notice_url, headers, body)
        self._faults.counts[f"notices_answered_{status}"] += 1
        return 200 <= status < 300

    def _give_back(self, trade: Trade, now: datetime) -> None:
        try:
            self._trades.give_back(trade.way, trade.number, now)
        except TradeRefused as error:
            _log.info("not given back", extra={"trade": trade.number, "cause": error.code})

    def _put(
        self, post: _Post | None, now: datetime, within_s: tuple[float, float], trade: Trade | None = None
    ) -> None:
        at = now + timedelta(seconds=self._faults.between(*within_s))
        with self._lock:
            whose = trade or (post.trade if post else None)
            if whose is None or len(self._waiting) >= WAITING_MAX:
                self._faults.counts["notices_dropped"] += 1
                return
            heapq.heappush(self._waiting, (at, next(self._number), post, whose))

    def _next(self, now: datetime) -> tuple[_Post | None, Trade] | None:
        with self._lock:
            if not self._waiting or self._waiting[0][0] > now:
                return None
            return heapq.heappop(self._waiting)[2:]


def post(address: str, headers: dict[str, str], body: bytes) -> int:
    """Post a notice to an address of the merchant's and return the status of the answer, 0 for none."""
    if not address.startswith(("http://", "https://")):
        return 0
    asked = urllib.request.Request(address, body, headers)  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310  # checked above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
