"""Fifty writers race for the same few accounts, with one another's ids: no overdraft, none lost, none twice."""

import random
import threading
from contextlib import closing

from sqlalchemy import select, text

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.database import Database
from kiosk.central.money.ledger import NotEnough, post, prove
from kiosk.central.money.postings import Posted
from kiosk.central.money.tables import ledger_balance, ledger_posting
from kiosk.club.ledger import Account, AccountKind, Posting
from tests.central.builders import ManualClock
from tests.central.money.builders import DESK, PRINCIPAL, cash_top_up, on, put, sale
from tests.support.wait import eventually

WRITERS = 50
EACH = 3
MEMBERS = ("m1", "m2", "m3")
FUNDS = 350
WAIT_S = 60.0


def make_wishes() -> list[Posting]:
    """Make some sales and top-ups, more than there are funds for; sites as real tills have them."""
    draw = random.Random(7)
    sales = [sale(f"s{n}", draw.choice([30, 50, 70]), draw.choice(MEMBERS), site="demo") for n in range(45)]
    return sales + [cash_top_up(f"t{n}", 100, draw.choice(MEMBERS), site="demo") for n in range(5)]


class Writer:
    """One writer with a database of its own; what it was answered, by id, and what went wrong."""

    def __init__(self, number: int, url: str, wishes: list[Posting], start: threading.Barrier) -> None:
        self.answers: dict[str, Posted] = {}
        self.refused: set[str] = set()
        self.failed: list[BaseException] = []
        self._url = url
        self._wishes = random.Random(number).sample(wishes, EACH)
        self._start = start
        self.thread = threading.Thread(target=self._run, name=f"writer-{number}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with closing(Database(self._url)) as database:
            books = Books(database, ManualClock())
            self._start.wait(WAIT_S)
            for wish in self._wishes:
                try:
                    self.answers[wish.id] = books.change(Actor("till"), lambda change, wish=wish: post(change, wish))
                except NotEnough:
                    self.refused.add(wish.id)
                except Exception as error:  # noqa: BLE001  # the test says what it was
                    self.failed.append(error)


def test_fifty_writers_lose_nothing_double_nothing_and_overdraw_nothing(both_books: Books) -> None:
    put(both_books, *(cash_top_up(f"open-{member}", FUNDS, member, site="demo") for member in MEMBERS))
    wishes, start = make_wishes(), threading.Barrier(WRITERS)
    url = both_books.database.url.render_as_string(hide_password=False)
    writers = [Writer(number, url, wishes, start) for number in range(WRITERS)]
    for each in writers:
        each.thread.join(WAIT_S)
    assert [error for each in writers for error in each.failed] == []
    answers: dict[str, Posted] = {}
    for each in writers:
        for id, posted in each.answers.items():
            assert answers.setdefault(id, posted) == posted
    assert sum(len(each.answers) for each in writers) > len(answers) + 20
    assert any(each.refused for each in writers)
    with both_books.look() as look:
        assert prove(look).found == ()
        ids = look.connection.execute(select(ledger_posting.c.id)).scalars().all()
        balances = {row.account: row.balance for row in look.connection.execute(select(ledger_balance))}
    assert sorted(ids) == sorted([*answers, *(f"open-{member}" for member in MEMBERS)])
    for member in MEMBERS:
        mine = Account(AccountKind.MEMBER_PRINCIPAL, member)
        moved = [line.amount for each in answers.values() for line in each.posting.lines if line.account == mine]
        assert balances[mine.id] == FUNDS + sum(moved) >= 0


def test_the_same_wish_twice_at_one_moment_is_done_once_and_answered_twice(both_books: Books) -> None:
    is_working, may_go = threading.Event(), threading.Event()
    answers: list[int] = []

    def work(change: Change) -> int:
        is_working.set()
        may_go.wait(WAIT_S)
        return post(change, cash_top_up("t1", 100)).n

    def ask() -> None:
        answers.append(both_books.change_once(DESK, "key", b"asked", int, work))

    threads = [threading.Thread(target=ask, name=f"ask-{number}", daemon=True) for number in range(2)]
    threads[0].start()
    assert is_working.wait(WAIT_S)
    threads[1].start()
    eventually(lambda: both_books.database.is_sqlite or _somebody_waits(both_books), WAIT_S)
    may_go.set()
    for each in threads:
        each.join(WAIT_S)
    assert answers == [1, 1]
    assert on(both_books, PRINCIPAL) == [100]


def _somebody_waits(books: Books) -> bool:
    with books.look() as look:
        return bool(look.connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
