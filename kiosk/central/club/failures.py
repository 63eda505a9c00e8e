"""Failed sign-ins, as rows: ten in 15 minutes, then a name waits. Kept by the hash of what was typed as the name."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from kiosk.central.club.books import Change
from kiosk.central.club.passwords import secret_hash
from kiosk.central.club.staff_tables import staff_failure
from kiosk.core.clock import format_utc, parse_utc

FAILURES_MAX = 10
WINDOW = timedelta(minutes=15)


def locked_until(change: Change, login: str) -> datetime | None:
    """Return until when a name has to wait; None where it may try. Forgets what is past."""
    table = staff_failure
    change.connection.execute(delete(table).where(table.c.at <= format_utc(change.now - WINDOW)))
    mine = select(func.count(), func.min(table.c.at)).where(table.c.login == _hash(login))
    count, first = change.connection.execute(mine).one()
    return parse_utc(first) + WINDOW if count >= FAILURES_MAX else None


def note_failure(change: Change, login: str) -> int:
    """Write down a failure, or what will be one unless it is taken back by its number."""
    added = insert(staff_failure).values(login=_hash(login), at=format_utc(change.now))
    number: int = change.connection.execute(added.returning(staff_failure.c.n)).scalar_one()
    return number


def take_back(change: Change, number: int) -> None:
    """Forget one failure."""
    change.connection.execute(delete(staff_failure).where(staff_failure.c.n == number))


def forget_failures(change: Change, login: str) -> None:
    """Forget the failures of a name."""
    change.connection.execute(delete(staff_failure).where(staff_failure.c.login == _hash(login)))


def count_failures(change: Change, login: str = "") -> int:
    """Return how many failures are kept of a name, or of all."""
    query = select(func.count()).select_from(staff_failure)
    if login:
        query = query.where(staff_failure.c.login == _hash(login))
    return change.connection.execute(query).scalar_one()


def _hash(login: str) -> str:
    # What was typed into the field of the name may have been a password.
    return secret_hash(login.strip().casefold())
