"""Business days: each site's end at its hour, stay as they were closed, and what comes late goes to the open one."""

import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import Database
from kiosk.central.money import days, ledger
from kiosk.central.money.days import DayClosed, Place
from kiosk.central.money.ledger import hold, post, reverse, settle
from kiosk.central.policy import ClubPolicy, SiteText, apply_policy
from kiosk.core.errors import InvalidInput
from tests.central.builders import START, ManualClock
from tests.central.money.builders import DESK, PRINCIPAL, SALES, TODAY, cash_top_up, do, in_minutes, on, put, sale

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


def close(books: Books, day: date = TODAY, site: str = "demo") -> days.Closing:
    return do(books, lambda change: days.close(change, site, day, by="boss"))


def place(books: Books, at: datetime, site: str = "demo") -> Place:
    return do(books, lambda change: days.place(change, site, at))


def test_a_business_day_goes_by_the_sites_own_zone_and_hour(books: Books) -> None:
    with books.database.begin() as connection:
        policy = ClubPolicy(sites={"demo": SiteText(zone="Asia/Shanghai"), "north": SiteText(zone="Europe/Berlin")})
        apply_policy(connection, policy, at=START)
    moment = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    with books.look() as look:
        assert days.day_of(look, "demo", moment) == TODAY
        assert days.day_of(look, "north", moment) == YESTERDAY
        assert days.day_of(look, "demo", moment - timedelta(minutes=31)) == YESTERDAY


def test_what_a_clock_dates_ahead_counts_for_today(books: Books) -> None:
    assert place(books, START + timedelta(days=400)) == Place(TODAY, late=False)


def test_a_closed_day_never_changes(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 1000, site="demo"))
    assert close(both_books).day == TODAY
    with pytest.raises(DayClosed) as caught:
        put(both_books, sale("s1", 100, site="demo"))
    assert caught.value.detail["closed_until"] == "2026-11-22"
    with pytest.raises(DayClosed):
        put(both_books, sale("s1", 100, site="demo", day=YESTERDAY))
    assert on(both_books, PRINCIPAL, SALES) == [1000, 0]
    put(both_books, sale("s1", 100, site="demo", day=TOMORROW, late=True), sale("s2", 100, site="other"))
    with both_books.look() as look:
        sums = ledger.totals(look, TODAY, TODAY, site="demo")
        assert {kind.value: amount for (kind, _), amount in sums.items()}["member_principal"] == 1000
        assert ledger.find(look, "s1").posting.late


def test_what_comes_late_goes_to_the_open_day_with_its_mark(books: Books, clock: ManualClock) -> None:
    assert place(books, START - timedelta(days=1)) == Place(YESTERDAY, late=False)
    close(books, YESTERDAY)
    assert place(books, START - timedelta(days=1)) == Place(TODAY, late=True)
    assert place(books, START) == Place(TODAY, late=False)
    close(books)
    assert place(books, START) == Place(TOMORROW, late=True)
    with books.look() as look:
        assert days.open_day(look, "demo") == TOMORROW
    clock.pass_s(86400)
    assert place(books, clock.now()) == Place(TOMORROW, late=False)
    assert place(books, START - timedelta(days=300), "other").late is False


def test_the_same_posting_gets_the_first_answer_when_its_day_was_closed_meanwhile(books: Books) -> None:
    first = put(books, cash_top_up("t1", 1000, site="demo"))
    close(books)
    assert put(books, cash_top_up("t1", 1000, site="demo")) == first
    late = cash_top_up("t1", 1000, site="demo", day=TOMORROW, late=True)
    assert put(books, late) == first


def test_what_settles_or_takes_back_goes_to_the_open_day(books: Books) -> None:
    put(books, cash_top_up("t1", 1000, site="demo"))
    do(books, lambda change: hold(change, sale("h1", 300, site="demo"), in_minutes(START, 15)))
    close(books)
    settled = do(books, lambda change: settle(change, "h1", by="gate"))
    undone = do(books, lambda change: reverse(change, "h1", new_id="r1", by="boss", why="x"))
    assert [(each.posting.day, each.posting.late) for each in (settled, undone)] == [(TOMORROW, True)] * 2


def test_a_day_is_closed_once_and_not_before_it_begins(books: Books) -> None:
    with pytest.raises(RuleRefused) as caught:
        close(books, TOMORROW)
    assert caught.value.reason == "day_not_begun"
    close(books)
    for day in (TODAY, YESTERDAY):
        with pytest.raises(DayClosed):
            close(books, day)
    with books.look() as look:
        assert [(each.day, each.by) for each in days.closings(look, "demo")] == [(TODAY, "boss")]
        assert (days.is_closed(look, "demo", YESTERDAY), days.is_closed(look, "other", YESTERDAY)) == (True, False)


def test_only_a_sites_day_is_closed(books: Books) -> None:
    with pytest.raises(InvalidInput):
        close(books, site="")


def test_a_close_waits_for_what_is_being_posted_to_its_day(both_books: Books) -> None:
    posted, waited = threading.Event(), threading.Event()
    order: list[str] = []

    def closer() -> None:
        with closing(Database(str(both_books.database.url.render_as_string(hide_password=False)))) as database:
            posted.wait(60)
            waited.set()
            do(Books(database, both_books.clock), lambda change: days.close(change, "demo", TODAY, by="boss"))
            order.append("closed")

    thread = threading.Thread(target=closer, name="closer", daemon=True)
    thread.start()

    def work(change):
        answer = post(change, cash_top_up("t1", 1000, site="demo"))
        posted.set()
        waited.wait(60)
        thread.join(0.3)
        order.append("posted")
        return answer

    both_books.change(DESK, work)
    thread.join(60)
    assert order == ["posted", "closed"]
