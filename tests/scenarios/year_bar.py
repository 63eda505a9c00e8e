"""The bar of the year: a till at the box of the first house, which sells whether the line to central stands or not."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.money.sale_tables import sale
from kiosk.core.errors import RetryLater
from kiosk.local.talk import ask
from tests.faults.books import edge_journals, records_of
from tests.scenarios.desk import identifier
from tests.scenarios.year import Year
from tests.scenarios.year_money import PRICES
from tests.scenarios.year_people import Person
from tests.support.wait import eventually
from tests.web.tills import make_sale


class Bar:
    """Sells to members by their cards, from stored value; prices are the list's."""

    def __init__(self, year: Year) -> None:
        self._year = year
        self._data = year.venue.north.box.data

    def evening(self, with_line: Sequence[Person], without: Sequence[Person]) -> None:
        """Sell to some while central answers and to others while the line is cut, and wait until all is told."""
        wish = {"subject": "spend", "args": {"owner": with_line[0].id, "amount_minor": 1}}
        eventually(lambda: self._ask(wish, "central", "sync").get("may"), 30)
        for each in with_line:
            self.sell(each, "towel")
        self.is_told()
        broker = self._year.venue.broker
        broker.kill()
        for each in without:
            self._year.totals.cut_off.add(self.sell(each, "tea"))
        broker.restart()
        self.is_told()

    def sell(self, person: Person, item: str) -> str:
        """Sell one piece; what the box has not heard of yet is asked for again."""
        wish = self._wish(person, item)
        answer = eventually(lambda: self._if_done(wish), 30, 0.02)
        assert answer["total_minor"] == PRICES[item]
        self._year.sold(person, wish["sale_id"], PRICES[item], "stored_value")
        return str(wish["sale_id"])

    def refuses(self, person: Person) -> str:
        """Try to sell to somebody who is not to have anything; returns the reason."""
        answer = eventually(lambda: self._ask(self._wish(person, "towel")), 20)
        assert not answer["done"]
        return str(answer["reason"])

    def is_told(self) -> None:
        """Wait until every sale that was made is in the books."""
        eventually(lambda: self._year.totals.sold <= self._in_the_books(), 60, 0.05)

    def made_offline(self) -> set[str]:
        """Return the sales that were made without an answer of central's, by the box's own journal."""
        made = records_of(edge_journals(self._data), "sale.made")
        return {each["data"]["sale_id"] for each in made if each["data"]["offline"]}

    def _wish(self, person: Person, item: str) -> dict[str, Any]:
        number = len(self._year.totals.sold)
        wish = make_sale(f"bar-{number:05}", PRICES[item], identifier=identifier(person.card))
        return dict(msgspec.to_builtins(wish))

    def _if_done(self, wish: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask(wish)
        return answer if answer.get("done") else {}

    def _ask(self, wish: dict[str, Any], op: str = "sale", whom: str = "web") -> dict[str, Any]:
        try:
            return ask(self._data / f"{whom}.sock", op, wish)
        except RetryLater:
            return {}

    def _in_the_books(self) -> set[str]:
        with self._year.venue.desk.books.look() as look:
            return set(look.connection.execute(select(sale.c.id)).scalars())
