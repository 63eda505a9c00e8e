"""Takes orders to their providers and looks after them until they end: a thread of the leader, all of it in rows.

Killed at any point it goes on from the row: what it asks of a provider may be asked again, and what a provider says was
paid is booked once. A notice never books anything, it only makes the cashier look: so a forged, repeated, late or
contradictory one changes nothing.
"""

import logging
import random
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.money import order_rows, provider_orders, provider_receiving
from kiosk.central.money.order_rows import KeptOrder, OrderState
from kiosk.central.pay.asking import Answer, Asking, NotTaken
from kiosk.central.pay.payouts import Payouts
from kiosk.central.pay.provider import Provider, ProviderDown, ProviderRefused, Seen, SeenState
from kiosk.central.pay.resting import Resting
from kiosk.central.pay.statements import Statements
from kiosk.central.pay.ways import offer
from kiosk.club.paying_back import PayWay
from kiosk.core.backoff import back_off_s
from kiosk.core.errors import KioskError, Refused

ACTOR = Actor("job:cashier", "job")
NAME = "central-cashier"
TICK_S = 0.5
AT_ONCE_MAX = 50

SOON_S, LATER_S = 3.0, 5.0
FRESH = timedelta(minutes=1)
"""How often an order is looked at while it can be paid: its first minute, and then."""

LAST_LOOK_S = 60.0
"""How long after an order was closed it is looked at once more, lest its provider took money all the same."""

BACK_OFF_S = (0.5, 3.0)
"""How long an order rests after a step that failed, doubling; with a share of chance, lest all come back at once.

Short, as a provider that is away rests as a whole.
"""

STUCK_MAX_S = 3600.0
"""The longest rest of an order that our own books refuse: a person has to look at it."""

JOIN_S = 5.0

_log = logging.getLogger(__name__)


