"""Nightly jobs: once a local day, in steps, in order, and none in another's way."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.jobs import CATCH_UP_DAYS_MAX, IDLE_S, REST_S, Job, NightlyJobs, Step, job_progress
from kiosk.central.lease import LeaseLost
from kiosk.central.tables import device, setting
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import held_lease

HOUR = 3
BEFORE = datetime(2026, 11, 22, 18, 59, tzinfo=UTC)
"""02:59 of 23 November in Shanghai."""


class Diary:
    """A job that writes down each step it does: the day, and the place it went on from."""

    def __init__(self, steps: int = 2) -> None:
        self.steps = steps
        self.done: list[tuple[date, str]] = []
        self.fails: Exception | None = None

    def run(self, _books: Books, today: date, place: str) -> Step:
        """Do a step."""
        if self.fails is not None:
            raise self.fails
        self.done.append((today, place))
        count = int(place or 0) + 1
        return Step(count, self.steps, str(count), finished=count == self.steps)

    @property
    def days(self) -> list[date]:
        """The days that were begun."""
        return [day for day, place in self.done if not place]


def make_jobs(books: Books, **jobs: Callable[[Books, date, str], Step]) -> NightlyJobs:
    """The runner of such jobs."""
    named = [Job(name, run, every_day=True) for name, run in jobs.items()]
    return NightlyJobs(books, held_lease(books), named, hour=HOUR, clock_apart_max=timedelta(days=1))


def run_out(runner: NightlyJobs, clock: ManualClock, ticks_max: int = 2000) -> int:
    """Tick until nothing is left to do now; return how often."""
    for ticks in range(ticks_max):
        if runner.tick(clock.now()) >= IDLE_S:
            return ticks
    raise AssertionError("never idle")


@pytest.fixture
def clock() -> ManualClock:
    """A clock just before the nightly hour."""
    return ManualClock(BEFORE)


def test_a_job_runs_once_a_local_day_from_its_hour_on(books: Books, clock: ManualClock) -> None:
    diary = Diary()
    runner = make_jobs(books, diary=diary.run)
    run_out(runner, clock)
    assert diary.days == [date(2026, 11, 22)]
    run_out(runner, clock)
    assert len(diary.done) == 2
    clock.set_wall(BEFORE + timedelta(minutes=1))
    run_out(runner, clock)
    assert diary.days == [date(2026, 11, 22), date(2026, 11, 23)]


def test_days_off_are_caught_up_in_order_and_day_by_day_over_all_jobs(both_books: Books, clock: ManualClock) -> None:
    done: list[tuple[str, date]] = []

    def noting(name: str) -> Callable[[Books, date, str], Step]:
        def run(_books: Books, today: date, _place: str) -> Step:
            done.append((name, today))
            return Step(1, 1, "", finished=True)

        return run

    run_out(make_jobs(both_books, first=noting("first"), then=noting("then")), clock)
    done.clear()
    clock.set_wall(BEFORE + timedelta(days=3))
    run_out(make_jobs(both_books, first=noting("first"), then=noting("then")), clock)
    days = [date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)]
    assert done == [(name, day) for day in days for name in ("first", "then")]


def test_a_job_that_does_not_go_by_the_day_runs_once_after_days_off(books: Books, clock: ManualClock) -> None:
    done: list[date] = []

    def run(_books: Books, today: date, _place: str) -> Step:
        done.append(today)
        return Step(1, 1, "", finished=True)

    def night() -> None:
        jobs = [Job("once", run)]
        run_out(NightlyJobs(books, held_lease(books), jobs, hour=HOUR, clock_apart_max=timedelta(days=1)), clock)

    night()
    clock.set_wall(BEFORE + timedelta(days=3))
    night()
    night()
    assert done == [done[0], date(2026, 11, 25)]


def test_a_job_that_was_killed_goes_on_where_it_stopped_with_the_day_it_was_at(
    books: Books, clock: ManualClock
) -> None:
    run_out(make_jobs(books, diary=Diary().run), clock)
    clock.set_wall(BEFORE + timedelta(days=1))
    killed = Diary(steps=4)
    runner = make_jobs(books, diary=killed.run)
    runner.tick(clock.now())
    runner.tick(clock.now())
    clock.set_wall(BEFORE + timedelta(days=2))
    after = Diary(steps=4)
    run_out(make_jobs(books, diary=after.run), clock)
    assert killed.done == [(date(2026, 11, 23), ""), (date(2026, 11, 23), "1")]
    assert after.done[:2] == [(date(2026, 11, 23), "2"), (date(2026, 11, 23), "3")]
    assert after.days == [date(2026, 11, 24)]


def test_a_failing_job_rests_says_so_and_leaves_the_others_alone(books: Books, clock: ManualClock) -> None:
    bad, good = Diary(), Diary()
    bad.fails = KeyError("a fault in the code")
    runner = make_jobs(books, bad=bad.run, good=good.run)
    run_out(runner, clock)
    assert good.days == [date(2026, 11, 22)]
    assert "a fault in the code" in runner.health()["failing"]["bad"]
    assert runner.health()["days_behind"] == {"bad": 1}
    with books.look() as look:
        assert [(each.name, bool(each.error)) for each in job_progress(look)] == [("bad", True), ("good", False)]
    bad.fails = None
    run_out(runner, clock)
    assert bad.done == []
    clock.elapsed_ns += int(REST_S[0]) * 1_000_000_000
    runner._lease.try_hold()
    run_out(runner, clock)
    assert bad.days == [date(2026, 11, 22)]
    assert runner.health() == {"refused": "", "failing": {}, "days_behind": {}}
    with books.look() as look:
        assert [each.error for each in job_progress(look)] == ["", ""]


def test_a_job_that_stands_still_counts_as_failing(books: Books, clock: ManualClock) -> None:
    runner = make_jobs(books, stuck=lambda _books, _today, place: Step(0, 9, place, finished=False))
    run_out(runner, clock)
    assert "does not move on" in runner.health()["failing"]["stuck"]


def test_progress_shows_how_far_a_job_is(books: Books, clock: ManualClock) -> None:
    runner = make_jobs(books, diary=Diary(steps=4).run)
    runner.tick(clock.now())
    with books.look() as look:
        (half_way,) = job_progress(look)
    assert (half_way.done, half_way.total, half_way.done_on) == (1, 4, None)
    run_out(runner, clock)
    with books.look() as look:
        (done,) = job_progress(look)
    assert (done.done, done.done_on) == (4, date(2026, 11, 22))


def test_nothing_runs_by_a_clock_that_is_not_believed(books: Books, clock: ManualClock) -> None:
    with books.database.begin() as connection:
        connection.execute(insert(setting).values(name="signed_at", value=format_utc(BEFORE)))
    clock.set_wall(BEFORE + timedelta(days=365))
    diary = Diary()
    runner = make_jobs(books, diary=diary.run)
    assert runner.tick(clock.now()) == IDLE_S
    assert diary.done == []
    assert "clock differs" in runner.health()["refused"]
    with books.database.begin() as connection:
        row = {"name": "gate", "site": "demo", "public_key": "", "state": "online", "clock_offset_ms": 0}
        at = format_utc(clock.now())
        connection.execute(insert(device).values(**row, registered_at=at, seen_at=at))
    run_out(runner, clock)
    assert diary.days == [date(2027, 11, 22)]


def test_a_clock_set_back_runs_no_day_twice(books: Books, clock: ManualClock) -> None:
    diary = Diary()
    runner = make_jobs(books, diary=diary.run)
    run_out(runner, clock)
    clock.set_wall(BEFORE - timedelta(days=5))
    run_out(runner, clock)
    clock.set_wall(BEFORE)
    run_out(runner, clock)
    assert diary.days == [date(2026, 11, 22)]


def test_after_years_off_the_first_days_are_left_out(books: Books, clock: ManualClock) -> None:
    diary = Diary()
    runner = make_jobs(books, diary=diary.run)
    run_out(runner, clock)
    diary.done.clear()
    clock.set_wall(BEFORE + timedelta(days=1000))
    run_out(runner, clock)
    assert len(diary.days) == CATCH_UP_DAYS_MAX + 1
    assert runner.counts["job_days_skipped"] > 0


def test_one_that_no_longer_leads_keeps_no_place(books: Books, clock: ManualClock) -> None:
    runner = make_jobs(books, diary=Diary().run)
    runner._lease.release()
    with pytest.raises(LeaseLost):
        runner.tick(clock.now())
    with books.look() as look:
        assert job_progress(look) == []


def test_jobs_need_names_that_fit_the_audit_trail(books: Books) -> None:
    with pytest.raises(InvalidInput):
        make_jobs(books, **{"x" * 29: Diary().run})
    change = books.change(Actor("job:" + "x" * 28, "job"), lambda change: change.note("a", "b", "c"))
    assert change is None
