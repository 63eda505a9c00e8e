"""Nightly work over many members or things, a step of it in one transaction, as `jobs.py` runs it.

What this does goes by the books of the day it runs on; of days that were missed the last one does it all.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import Select, func, select, update

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.jobs import Step
from kiosk.central.club.tables import job
from kiosk.core.clock import Clock
from kiosk.core.errors import Refused

IDS_PER_STEP, IDS_AT_LEAST = 500, 20
SHORT_NS = 500_000_000
ERROR_CHARACTERS_MAX = 500

Work = Callable[[Change, Sequence[str]], object]
"""Does the work for some ids, in their order."""


class _Place(msgspec.Struct, frozen=True):
    """The last id done, how many of how many, and what the books refused."""

    after: str = ""
    done: int = 0
    total: int = 0
    error: str = ""


def step(books: Books, name: str, day: date, place: str, whose: Select[tuple[str]], work: Work) -> Step:
    """Do the next 20 to 500 of a local day's work for all ids that `whose` selects, one column without an order.

    What the books refuse for one of them is told in the step and holds up nobody else.
    """
    before = msgspec.json.decode(place, type=_Place) if place else _Place()

    def one(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        (id_,) = whose.selected_columns
        total = before.total
        if not place:
            found = select(func.count()).select_from(whose.distinct().subquery())
            total = change.connection.execute(found).scalar_one()
        # Within the query and not around it: around it, SQLite makes all of the rest anew in each step.
        rows = whose.where(id_ > before.after).distinct().order_by(id_).limit(IDS_PER_STEP)
        ids = [str(each) for each in change.connection.execute(rows).scalars()]
        done, failures = _while_short(change, ids, work, books.clock)
        error = "; ".join(filter(None, [before.error, *failures]))[:ERROR_CHARACTERS_MAX]
        now = _Place(ids[done - 1] if done else before.after, before.done + done, total, error)
        finished = done == len(ids) < IDS_PER_STEP
        return Step(now.done, now.total, msgspec.json.encode(now).decode(), finished=finished, error=error)

    return books.change(Actor(f"job:{name}", "job"), one)


def begin_again(change: Change, name: str) -> None:
    """Have a job run once more from its start today, because what it goes by has changed."""
    yesterday = (change.today - timedelta(days=1)).isoformat()
    change.connection.execute(update(job).where(job.c.name == name).values(place=""))
    done = (job.c.name == name, job.c.done_on > yesterday)
    change.connection.execute(update(job).where(*done).values(done_on=yesterday))


def _while_short(change: Change, ids: Sequence[str], work: Work, clock: Clock) -> tuple[int, list[str]]:
    """Work for the first few, and then for as many as half a second lets by how long those took; return how many.

    Everybody else waits for SQLite's one writer meanwhile, and the lease is not renewed.
    """
    begun_ns, done, took_ns = clock.monotonic_ns(), 0, 1
    failures: list[str] = []
    while done < len(ids) and took_ns < SHORT_NS:
        portion = ids[done : done + max(IDS_AT_LEAST, done * (SHORT_NS - took_ns) // took_ns)]
        failures += _do(change, portion, work)
        done += len(portion)
        took_ns = max(clock.monotonic_ns() - begun_ns, 1)
    return done, failures


def _do(change: Change, ids: Sequence[str], work: Work) -> list[str]:
    """Work for all at once; where that fails, one by one, so that only those fail whose books do not fit."""
    if not ids:
        return []
    try:
        with change.connection.begin_nested():
            work(change, ids)
    except Refused as error:
        if len(ids) == 1:
            return [f"{ids[0]}: {error.message}"]
        return [failure for each in ids for failure in _do(change, [each], work)]
    return []
