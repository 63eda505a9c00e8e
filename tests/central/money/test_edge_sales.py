"""What edges sold comes into the books: always, once, in order, whatever the balance says now."""

from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.central.club import cases
from kiosk.central.club.books import Books
from kiosk.central.money import days, ledger, sale_book
from kiosk.club.ledger import AccountKind
from kiosk.club.sales import SaleState
from tests.central.builders import (
    ON_SQLITE,
    START,
    EdgeDevice,
    EdgeJournal,
    ManualClock,
    parked_rows,
    register,
    replace,
)
from tests.central.money.builders import DESK
from tests.central.money.edges import Club, make_member, make_sale, pay_in, sold, topped

_K = AccountKind
MEMBER = f"{1:016x}"
OVERDRAFT = f"{MEMBER}:stored"


@pytest.fixture
def north() -> EdgeDevice:
    """A device with a till."""
    return EdgeDevice("north-1")


@pytest.fixture
def club(both_books: Books, clock: ManualClock, north: EdgeDevice) -> Club:
    """A club with one till, whose member has a hundred yuan."""
    found = Club(both_books, clock, north)
    make_member(both_books, 1, 10_000)
    return found


@pytest.mark.proves("S43")
def test_a_sale_of_an_edge_is_posted_once_however_often_its_batch_comes(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=3_000)
    assert [club.send(north, journal) for _ in range(3)] == ["ok"] * 3
    club.settle()
    club.settle()
    assert (club.amount(_K.MEMBER_PRINCIPAL, MEMBER), club.amount(_K.REVENUE_SALES)) == (7_000, 3_000)
    with club.books.look() as look:
        row = sale_book.sale_of(look, "sale-0001")
    assert (row.head.member, row.head.till, row.head.offline, row.head.total_minor) == (MEMBER, "bar-1", True, 3_000)
    assert parked_rows(club.books.database) == []
    club.assert_proved()


@ON_SQLITE
def test_projecting_the_same_records_again_changes_nothing(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    for number in range(3):
        sold(journal, f"sale-000{number}", START, price_minor=1_000)
    club.send(north, journal)
    club.settle()
    told = club.told()
    assert all(club.projection.project_again(journal.id, seq) for seq in (1, 2, 3))
    assert (club.amount(_K.MEMBER_PRINCIPAL, MEMBER), club.told()) == (7_000, told)


@ON_SQLITE
def test_a_record_that_was_copied_into_another_journal_is_no_second_sale(club: Club, north: EdgeDevice) -> None:
    first, second = EdgeJournal(), EdgeJournal()
    sold(first, "sale-0001", START)
    club.send(north, first)
    second.append("sale.made", make_sale("sale-0001", copied_from={"journal": first.id, "seq": 1}), START)
    club.send(north, second)
    club.settle()
    assert club.amount(_K.REVENUE_SALES) == 1_000
    assert club.told()[MEMBER].folded == {first.id: 1, second.id: 1}
    assert parked_rows(club.books.database) == []


def test_another_sale_under_the_same_id_is_parked_with_an_alarm_and_the_first_one_stays(
    club: Club, north: EdgeDevice
) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START)
    sold(journal, "sale-0001", START, price_minor=2_000)
    club.send(north, journal)
    club.settle()
    assert club.amount(_K.REVENUE_SALES) == 1_000
    assert parked_rows(club.books.database) == [("bad_data", journal.id, 2)]
    with club.books.look() as look:
        assert [each.posting for each in ledger.alarms(look)] == ["sale:sale-0001"]


@ON_SQLITE
@pytest.mark.proves("S45")
def test_a_sale_that_overdraws_is_posted_as_debt_within_the_allowance_and_loss_beyond_it_with_a_case(
    club: Club, north: EdgeDevice
) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=18_000)
    club.send(north, journal)
    club.settle()
    amounts = [club.amount(kind, owner) for kind, owner in ((_K.MEMBER_PRINCIPAL, MEMBER), (_K.MEMBER_DEBT, OVERDRAFT))]
    assert [*amounts, club.amount(_K.LOSS), club.amount(_K.REVENUE_SALES)] == [0, -5_000, -3_000, 18_000]
    with club.books.look() as look:
        assert len(cases.case_page(look)) == 1
    club.assert_proved()


@ON_SQLITE
def test_a_sale_by_a_card_that_nobody_knows_is_the_clubs_loss(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, number=77)
    club.send(north, journal)
    club.settle()
    assert (club.amount(_K.LOSS), club.amount(_K.REVENUE_SALES)) == (-1_000, 1_000)
    club.assert_proved()


@ON_SQLITE
def test_a_sale_that_comes_after_its_day_was_closed_goes_to_the_open_day_as_late(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START)
    club.clock.pass_s(2 * 86_400)
    club.books.change(DESK, lambda change: days.close(change, "demo", date(2026, 11, 23), by="desk-1"))
    club.send(north, journal)
    club.settle()
    with club.books.look() as look:
        posting = ledger.find(look, "sale:sale-0001")
    assert posting is not None
    assert (posting.posting.day, posting.posting.late, posting.posting.at) == (date(2026, 11, 24), True, START)


@ON_SQLITE
@pytest.mark.proves("S43", "S55", "R162", "S63")
def test_cash_and_courtesies_of_an_edge_stand_in_the_books_and_cash_in_its_till(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, tender="cash", credential=None, member=None, unleased_minor=None)
    sold(journal, "sale-0002", START, tender="free", price_minor=0, unleased_minor=None)
    club.send(north, journal)
    club.settle()
    assert (club.amount(_K.TILL, "bar-1"), club.amount(_K.MEMBER_PRINCIPAL, MEMBER)) == (1_000, 10_000)
    with club.books.look() as look:
        free = sale_book.sale_of(look, "sale-0002")
    assert (free.head.total_minor, free.head.member, free.lines[0].item) == (0, MEMBER, "towel")
    assert parked_rows(club.books.database) == []
    club.assert_proved()


