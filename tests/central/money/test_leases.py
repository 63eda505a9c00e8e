"""Money held for one device: it spends that without a line, nobody else can, and it goes back when nothing can come."""

from datetime import timedelta

import pytest

from kiosk.central.club import rules
from kiosk.central.club.books import Books
from kiosk.central.members import save_cards
from kiosk.central.money import leases
from kiosk.central.money.holds import expire
from kiosk.central.money.stored_lots import free_minor
from kiosk.club.ledger import AccountKind
from kiosk.core.model import CredentialState
from kiosk.core.spending import LeaseHeld
from tests.central.builders import START, EdgeDevice, EdgeJournal, ManualClock, parked_rows, replace
from tests.central.club.builders_people import card_of
from tests.central.money.builders import DESK
from tests.central.money.edges import Club, make_member, make_sale, pay_in, sold
from tests.central.money.test_offline_bound import printed

MEMBER = f"{1:016x}"
TERM = timedelta(hours=48)


@pytest.fixture
def north() -> EdgeDevice:
    """A device with a till."""
    return EdgeDevice("north-1")


def open_club(books: Books, clock: ManualClock, *devices: EdgeDevice, balance_minor: int = 10_000) -> Club:
    """Open a club where money is held for the first device, and a member with some."""
    club = Club(books, clock, *devices)
    lease_to(club, devices[0].name)
    make_member(books, 1, balance_minor)
    club.settle()
    return club


def lease_to(club: Club, *names: str) -> None:
    """Amend for which devices money is held."""
    wish = rules.Wish("exposure.lease_devices", list(names), club.clock.now().date(), "council", "trial")
    club.books.change(DESK, lambda change: rules.amend(change, [wish]))
    club.clock.pass_s(60)


def held(club: Club) -> dict[str, LeaseHeld]:
    """Return what edges are told is held of the member's money."""
    return dict(club.told()[MEMBER].leases)


def free(club: Club) -> int:
    """Return what the member can spend at the desk."""
    with club.books.look() as look:
        return free_minor(look, MEMBER)


def leased_sale(journal: EdgeJournal, sale_id: str, price_minor: int, at: timedelta = timedelta()) -> None:
    """Write a sale from what is held for north-1 into a journal."""
    sold(journal, sale_id, START + at, price_minor=price_minor, leased={"north-1": price_minor}, unleased_minor=None)


@pytest.mark.proves("S45")
def test_what_is_held_for_a_device_is_spent_there_alone_and_by_what_it_tells(
    both_books: Books, clock: ManualClock, north: EdgeDevice
) -> None:
    club, journal = open_club(both_books, clock, north), EdgeJournal()
    assert [(each.id, each.amount_minor) for each in held(club).values()] == [("north-1", 5_000)]
    assert (club.told()[MEMBER].available_minor, free(club)) == (5_000, 5_000)
    limits = club.told()[""].limits
    assert limits is not None
    assert limits.lease_devices == ("north-1",)
    leased_sale(journal, "sale-0001", 3_000)
    club.send(north, journal)
    club.settle()
    assert (held(club)["north-1"].amount_minor, free(club), club.told()[MEMBER].folded) == (
        2_000,
        5_000,
        {journal.id: 1},
    )
    journal.append("sale.voided", make_sale("sale-0001", price_minor=3_000, leased={"north-1": 3_000},
                                            unleased_minor=None, void_id="void-0001"), START)  # fmt: skip
    club.send(north, journal, 2, 2)
    club.settle()
    assert (held(club)["north-1"].amount_minor, free(club)) == (5_000, 5_000)
    for number in range(2, 4):
        leased_sale(journal, f"sale-000{number}", 2_500)
    club.send(north, journal, 3, 4)
    club.settle()
    assert (club.amount(AccountKind.MEMBER_PRINCIPAL, MEMBER), held(club)["north-1"].amount_minor) == (5_000, 2_500)
    assert parked_rows(both_books.database) == []
    club.assert_proved()


def test_a_lease_grows_with_the_money_and_is_renewed_every_night_but_only_for_who_has_a_card(
    books: Books, clock: ManualClock, north: EdgeDevice
) -> None:
    club = open_club(books, clock, north, balance_minor=1_000)
    make_member(books, 2)
    pay_in(books, MEMBER, 9_000, "second")
    club.settle()
    assert held(club)["north-1"].amount_minor == 5_000
    first = held(club)["north-1"].until
    clock.pass_s(24 * 3600)
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert held(club)["north-1"].until == clock.now() + TERM > first
    with books.database.begin() as connection:
        save_cards(connection, [card_of(1, MEMBER, CredentialState.LOST)])
    until = held(club)["north-1"].until
    clock.pass_s(40 * 3600)
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert held(club)["north-1"].until == until
    club.assert_proved()


def test_what_an_edge_may_have_spent_is_held_until_it_has_told_everything(
    books: Books, clock: ManualClock, north: EdgeDevice
) -> None:
    club, journal = open_club(books, clock, north), EdgeJournal()
    lease_to(club)
    club.settle()
    leased_sale(journal, "sale-0001", 4_000, timedelta(hours=47))
    leased_sale(journal, "sale-0002", 500, timedelta(hours=47))
    clock.pass_s(20 * 86_400)
    for _ in range(2):
        books.change(DESK, lambda change: expire(change, clock.now()))
        leases.run(books, clock.now().date(), "")
        club.settle()
    assert (held(club)["north-1"].amount_minor, free(club)) == (5_000, 5_000)
    club.send(north, journal)
    club.settle()
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert held(club)["north-1"].amount_minor == 500
    sold(journal, "sale-0003", START + TERM + timedelta(hours=1), tender="cash", unleased_minor=None)
    club.send(north, journal, 3, 3)
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert (held(club), free(club)) == ({}, 5_500)
    club.assert_proved()


def test_for_a_device_that_was_replaced_nothing_is_waited_for_and_its_successor_gets_its_own(
    books: Books, clock: ManualClock, north: EdgeDevice
) -> None:
    club = open_club(books, clock, north, EdgeDevice("north-2"))
    replace(books.database, "north-1", "north-2")
    lease_to(club, "north-1", "north-2")
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert {name: each.amount_minor for name, each in held(club).items()} == {"north-1": 5_000, "north-2": 2_500}
    clock.pass_s(TERM.total_seconds())
    leases.run(books, clock.now().date(), "")
    club.settle()
    assert held(club).keys() == {"north-2"}
    club.assert_proved()


def test_a_device_counts_as_leasing_when_what_it_was_told_before_is_too_old(
    books: Books, clock: ManualClock, north: EdgeDevice
) -> None:
    open_club(books, clock, north, EdgeDevice("north-2"))
    found = []
    for days in (0, 1, 1):
        clock.pass_s(days * 86_400)
        bound = printed(books)
        found.append((bound.counters, bound.leased, bound.per_owner_minor))
    assert found == [(2, 0, 40_000), (2, 0, 40_000), (1, 1, 20_000)]
