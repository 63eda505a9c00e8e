"""Every night each event has its place: matched, on its way, or an error with an owner until somebody closes it."""

from datetime import date, timedelta

import pytest

from kiosk.central.club.books import Books
from kiosk.central.money import matching, provider_orders
from kiosk.central.money.match_lines import IDS_AT_ONCE
from kiosk.central.money.matching import NAME, Event, event_of, events_on, matching_jobs, open_events
from kiosk.central.money.provider_lines import Taken, take_statement
from kiosk.central.money.top_ups import TopUp
from kiosk.club.paying_back import PayWay
from kiosk.club.reconciliation import MatchState, Side
from kiosk.core.errors import InvalidInput
from tests.central.builders import ON_SQLITE, START, EdgeDevice, EdgeJournal, ManualClock
from tests.central.money.builders import DESK
from tests.central.money.edges import Club, make_member, make_sale, sold, topped

HEADER = "id,amount_minor,at\n"
AT = "2026-11-22T09:00:00.000Z"
HOUR = 3_600


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


def reconcile(club: Club) -> dict[str, tuple[str, str]]:
    """Run the nightly match; return what is open: state and reason by id."""
    (job,) = matching_jobs()
    assert job.name == NAME
    place, finished = "", False
    while not finished:
        step = job.run(club.books, club.clock.now().date(), place)
        place, finished = step.place, step.finished
    return {each.id: (each.state.value, each.reason) for each in opened(club)}


def opened(club: Club, *, closed: bool = False) -> list[Event]:
    """Return what is open, or closed."""
    with club.books.look() as look:
        return open_events(look, closed=closed)


def pay(club: Club, order: str, amount_minor: int = 2_000, *, confirm: bool = True) -> None:
    """Pay money in by a provider."""
    wish = TopUp(order, f"{1:016x}", amount_minor, PayWay.WECHAT)
    club.books.change(DESK, lambda change: provider_orders.ask(change, wish))
    if confirm:
        club.books.change(DESK, lambda change: provider_orders.confirm(change, order, amount_minor))


def statement(club: Club, *lines: str) -> Taken:
    """Import a statement."""
    text = HEADER + "".join(f"{line}\n" for line in lines)
    return club.books.change(DESK, lambda change: take_statement(change, PayWay.WECHAT, text))


def test_a_day_in_order_leaves_nothing_open(club: Club, north: EdgeDevice) -> None:
    journal, copy = EdgeJournal(), EdgeJournal()
    sold(journal, "sale-0001", START)
    sold(journal, "sale-0002", START, price_minor=0, tender="free", unleased_minor=None)
    journal.append("sale.voided", make_sale("sale-0001", void_id="void-0001"), START)
    journal.append("topup.taken", topped("topup-001"), START)
    copy.append("sale.made", make_sale("sale-0001", copied_from={"journal": journal.id, "seq": 1}), START)
    club.send(north, journal)
    club.send(north, copy)
    club.settle()
    pay(club, "order-1")
    pay(club, "order-2", confirm=False)
    statement(club, f"order-1,2000,{AT}")
    club.clock.pass_s(72 * HOUR)
    assert reconcile(club) == {}
    assert reconcile(club) == {}
    with club.books.look() as look:
        day = events_on(look, START.date())
        assert events_on(look, START.date() + timedelta(days=1)) == []
        _, lines = event_of(look, "order-1")
    assert {each.id for each in day} == {"sale:sale-0001", "void:sale-0001", "topup:topup-001", "order-1"}
    assert {(each.state, each.is_open) for each in day} == {(MatchState.MATCHED, False)}
    assert [(each.side, each.source) for each in lines] == [
        (Side.STATEMENT, "wechat"), (Side.LEDGER, "order-1/settled")
    ]  # fmt: skip


@ON_SQLITE
def test_what_a_statement_lacks_is_on_its_way_and_after_two_days_an_error_with_an_owner_and_an_age(club: Club) -> None:
    pay(club, "order-1")
    assert reconcile(club) == {"order-1": ("timing", "not_in_statement")}
    club.clock.pass_s(49 * HOUR)
    assert reconcile(club) == {"order-1": ("error", "not_in_statement")}
    (found,) = opened(club)
    assert (found.owner, found.found_on, found.amounts) == ("finance", date(2026, 11, 22), ((Side.LEDGER, 2_000),))
    assert club.clock.now() - found.since == timedelta(hours=49)
    statement(club, f"order-1,2000,{AT}")
    assert reconcile(club) == {}


