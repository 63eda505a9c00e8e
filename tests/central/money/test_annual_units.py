"""A unit that buys all the named products within the period is a member for a year, and nobody else is by that."""

from datetime import date

import pytest

from kiosk.central.club import cases, organisations
from kiosk.central.club.books import Books
from kiosk.central.club.composing import facts_of
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import corrections, voiding
from kiosk.club.organisations import Role
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.money.builders_sales import CARD, basket, change_of, check, open_counter, sell, set_rule


def paid_until(books: Books, unit: str) -> date | None:
    """Return until when somebody has paid."""
    with books.look() as look:
        return facts_of(look, unit).paid_until


def asked_about(books: Books) -> list[tuple[str | None, str]]:
    """Return whose sale that was undone somebody has to look into."""
    with books.look() as look:
        return sorted((each.member, cases.notes_of(look, each.id)[0].text.split()[1]) for each in cases.case_page(look))


@pytest.mark.proves("R151")
def test_a_unit_is_a_yearly_member_from_the_day_on_which_it_has_bought_everything(
    books: Books, clock: ManualClock
) -> None:
    (person,) = open_counter(books)
    unit = people.approve(books, people.make_unit_applicant(50))
    clerk = people.make_person(books, 2)
    change_of(books, organisations.appoint, clerk, unit, Role.MAIN, why="letter")
    set_rule(books, "organisations.annual_products", ["lesson", "shirt"])
    sell(books, "u1", basket(unit, "lesson", by=(CARD,)))
    change_of(books, voiding.void_sale, "u1", why="another day")
    sell(books, "u2", basket(unit, "shirt", "tea", by=(CARD,)))
    with pytest.raises(RuleRefused, match="fee_unpaid"):
        people.hand_over(books, clerk, 2)
    people.set_day(clock, date(2026, 12, 2))
    sell(books, "u4", basket(unit, "lesson", by=(CARD,)))
    assert paid_until(books, unit) == date(2027, 12, 1)
    people.hand_over(books, clerk, 2)
    assert people.gate_says(books, 2, date(2027, 12, 1)) == "ok"
    assert people.gate_says(books, 2, date(2027, 12, 2)) == "fee_overdue"
    before = paid_until(books, person)
    sell(books, "p1", basket(person, "lesson", "shirt", by=(CARD,)))
    assert paid_until(books, person) == before
    people.set_day(clock, date(2027, 11, 1))
    sell(books, "u5", basket(unit, "shirt", by=(CARD,)))
    assert paid_until(books, unit) == date(2027, 12, 1)
    sell(books, "u6", basket(unit, "lesson", by=(CARD,)))
    assert paid_until(books, unit) == date(2028, 12, 1)
    assert asked_about(books) == [], "what was undone before it made anybody a member asks for nothing"
    change_of(books, corrections.correct_sale, "u2", {"tea": 1}, why="spilled")
    change_of(books, corrections.correct_sale, "u5", {"shirt": 1}, why="too small")
    change_of(books, voiding.void_sale, "u6", why="not held")
    change_of(books, voiding.void_sale, "p1", why="not held")
    assert asked_about(books) == [(unit, "u5"), (unit, "u6")]
    assert paid_until(books, unit) == date(2028, 12, 1)
    check(books)
