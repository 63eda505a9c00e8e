"""Cards of the year beside the members' own: ordered and stocked, lost and replaced; gift and special cards' lives."""

from datetime import date
from typing import Any

from tests.scenarios.desk import identifier
from tests.scenarios.year import Year, yuan
from tests.scenarios.year_money import PRICES, half_up
from tests.scenarios.year_people import Person

POINT = "lobby"


class Cards:
    """What the departments do with cards."""

    def __init__(self, year: Year) -> None:
        self._year, self._staff = year, year.staff
        self._stock: dict[str, list[str]] = {}
        self._special = ""
        self.gifts: dict[str, int] = {}
        year.staff.operations.do("/stock", id=POINT, kind="desk", site="demo")

    def order(self, kind: str, quantity: int) -> None:
        """Have cards made, checked by others than who ordered them, and put in stock."""
        ops = self._staff.operations
        batch = self._staff.membership.do("/card-batches", kind=kind, quantity=quantity)["id"]
        self._staff.membership.do(f"/card-batches/{batch}/making")
        for quality in ("material", "print", "numbers"):
            ops.do(f"/card-batches/{batch}/checks", quality=quality, good=True)
        ops.do(f"/card-batches/{batch}/decision")
        ops.do(f"/card-batches/{batch}/stock", point=POINT)
        found = self._staff.desk.see(f"/card-book?batch={batch}&limit=1000")["items"]
        self._stock[kind] = [each["number"] for each in found]

    def blank(self, kind: str) -> str:
        """Take a card from stock and encode it."""
        number = self._stock[kind].pop(0)
        self._staff.desk.do(f"/card-book/{number}/encoding", identifier=identifier(number))
        return number

    def assign(self, person: Person) -> None:
        """Set a card aside for a member."""
        person.card = self.blank("ordinary")
        self._staff.membership.do(f"/card-book/{person.card}/assignment", member_no=person.member_no)

    def hand_over(self, person: Person) -> None:
        """Hand a member's first card over, which brings the points of registration."""
        self._staff.desk.do(f"/card-book/{person.card}/hand-over", identity_checked=True)
        person.is_collected = True
        self._year.purse(person).points += 1000

    def adopt(self, person: Person) -> str:
        """Take a card that came with the list into the book; returns its number there."""
        credential = self._year.venue.desk.credential(person.card)
        return str(self._staff.desk.do(f"/credentials/{credential}/adoption")["number"])

    def replace_lost(self, person: Person) -> str:
        """Shut a lost card and give the member another; returns the number that the old one is read by."""
        old, new = person.card, self.blank("ordinary")
        book = self.adopt(person)
        self._staff.desk.do(f"/card-book/{book}/loss")
        self._staff.desk.do(f"/card-book/{book}/replacement", new=new, reason="lost")
        self._staff.desk.do(f"/card-book/{new}/hand-over", identity_checked=True)
        person.card = new
        return old

    def take_back(self, person: Person) -> None:
        """Take a leaver's card back; another than who wrote the request down approves that all is settled."""
        self._staff.desk.do(f"/card-book/{self.adopt(person)}/return")
        person.is_returned = True
        self._staff.membership.do(f"/people/{person.id}/settlement", why="settled", card_returned=True)

    def sell_gift(self, amount: int) -> str:
        """Sell a gift card for cash."""
        number = self.blank("gift")
        self._staff.desk.do(f"/gift-cards/{number}/sale", amount_minor=amount)
        self.gifts[number] = amount
        self._year.totals.came["cash"] += amount
        return number

    def spend_gift(self, number: str, item: str) -> None:
        """Pay with a gift card alone, at the list's price."""
        head = self._staff.desk.do("/sales", item=item, by="gift_card", gift_card=number)["head"]
        assert head["total_minor"] == PRICES[item]
        self.gifts[number] -= PRICES[item]
        self._year.totals.sales += PRICES[item]
        self._year.totals.sold.add(head["id"])

    def gift_refused(self, number: str, item: str) -> str:
        """Try to pay with a gift card; returns why it does not pay."""
        return self._staff.desk.refused("/sales", item=item, by="gift_card", gift_card=number)

    def open_imported(self, card: str, amount: int, until: date) -> str:
        """Write down what is on a gift card that came with the list; returns its number."""
        credential = self._year.venue.desk.credential(card)
        number = str(self._staff.desk.do(f"/credentials/{credential}/adoption")["number"])
        wish = {"balance_minor": amount, "valid_until": until.isoformat(), "why": "the old till's list"}
        self._staff.finance.do(f"/gift-cards/{number}/balance", **wish)
        self.gifts[number] = amount
        return number

    def destroy(self, number: str) -> None:
        """Send an empty gift card its way back, from hand to hand, to its end before a witness."""
        desk, finance, service = self._staff.desk, self._staff.finance, self._staff.membership
        desk.do(f"/gift-cards/{number}/return", store=POINT)
        desk.do("/gift-way-back/funds", numbers=[number], taken_by=finance.id)
        finance.do("/gift-way-back/service", numbers=[number], taken_by=service.id)
        service.do("/gift-way-back/destruction", numbers=[number], seen_by=self._staff.operations.id)
        file = desk.see(f"/card-book/{number}")
        assert (file["card"]["state"], file["gift"]["state"]) == ("destroyed", "destroyed")

    def switch_special_on(self) -> str:
        """Have a special card asked for, approved by three people, switched on and handed over; returns its number."""
        wish: dict[str, Any] = {"department": "events", "report": "R-9", "quantity": 1, "price_percent": 70}
        self._special = self._staff.desk.do("/special-cards", way="instant", **wish)["id"]
        path = f"/special-cards/{self._special}"
        self._staff.finance.do(f"{path}/approvals", role="finance")
        assert self._staff.finance.refused(f"{path}/approvals", role="finance") == "has_decided_already"
        self._staff.operations.do(f"{path}/approvals", role="operations")
        number = self.blank("special")
        give = {"holder": "staff", "request": self._special}
        assert self._staff.membership.refused(f"/card-book/{number}/assignment", **give) == "not_active"
        assert self._staff.it.refused(f"{path}/activation") == "step_refused"
        self._staff.manager.do(f"{path}/approvals", role="general_manager")
        self._staff.it.do(f"{path}/activation")
        self._staff.membership.do(f"/card-book/{number}/assignment", **give)
        self._staff.desk.do(f"/card-book/{number}/hand-over", identity_checked=True)
        return number

    def switch_special_off(self) -> None:
        """Have the special card's function ended for good."""
        self._staff.it.do(f"/special-cards/{self._special}/closing", why="the events are over")

    def buy_with_special(self, number: str, percent: int) -> None:
        """Sell to the bearer of a special card, for cash, at so much of the list's price."""
        price = half_up(PRICES["massage"], percent, 100)
        head = self._staff.desk.do("/sales", item="massage", card=identifier(number), quoted=yuan(price))["head"]
        assert head["total_minor"] == price
        self._year.totals.sales += price
        self._year.totals.came["cash"] += price
        self._year.totals.sold.add(head["id"])