class Cashier:
    """The duty that keeps the thread alive, and what the thread does, one `round` after the other."""

    def __init__(self, books: Books, lease: Lease, providers: Mapping[PayWay, Provider]) -> None:
        self.counts = Counts()
        self._books, self._lease, self._providers = books, lease, dict(providers)
        self._resting = Resting(providers, books.clock)
        self._asking = Asking(self._providers, self._resting, books.clock)
        self._payouts = Payouts(books, lease, self._providers, self._resting, self.counts)
        self._statements = Statements(books, lease, self.counts)
        self._later: list[tuple[KeptOrder, float, int, str]] = []
        self._thread: threading.Thread | None = None
        self._wake, self._stop = threading.Event(), threading.Event()

    def connected(self) -> None:
        """Do nothing: providers are not reached by the broker."""

    def tick(self, now: datetime) -> float:
        """See that the thread runs, which a leader without providers does not need; say which ways there are."""
        if self._thread is None or not self._thread.is_alive():
            self.offer()
            if not self._providers:
                return 60.0
            self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)
            self._thread.start()
        return TICK_S

    def offer(self) -> None:
        """Say which ways to pay there are; raises RetryLater."""
        self._books.database.run(self._offer)

    def wake(self) -> None:
        """Have the next round begin now, as for an order that was just opened. For any thread.

        A notice comes to the office, which is another process: its order is found by the clock.
        """
        self._wake.set()

    def close(self) -> None:
        """End the thread. What is under way is found again in the rows."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    def health(self) -> dict[str, str]:
        """Return which providers rest, and why. For any thread."""
        return self._resting.reasons()

    def round(self) -> int:
        """Take the next step of each order that is due, 50 at most, and return how many were due; then of refunds."""
        awake, self._later = self._resting.awake(), []
        with self._books.database.read() as connection:
            due = order_rows.due(connection, awake, self._books.clock.now(), AT_ONCE_MAX)
        answers = self._asking.ask_of(due)
        for kept in due:
            if self._stop.is_set() or not self._lease.held():
                return 0
            if kept.order.id in answers:
                self._step(kept, answers[kept.order.id])
        self._write_later()
        self._payouts.work(awake)
        for way in awake:
            self._statements.fetch(self._providers[way])
        return len(due)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                busy = self._lease.held() and self.round() == AT_ONCE_MAX
            except KioskError as error:
                self.counts.note("cashier_put_off")
                _log.warning("cashier put off", extra={"cause": str(error)})
                busy = False
            if not busy:
                self._wake.wait(TICK_S)

    def _offer(self, connection: Connection) -> None:
        self._lease.guard(connection)
        offer(connection, self._providers)

    def _step(self, kept: KeptOrder, answer: Answer) -> None:
        """Take one order one step further by what was answered; whatever fails is tried again from its row."""
        try:
            if isinstance(answer, str):
                self.counts.note("orders_opened")
                self._later.append((kept, SOON_S, 0, answer))
            elif isinstance(answer, Seen):
                self._follow(kept, answer)
            elif isinstance(answer, NotTaken):
                self._not_taken(kept, answer)
            else:
                raise answer
        except ProviderDown as error:
            self.counts.note("provider_rests", not self._resting.is_awake(kept.order.way))
            self._put_off(kept, error)
        except Refused as error:
            # Neither may it be lost, nor keep the others waiting.
            self.counts.note("orders_stuck")
            _log.error("order stuck", extra={"order": kept.order.id, "cause": str(error)})
            self._put_off(kept, error, STUCK_MAX_S)

    def _not_taken(self, kept: KeptOrder, answer: NotTaken) -> None:
        """Have an order closed that its provider does not take."""
        self.counts.note("orders_refused")
        _log.warning("order refused", extra={"order": kept.order.id, "cause": answer.why})
        self._write(kept, 0.0, given_up=True)

    def _follow(self, kept: KeptOrder, seen: Seen) -> None:
        """Do what follows from how an order stands at its provider."""
        if seen.state is SeenState.PAID:
            self._received(kept, seen)
        elif kept.state is not OrderState.WAITING:
            self._write(kept, None)
        elif seen.state is SeenState.GIVEN_BACK:
            # Paid, and given back by the provider before it was booked: nothing is left to credit.
            self.counts.note("orders_given_back")
            self._closed(kept)
        elif not kept.ends(self._books.clock.now()) and seen.state is not SeenState.CLOSED:
            young = self._books.clock.now() - kept.at < FRESH
            self._later.append((kept, SOON_S if young else LATER_S, 0, kept.code))
        else:
            self._end(kept, seen)

    def _end(self, kept: KeptOrder, seen: Seen) -> None:
        """Close an order that nobody is to pay any more."""
        now = self._books.clock.now()
        if seen.state is SeenState.UNKNOWN and kept.code and now < kept.order.until:
            # Whoever has the code can still bring the order about.
            self._write(kept, (kept.order.until - now).total_seconds())
            return
        if seen.state is not SeenState.CLOSED:
            try:
                self._providers[kept.order.way].close(kept.trade)
            except ProviderRefused:
                # Paid while we looked, most likely.
                self._write(kept, BACK_OFF_S[0])
                return
        self._closed(kept)

    def _received(self, kept: KeptOrder, seen: Seen) -> None:
        def work(change: Change) -> str:
            self._lease.guard(change.connection)
            return provider_receiving.receive(change, kept.order.id, seen.amount_minor, seen.payment).value

        self.counts.note(f"orders_{self._books.change(ACTOR, work)}")

    def _closed(self, kept: KeptOrder) -> None:
        def work(change: Change) -> None:
            self._lease.guard(change.connection)
            provider_orders.close(change, kept.order.id)
            next_at = change.now + timedelta(seconds=LAST_LOOK_S)
            order_rows.write(change.connection, kept.order.id, next_at=next_at, looked_at=change.now, tries=0)

        self._books.change(ACTOR, work)
        self.counts.note("orders_closed")

    def _write(self, kept: KeptOrder, rest_s: float | None, **values: Any) -> None:
        """Keep how far an order has come, and when to look at it next; None for never."""
        now = self._books.clock.now()
        next_at = None if rest_s is None else now + timedelta(seconds=rest_s)

        def work(connection: Connection) -> None:
            self._lease.guard(connection)
            order_rows.write(connection, kept.order.id, next_at=next_at, looked_at=now, tries=0, **values)

        self._books.database.run(work)

    def _put_off(self, kept: KeptOrder, error: KioskError, most_s: float = BACK_OFF_S[1]) -> None:
        rest_s = back_off_s((BACK_OFF_S[0], most_s), kept.tries) * random.uniform(0.7, 1.0)  # noqa: S311
        self._later.append((kept, rest_s, kept.tries + 1, kept.code))
        self.counts.note("orders_put_off")
        _log.info("order put off", extra={"order": kept.order.id, "cause": str(error)})

    def _write_later(self) -> None:
        """Write down when to look again at those orders of a round that are not booked, and what their codes say."""
        later, now = self._later, self._books.clock.now()

        def work(connection: Connection) -> None:
            self._lease.guard(connection)
            for kept, rest_s, tries, code in later:
                order_rows.look_later(connection, kept, now, now + timedelta(seconds=rest_s), tries, code)

        if later:
            self._books.database.run(work)
        self._later = []
