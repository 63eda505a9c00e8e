"""Nightly jobs that forget what nobody needs any longer: old notices, answers kept for repeats, sessions."""

from datetime import date, timedelta

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, select

from kiosk.central.club.books import Books
from kiosk.central.club.jobs import Job, Step
from kiosk.central.club.reaching import DUE
from kiosk.central.club.staff_tables import staff_failure, staff_session
from kiosk.central.club.tables import answered, notice
from kiosk.core.clock import format_utc

NOTICES_KEPT = timedelta(days=400)
"""Longer than a year, so that what is told once a year is not told twice."""

ANSWERS_KEPT = timedelta(days=7)
ROWS_PER_STEP = 1000


def upkeep_jobs() -> tuple[Job, ...]:
    """Return the jobs that keep the books' own tables small."""
    return (Job("forget_notices", forget_notices), Job("forget_answers", forget_answers))


def forget_notices(books: Books, _today: date, place: str) -> Step:
    """Delete a step of the notices that were done with 400 days ago."""
    at = format_utc(books.clock.now() - NOTICES_KEPT)
    return _forget(books, notice, notice.c.id, place, notice.c.state != DUE, notice.c.done_at < at)


def forget_answers(books: Books, _today: date, place: str) -> Step:
    """Delete a step of the answers that were kept for repeats a week ago, and sessions and failures that are over."""
    now = books.clock.now()

    def write(connection: Connection) -> None:
        connection.execute(delete(staff_session).where(staff_session.c.until < format_utc(now)))
        connection.execute(delete(staff_failure).where(staff_failure.c.at < format_utc(now - timedelta(days=1))))

    books.database.run(write)
    return _forget(books, answered, answered.c.key, place, answered.c.at < format_utc(now - ANSWERS_KEPT))


def _forget(
    books: Books, table: Table, key: Column[int] | Column[str], place: str, *which: ColumnElement[bool]
) -> Step:
    done = int(place or 0)

    def write(connection: Connection) -> int:
        ids = list(connection.execute(select(key).where(*which).limit(ROWS_PER_STEP)).scalars())
        connection.execute(delete(table).where(key.in_(ids)))
        return len(ids)

    count = books.database.run(write)
    return Step(done + count, done + count, str(done + count), finished=count < ROWS_PER_STEP)
