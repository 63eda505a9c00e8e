"""The watch over cards leaves the database to a backlog that comes in."""

from datetime import timedelta

from kiosk.central.club.books import Books
from kiosk.central.club.misuse import BACKLOG_REST_NS, WATCHED, MisuseWatch
from kiosk.central.database import read_setting
from tests.central.builders import START, ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_activities import Boxes


def watched(books: Books) -> int:
    with books.look() as look:
        return int(read_setting(look.connection, WATCHED) or 0)


def test_the_watch_rests_while_a_backlog_comes_in_and_a_moment_longer(books: Books, clock: ManualClock) -> None:
    people.open_club(books)
    boxes = Boxes(books, ManualClock(START + timedelta(days=1)))
    journal = boxes.new_journal()
    boxes.enter(journal, START)
    boxes.send(journal)
    before = watched(books)
    boxes.enter(journal, START + timedelta(hours=1))
    coming = [True]
    watch = MisuseWatch(books, boxes.lease, lambda: coming[0])
    boxes.watch = MisuseWatch(books, boxes.lease, lambda: True)
    boxes.send(journal)
    watch.tick(clock.now())
    coming[0] = False
    watch.tick(clock.now())
    assert watched(books) == before
    clock.pass_s(BACKLOG_REST_NS / 1e9 + 1)
    boxes.lease.try_hold()
    watch.tick(clock.now())
    assert watched(books) > before
