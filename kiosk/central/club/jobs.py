"""The club's nightly work: each registered job once a local day of the venue, in small steps, oldest day first.

Killed at any point it goes on where it stopped. A job that fails rests and is tried again; the others go on.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select, update

from kiosk.central.clockguard import why_not
from kiosk.central.club.books import Books, Look
from kiosk.central.club.tables import job
from kiosk.central.database import insert_missing, upsert
from kiosk.central.lease import Lease, LeaseLost
from kiosk.central.meters import Counts
from kiosk.central.queries import venue_zone
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

IDLE_S = 30.0
AT_A_STRETCH_S = 0.1
BETWEEN_STEPS_S = 0.02
"""How long others are let to the database after steps that took so long together: most take milliseconds."""

REST_S = (60.0, 3600.0)
"""How long a job rests after its first failure in a row, and at most; the time doubles from one to the other."""

CATCH_UP_DAYS_MAX = 400
"""Days before these are left out, and counted: after a longer time off the books need a person."""

NAME_CHARACTERS_MAX = 28
"""So that `job:` and the name fit where the audit trail says who acted."""

ERROR_CHARACTERS_MAX = 500

_log = logging.getLogger(__name__)


class Step(msgspec.Struct, frozen=True):
    """How far a job came: so many of so many done, and the place to go on from. `error` is for staff to read."""

    done: int
    total: int
    place: str
    finished: bool
    error: str = ""


Run = Callable[[Books, date, str], Step]
"""Does a step of a local day's work from a place on, "" at its start, in one transaction of about a second at most.

A step may be run again from the same place: whoever was killed before the place was kept has to meet his own effect.
"""


class Job(msgspec.Struct, frozen=True):
    """One nightly job. Its name stays for ever: its place is kept under it.

    With `every_day` each day that was missed is done in order; else only today, which makes up for them.
    """

    name: str
    run: Run
    every_day: bool = False


class JobProgress(msgspec.Struct, frozen=True):
    """How far a job is: the last local day it finished, and within the next one how many of how many."""

    name: str
    done_on: date | None
    done: int
    total: int
    error: str
    at: datetime


class _Due(msgspec.Struct, frozen=True, order=True):
    """A day's work that waits; the oldest day comes first, then the order in which jobs were registered."""

    day: date
    number: int
    place: str
    skipped: int = 0


class _Failing(msgspec.Struct, frozen=True):
    since_ns: int
    rest_s: float
    error: str


