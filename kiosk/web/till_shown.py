"""The card that was shown at a till: in memory alone, as a keyed hash, and only for a short while."""

import threading
from typing import Protocol

import msgspec

from kiosk.core.clock import Clock
from kiosk.core.identifiers import Assurance
from kiosk.local.events import Fanout, Subscription

CARD_S = 90
"""A card that was shown is forgotten after so many seconds, and as soon as it has paid."""

FAULT_S = 5


class CardHeld(msgspec.Struct, frozen=True):
    """A card by its keyed hash, and until when it counts as shown, of the monotonic clock."""

    credential: str
    assurance: Assurance
    until_ns: int


class CardShown(Protocol):
    """What knows which card lies before a till."""

    def held(self) -> CardHeld | None:
        """Return the card that is shown, None without one."""

    def put_away(self) -> None:
        """Forget it."""


class CardDesk:
    """Takes what a reader tells, and holds the card that was shown last. For several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: CardHeld | None = None
        self._fault, self._fault_until_ns = "", 0
        self._changes: Fanout[bool] = Fanout()
        self.reader_up = True

    def card(self, credential: str, assurance: Assurance) -> None:
        """Take a card that was read, in place of the one before."""
        with self._lock:
            self._held = CardHeld(credential, assurance, self._clock.monotonic_ns() + CARD_S * 1_000_000_000)
            self._fault = ""
        self._changes.publish(True)

    def card_gone(self) -> None:
        """A card may be taken back at once: it was shown."""

    def fault(self, reason: str) -> None:
        """Note that a card showed no number that can be used: a deny reason."""
        with self._lock:
            self._fault, self._fault_until_ns = reason, self._clock.monotonic_ns() + FAULT_S * 1_000_000_000
        self._changes.publish(True)

    def reader(self, *, up: bool) -> None:
        """Note that the reader went blind, or sees again."""
        self.reader_up = up
        self._changes.publish(True)

    def held(self) -> CardHeld | None:
        """Return the card that is shown, None without one."""
        with self._lock:
            if self._held is not None and self._clock.monotonic_ns() > self._held.until_ns:
                self._held = None
            return self._held

    def last_fault(self) -> str:
        """Return why the last card could not be used, for some seconds; "" otherwise."""
        with self._lock:
            return self._fault if self._clock.monotonic_ns() <= self._fault_until_ns else ""

    def put_away(self) -> None:
        """Forget the card."""
        with self._lock:
            self._held = None
        self._changes.publish(True)

    def subscribe(self) -> Subscription[bool]:
        """Return a subscription that hears of every change, and of the first look."""
        return self._changes.subscribe([True])

    def close(self) -> None:
        """End every subscription and forget the card."""
        self._changes.close()
        with self._lock:
            self._held = None
