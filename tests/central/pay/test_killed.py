"""Killed at every step of its work and started anew, the cashier leaves the same books behind."""

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from sqlalchemy import or_, select

from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.money.sale_tables import payment_order
from kiosk.central.money.stored_lots import principal_of
from kiosk.central.money.tables import ledger_line, ledger_posting
from kiosk.central.pay.cashier import Cashier
from kiosk.central.pay.provider import Provider, Seen, Trade
from kiosk.club.paying_back import PayWay
from kiosk.hostile.faults import Rates
from tests.central.builders import ManualClock
from tests.central.club.builders_people import card_of
from tests.central.money.edges import make_member
from tests.central.pay.builders import Till, make_asked
from tests.central.pay.conftest import MakeTill
from tests.central.sealing import make_seals

STEPS_MAX = 60
NEVER = 10_000


class Killed(BaseException):
    """The process is gone."""


class Seams:
    """Counts the places at which a process can be gone, and is gone at one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0

    def pass_by(self) -> None:
        """Be gone here, or not."""
        self.passed += 1
        if self.passed == self.at:
            raise Killed


class MortalDatabase(Database):
    """A database that can be gone before a change and after its commit."""

    seams = Seams(NEVER)

    def run(self, work: Any) -> Any:
        """Run a change between two seams."""
        self.seams.pass_by()
        result = super().run(work)
        self.seams.pass_by()
        return result


class MortalProvider:
    """A provider that is asked between two seams."""

    def __init__(self, inner: Provider, seams: Seams) -> None:
        self._inner, self._seams = inner, seams
        self.way = inner.way

    def open(self, trade: Trade) -> str:
        """Take an order."""
        return str(self._between("open", trade))

    def look(self, trade: str) -> Seen:
        """Look at an order."""
        found: Seen = self._between("look", trade)
        return found

    def close(self, trade: str) -> None:
        """Close an order."""
        self._between("close", trade)

    def refund(self, *wish: Any) -> None:
        """Ask for a refund."""
        self._between("refund", *wish)

    def look_at_refund(self, *which: str) -> Any:
        """Look at a refund."""
        return self._between("look_at_refund", *which)

    def statement(self, day: Any) -> Any:
        """Fetch a statement."""
        return self._between("statement", day)

    def _between(self, name: str, *args: Any) -> Any:
        self._seams.pass_by()
        result = getattr(self._inner, name)(*args)
        self._seams.pass_by()
        return result


class Lives:
    """One club in which one life after the other is lived, each with a member and orders of its own."""

    def __init__(self, till: Till, mortal: MortalDatabase) -> None:
        self.till, self._mortal, self._number = till, mortal, 0

    def live(self, at: int) -> tuple[list[Any], list[Any], int]:
        """Let one order be paid and another given up, with a cashier that is gone at one seam; return books and seams.

        Ids are without what tells one life from another.
        """
        self._number += 1
        seams = self._mortal.seams = Seams(at)
        member, till, paid, left = make_member(self.till.books, self._number), self.till, *self._names()
        card = card_of(self._number, "").id
        till.open(make_asked(paid, card))
        till.open(make_asked(left, card, amount_minor=500))
        for second in range(8):
            assert till.lease.try_hold()
            mortal = MortalProvider(till.providers[PayWay.WECHAT], seams)
            with suppress(Killed):
                cashier = Cashier(Books(self._mortal, till.clock), till.lease, {PayWay.WECHAT: mortal})
                while cashier.round():
                    pass
            if second == 3:
                till.pay(paid)
                till.cancel(left)
            till.clock.pass_s(1.0)
        till.work(200, 25.0)
        return *self._rows(member), seams.passed

    def _names(self) -> tuple[str, str]:
        return f"paid-{self._number:04}", f"left-{self._number:04}"

    def _rows(self, member: str) -> tuple[list[Any], list[Any]]:
        """Return the lines of the postings of this life, and how its orders ended."""
        head, line, order = ledger_posting.c, ledger_line.c, payment_order.c
        mine = [head.id.startswith(each) for each in self._names()]
        posted = select(head.id, head.kind, line.account, line.amount).join(ledger_line, line.posting == head.n)
        ended = select(order.id, order.state, order.next_at).where(order.id.in_(self._names()))
        with self.till.books.database.read() as connection:
            lines, orders = (
                sorted(tuple(_plain(each, member) for each in row) for row in connection.execute(query))
                for query in (posted.where(or_(*mine)), ended)
            )
        return lines, orders


def _plain(value: Any, member: str) -> Any:
    return re.sub(r"-\d{4}", "", value).replace(member, "M") if isinstance(value, str) else value


@pytest.fixture
def lives(books: Books, clock: ManualClock, make_till: MakeTill) -> Iterator[Lives]:
    """A club whose cashiers are mortal, and whose provider never says anything by itself."""
    with closing(MortalDatabase(str(books.database.url), make_seals())) as mortal:
        yield Lives(make_till(rates=Rates(notice_lost=1.0)), mortal)


def test_killed_at_every_step_it_leaves_the_same_books(lives: Lives) -> None:
    postings, orders, steps = lives.live(NEVER)
    assert orders == [("left", "closed", None), ("paid", "paid", None)]
    assert [amount for _, _, account, amount in postings if account == principal_of("M").id] == [2_000]
    assert 24 < steps < STEPS_MAX
    for at in range(1, steps + 1):
        assert lives.live(at)[:2] == (postings, orders), f"killed at step {at}"
    lives.till.check()
