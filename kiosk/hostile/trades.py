"""The orders that the hostile provider has taken, what was paid for them, and its statement of a day."""

import secrets
import threading
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from kiosk.core.errors import Refused
from kiosk.hostile.faults import Faults

TRADES_MAX = 20_000
"""Past these the oldest is forgotten: it is a provider for a demo."""


SLOW_S = (5.0, 300.0)
"""How long a refund takes by chance."""


class TradeState(StrEnum):
    """Where an order stands at the provider."""

    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"
    GIVEN_BACK = "given_back"


class TradeRefused(Refused):
    """The provider says no; `code` is one of WeChat's."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Back(msgspec.Struct, frozen=True):
    """Money of an order that goes back under a number, the merchant's or the provider's; `closed`: it does not."""

    number: str
    amount_minor: int
    at: datetime
    closed: bool = False


class Trade(msgspec.Struct):
    """One order. `way` is which provider's clothes were worn for it."""

    number: str
    way: str
    amount_minor: int
    description: str
    until: datetime
    notice_url: str
    code: str
    state: TradeState = TradeState.UNPAID
    payment: str = ""
    paid_at: datetime | None = None
    backs: tuple[Back, ...] = ()

    @property
    def left_minor(self) -> int:
        """What has not gone back, nor is about to."""
        return self.amount_minor - sum(each.amount_minor for each in self.backs if not each.closed)


class Line(msgspec.Struct, frozen=True):
    """One line of a statement; `refund` where money went back."""

    number: str
    payment: str
    amount_minor: int
    at: datetime
    refund: str = ""
    own: str = ""


class Trades:
    """All orders. For any thread."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._trades: dict[tuple[str, str], Trade] = {}
        self._statements: dict[tuple[str, date], list[Line]] = {}

    def open(self, way: str, wish: Trade) -> tuple[Trade, bool]:
        """Take an order and say whether it is new; the same again is the same. Raises TradeRefused as WeChat does."""
        with self._lock:
            known = self._trades.get((way, wish.number))
            if known is None:
                while len(self._trades) >= TRADES_MAX:
                    del self._trades[next(iter(self._trades))]
                self._trades[way, wish.number] = wish
                return msgspec.structs.replace(wish), True
            if known.state is not TradeState.UNPAID:
                raise TradeRefused("ORDER_CLOSED" if known.state is TradeState.CLOSED else "ORDERPAID")
            if known.amount_minor != wish.amount_minor:
                raise TradeRefused("OUT_TRADE_NO_USED")
            return msgspec.structs.replace(known), False

    def find(self, way: str, number: str) -> Trade:
        """Return an order as it stands; raises TradeRefused where there is none."""
        with self._lock:
            return msgspec.structs.replace(self._known(way, number))

    def close(self, way: str, number: str) -> None:
        """Take no money for an order any more; raises TradeRefused for one that was paid."""
        with self._lock:
            known = self._known(way, number)
            if known.state in (TradeState.PAID, TradeState.GIVEN_BACK):
                raise TradeRefused("ORDERPAID")
            known.state = TradeState.CLOSED

    def pay(self, code: str, now: datetime, amount_minor: int | None = None) -> Trade:
        """Pay what a QR code asks for; raises TradeRefused where it takes no money."""
        with self._lock:
            known = next((each for each in self._trades.values() if each.code == code), None)
            if known is None:
                raise TradeRefused("ORDER_NOT_EXIST", 404)
            if known.state is not TradeState.UNPAID or now >= known.until:
                raise TradeRefused("ORDER_CLOSED")
            known.state, known.paid_at = TradeState.PAID, now
            known.payment = f"42000{secrets.randbelow(10**23):023}"
            known.amount_minor = known.amount_minor if amount_minor is None else amount_minor
            return msgspec.structs.replace(known)

    def give_back(self, way: str, number: str, now: datetime) -> None:
        """Give back by itself what is left of a paid order; raises TradeRefused for another one."""
        with self._lock:
            known = self._known(way, number)
            _take(known, Back(f"50{known.payment[2:]}", known.left_minor, now))

    def refund(self, way: str, number: str, refund: str, amount_minor: int, now: datetime) -> None:
        """Give back what the merchant asks for, once under its number; raises TradeRefused where that does not go.

        By chance it takes a while, is refused, or is closed in the end.
        """
        with self._lock:
            known = self._known(way, number)
            before = next((each for each in known.backs if each.number == refund), None)
            if before is not None:
                if before.amount_minor != amount_minor:
                    raise TradeRefused("INVALID_REQUEST")
                return
            if self._faults.happens("refund_refused"):
                raise TradeRefused("USER_ACCOUNT_ABNORMAL", 403)
            late_s = self._faults.between(*SLOW_S) if self._faults.happens("refund_slow") else 0.0
            at = now + timedelta(seconds=late_s)
            _take(known, Back(refund, amount_minor, at, self._faults.happens("refund_closed")))

    def find_back(self, way: str, refund: str) -> tuple[Trade, Back]:
        """Return money that goes back with its order; raises TradeRefused where none goes under that number."""
        with self._lock:
            for trade in self._trades.values():
                for each in trade.backs:
                    if (trade.way, each.number) == (way, refund):
                        return msgspec.structs.replace(trade), each
        raise TradeRefused("RESOURCE_NOT_EXISTS", 404)

    def waiting(self) -> list[Trade]:
        """Return the orders that can be paid, newest first."""
        with self._lock:
            found = [msgspec.structs.replace(each) for each in self._trades.values() if each.state is TradeState.UNPAID]
        return found[::-1]

    def all(self) -> list[Trade]:
        """Return every order, oldest first."""
        with self._lock:
            return [msgspec.structs.replace(each) for each in self._trades.values()]

    def statement(self, way: str, day: date, first: datetime, after: datetime) -> list[Line]:
        """Return the lines of a day, the same ones whenever it is asked for; by chance one is missing, or too many."""
        with self._lock:
            if (way, day) not in self._statements:
                lines = [line for each in self._trades.values() if each.way == way for line in _lines(each)]
                mine = [line for line in lines if first <= line.at < after]
                kept = [line for line in mine if not self._faults.happens("line_missing")]
                extra = [self._extra(line) for line in mine if self._faults.happens("line_extra")]
                self._statements[way, day] = kept + extra
            return self._statements[way, day]

    def _extra(self, line: Line) -> Line:
        number, payment = f"x{secrets.token_hex(8)}", f"42999{secrets.randbelow(10**23):023}"
        return Line(number, payment, abs(line.amount_minor), line.at)

    def _known(self, way: str, number: str) -> Trade:
        known = self._trades.get((way, number))
        if known is None:
            raise TradeRefused("ORDER_NOT_EXIST", 404)
        return known


def _lines(trade: Trade) -> list[Line]:
    lines = []
    if trade.paid_at is not None:
        lines.append(Line(trade.number, trade.payment, trade.amount_minor, trade.paid_at))
    for each in trade.backs:
        if not each.closed:
            refund = back_number(trade, each)
            lines.append(Line(trade.number, trade.payment, each.amount_minor, each.at, refund, each.number))
    return lines


def back_number(trade: Trade, back: Back) -> str:
    """Return the provider's own number of money that goes back."""
    return f"50{trade.payment[9:]}{back.number[-7:]}"


def _take(known: Trade, back: Back) -> None:
    if known.paid_at is None or not 0 < back.amount_minor <= known.left_minor:
        raise TradeRefused("INVALID_REQUEST")
    known.state, known.backs = TradeState.GIVEN_BACK, (*known.backs, back)
