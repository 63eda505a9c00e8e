"""Reading the audit trail: by thing, by actor, by time, newest first, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from kiosk.central.club.audits import PAGE_MAX, AuditEntry, AuditFilter, audit_page
from kiosk.central.club.books import Actor, Books, Change
from tests.central.builders import START, ManualClock


def note(books: Books, actor: str, thing: str, thing_id: str, after: object = None) -> None:
    """Write one entry."""
    books.change(Actor(actor), lambda change: change.note("x.do", thing, thing_id, after=after, why="so"))


def page(books: Books, before: int | None = None, limit: int = 100, **wanted: Any) -> list[AuditEntry]:
    """A page of the trail."""
    with books.look() as look:
        return audit_page(look, AuditFilter(**wanted), before, limit)


@pytest.mark.proves("R44")
def test_the_trail_is_read_by_thing_by_actor_and_by_time(both_books: Books, clock: ManualClock) -> None:
    for minute, (actor, thing_id) in enumerate([("ann", "m1"), ("bob", "m1"), ("ann", "m2"), ("ann", "c1")]):
        clock.set_wall(START + timedelta(minutes=minute))
        note(both_books, actor, "card" if thing_id == "c1" else "member", thing_id)
    assert [each.actor for each in page(both_books, thing="member", thing_id="m1")] == ["bob", "ann"]
    assert [each.thing_id for each in page(both_books, actor="ann")] == ["c1", "m2", "m1"]
    assert [each.thing_id for each in page(both_books, actor="ann", thing="card")] == ["c1"]
    since, until = START + timedelta(minutes=1), START + timedelta(minutes=3)
    assert [each.thing_id for each in page(both_books, since=since, until=until)] == ["m2", "m1"]
    assert page(both_books, action="x.other") == []


@pytest.mark.proves("R44")
def test_before_and_after_come_decoded(books: Books, clock: ManualClock) -> None:
    def work(change: Change) -> None:
        change.note("m.edit", "member", "m1", before={"a": 1, "b": 2}, after={"a": 1, "b": 3}, why="typed wrongly")
        change.note("m.make", "member", "m2", after={"a": 1})

    books.change(Actor("ann", "api"), work)
    made, edited = page(books)
    assert (edited.before, edited.after, edited.why) == ({"b": 2}, {"b": 3}, "typed wrongly")
    assert (made.before, made.after) == (None, {"a": 1})
    assert (edited.at, edited.via, edited.action) == (clock.now(), "api", "m.edit")


def test_pages_go_on_where_the_last_one_ended(books: Books) -> None:
    for number in range(7):
        note(books, "ann", "member", str(number))
    seen: list[str] = []
    before = None
    while entries := page(books, before, limit=3):
        seen += [each.thing_id for each in entries]
        before = entries[-1].n
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_page_has_500_entries_at_most(books: Books) -> None:
    books.change(Actor("ann"), lambda change: [change.note("a", "b", "c") for _ in range(PAGE_MAX + 1)] and None)
    assert len(page(books, limit=10_000)) == PAGE_MAX
