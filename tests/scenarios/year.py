"""The club of the year: its people with their purses, what the staff do for them by REST, and what the test expects."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from tests.scenarios.office import Staff
from tests.scenarios.venue import Venue
from tests.scenarios.year_money import CASH_BACK_MAX, SECOND_ABOVE, Purse, Totals, points_percent, price_of
from tests.scenarios.year_people import DAY, Person, Plan, months_later

OFFSETS = (0, 14, 30, 45, 60, 150, 365)
WAYS = ("cash", "bank_card", "wechat", "alipay", "transfer")
FEES = {12: ("year", 120_000), 3: ("quarter", 33_000), 1: ("month", 12_345)}


def yuan(amount: int) -> str:
    """Return fen as staff type them."""
    return f"{amount // 100}.{amount % 100:02}"


class Year:
    """Everybody and everything of the year. Each act is done at the office and reckoned here, side by side."""

    def __init__(self, venue: Venue, staff: Staff, begins: date) -> None:
        self.venue, self.staff, self.begins = venue, staff, begins
        self.leave_on = months_later(self.on(45), 1)
        self.dates = sorted({*map(self.on, OFFSETS), self.leave_on, self.leave_on + DAY})
        self.member_day = self.on(45)
        self.people: list[Person] = []
        self.purses: dict[str, Purse] = {}
        self.totals = Totals()
        self.done: dict[str, list[str]] = {}

    def on(self, days: int) -> date:
        """Return the day so many days after the first."""
        return self.begins + timedelta(days=days)

    @property
    def today(self) -> date:
        """The venue's local day."""
        return self.venue.clock.today

    @property
    def next_date(self) -> date:
        """The next day on which anything happens; after the last one far ahead."""
        return next((each for each in self.dates if each > self.today), self.today)

    def add(self, person: Person) -> Person:
        """Take somebody into the story."""
        self.people.append(person)
        self.purses[person.member_no] = Purse()
        return person

    def of(self, *cohorts: str) -> list[Person]:
        """Return the people of some cohorts, in their order."""
        return [each for each in self.people if each.cohort in cohorts]

    def purse(self, person: Person) -> Purse:
        """Return somebody's purse."""
        return self.purses[person.member_no]

    def passes(self, person: Person) -> bool:
        """Say whether somebody is in order today."""
        return person.answer(self.today) == "ok"

    def night(self) -> None:
        """Let the night before today pass in the model, for everybody."""
        self.done = {}
        for each in self.people:
            if did := each.night(self.today):
                self.done.setdefault(did, []).append(each.member_no)
            if each.has_left(self.today):
                self.purse(each).points = 0

    def contract(self, person: Person, months: int) -> None:
        """Write a plan down; it begins where what is paid ends."""
        code, price = FEES[months]
        person.plan = Plan(person.paid_until + DAY, months, price)
        path = f"/fees/{person.id}/plan"
        held = self.staff.membership.do(path, plan=code, contract=f"C-{person.member_no}")
        assert (held["since"], held["amount_minor"]) == (person.plan.since.isoformat(), price)

    def pay_fee(self, person: Person, periods: int, way: str) -> None:
        """Pay so many periods, those that are not asked for yet ahead; `stored` = from the purse."""
        assert person.plan is not None
        ahead = periods - person.plan.owed(self.today)
        amount = person.pay(periods)
        wish: dict[str, Any] = {"amount": yuan(amount), "periods_ahead": ahead}
        if way == "stored":
            self.purse(person).spend(amount)
            wish["stored_value"] = True
        else:
            self.totals.came[way] += amount
            wish["way"] = way
        paid = self.staff.desk.do(f"/fees/{person.id}/payments", **wish)
        assert (paid["owed_minor"], paid["cover"]["until"]) == (0, person.paid_until.isoformat()), person

    def renew(self) -> None:
        """Let those pay who would not have paid until the next date; some from their purse, while it holds enough."""
        for place, each in enumerate(self.of("steady", "applicant")):
            if each.plan is None or not self.passes(each):
                continue
            periods = 0
            while each.plan.first(each.plan.paid + periods) - DAY < self.next_date:
                periods += 1
            if periods:
                periods = max(periods, each.plan.owed(self.today))
                stored = place % 3 == 0 and self.purse(each).left >= periods * each.plan.price_minor
                self.pay_fee(each, periods, "stored" if stored else each.way)

    def top_up(self, person: Person, amount: int) -> None:
        """Put money on somebody's account at the desk."""
        purse = self.purse(person)
        before = purse.left
        bonus = purse.top_up(amount)
        self.totals.came[person.way] += amount
        said = self.staff.desk.do(f"/money/{person.id}/top-ups", amount=yuan(amount), way=person.way)
        assert (said["before_minor"], said["bonus_minor"], said["after_minor"]) == (before, bonus, purse.left)

    def buy(self, person: Person, item: str, quantity: int, by: str) -> str:
        """Sell to somebody at the desk at the price that the test expects; returns the sale."""
        is_stored = by == "stored_value"
        price = price_of(
            item, quantity, is_member=self.passes(person), is_stored=is_stored,
            is_member_day=self.today == self.member_day,
        )  # fmt: skip
        wish = {"item": item, "quantity": quantity, "by": by, "quoted": yuan(price)}
        if by == "provider":
            wish["provider"] = "wechat"
        head = self.staff.desk.do(f"/money/{person.id}/sales", **wish)["head"]
        assert head["total_minor"] == price
        self.sold(person, head["id"], price, by)
        return str(head["id"])

    def undo(self, person: Person, item: str) -> None:
        """Sell to somebody and undo it at once: nothing is left of it."""
        purse, totals = deepcopy(self.purse(person)), deepcopy(self.totals)
        sale = self.buy(person, item, 1, "stored_value")
        head = self.staff.desk.do(f"/sales/{sale}/void", why="the wrong one")["head"]
        assert head["state"] == "voided"
        self.purses[person.member_no], self.totals = purse, totals

    def sold(self, person: Person, sale: str, price: int, by: str) -> int:
        """Reckon a sale; returns the points that it brings."""
        self.totals.sales += price
        self.totals.sold.add(sale)
        if by == "stored_value":
            self.purse(person).spend(price)
        else:
            self.totals.came["wechat" if by == "provider" else by] += price
        if not self.passes(person):
            return 0
        return self.purse(person).earn(self.today, price, points_percent(self.today, person.born, {self.member_day}))

    def pay_back(self, person: Person) -> Any:
        """Pay back all that somebody has: asked for at the desk, signed and paid by finance, by the way it came."""
        way, amount = person.way, self.purse(person).pay_back()
        takes = self.staff.both if amount > SECOND_ABOVE else self.staff.desk
        refund = takes.do(f"/money/{person.id}/refunds", why="asked for it")
        assert refund["amount_minor"] == amount, person
        finance, path = self.staff.finance, f"/refunds/{refund['id']}"
        if amount > SECOND_ABOVE:
            assert takes.refused(f"{path}/approval") == "same_person"
        signed = finance.do(f"{path}/approval")
        if way == "cash" and amount > CASH_BACK_MAX:
            way = "transfer"
        assert [(each["way"], each["amount_minor"]) for each in signed["ways"]] == [(way, amount)]
        self.totals.came[way] -= amount
        state = finance.do(f"{path}/payment")["state"]
        assert state == ("paid" if way == "cash" else "under_way")
        return refund if way == "cash" else finance.do(f"{path}/confirmation")
