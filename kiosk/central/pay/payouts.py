"""Has providers pay the parts of refunds that came through them: for the cashier's thread, all of it in rows (R2).

Each step first looks how the refund stands and asks for it where the provider has none of that number: asked again,
killed in between or unheard, it is the same refund there. What is refused twice is refused, and staff decide.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.lease import Lease
from kiosk.central.meters import Counts
from kiosk.central.money import payout_rows, payouts
from kiosk.central.money.payout_rows import Payout, PayoutState
from kiosk.central.pay.provider import BackState, Provider, ProviderDown, ProviderRefused, ProviderShort, SeenState
from kiosk.central.pay.resting import Resting
from kiosk.club.paying_back import PayWay
from kiosk.core.backoff import back_off_s
from kiosk.core.errors import Refused

ACTOR = Actor("job:cashier", "job")
AT_ONCE_MAX = 10

TAKEN_S, SLOW_S = 10.0, 600.0
FRESH = timedelta(hours=1)
"""How often a refund is looked at that its provider has taken, and until when: Alipay wants 10 s, a bank takes days."""

REFUSALS_MAX, REFUSED_S = 2, 60.0
"""How often a refusal is heard, and how far apart: WeChat refuses two refunds of an order within a minute."""

SHORT_MAX, SHORT_S = 72, 3600.0
"""The same where our account there holds too little: staff are told at once, and can pay in."""

BACK_OFF_S = (1.0, 60.0)
STUCK_S = 3600.0
"""How long a part rests after a step that failed, doubling, and one that only a person can bring to its end."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Payouts:
    """Takes the next step of each part that is due."""

    def __init__(
        self, books: Books, lease: Lease, providers: Mapping[PayWay, Provider], resting: Resting, counts: Counts
    ) -> None:
        self._books, self._lease, self._providers = books, lease, providers
        self._resting, self._counts = resting, counts

    def work(self, ways: Collection[PayWay]) -> None:
        """Take the next step of each part that is due, 10 at most."""
        with self._books.database.read() as connection:
            due = payout_rows.due(connection, ways, self._books.clock.now(), AT_ONCE_MAX)
        for kept in due:
            if self._lease.held() and self._resting.is_awake(kept.way):
                self._step(kept)

    def _step(self, kept: Payout) -> None:
        try:
            self._look(kept)
        except ProviderDown as error:
            self._counts.note("provider_rests", self._resting.failed(kept.way, str(error)))
            self._put_off(kept, str(error))
        except Refused as error:
            # Neither may it be lost, nor keep the others waiting.
            self._counts.note("refunds_stuck")
            _log.error("refund stuck", extra={"payout": kept.number, "cause": str(error)})
            self._put_off(kept, str(error), STUCK_S)
        else:
            self._resting.answered(kept.way)

    def _look(self, kept: Payout) -> None:
        """See how a part stands at its provider, and do what follows from it."""
        back = self._providers[kept.way].look_at_refund(kept.trade, kept.number)
        if back.state is BackState.DONE:
            became = self._change(lambda change: payouts.arrived(change, kept.number, back.amount_minor))
            self._counts.note(f"refunds_{became.value}")
        elif kept.state is not PayoutState.WAITING:
            # Staff have it: it is looked at because a statement names it, and never asked for again.
            self._write(kept, None)
        elif back.state is BackState.UNKNOWN:
            self._ask(kept)
        elif back.state is BackState.CLOSED:
            self._refused(kept, "it was closed there", REFUSALS_MAX, REFUSED_S)
        elif back.state is BackState.STUCK:
            self._explain(kept, "the provider wants it dealt with on its own page")
            self._write(kept, STUCK_S)
        else:
            self._taken(kept)

    def _ask(self, kept: Payout) -> None:
        if not self._lease.held():
            # That look took long, and another leads by now.
            return
        try:
            self._providers[kept.way].refund(kept.trade, kept.number, kept.amount_minor, kept.total_minor)
        except ProviderShort as error:
            self._explain(kept, str(error))
            self._refused(kept, str(error), SHORT_MAX, SHORT_S)
        except ProviderRefused as error:
            self._refused(kept, str(error), REFUSALS_MAX, REFUSED_S)
        else:
            self._counts.note("refunds_asked")
            self._taken(kept)

    def _taken(self, kept: Payout) -> None:
        young = kept.tries or self._books.clock.now() - kept.at < FRESH
        self._write(kept, TAKEN_S if young else SLOW_S, tries=0, refusals=0)

    def _refused(self, kept: Payout, why: str, most: int, rest_s: float) -> None:
        """Hear a refusal out, and have staff decide when it was the last, with what the order is there."""
        self._counts.note("refunds_refused")
        if kept.refusals + 1 < most:
            self._write(kept, rest_s, refusals=kept.refusals + 1)
            return
        seen = self._providers[kept.way].look(kept.trade)
        before = f"{why} - and money of this payment went back there before"
        said = before if seen.state is SeenState.GIVEN_BACK else why
        self._change(lambda change: payouts.refuse(change, kept.number, said))

    def _explain(self, kept: Payout, why: str) -> None:
        if kept.why != why:
            self._change(lambda change: payouts.explain(change, kept.number, why))

    def _change(self, work: Callable[[Change], T]) -> T:
        def guarded(change: Change) -> T:
            self._lease.guard(change.connection)
            return work(change)

        return self._books.change(ACTOR, guarded)

    def _put_off(self, kept: Payout, why: str, most_s: float = BACK_OFF_S[1]) -> None:
        _log.info("refund put off", extra={"payout": kept.number, "cause": why})
        self._counts.note("refunds_put_off")
        self._write(kept, back_off_s((BACK_OFF_S[0], most_s), kept.tries), tries=kept.tries + 1)

    def _write(self, kept: Payout, rest_s: float | None, **values: Any) -> None:
        """Keep how far a part has come, and when to look at it next; None for never."""
        next_at = None if rest_s is None else self._books.clock.now() + timedelta(seconds=rest_s)

        def work(connection: Connection) -> None:
            self._lease.guard(connection)
            payout_rows.write(connection, kept.number, next_at=next_at, **values)

        self._books.database.run(work)
