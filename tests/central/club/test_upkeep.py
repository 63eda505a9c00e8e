"""What is forgotten in the night, and what is not."""

from datetime import timedelta

from sqlalchemy import func, select, update

from kiosk.central.club.books import Actor, Books, Telling
from kiosk.central.club.jobs import NightlyJobs
from kiosk.central.club.sessions import Door
from kiosk.central.club.staff_tables import staff_failure, staff_session
from kiosk.central.club.tables import answered, notice
from kiosk.central.club.upkeep import ANSWERS_KEPT, NOTICES_KEPT, ROWS_PER_STEP, upkeep_jobs
from kiosk.core.clock import format_utc
from tests.central.builders import ManualClock
from tests.central.club.builders import DESK, held_lease, told
from tests.central.club.builders_staff import VAULT, make_account, sign_in


def upkeep(books: Books, clock: ManualClock) -> None:
    """Let a night pass."""
    runner = NightlyJobs(books, held_lease(books), upkeep_jobs(), hour=3, clock_apart_max=timedelta(days=1000))
    for _ in range(20):
        runner.tick(clock.now())
    assert runner.health()["failing"] == {}


def test_notices_are_forgotten_after_more_than_a_year_and_those_due_never(
    both_books: Books, clock: ManualClock
) -> None:
    count = ROWS_PER_STEP + 1
    both_books.change(DESK, lambda change: [change.tell(Telling(f"t{n}", "welcome")) for n in range(count)] and None)
    done = {"state": "sent", "done_at": format_utc(clock.now() - NOTICES_KEPT)}
    with both_books.database.begin() as connection:
        connection.execute(update(notice).where(notice.c.topic != "t0").values(**done))
    upkeep(both_books, clock)
    assert len(told(both_books)) == count
    clock.set_wall(clock.now() + timedelta(days=1))
    upkeep(both_books, clock)
    assert [each["topic"] for each in told(both_books)] == ["t0"]


def test_answers_sessions_and_failures_are_forgotten(books: Books, clock: ManualClock) -> None:
    make_account(books)
    door = Door(books, VAULT)
    sign_in(door)
    door.sign_in("li.wei", "wrong words")
    books.change_once(Actor("a"), "key", b"asked", int, lambda _change: 7)
    upkeep(books, clock)
    assert counts(books) == (1, 1, 1)
    clock.set_wall(clock.now() + ANSWERS_KEPT + timedelta(days=1))
    upkeep(books, clock)
    assert counts(books) == (0, 0, 0)


def counts(books: Books) -> tuple[int, ...]:
    """How many answers, sessions and failures are kept."""
    with books.look() as look:
        return tuple(
            look.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (answered, staff_session, staff_failure)
        )
