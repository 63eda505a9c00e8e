"""Asks providers for codes and how orders stand, several at once: what bounds how soon a payment is credited.

After a provider is back everything that was paid is credited within the sum of: its rest (5 s), the rest of an order
that failed (3 s), and one look at each of the orders that are followed, 500 at most, 8 at once: at a quarter of a
second an answer 16 s, and at 10 ms a credit 5 s for all 500. That is half a minute. What has no code yet comes first,
then what a notice named, then what has waited longest.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kiosk.central.money.order_rows import KeptOrder
from kiosk.central.pay.provider import Provider, ProviderDown, ProviderRefused, Seen, Trade
from kiosk.central.pay.resting import Resting
from kiosk.club.paying_back import PayWay
from kiosk.core.clock import Clock
from kiosk.core.errors import Refused

NAME = "central-cashier-asks"
AT_ONCE_MAX = 8
FEW = 4
"""So many orders for each thread: few are asked of by the cashier's own thread, one after the other."""


class NotTaken(msgspec.Struct, frozen=True):
    """That a provider does not take an order, and why."""

    why: str


Answer = str | NotTaken | Seen | ProviderDown | Refused
"""What an order's QR code says, or how it stands; or that there was no answer, or another one than was asked for."""


class Asking:
    """Asks of many orders; for one thread, which waits until each was asked of."""

    def __init__(self, providers: Mapping[PayWay, Provider], resting: Resting, clock: Clock) -> None:
        self._providers, self._resting, self._clock = providers, resting, clock

    def ask_of(self, orders: Sequence[KeptOrder]) -> dict[str, Answer]:
        """Return what its provider answers of each order, by the order's id; nothing where that rests meanwhile."""
        found: dict[str, Answer] = {}
        left, lock = iter(orders), threading.Lock()
        more = [
            threading.Thread(target=self._work, args=(left, lock, found), name=NAME, daemon=True)
            for _ in range(min(AT_ONCE_MAX, len(orders) // FEW) - 1)
        ]
        for each in more:
            each.start()
        self._work(left, lock, found)
        for each in more:
            each.join()
        return found

    def _work(self, left: Iterator[KeptOrder], lock: threading.Lock, found: dict[str, Answer]) -> None:
        while True:
            with lock:
                kept = next(left, None)
            if kept is None:
                return
            if self._resting.is_awake(kept.order.way):
                found[kept.order.id] = self._ask(kept)

    def _ask(self, kept: KeptOrder) -> Answer:
        way = kept.order.way
        try:
            answer: Answer = self._open(kept) if kept.wants_code(self._clock.now()) else self._look(kept)
        except ProviderDown as error:
            self._resting.failed(way, str(error))
            return error
        except Refused as error:
            answer = error
        self._resting.answered(way)
        return answer

    def _look(self, kept: KeptOrder) -> Seen:
        return self._providers[kept.order.way].look(kept.trade)

    def _open(self, kept: KeptOrder) -> str | NotTaken:
        try:
            return self._providers[kept.order.way].open(Trade(kept.trade, kept.order.amount_minor, kept.order.until))
        except ProviderRefused as error:
            return NotTaken(str(error))
