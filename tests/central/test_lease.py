"""Who leads: one at a time, whatever the wall clocks say, and nobody for longer than a term after a death."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from kiosk.central.database import Database, write_setting
from kiosk.central.lease import DRIFT, TERM_S, Lease, LeaseLost
from tests.central.builders import ON_SQLITE, ManualClock


@ON_SQLITE
def test_one_of_two_leads_and_goes_on_leading(database: Database, clock: ManualClock) -> None:
    one, other = Lease(database, clock), Lease(database, clock)
    assert one.try_hold()
    for _ in range(10):
        clock.pass_s(3)
        assert one.try_hold()
        assert not other.try_hold()
        assert (one.held(), other.held()) == (True, False)


def test_of_many_who_try_at_once_one_wins(database: Database, clock: ManualClock) -> None:
    leases = [Lease(database, clock) for _ in range(6)]
    start = threading.Barrier(6, timeout=60)

    def try_it(lease: Lease) -> bool:
        start.wait()
        return lease.try_hold()

    with ThreadPoolExecutor(6) as pool:
        for _ in range(10):
            won = list(pool.map(try_it, leases))
            assert sum(won) == 1
            leases[won.index(True)].release()


@ON_SQLITE
def test_a_term_that_ran_out_is_over_without_asking_anybody(database: Database, clock: ManualClock) -> None:
    lease = Lease(database, clock)
    lease.try_hold()
    clock.pass_s(TERM_S - 0.1)
    assert lease.held()
    clock.pass_s(0.1)
    assert not lease.held()


@ON_SQLITE
def test_on_the_same_machine_a_dead_leader_is_followed_when_its_term_is_over(
    database: Database, clock: ManualClock
) -> None:
    Lease(database, clock).try_hold()
    follower = Lease(database, clock)
    clock.pass_s(TERM_S - 0.1)
    assert not follower.try_hold()
    clock.pass_s(0.2)
    assert follower.try_hold()


def test_from_another_machine_a_dead_leader_is_followed_after_a_whole_term_of_silence(database: Database) -> None:
    here, there = ManualClock(boot="boot-1"), ManualClock(boot="boot-2")
    there.elapsed_ns = 10**15
    Lease(database, here).try_hold()
    follower = Lease(database, there)
    assert not follower.try_hold()
    there.pass_s(TERM_S * DRIFT)
    assert not follower.try_hold()
    there.pass_s(0.1)
    assert follower.try_hold()


@ON_SQLITE
def test_from_another_machine_a_leader_that_renews_is_not_followed(database: Database) -> None:
    here, there = ManualClock(boot="boot-1"), ManualClock(boot="boot-2")
    leader, follower = Lease(database, here), Lease(database, there)
    for _ in range(20):
        assert leader.try_hold()
        assert not follower.try_hold()
        here.pass_s(3)
        there.pass_s(3)


@ON_SQLITE
@pytest.mark.parametrize("wall", [datetime(1999, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)])
def test_a_wall_clock_set_back_or_forward_changes_nothing(database: Database, wall: datetime) -> None:
    here, there = ManualClock(boot="boot-1"), ManualClock(boot="boot-2")
    leader, follower = Lease(database, here), Lease(database, there)
    assert leader.try_hold()
    assert not follower.try_hold()
    here.set_wall(wall)
    there.set_wall(wall)
    here.pass_s(3)
    there.pass_s(3)
    assert leader.held()
    assert leader.try_hold()
    assert not follower.try_hold()


@ON_SQLITE
def test_a_lease_given_back_is_free_at_once(database: Database, clock: ManualClock) -> None:
    one, other = Lease(database, clock), Lease(database, ManualClock(boot="boot-2"))
    one.try_hold()
    one.release()
    assert not one.held()
    assert other.try_hold()
    one.release()
    assert not one.try_hold()
    assert other.try_hold()


def test_a_leader_that_was_asleep_has_no_effect_any_more(database: Database, clock: ManualClock) -> None:
    sleeper, waker = Lease(database, ManualClock(boot="boot-1")), Lease(database, clock)
    sleeper.try_hold()
    waker.try_hold()
    clock.pass_s(TERM_S * DRIFT + 0.1)
    assert waker.try_hold()
    assert sleeper.held()

    def work(lease: Lease) -> None:
        with database.begin() as connection:
            lease.guard(connection)
            write_setting(connection, "led", "yes")

    with pytest.raises(LeaseLost):
        work(sleeper)
    work(waker)
    assert not sleeper.try_hold()
    assert not sleeper.held()


def test_guarded_work_is_refused_when_the_term_is_over(database: Database, clock: ManualClock) -> None:
    lease = Lease(database, clock)
    lease.try_hold()
    clock.pass_s(TERM_S + 1)
    with database.begin() as connection, pytest.raises(LeaseLost):
        lease.guard(connection)
