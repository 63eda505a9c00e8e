"""Clearances in the books: one a member and area, the newest day counts, and erasure takes them with the file."""

from datetime import date

import pytest
from sqlalchemy import select

from kiosk.central.club import membership
from kiosk.central.club.books import Books
from kiosk.central.club.clearances import clearances_of, set_clearance
from kiosk.central.club.people_tables import clearance
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.retention import purge_file
from kiosk.central.club.tables import audit
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import do, see, set_day
from tests.central.club.builders_points import amend

SPRING, SUMMER = date(2027, 3, 31), date(2027, 6, 30)


@pytest.mark.proves("S81")
def test_a_clearance_is_renewed_kept_of_its_area_and_erased_with_the_file(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    amend(books, clearances__areas=["pool"])
    for day in (SPRING, SUMMER):
        do(books, set_clearance, member, "pool", day)
    assert [(each.area, each.until) for each in see(books, clearances_of, member)] == [("pool", SUMMER)]
    with pytest.raises(RuleRefused, match="clearance_not_needed"):
        do(books, set_clearance, member, "gym", SPRING)
    do(books, membership.cancel, member, why="left")
    set_day(clock, date(2029, 12, 2))
    do(books, purge_file, member)
    with books.database.read() as connection:
        assert connection.execute(select(clearance)).all() == []
        days = [str(row) for row in connection.execute(select(audit.c.before, audit.c.after))]
    assert not any("2027-06-30" in each for each in days)
