"""What was said by and about a leaver goes with the file: opinions, cases, violations and their papers."""

from datetime import date

import pytest
from sqlalchemy import Table, select

from kiosk.central.club import activities, invitations, membership
from kiosk.central.club.activity_tables import activity_opinion
from kiosk.central.club.books import Books
from kiosk.central.club.case_tables import case_note, club_case, discipline_order, violation
from kiosk.central.club.cases import CaseWish, add_note, open_case
from kiosk.central.club.discipline import Breach, propose, record_violation
from kiosk.central.club.retention import purge_file
from kiosk.central.club.tables import audit
from kiosk.club.activities import ActivityAction
from kiosk.club.cases import CaseKind
from kiosk.club.discipline import Body, Measure, Misconduct, Order
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_activities import hold
from tests.central.club.builders_people import do, set_day

HELD = date(2026, 12, 1)
SECRETS = ("太吵了", "喝醉了", "酒后闹事", "派出所回执", "两次警告", "会员说是误会")


@pytest.mark.proves("S16", "R71", "S90")
def test_words_about_a_leavers_conduct_are_erased_with_the_file(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    member = people.join(books)
    held = hold(books, clock, HELD, member)
    do(books, activities.take_step, held, ActivityAction.COLLECT_FEEDBACK)
    do(books, invitations.give_opinion, held, member, 2, SECRETS[0])
    case = do(books, open_case, CaseWish(CaseKind.CONDUCT, member, text=SECRETS[1]))
    do(books, add_note, case.id, SECRETS[5])
    breach = Breach(member, Misconduct.VENUE_RULES, HELD, papers=(SECRETS[3],), note=SECRETS[2])
    found = do(books, record_violation, breach)
    order = Order(member, Measure.WARNING, (found.id,), Body.COMMITTEE, HELD)
    do(books, propose, order, why=SECRETS[4])
    do(books, membership.cancel, member, why="council")
    set_day(clock, date(2029, 12, 2))
    tables = (activity_opinion, case_note, violation, audit)
    assert all(word in _all(books, *tables) for word in SECRETS)
    do(books, purge_file, member)
    assert not [word for word in SECRETS if word in _all(books, *tables)]
    with books.look() as look:
        kept = [look.connection.execute(select(each)).all() for each in (violation, discipline_order, club_case)]
    assert [len(rows) for rows in kept] == [1, 1, 1]
    assert kept[0][0].misconduct == "venue_rules"


def _all(books: Books, *tables: Table) -> str:
    with books.look() as look:
        return str([look.connection.execute(select(each)).all() for each in tables])
