"""The clubs that one joins, as the gates see them."""

from datetime import date, timedelta

import pytest

from kiosk.central.club import life_job, membership, organisations
from kiosk.central.club.books import Books
from kiosk.central.club.scopes import UNIT_PREFIX
from kiosk.central.members import EntitlementRecord, entitlements_of
from kiosk.club.benefits import ScopeProduct
from kiosk.club.joining import Scope
from kiosk.club.organisations import Change, Role
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import do
from tests.central.club.builders_points import amend, run_job

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
BOTH = frozenset({Scope.INDOOR, Scope.OUTDOOR})


def _held(books: Books, member: str) -> list[EntitlementRecord]:
    with books.look() as look:
        found = entitlements_of(look.connection, [member])
    return [each for each in found if each.id.startswith("scope.")]


@pytest.mark.proves("R10")
def test_the_approval_grants_what_the_clubs_joined_open(both_books: Books) -> None:
    books = both_books
    people.open_club(books)
    unruled = people.approve(books, people.make_applicant(1, scopes=BOTH))
    assert _held(books, unruled) == []
    amend(books, benefits__scope_products=(ScopeProduct(Scope.INDOOR, "gym"),))
    indoor = people.approve(books, people.make_applicant(2, scopes=BOTH))
    outdoor = people.approve(books, people.make_applicant(3, scopes=frozenset({Scope.OUTDOOR})))
    [right] = _held(books, indoor)
    assert (right.product, right.valid_from, right.valid_until) == ("gym", TODAY, None)
    assert _held(books, outdoor) == []


def test_a_club_whose_product_nobody_knows_is_not_joined_by_halves(books: Books) -> None:
    people.open_club(books)
    amend(books, benefits__scope_products=(ScopeProduct(Scope.INDOOR, "no_such"),))
    with pytest.raises(InvalidInput, match="no_such"):
        people.approve(books, people.make_applicant(1))


def _shared(books: Books, member: str) -> list[tuple[str, date | None, date | None]]:
    with books.look() as look:
        found = entitlements_of(look.connection, [member])
    return [(each.product, each.valid_from, each.valid_until) for each in found if each.id.startswith(UNIT_PREFIX)]


def _unit_with_two(books: Books) -> tuple[str, str, str]:
    """A unit in the gym club and its two representatives, who joined no club of their own."""
    people.open_club(books)
    offered = (ScopeProduct(Scope.INDOOR, "gym"), ScopeProduct(Scope.OUTDOOR, "pool"))
    amend(books, benefits__scope_products=offered)
    unit = people.approve(books, people.make_unit_applicant())
    do(books, membership.record_paid, unit, date(2027, 11, 21), why="unit's fee")
    first, second = people.make_person(books, 1), people.make_person(books, 2)
    do(books, organisations.appoint, first, unit, Role.MAIN, why="letter")
    do(books, organisations.appoint, second, unit, Role.DEPUTY, why="letter", since=TODAY + 2 * DAY)
    return unit, first, second


@pytest.mark.proves("S13", "R10", "R68")
def test_representatives_hold_what_their_unit_joined_for_the_days_of_the_mandate(
    books: Books, clock: ManualClock
) -> None:
    unit, first, second = _unit_with_two(books)
    assert _shared(books, first) == [("gym", TODAY, None)]
    assert _shared(books, second) == [("gym", TODAY + 2 * DAY, None)]
    people.set_day(clock, TODAY + 3 * DAY)
    do(books, organisations.note_turn, first, Change.LEFT_POST, TODAY + 3 * DAY, why="new job in town")
    do(books, organisations.note_turn, second, Change.LEFT_REGION, TODAY + 3 * DAY, why="moves away")
    assert _shared(books, first) == [("gym", TODAY, None)]
    assert _shared(books, second) == [("gym", TODAY + 2 * DAY, TODAY + 3 * DAY)]
    people.set_day(clock, TODAY + 5 * DAY)
    run_job(life_job.run, books)
    do(books, membership.end, unit, people.ended(TODAY + 4 * DAY), why="gives it up")
    again = people.make_unit_applicant(51, former=unit, scopes=frozenset({Scope.OUTDOOR}))
    people.approve(books, again)
    third = people.make_person(books, 3)
    do(books, organisations.appoint, third, unit, Role.DEPUTY, why="letter", succession=people.whole_succession())
    assert _shared(books, third) == [("pool", TODAY + 5 * DAY, None)]
    assert _shared(books, first) == [("gym", TODAY, None)]
    assert _shared(books, second) == []
