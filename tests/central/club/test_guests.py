"""Guests at central: children linked to a member, visitors with passes, and the host they depend on."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from kiosk.central.club import applications, files, guests, membership
from kiosk.central.club.books import Books
from kiosk.central.club.files import FileKind
from kiosk.central.club.guests import Invitation
from kiosk.central.club.people_tables import family_link
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.retention import purge_file
from kiosk.central.members import save_cards
from kiosk.club.membership import MemberState, StopReason
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_people import do, see

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
BORN = date(2012, 6, 1)


def _wish(host: str, **fields: Any) -> Invitation:
    defaults = {"host": host, "product": "gym", "first_day": TODAY, "last_day": TODAY, "name": "来宾"}
    return Invitation(**defaults | fields)


def _guest_card(books: Books, guest: str, number: int) -> None:
    """Hand a guest a card, as the card service does."""

    def work(change: Any) -> None:
        save_cards(change.connection, [people.card_of(number, guest)])
        applications.collected(change, guest, change.today)

    do(books, work)


@pytest.mark.proves("S14")
def test_a_guest_comes_on_the_days_of_the_pass_while_the_host_is_valid(both_books: Books) -> None:
    people.open_club(both_books)
    host = people.join(both_books)
    given = do(both_books, guests.invite, _wish(host, first_day=TODAY + DAY, last_day=TODAY + DAY))
    assert people.row_of(both_books, given.guest).guest_of == host
    _guest_card(both_books, given.guest, 9)
    answers = [people.gate_says(both_books, 9, TODAY + n * DAY) for n in range(3)]
    assert answers[1] == "ok_guest"
    assert "ok_guest" not in (answers[0], answers[2])
    do(both_books, membership.suspend, host, StopReason.DISCIPLINE, why="case")
    assert people.gate_says(both_books, 9, TODAY + DAY) == "membership_suspended"
    do(both_books, membership.restore, host, StopReason.DISCIPLINE, why="over")
    do(both_books, guests.revoke_pass, given.id, why="host does not come")
    assert people.gate_says(both_books, 9, TODAY + DAY) != "ok_guest"
    with pytest.raises(InvalidInput, match="no_such_pass"):
        do(both_books, guests.revoke_pass, given.id, why="twice")


@pytest.mark.proves("S14")
def test_a_host_gives_four_passes_a_month_of_a_day_and_a_visit_each(books: Books) -> None:
    people.open_club(books)
    host = people.join(books)
    with pytest.raises(RuleRefused, match="too_long"):
        do(books, guests.invite, _wish(host, last_day=TODAY + DAY))
    with pytest.raises(RuleRefused, match="too_many_visits"):
        do(books, guests.invite, _wish(host, visits=2))
    first = do(books, guests.invite, _wish(host))
    for _ in range(3):
        do(books, guests.invite, _wish(host, guest=first.guest))
    with pytest.raises(RuleRefused, match="too_many_passes"):
        do(books, guests.invite, _wish(host))
    do(books, guests.invite, _wish(host, first_day=date(2026, 12, 1), last_day=date(2026, 12, 1)))
    assert len(see(books, guests.guests_of, host)) == 2
    assert len(see(books, guests.passes_of, host)) == 5


def test_a_pass_is_for_a_product_there_is_and_a_host_who_may(books: Books) -> None:
    people.open_club(books)
    host = people.join(books)
    with pytest.raises(InvalidInput, match="no_such_product"):
        do(books, guests.invite, _wish(host, product="sauna"))
    with pytest.raises(InvalidInput, match="guest_has_no_name"):
        do(books, guests.invite, _wish(host, name=""))
    with pytest.raises(InvalidInput, match="no_visitor"):
        do(books, guests.invite, _wish(host, guest=host))
    do(books, membership.cancel, host, why="council")
    with pytest.raises(RuleRefused, match="host_not_valid"):
        do(books, guests.invite, _wish(host))


def test_a_guest_is_bound_to_one_host_at_a_time(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    host, other = people.join(books, 1), people.join(books, 2)
    given = do(books, guests.invite, _wish(host))
    with pytest.raises(RuleRefused, match="guest_of_another"):
        do(books, guests.invite, _wish(other, guest=given.guest))
    people.set_day(clock, TODAY + DAY)
    do(books, guests.invite, _wish(other, guest=given.guest, first_day=TODAY + DAY, last_day=TODAY + DAY))
    assert people.row_of(books, given.guest).guest_of == other


@pytest.mark.proves("S13", "R01")
def test_a_child_comes_with_its_host_until_it_can_join_itself(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    host = people.join(books, paid_until=date(2040, 1, 1))
    child = do(books, guests.link_child, host, "小宝", BORN)
    _guest_card(books, child, 9)

    def give(change: Any) -> None:
        people.save_entitlements(change.connection, [people.EntitlementRecord("e9", child, "gym")])
        change.touch(child)

    do(books, give)
    assert people.gate_says(books, 9, TODAY) == "ok_guest"
    assert people.gate_says(books, 9, date(2030, 5, 31)) == "ok_guest"
    assert people.gate_says(books, 9, date(2030, 6, 1)) == "membership_ended"
    with pytest.raises(RuleRefused, match="old_enough_to_join"):
        do(books, guests.link_child, host, "大宝", date(2008, 11, 22))
    do(books, membership.cancel, host, why="council")
    assert people.gate_says(books, 9, TODAY) == "membership_ended"


@pytest.mark.proves("S13")
def test_a_link_that_is_cut_shuts_the_gate_for_the_child_only(books: Books) -> None:
    people.open_club(books)
    host = people.join(books)
    child = do(books, guests.link_child, host, "小宝", BORN)
    _guest_card(books, child, 9)
    do(books, guests.cut_link, child, why="grandparents do not come any more")
    assert people.gate_says(books, 9, TODAY) == "membership_ended"
    assert people.gate_says(books, 1, TODAY) == "ok"
    with pytest.raises(InvalidInput, match="not_linked"):
        do(books, guests.cut_link, child, why="twice")


@pytest.mark.proves("S14", "S16")
def test_a_guest_who_joins_keeps_the_id_and_stands_on_own_feet(books: Books) -> None:
    people.open_club(books)
    host = people.join(books, 1)
    guest = do(books, guests.invite, _wish(host)).guest
    member = people.approve(books, people.make_applicant(2, guest=guest))
    assert member == guest
    do(books, membership.record_paid, member, date(2027, 11, 21), why="fee")
    people.hand_over(books, member, 2)
    do(books, membership.cancel, host, why="council")
    assert people.gate_says(books, 2, TODAY) == "ok"
    assert see(books, files.file_of, member).kind is FileKind.PERSON
    assert see(books, membership.standing, member).state is MemberState.VALID


def test_a_guest_whose_file_was_erased_is_written_down_anew(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    host = people.join(books, paid_until=date(2040, 1, 1))
    guest = do(books, guests.invite, _wish(host)).guest
    later = TODAY + 1100 * DAY
    people.set_day(clock, later)
    do(books, purge_file, guest)
    with pytest.raises(InvalidInput, match="erased"):
        do(books, guests.invite, _wish(host, guest=guest, first_day=later, last_day=later))


def test_a_child_whose_file_was_erased_stays_out(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    host = people.join(books, paid_until=date(2040, 1, 1))
    child = do(books, guests.link_child, host, "小宝", BORN)
    _guest_card(books, child, 9)
    people.set_day(clock, date(2033, 6, 1))
    do(books, purge_file, child)
    do(books, membership.project, host)
    assert people.gate_says(books, 9, TODAY) == "membership_ended"
    with books.look() as look:
        assert look.connection.execute(select(family_link.c.born)).scalar_one() != BORN.isoformat()


def test_a_card_handed_to_a_guest_brings_no_welcome_and_no_tier(books: Books) -> None:
    people.open_club(books)
    host = people.join(books)
    guest = do(books, guests.invite, _wish(host)).guest
    _guest_card(books, guest, 9)
    assert people.row_of(books, guest).tier == ""
