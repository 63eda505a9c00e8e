"""A step of nightly work is short, whatever there is to do for each."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from kiosk.central.club import nightly
from kiosk.central.club.books import Books, Change
from kiosk.central.tables import member
from tests.central.builders import ManualClock


def test_a_step_of_work_that_takes_long_leaves_the_rest_to_the_next_one(books: Books, clock: ManualClock) -> None:
    ids = [f"{number:016x}" for number in range(90)]
    with books.database.begin() as connection:
        rows = [{"id": each, "member_no": each, "name": "n"} for each in ids]
        connection.execute(insert(member), rows)
    with books.look() as look:
        today = look.today
    done: list[str] = []

    def run(place: str, each_s: float) -> nightly.Step:
        def work(_change: Change, some: Sequence[str]) -> None:
            clock.pass_s(each_s * len(some))
            done.extend(some)

        return nightly.step(books, "slow", today, place, select(member.c.id), work)

    first = run("", 0.02)
    assert (first.done, first.total, first.finished, done) == (40, 90, False, ids[:40])
    second = run(first.place, 0.001)
    assert (second.done, second.finished, done) == (90, True, ids)
