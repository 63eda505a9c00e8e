"""One night of central as its leader runs it: every nightly job until nothing is left to do, each step timed."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from kiosk.bench.watching import TimedDatabase, memory_mb
from kiosk.central.club.books import Books
from kiosk.central.club.channels import RecordedChannel
from kiosk.central.club.jobs import IDLE_S, Job, NightlyJobs, job_progress
from kiosk.central.club.outbox import IDLE_S as OUTBOX_IDLE_S
from kiosk.central.club.outbox import Outbox
from kiosk.central.club.reaching import SENT_BY_US
from kiosk.central.duties import Duty
from kiosk.central.leading import LOOK_S, LeaseKeeper, Worker
from kiosk.central.lease import Lease
from kiosk.central.money.funds import IDLE_S as FUNDS_IDLE_S
from kiosk.central.money.funds import FundsKeeper
from kiosk.core.errors import CannotStart, RetryLater
from kiosk.local.clock import SystemClock
from kiosk.wiring_club import nightly_jobs

HOUR = 3
DAYS_APART_MAX = 30
JOIN_S = 5.0


class Night(msgspec.Struct, frozen=True):
    """What a night took: in all with the pauses between steps, by job, how many steps, and the longest transaction.

    `processor_s` is how long the process had a processor, which is less where others keep it busy. `funds_s` is how
    long it then took until edges could be told of what had moved, `notices_s` until `notices` notices had left.
    """

    seconds: float
    processor_s: float
    jobs: dict[str, float]
    steps: dict[str, int]
    longest_s: dict[str, float]
    errors: dict[str, str]
    funds_s: float
    notices_s: float
    notices: int
    peak_mb: float


class NightClock(SystemClock):
    """The machine's clock, put forward or back once so that it begins at a moment."""

    def __init__(self, begins: datetime) -> None:
        super().__init__()
        self._apart = begins - super().now()

    def now(self) -> datetime:
        """Return the wall clock as it was put."""
        return super().now() + self._apart


def run_night(database: TimedDatabase, begins: datetime) -> Night:
    """Run the jobs of a night and what must leave after it, as the leader does, with the pauses it makes."""
    stop, clock = threading.Event(), NightClock(begins)
    books, lease, meter = Books(database, clock), Lease(database, clock), _Meter(database)
    if not lease.try_hold():
        raise CannotStart("another process leads in this database")
    keeper = Worker("bench-lease", LeaseKeeper(lease, lambda: None, stop).run, stop)
    apart = timedelta(days=DAYS_APART_MAX)
    jobs = NightlyJobs(books, lease, meter.watched(nightly_jobs()), hour=HOUR,
                       clock_apart_max=apart)  # fmt: skip
    outbox = Outbox(database, lease, clock, {name: RecordedChannel() for name in SENT_BY_US})
    begun_s = time.process_time()
    seconds = _until_idle(jobs, clock, stop, IDLE_S)
    processor_s = time.process_time() - begun_s
    funds_s = _until_idle(FundsKeeper(database, lease), clock, stop, FUNDS_IDLE_S)
    notices_s = _until_idle(outbox, clock, stop, OUTBOX_IDLE_S)
    outbox.close()
    stop.set()
    keeper.join(JOIN_S)
    lease.release()
    with books.look() as look:
        errors = {each.name: each.error for each in job_progress(look) if each.error}
    health = jobs.health()
    errors |= health["failing"] | ({"refused": health["refused"]} if health["refused"] else {})
    told = outbox.counts["notices_sent"] + outbox.counts["notices_dropped"]
    return Night(
        seconds, processor_s, dict(meter.seconds), dict(meter.steps), dict(meter.longest_s), errors, funds_s, notices_s,
        told, memory_mb("VmHWM"),
    )  # fmt: skip


def _until_idle(duty: Duty, clock: NightClock, stop: threading.Event, idle_s: float) -> float:
    """Run a duty until it says that nothing is left, and return how long that took."""
    started, pause_s = time.monotonic(), 0.0
    while pause_s < idle_s:
        stop.wait(pause_s)
        try:
            pause_s = duty.tick(clock.now())
        except RetryLater:  # as `DutyRunner` does; on a machine that is too busy the lease may be late
            pause_s = LOOK_S
    return time.monotonic() - started


class _Meter:
    """Times each step of some jobs."""

    def __init__(self, database: TimedDatabase) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.steps: dict[str, int] = defaultdict(int)
        self.longest_s: dict[str, float] = defaultdict(float)
        self._database = database

    def watched(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the jobs, timed."""
        return [self._watched(each) for each in jobs]

    def _watched(self, job: Job) -> Job:
        def timed(books: Books, day: date, place: str) -> Any:
            self._database.longest_s = 0.0
            started = time.monotonic()
            try:
                return job.run(books, day, place)
            finally:
                self.seconds[job.name] += time.monotonic() - started
                self.steps[job.name] += 1
                self.longest_s[job.name] = max(self.longest_s[job.name], self._database.longest_s)

        return Job(job.name, timed, job.every_day)
