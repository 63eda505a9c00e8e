"""Orders by QR code under every fault of the hostile provider, and what the books say of each afterwards."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kiosk.central.club.books import Actor, Books, Look
from kiosk.central.lease import Lease
from kiosk.central.members import CardRecord, MemberRecord, save_cards, save_members
from kiosk.central.money import ledger, matching
from kiosk.central.money.order_rows import OrderState
from kiosk.central.money.provider_receiving import AGAIN
from kiosk.central.pay.cashier import Cashier
from kiosk.central.self_service.orders import cancel_order, open_order
from kiosk.club.reconciliation import MatchState
from kiosk.core.errors import RetryLater
from kiosk.core.self_service import OrderAsked, OrderNamed, PayFor
from kiosk.core.self_service import OrderState as Told
from kiosk.hostile.server import HostileProvider
from kiosk.hostile.trades import TradeRefused, TradeState

STEP_S = 1.0
MEMBERS, DEVICES = 200, 40
A_SECOND = 8
AMOUNT_MAX = 4_000
DOWN_EVERY_S, DOWN_S = (20.0, 60.0), (5.0, 20.0)
SETTLE_S = 600
"""How long everything may take to end after the last order was opened."""

ROUNDS_MAX = 1000

ENDED = frozenset({OrderState.PAID, OrderState.CLOSED, OrderState.IN_DOUBT})
_CREDITS = """SELECT posting.id, line.amount FROM ledger_line line
JOIN ledger_posting posting ON posting.n = line.posting
WHERE line.kind = 'member_principal' AND posting.kind = 'top_up'"""
_DEVICE = Actor("device:storm", "device")


class Plan(msgspec.Struct):
    """What whoever stands at a kiosk does with an order: pay or give up so many seconds after it was opened."""

    device: str
    at: datetime
    amount_minor: int
    pay_after_s: float | None
    give_up_after_s: float | None
    code: str = ""
    paid_at: datetime | None = None
    ended_at: datetime | None = None


class Outcome(msgspec.Struct):
    """What came of all orders."""

    orders: int = 0
    paid: int = 0
    credited: int = 0
    refused: int = 0
    double: int = 0
    lost: int = 0
    open: int = 0
    lines: int = 0
    unclassified: int = 0
    errors: int = 0
    put_off: int = 0
    recovery_s: float = 0.0
    proof: str = ""


class Storm:
    """Opens orders, pays them, takes the provider down and up, and lets the cashier work, step by step."""

    def __init__(
        self, books: Books, lease: Lease, cashier: Cashier, provider: HostileProvider, pass_s: Callable[[float], None],
        seed: int,
    ) -> None:  # fmt: skip
        """`pass_s` lets time pass, really or not."""
        self._books, self._lease, self._cashier, self._provider = books, lease, cashier, provider
        self._pass_s = pass_s
        self._random = random.Random(seed)  # noqa: S311  # chance that can be had again, no secret
        self._plans: dict[str, Plan] = {}
        self._recovered: list[datetime] = []
        self._turn_at = self._now + timedelta(seconds=self._random.uniform(*DOWN_EVERY_S))
        self.outcome = Outcome()

    def run(self, orders: int) -> Outcome:
        """Open so many orders and let all of them end, then the next day's statement come and be matched."""
        self._books.database.run(_write_members)
        for _ in range(int(orders / A_SECOND / STEP_S) + round(SETTLE_S / STEP_S)):
            missing = orders - len(self._plans)
            for _ in range(min(missing, round(A_SECOND * STEP_S))):
                self._open()
            self._step(may_fall=missing > 0)
            if not missing and all(each.ended_at for each in self._plans.values()):
                break
        self._provider.down = False
        self._pass_and_work(120)
        self._next_day()
        self._judge()
        return self.outcome

    @property
    def _now(self) -> datetime:
        return self._books.clock.now()

    def _open(self) -> None:
        number = len(self._plans)
        kind = self._random.random()
        pay = self._random.uniform(1, 12) if kind < 0.85 else None
        give_up = self._random.uniform(1, 12) if kind > 0.75 else None
        plan = Plan(f"kiosk-{number % DEVICES}", self._now, self._random.randrange(100, AMOUNT_MAX), pay, give_up)
        card = _credential(number % MEMBERS)
        asked = OrderAsked(f"storm:{number:06}", card, PayFor.TOP_UP, plan.amount_minor, "wechat")
        for _ in range(self._random.choice((1, 1, 1, 2))):  # a double press, or an answer that was lost
            told = self._books.change(_DEVICE, lambda change: open_order(change, asked, plan.device))
        self.outcome.refused += told.state is Told.CLOSED
        plan.ended_at = self._now if told.state is Told.CLOSED else None
        self._plans[asked.id] = plan

    def _step(self, *, may_fall: bool) -> None:
        self._weather(may_fall=may_fall)
        self._look()
        for id, plan in self._plans.items():
            self._act(id, plan)
        self._work()
        self._pass_s(STEP_S)

    def _weather(self, *, may_fall: bool) -> None:
        if self._now < self._turn_at or not (may_fall or self._provider.down):
            return
        self._provider.down = not self._provider.down
        if not self._provider.down:
            self._recovered.append(self._now)
        within = DOWN_S if self._provider.down else DOWN_EVERY_S
        self._turn_at = self._now + timedelta(seconds=self._random.uniform(*within))

    def _look(self) -> None:
        with self._books.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT id, code, state FROM payment_order").all()
        for row in rows:
            plan = self._plans[row.id]
            plan.code = row.code
            if OrderState(row.state) not in ENDED or plan.ended_at is not None:
                continue
            plan.ended_at = self._now
            if row.state == OrderState.PAID and plan.paid_at is not None:
                since = max([plan.paid_at, *self._recovered])
                self.outcome.recovery_s = max(self.outcome.recovery_s, (self._now - since).total_seconds())

    def _act(self, id: str, plan: Plan) -> None:
        age_s = (self._now - plan.at).total_seconds()
        if plan.pay_after_s is not None and plan.paid_at is None and plan.code and age_s >= plan.pay_after_s:
            try:
                # Nobody's telephone cares whether the provider answers its merchants.
                self._provider.pay(plan.code)
                plan.paid_at = self._now
            except TradeRefused:
                plan.pay_after_s = None
        if plan.give_up_after_s is not None and age_s >= plan.give_up_after_s and plan.ended_at is None:
            plan.give_up_after_s = None
            named = OrderNamed(id)
            self._books.change(_DEVICE, lambda change: cancel_order(change, named, plan.device))

    def _work(self) -> None:
        self._provider.work(self._now)
        for _ in range(ROUNDS_MAX):
            self._lease.try_hold()
            try:
                if not self._cashier.round():
                    return
            except RetryLater:
                # The lease ran out meanwhile, on a machine that has other things to do: as the cashier's thread does.
                self.outcome.put_off += 1

    def _pass_and_work(self, seconds: int) -> None:
        for _ in range(seconds // 2):
            self._pass_s(2.0)
            self._look()
            self._work()

    def _next_day(self) -> None:
        """Let the statements of the days come, and whatever is missing by then be an error."""
        for _ in range(4):
            self._pass_s(86_400.0)
            for _ in range(10):
                self._work()
                self._pass_s(61.0)
        self._look()
        place, finished = "", False
        (job,) = matching.matching_jobs()
        while not finished:
            step = job.run(self._books, self._now.date(), place)
            place, finished = step.place, step.finished

    def _judge(self) -> None:
        found, taken = self.outcome, {each.number: each for each in self._provider.trades.all()}
        found.orders = len(self._plans)
        with self._books.look() as look:
            rows = look.connection.exec_driver_sql("SELECT id, state, trade, amount_minor FROM payment_order").all()
            sums = _credits(look)
            for id, row in ((each.id, each) for each in rows):
                trade = taken.get(row.trade)
                was_paid = trade is not None and trade.paid_at is not None
                found.paid += was_paid
                found.credited += row.state == OrderState.PAID
                found.double += sums.get(id, 0) not in (0, row.amount_minor) or (not was_paid and id in sums)
                kept = trade is not None and trade.state is TradeState.PAID
                found.lost += kept and sums.get(id, 0) < row.amount_minor
                found.open += row.state == OrderState.WAITING
            self._judge_lines(look)
            proof = ledger.prove(look)
            found.proof = "" if proof.holds else proof.words()

    def _judge_lines(self, look: Look) -> None:
        """Count the statement's lines, and those that have no place: neither matched nor an error with an owner."""
        ids = look.connection.exec_driver_sql("SELECT id FROM statement_line").scalars().all()
        for id in ids:
            event, _ = matching.event_of(look, id)
            self.outcome.errors += event.state is MatchState.ERROR
            self.outcome.unclassified += event.state is not MatchState.MATCHED and not event.owner
        self.outcome.lines = len(ids)


def _credits(look: Look) -> dict[str, int]:
    """Return what was credited to members for each order, whatever its posting is called."""
    sums: dict[str, int] = {}
    for id, amount in look.connection.exec_driver_sql(_CREDITS):
        order = id.partition("/")[0].partition(AGAIN)[0]
        sums[order] = sums.get(order, 0) + amount
    return sums


def _write_members(connection: Any) -> None:
    numbers = range(MEMBERS)
    save_members(connection, [MemberRecord(_member(each), f"S{each:05}", f"会员{each}") for each in numbers])
    save_cards(connection, [CardRecord(_credential(each), f"{each:016X}", _member(each)) for each in numbers])


def _member(number: int) -> str:
    return f"{number:016x}"


def _credential(number: int) -> str:
    return f"{number:064x}"
