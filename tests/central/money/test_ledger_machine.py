"""Whatever is posted, held, settled, made void, let run out and taken back in any order: the books hold."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text

from kiosk.central.club.books import Books, Change
from kiosk.central.money import days, proof
from kiosk.central.money.ledger import expire, hold, post, prove, reverse, settle, void
from kiosk.central.money.tables import ledger_balance, ledger_posting
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, Unit, lines_of
from kiosk.core.errors import Refused
from tests.central.builders import ManualClock
from tests.central.money.builders import CASH, ENTRY, SALES, do, in_minutes

IDS = st.integers(0, 11)
HELD = st.integers(0, 8)
UNLIKELY = 8
MEMBERS = st.integers(0, 1)
AMOUNTS = st.sampled_from([1, 40, 100, 250])
TABLES = (
    "ledger_line", "ledger_hold_line", "ledger_hold", "ledger_posting", "ledger_balance", "ledger_closing",
    "ledger_site", "ledger_seal", "ledger_proof", "ledger_alarm",
)  # fmt: skip


class Club(RuleBasedStateMachine):
    """Two members with principal, bonus and visits, one till, and an account of its own of what each of them has."""

    books: Books
    clock: ManualClock

    def __init__(self) -> None:
        super().__init__()
        with self.books.database.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # our names
        self.expected: dict[Account, int] = {}
        self.held: dict[str, dict[Account, int]] = {}
        self.lines: dict[str, Posting] = {}
        self.undone: set[str] = set()
        for pick, member, amount in ((0, 0, 250), (4, 1, 250), (1, 0, 100), (5, 1, 100)):
            wish = self.wish(pick, member, amount)
            self.note(do(self.books, lambda change, wish=wish: post(change, wish)).posting)

    def attempt(self, work: Callable[[Change], Any]) -> Any:
        """Try a change; what is refused changes nothing and gives None."""
        try:
            return do(self.books, work)
        except Refused:
            return None

    def wish(self, pick: int, member: int, amount: int, of: str = "p") -> Posting:
        """Return a posting; the same number and amount is the same posting, another amount another under its id."""
        name = f"m{member}"
        principal, bonus = Account(AccountKind.MEMBER_PRINCIPAL, name), Account(AccountKind.MEMBER_BONUS, name)
        till = Account(AccountKind.TILL, "till-1")
        visits = Account(AccountKind.MEMBER_VISITS, name, Unit.VISITS)
        used, sold = (
            Account(AccountKind.VISITS_USED, "", Unit.VISITS),
            Account(AccountKind.VISITS_SOLD, "", Unit.VISITS),
        )
        pairs = [
            [(principal, amount), (CASH, -amount), (till, amount), (ENTRY, -amount)],
            [(bonus, amount), (Account(AccountKind.BONUS_EXPENSE), -amount), (visits, 10), (sold, -10)],
            [(principal, -amount), (bonus, -amount // 4 or -1), (SALES, amount - (-amount // 4 or -1))],
            [(visits, -amount // 20 or -1), (used, -(-amount // 20 or -1))],
        ][pick % 4]
        return Posting(
            f"{of}{pick}", PostingKind.SALE, lines_of(pairs), days_day(self.clock), self.clock.now(), "desk", "demo"
        )

    def note(self, posting: Posting) -> None:
        """Write down what was posted, once."""
        if posting.id in self.lines:
            return
        self.lines[posting.id] = posting
        for line in posting.lines:
            self.expected[line.account] = self.expected.get(line.account, 0) + line.amount

    @rule(pick=IDS, member=MEMBERS, amount=AMOUNTS)
    def posts(self, pick: int, member: int, amount: int) -> None:
        """Something is posted, perhaps again, perhaps with another amount, perhaps more than there is."""
        wish = self.wish(pick, member, amount)

        def work(change: Change) -> Any:
            place = days.place(change, "demo", change.now)
            return post(change, Posting(wish.id, wish.kind, wish.lines, place.day, wish.at, wish.by, wish.site))

        if (posted := self.attempt(work)) is not None:
            self.note(posted.posting)

    @rule(pick=IDS, member=MEMBERS, amount=AMOUNTS)
    def tops_up_and_spends(self, pick: int, member: int, amount: int) -> None:
        """A top-up and a sale at once, in one change."""

        def work(change: Change) -> Any:
            return [post(change, self.wish(each, member, amount)) for each in (pick - pick % 4, pick - pick % 4 + 2)]

        for posted in self.attempt(work) or ():
            self.note(posted.posting)

    @rule(pick=HELD, member=MEMBERS, amount=AMOUNTS, minutes=st.sampled_from([5, 500]))
    def holds(self, pick: int, member: int, amount: int, minutes: int) -> None:
        """Something is put down as pending, perhaps again, perhaps under an id that was posted at once."""
        wish = self.wish(pick, member, amount, "p" if pick == UNLIKELY else "h")
        until = in_minutes(self.clock.now(), minutes)
        held = self.attempt(lambda change: hold(change, wish, until))
        if held is not None and held.state == "pending":
            taken = {line.account: -line.amount for line in held.posting.lines if line.amount < 0}
            self.held[wish.id] = {account: amount for account, amount in taken.items() if account.is_guarded}

    @rule(pick=HELD, amount=st.sampled_from([None, None, 1, 30]))
    def settles(self, pick: int, amount: int | None) -> None:
        """What is pending is settled, in whole or in part, perhaps twice."""
        posted = self.attempt(lambda change: settle(change, f"h{pick}", amount, by="gate"))
        if posted is not None:
            self.held.pop(f"h{pick}", None)
            self.note(posted.posting)

    @rule(pick=HELD, member=MEMBERS, amount=AMOUNTS, part=st.sampled_from([None, 1, 30]))
    def holds_and_settles(self, pick: int, member: int, amount: int, part: int | None) -> None:
        """What is put down as pending is settled a moment later."""
        self.holds(pick, member, amount, 5)
        self.settles(pick, part)

    @rule(pick=HELD)
    def voids(self, pick: int) -> None:
        """What is pending is made void."""
        if self.attempt(lambda change: void(change, f"h{pick}", by="desk", why="x")) is not None:
            self.held.pop(f"h{pick}", None)

    @rule(minutes=st.sampled_from([1, 6, 1000]))
    def waits(self, minutes: int) -> None:
        """Time passes, and what is over runs out."""
        self.clock.pass_s(60 * minutes)
        do(self.books, lambda change: expire(change, change.now))
        with self.books.look() as look:
            query = "SELECT p.id FROM ledger_hold h JOIN ledger_posting p ON p.n = h.posting WHERE h.state = 'pending'"
            pending = set(look.connection.execute(text(query)).scalars())
        assert pending <= self.held.keys()
        self.held = {id: each for id, each in self.held.items() if id in pending}

    @rule(pick=IDS, other=st.integers(0, 2), kind=st.sampled_from("pph"))
    def takes_back(self, pick: int, other: int, kind: str) -> None:
        """Something is taken back, perhaps twice, perhaps under an id that is taken."""
        of, new_id = f"{kind}{pick}", f"r{pick}.{other}"
        posted = self.attempt(lambda change: reverse(change, of, new_id=new_id, by="boss", why="x"))
        if posted is not None:
            assert (posted.posting.id in self.lines) is (posted.posting.of in self.undone)
            self.undone.add(posted.posting.of)
            self.note(posted.posting)

    @rule(pick=st.sampled_from([2, 6, 10]), member=MEMBERS, amount=AMOUNTS)
    def sells_and_takes_back_twice(self, pick: int, member: int, amount: int) -> None:
        """A sale is taken back, and once more under another id."""
        self.posts(pick, member, amount)
        self.takes_back(pick, 0, "p")
        self.takes_back(pick, 1, "p")

    @rule(pick=IDS, other=st.integers(0, 2))
    def takes_a_reversal_back(self, pick: int, other: int) -> None:
        """A reversal is never taken back."""
        of = f"r{pick}.{other}"
        assert self.attempt(lambda change: reverse(change, of, new_id="rr", by="boss", why="x")) is None

    @rule()
    def closes(self) -> None:
        """Today is closed, and proved before."""
        today = days_day(self.clock)
        self.attempt(lambda change: (proof.prove_now(change), days.close(change, "demo", today, by="boss")))

    def teardown(self) -> None:
        """Hold the books against their own rules, which forget no mistake."""
        with self.books.look() as look:
            assert prove(look).found == ()

    @invariant()
    def balances_are_what_was_posted_and_held(self) -> None:
        """Each id is there once, and every balance is what was posted and held."""
        with self.books.look() as look:
            ids = look.connection.execute(select(ledger_posting.c.id)).scalars().all()
            rows = look.connection.execute(select(ledger_balance)).all()
        assert len(ids) == len(set(ids))
        there = {row.account: row.balance for row in rows if row.balance}
        assert there == {each.id: amount for each, amount in self.expected.items() if each.is_guarded and amount}
        held: dict[str, int] = {}
        for each in self.held.values():
            for account, amount in each.items():
                held[account.id] = held.get(account.id, 0) + amount
        assert {row.account: row.held for row in rows if row.held} == held
        assert all(0 <= row.held <= row.balance for row in rows)


def days_day(clock: ManualClock) -> Any:
    """Return the business day of a clock in the tests' zone, four hours behind the local day."""
    return in_minutes(clock.now(), 4 * 60).date()


def test_the_books_hold_whatever_is_done_in_any_order(books: Books, clock: ManualClock) -> None:
    fields = {"books": books, "clock": clock}
    run_state_machine_as_test(
        type("ClubOfThisTest", (Club,), fields),
        settings=settings(
            max_examples=15,
            stateful_step_count=24,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