@ON_SQLITE
def test_another_amount_and_a_payment_that_nobody_booked_are_errors_at_once_or_in_an_hour(club: Club) -> None:
    pay(club, "order-1")
    others = [f"order-1-{number:03},1,{AT}" for number in range(IDS_AT_ONCE)]  # between it and what settled it
    statement(club, f"order-1,2001,{AT}", f"order-9,500,{AT}", *others)
    assert reconcile(club)["order-1"] == ("error", "amounts_differ")
    club.clock.pass_s(3 * HOUR)
    assert reconcile(club)["order-9"] == ("error", "not_in_ledger")
    with club.books.look() as look:
        [found] = [each for each in events_on(look, START.date()) if each.id == "order-1"]
    assert found.amounts == ((Side.LEDGER, 2_000), (Side.STATEMENT, 2_001))


@ON_SQLITE
def test_a_sale_that_was_parked_and_one_that_no_edge_knows_are_found(club: Club, north: EdgeDevice) -> None:
    journal = EdgeJournal()
    journal.append("sale.made", make_sale("sale-0001", tender="shells"), START)
    sold(journal, "sale-0002", START)
    sold(journal, "sale-0003", START)
    club.send(north, journal)
    club.settle()
    club.clock.pass_s(25 * HOUR)
    assert reconcile(club) == {"sale:sale-0001": ("error", "not_in_ledger")}
    _forget_line(club, "sale:sale-0002")
    assert reconcile(club)["sale:sale-0002"] == ("error", "not_at_edge")
    assert {each.id: each.owner for each in opened(club)}["sale:sale-0002"] == "it"


def test_an_error_stays_until_somebody_closes_it_with_a_reason_and_comes_back_as_another_one(club: Club) -> None:
    pay(club, "order-1")
    club.clock.pass_s(30 * 24 * HOUR)
    assert reconcile(club) == {}
    pay(club, "order-2")
    reconcile(club)
    club.clock.pass_s(30 * 24 * HOUR)
    assert reconcile(club) == {"order-2": ("error", "not_in_statement")}
    for id, why in (("order-2", " "), ("order-3", "paid in cash")):
        with pytest.raises(InvalidInput):
            club.books.change(DESK, lambda change, id=id, why=why: matching.close(change, id, why))
    club.books.change(DESK, lambda change: matching.assign(change, "order-2", "li.na"))
    reconcile(club)
    assert [each.assigned_to for each in opened(club)] == ["li.na"]
    club.books.change(DESK, lambda change: matching.close(change, "order-2", "the provider confirms it by telephone"))
    assert reconcile(club) == {}
    with pytest.raises(InvalidInput):
        club.books.change(DESK, lambda change: matching.assign(change, "order-2", "wang.wu"))
    (closed,) = opened(club, closed=True)
    assert (closed.closed_by, closed.state) == ("desk-1", MatchState.ERROR)
    statement(club, f"order-2,1,{AT}")
    with club.books.look() as look:
        assert not event_of(look, "order-2")[0].closed_by
    assert reconcile(club) == {"order-2": ("error", "amounts_differ")}


@pytest.mark.parametrize(
    ("line", "message"),
    [(",100,2026-11-22T09:00:00.000Z", "line 2, id"), ("a,1.5,2026-11-22T09:00:00.000Z", "line 2, amount_minor"),
     ("a,1,yesterday", "line 2, at")],
)  # fmt: skip
@ON_SQLITE
def test_a_statement_is_taken_whole_or_not_at_all_and_twice_is_once(club: Club, line: str, message: str) -> None:
    assert statement(club, f"order-1,2000,{AT}") == Taken(1, 0)
    assert statement(club, f"order-1,2000,{AT}", f"order-2,1,{AT}") == Taken(1, 1)
    with pytest.raises(InvalidInput, match=message):
        statement(club, line)
    with pytest.raises(InvalidInput, match="another amount"):
        statement(club, f"order-5,5,{AT}", f"order-1,2001,{AT}")
    with pytest.raises(InvalidInput, match="no column at"):
        club.books.change(DESK, lambda change: take_statement(change, PayWay.ALIPAY, "id,amount_minor\n"))
    assert statement(club, f"order-5,5,{AT}") == Taken(1, 0)


def _forget_line(club: Club, id: str) -> None:
    with club.books.database.begin() as connection:
        connection.execute(matching.edge_line.delete().where(matching.edge_line.c.id == id))