@ON_SQLITE
def test_a_sale_undone_at_the_till_is_undone_in_the_books_once(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=4_000)
    void = make_sale("sale-0001", price_minor=4_000, void_id="void-0001")
    journal.append("sale.voided", void, START + timedelta(minutes=2))
    club.send(north, journal)
    club.settle()
    assert club.projection.project_again(journal.id, 2)
    assert (club.amount(_K.MEMBER_PRINCIPAL, MEMBER), club.amount(_K.REVENUE_SALES)) == (10_000, 0)
    with club.books.look() as look:
        assert sale_book.sale_of(look, "sale-0001").head.state is SaleState.VOIDED
    club.assert_proved()


@ON_SQLITE
def test_a_void_that_comes_long_after_the_day_was_closed_undoes_its_sale_all_the_same(
    club: Club, north: EdgeDevice
) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=4_000)
    journal.append("sale.voided", make_sale("sale-0001", price_minor=4_000, void_id="void-0001"), START)
    club.send(north, journal, 1, 1)
    club.settle()
    club.clock.pass_s(2 * 86_400)
    club.books.change(DESK, lambda change: days.close(change, "demo", date(2026, 11, 23), by="desk-1"))
    club.send(north, journal, 2, 2)
    club.settle()
    assert club.amount(_K.MEMBER_PRINCIPAL, MEMBER) == 10_000
    assert parked_rows(club.books.database) == []
    club.assert_proved()


def test_cash_for_a_card_is_credited_once_and_pays_what_is_owed_first(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    sold(journal, "sale-0001", START, price_minor=12_000)
    journal.append("topup.taken", topped("topup-001"), START)
    club.send(north, journal)
    club.settle()
    assert club.projection.project_again(journal.id, 2)
    found = [
        club.amount(_K.MEMBER_PRINCIPAL, MEMBER),
        club.amount(_K.MEMBER_DEBT, OVERDRAFT),
        club.amount(_K.TILL, "bar-1"),
    ]
    assert found == [3_000, 0, 5_000]
    club.assert_proved()


@ON_SQLITE
def test_cash_beyond_a_limit_and_cash_for_a_strangers_card_are_in_the_books_with_a_case(
    club: Club, north: EdgeDevice
) -> None:
    journal = EdgeJournal()
    journal.append("topup.taken", topped("topup-001", amount_minor=900_000), START)
    journal.append("topup.taken", topped("topup-002", number=77), START)
    club.send(north, journal)
    club.settle()
    assert (club.amount(_K.MEMBER_PRINCIPAL, MEMBER), club.amount(_K.SUSPENSE, "bar-1")) == (910_000, 5_000)
    with club.books.look() as look:
        assert len(cases.case_page(look)) == 2
    assert parked_rows(club.books.database) == []
    club.assert_proved()


WRONG: list[dict[str, Any]] = [
    {"total_minor": 1_001},
    {"lines": []},
    {"lines": [{"item": "towel", "quantity": 0, "price_minor": 1_000}]},
    {"lines": [{"item": "towel", "quantity": -1, "price_minor": 1_000}], "total_minor": -1_000},
    {"tender": "shells"},
    {"tender": "free"},
    {"till": "x" * 33},
    {"sale_id": ""},
    {"leased": {"north-1": 1_001}},
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_what_is_no_sale_is_parked_and_what_stands_around_it_is_booked(
    books: Books, clock: ManualClock, north: EdgeDevice, changes: dict[str, Any]
) -> None:
    club, journal = Club(books, clock, north), EdgeJournal()
    make_member(books, 1, 10_000)
    sold(journal, "sale-0001", START)
    journal.append("sale.made", make_sale("sale-0002") | changes, START)
    sold(journal, "sale-0003", START)
    club.send(north, journal)
    club.settle()
    assert parked_rows(books.database) == [("bad_data", journal.id, 2)]
    assert club.amount(_K.REVENUE_SALES) == 2_000
    club.assert_proved()


@ON_SQLITE
def test_a_device_that_took_anothers_place_brings_no_sale_twice(club: Club, north: EdgeDevice) -> None:
    fresh, first, second = EdgeDevice("north-2"), EdgeJournal(), EdgeJournal()
    sold(first, "sale-0001", START)
    club.send(north, first)
    register(club.books.database, fresh)
    replace(club.books.database, "north-1", "north-2")
    second.append("sale.made", make_sale("sale-0001", copied_from={"journal": first.id, "seq": 1}), START)
    club.send(fresh, second)
    club.settle()
    assert club.amount(_K.REVENUE_SALES) == 1_000
    assert parked_rows(club.books.database) == []


@ON_SQLITE
def test_who_pays_in_between_two_late_sales_owes_what_is_left(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    for number, price_minor in enumerate((9_000, 4_000)):
        sold(journal, f"sale-000{number}", START, price_minor=price_minor)
    club.send(north, journal, 1, 1)
    club.settle()
    pay_in(club.books, MEMBER, 2_000)
    club.send(north, journal, 2, 2)
    club.settle()
    assert (club.amount(_K.MEMBER_PRINCIPAL, MEMBER), club.amount(_K.MEMBER_DEBT, OVERDRAFT)) == (0, -1_000)
    club.assert_proved()