class NightlyJobs:
    """The leader's duty that runs the nightly jobs from an hour of the venue's day on, one step a tick.

    Nothing runs while central's clock cannot be believed: a year ahead would end every membership (CONTRACT §3).
    """

    def __init__(
        self, books: Books, lease: Lease, jobs: Sequence[Job], *, hour: int, clock_apart_max: timedelta
    ) -> None:
        names = [each.name for each in jobs]
        if len(set(names)) < len(names) or any(len(name) > NAME_CHARACTERS_MAX for name in names):
            raise InvalidInput(f"jobs need different names of at most {NAME_CHARACTERS_MAX} characters: {names}")
        self.counts = Counts()
        self._books = books
        self._lease = lease
        self._jobs = tuple(jobs)
        self._hour = hour
        self._clock_apart_max = clock_apart_max
        self._failing: dict[str, _Failing] = {}
        self._behind: Mapping[str, int] = {}
        self._refusal = ""
        self._rested_ns: int | None = None

    def connected(self) -> None:
        """Do nothing: jobs publish nothing themselves."""

    def tick(self, now: datetime) -> float:
        """Run the next step and say when to look again; raises RetryLater where the database is away."""
        with self._books.database.read() as connection:
            today = due_day(now, venue_zone(connection), self._hour)
            waiting = self._waiting(connection, today)
            self._refusal = (why_not(connection, now, self._clock_apart_max) or "") if waiting else ""
        self._behind = {self._jobs[each.number].name: (today - each.day).days + 1 for each in waiting}
        rested = [each for each in waiting if not self._rests(self._jobs[each.number].name)]
        if not rested or self._refusal:
            return IDLE_S
        self._do(min(rested))
        return self._pause_s()

    def health(self) -> dict[str, Any]:
        """Return what is wrong, by job: its last error, and how many days it is behind. For any thread."""
        failing = {name: each.error for name, each in self._failing.copy().items()}
        return {"refused": self._refusal, "failing": failing, "days_behind": dict(self._behind)}

    def _pause_s(self) -> float:
        now_ns = self._books.clock.monotonic_ns()
        if self._rested_ns is not None and now_ns - self._rested_ns < AT_A_STRETCH_S * 1_000_000_000:
            return 0.0
        self._rested_ns = now_ns + round(BETWEEN_STEPS_S * 1_000_000_000)
        return BETWEEN_STEPS_S

    def _waiting(self, connection: Connection, today: date) -> list[_Due]:
        rows = {row.name: row for row in connection.execute(select(job))}
        zone = venue_zone(connection)
        found = []
        for number, each in enumerate(self._jobs):
            row = rows.get(each.name)
            if row is None:
                found.append(_Due(today, number, ""))
                continue
            begun = due_day(parse_utc(row.at), zone, self._hour)
            day = date.fromisoformat(row.done_on) + timedelta(days=1) if row.done_on else begun
            if day < today and not each.every_day:
                found.append(_Due(today, number, row.place if begun == today else ""))
                continue
            first = today - timedelta(days=CATCH_UP_DAYS_MAX)
            if day < first:
                found.append(_Due(first, number, "", skipped=(first - day).days))
            elif day <= today:
                found.append(_Due(day, number, row.place))
        return found

    def _do(self, due: _Due) -> None:
        job_ = self._jobs[due.number]
        if due.skipped:
            self._skip(job_.name, due)
            return
        try:
            step = _run(job_, self._books, due)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  # a fault in one job must not end central, nor the other jobs
            self._fail(job_.name, error)
            return
        self._failing.pop(job_.name, None)
        self.counts.note("job_steps")
        self._keep(job_.name, due.day, step)

    def _keep(self, name: str, day: date, step: Step) -> None:
        row: dict[str, Any] = {"name": name, "place": "" if step.finished else step.place}
        row |= {"done": step.done, "total": step.total, "error": step.error[:ERROR_CHARACTERS_MAX]}
        row["at"] = format_utc(self._books.clock.now())
        if step.finished:
            row["done_on"] = day.isoformat()
            self.counts.note("job_days")
        self._write(row)

    def _skip(self, name: str, due: _Due) -> None:
        _log.error("days left out of nightly job", extra={"job": name, "days": due.skipped})
        self.counts.note("job_days_skipped", due.skipped)
        before = (due.day - timedelta(days=1)).isoformat()
        self._write({"name": name, "place": "", "done_on": before, "at": format_utc(self._books.clock.now())})

    def _write(self, row: Mapping[str, Any]) -> None:
        def write(connection: Connection) -> None:
            self._lease.guard(connection)
            upsert(connection, job, row)

        self._books.database.run(write)

    def _fail(self, name: str, error: Exception) -> None:
        known = self._failing.get(name)
        rest_s = min(known.rest_s * 2, REST_S[1]) if known else REST_S[0]
        text = f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX]
        self._failing[name] = _Failing(self._books.clock.monotonic_ns(), rest_s, text)
        self.counts.note("job_failures")
        _log.error("nightly job failed", exc_info=error, extra={"job": name, "rest_s": rest_s})
        at = format_utc(self._books.clock.now())

        def write(connection: Connection) -> None:
            self._lease.guard(connection)
            insert_missing(connection, job, {"name": name, "place": "", "total": 0, "done": 0, "error": "", "at": at})
            connection.execute(update(job).where(job.c.name == name).values(error=text))

        self._books.database.run(write)

    def _rests(self, name: str) -> bool:
        failing = self._failing.get(name)
        if failing is None:
            return False
        return self._books.clock.monotonic_ns() - failing.since_ns < failing.rest_s * 1_000_000_000


def _run(job_: Job, books: Books, due: _Due) -> Step:
    step = job_.run(books, due.day, due.place)
    if not step.finished and step.place == due.place:
        raise InvalidInput(f"job {job_.name} does not move on from {due.place!r}")
    return step


def due_day(now: datetime, zone: ZoneInfo, hour: int) -> date:
    """Return the last local day whose nightly hour has come."""
    local = now.astimezone(zone)
    return local.date() if local.hour >= hour else local.date() - timedelta(days=1)


def job_progress(look: Look) -> list[JobProgress]:
    """Return how far every job is that ever ran, by name."""
    columns = (job.c.name, job.c.done_on, job.c.done, job.c.total, job.c.error, job.c.at)
    return [
        JobProgress(name, date.fromisoformat(done_on) if done_on else None, done, total, error, parse_utc(at))
        for name, done_on, done, total, error, at in look.connection.execute(select(*columns).order_by(job.c.name))
    ]
