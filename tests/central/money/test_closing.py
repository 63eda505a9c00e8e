"""The close of a day: everything that keeps it open is named, and a closed day never changes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import closing, days, tills
from kiosk.central.tables import device, journal
from kiosk.club.day_close import Block, CloseReason, Pieces
from kiosk.core.clock import format_utc
from tests.central.builders import ManualClock
from tests.central.money.builders_fees import (
    DAY,
    OTHER,
    TODAY,
    assert_books_hold,
    do,
    join,
    open_club,
    pay,
    prove_night,
    see,
    set_day,
)


@pytest.fixture
def member(books: Books) -> Iterator[str]:
    """A till at the desk of a club, and a member; the books hold afterwards."""
    open_club(books)
    do(books, tills.save_till, "desk", "demo", "前台")
    yield join(books)
    assert_books_hold(books)


def blocks(books: Books, *named: str) -> list[Block]:
    return list(see(books, closing.preview, "demo", TODAY, named).blocks)


def count(books: Books, notes: int) -> None:
    """Count so many hundreds in the desk's till, with a witness where one is needed."""
    found = do(books, tills.count_till, "desk", [Pieces(10_000, notes)])
    with books.look() as look:
        asked = tills.needs_witness(look, found)
    if asked:
        do(books, tills.witness_count, "desk", by=OTHER)


def register(books: Books, name: str, *, stored: int, head: int, **fields: str) -> None:
    row = {"name": name, "site": "demo", "public_key": "k", "registered_at": "2026-01-01T00:00:00.000Z", **fields}
    with books.database.begin() as connection:
        connection.execute(insert(device).values(**row))
        line = {"id": f"{name:0<32}"[:32], "device": name, "seq": stored, "head": head, "hash": bytes(32)}
        connection.execute(insert(journal).values(**line, first_at=row["registered_at"]))


def test_a_day_is_closed_when_it_is_over_counted_and_proved(books: Books, clock: ManualClock, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    pay(books, member, 30_000)
    assert {each.reason for each in blocks(books)} == {
        CloseReason.DAY_NOT_OVER, CloseReason.PROOF_MISSING, CloseReason.TILL_NOT_COUNTED
    }  # fmt: skip
    with pytest.raises(RuleRefused, match="day_not_over"):
        do(books, closing.close_day, "demo", TODAY, ())
    count(books, 5)
    set_day(clock, TODAY + DAY, hour=5)
    prove_night(books)
    assert blocks(books) == []
    closed = do(books, closing.close_day, "demo", TODAY, (), why="day is done")
    assert [(each.till, each.over_short_minor) for each in closed.tills] == [("desk", 0)]
    assert see(books, closing.closed_day, "demo", TODAY) == closed
    assert [each.reason for each in blocks(books)] == [CloseReason.CLOSED_ALREADY]


def test_what_comes_late_goes_to_the_open_day(books: Books, clock: ManualClock, member: str) -> None:
    set_day(clock, TODAY + DAY, hour=5)
    prove_night(books)
    do(books, closing.close_day, "demo", TODAY, ())
    place = do(books, days.place, "demo", clock.now() - timedelta(hours=12))
    assert (place.day, place.late) == (TODAY + DAY, True)


def test_cash_in_a_till_that_nobody_counted_keeps_the_day_open(books: Books, clock: ManualClock, member: str) -> None:
    pay(books, member, 30_000)
    set_day(clock, TODAY + DAY, hour=3)
    pay(books, member, 10_000, "p2")  # the night counts for the day before
    set_day(clock, TODAY + DAY, hour=5)
    prove_night(books)
    assert blocks(books) == [Block(CloseReason.TILL_NOT_COUNTED, "desk")]
    do(books, tills.open_till, "desk", 40_000)
    assert blocks(books) == []  # the float of the next day is what was in it
    count(books, 4)
    do(books, closing.close_day, "demo", TODAY, ())


def test_a_device_of_which_records_are_missing_is_named(books: Books, clock: ManualClock, member: str) -> None:
    set_day(clock, TODAY + DAY, hour=5)
    prove_night(books)
    now = format_utc(clock.now())
    register(books, "north", stored=40, head=42, seen_at=now)
    register(books, "south", stored=7, head=7, seen_at=format_utc(clock.now() - timedelta(hours=9)))
    register(books, "whole", stored=9, head=9, seen_at=now)
    register(books, "gone", stored=3, head=3, replaced_by="whole")
    missing = [CloseReason.DEVICE_NOT_NAMED] * 2
    assert [(each.reason, each.of) for each in blocks(books)] == list(zip(missing, ("north", "south"), strict=True))
    assert [each.reason for each in blocks(books, "north", "south", "whole")] == [CloseReason.NAMED_IN_VAIN]
    closed = do(books, closing.close_day, "demo", TODAY, ("north", "south"), why="both are being repaired")
    assert closed.named == ("north", "south")


def test_books_that_do_not_hold_keep_the_day_open(books: Books, clock: ManualClock, member: str) -> None:
    set_day(clock, TODAY + DAY, hour=5)
    with books.database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO ledger_balance VALUES ('CNY/member_principal/x','member_principal',5,0)"
        )
    prove_night(books)
    assert CloseReason.PROOF_FAILED in {each.reason for each in blocks(books)}
    with pytest.raises(RuleRefused, match="proof_failed"):
        do(books, closing.close_day, "demo", TODAY, ())
    with books.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ledger_balance WHERE account = 'CNY/member_principal/x'")
    prove_night(books)
    assert blocks(books) == []


def test_days_are_closed_in_their_order(books: Books, clock: ManualClock, member: str) -> None:
    do(books, tills.open_till, "desk", 20_000)
    pay(books, member, 10_000)
    count(books, 3)
    set_day(clock, TODAY + 2 * DAY, hour=5)
    prove_night(books)
    found = see(books, closing.preview, "demo", TODAY + DAY)
    assert found.blocks == (Block(CloseReason.EARLIER_DAY_OPEN, TODAY.isoformat()),)
    assert see(books, closing.next_day, "demo") == TODAY
    do(books, closing.close_day, "demo", TODAY, ())
    do(books, closing.close_day, "demo", TODAY + DAY, ())
    assert [each.day for each in see(books, closing.closed_days, "demo")] == [TODAY + DAY, TODAY]
    set_day(clock, TODAY + 5 * DAY, hour=5)
    assert see(books, closing.preview, "demo", TODAY + 4 * DAY).blocks == (Block(CloseReason.PROOF_MISSING, ""),)
