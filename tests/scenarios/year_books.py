"""What the test holds against the books and the gates of the year: the proof, every fen, and every answer."""

import json

from sqlalchemy import select

from kiosk.central.club import points
from kiosk.central.club.jobs import job_progress
from kiosk.central.club.tables import notice
from kiosk.central.money import ledger
from kiosk.central.money.proof_records import last_proof
from kiosk.central.money.stored_lots import bonus_of, principal_of
from kiosk.central.money.tables import ledger_balance
from kiosk.club.ledger import Account, AccountKind
from kiosk.wiring_club import nightly_jobs
from tests.scenarios.year import WAYS, Year
from tests.scenarios.year_bar import Bar
from tests.scenarios.year_people import Person

TAPPED = 8
"""One of so many is tapped on each date, beside all whose answer is another than it was."""


class Books:
    """Looks at the books as the night left them, and taps cards."""

    def __init__(self, year: Year) -> None:
        self._year = year
        self._said: dict[str, str] = {}
        self._turn = 0
        self.shut: dict[str, str] = {}

    def hold_after_the_night(self) -> None:
        """See that every job of the night is done without an error, and that the books were proved and hold."""
        today = self._year.today
        with self._year.venue.desk.books.look() as look:
            done = {each.name: (each.done_on, each.error) for each in job_progress(look)}
            proof = last_proof(look)
        assert done == {each.name: (today, "") for each in nightly_jobs()}
        assert proof is not None
        assert (proof.day, proof.found) == (today.isoformat(), ())

    def hold(self) -> None:
        """Prove the books as they are now, and hold them against the test's own sums, to the fen."""
        year = self._year
        with year.venue.desk.books.look() as look:
            assert ledger.prove(look).found == ()
            rows = look.connection.execute(select(ledger_balance.c.account, ledger_balance.c.balance))
            cached = {account: balance for account, balance in rows}
            came = {way: -ledger.balance(look, Account(AccountKind(f"source_{way}"))) for way in WAYS}
            sales = ledger.balance(look, Account(AccountKind.REVENUE_SALES))
        for each in year.people:
            purse = year.purse(each)
            found = cached.get(principal_of(each.id).id, 0), cached.get(bonus_of(each.id).id, 0)
            assert (each.member_no, *found) == (each.member_no, purse.principal, purse.left - purse.principal)
        assert came == {way: year.totals.came[way] for way in WAYS}
        assert sales == year.totals.sales

    def gates_agree(self, *, everybody: bool = False, rotating: bool = True) -> None:
        """Tap those whose answer is new and some of the others, and hold each answer against the one expected."""
        year = self._year
        year.venue.reaches_the_gates()
        self._turn += rotating
        for number, each in enumerate(year.people):
            expected = each.answer(year.today)
            before = "" if each.cohort == "applicant" else "ok"
            is_new = self._said.get(each.member_no, before) != expected
            if everybody or is_new or (rotating and number % TAPPED == self._turn % TAPPED):
                self._tap(number, each, expected)
        for card, reason in self.shut.items():
            assert year.venue.north.tap(card) == reason

    def _tap(self, number: int, person: Person, expected: str) -> None:
        house = list(self._year.venue.houses.values())[number % 5 == 0]
        assert (person, house.visit(person.card)) == (person, expected)
        self._said[person.member_no] = expected
        person.taps += 1

    def hold_everything(self, bar: Bar) -> None:
        """Hold what is only looked at once: points, reminders, sales offline, and the proof by its command."""
        year = self._year
        with year.venue.desk.books.look() as look:
            for each in year.people:
                assert (each, points.balance(look, each.id).available) == (each, year.purse(each).points)
                rows = select(notice.c.id).where(notice.c.member == each.id, notice.c.template == "fee_overdue")
                if each.plan is not None:
                    assert len(look.connection.execute(rows).all()) == len(each.reminded)
        for each in year.of("late", "deferred"):
            view = year.staff.desk.see(f"/fees/{each.id}")
            assert [row["on"] for row in view["reminders"]] == [day.isoformat() for day in each.reminded]
        assert year.totals.cut_off <= bar.made_offline()
        assert len(year.totals.sold) / 5 <= len(year.totals.cut_off) < len(year.totals.sold) / 4
        told = json.loads(year.venue.central.command("prove").stdout)
        assert (told["ledger"], told["journals"]) == ([], [])
        assert min(each.taps for each in year.people) > 1
        assert len(year.people) == 240
