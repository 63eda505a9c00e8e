"""The mock turnstile's own ways: it records, and people walk through it by themselves."""

import pytest

from kiosk.gate.mock import WALKERS_MAX, MockRelease
from tests.gate.barriers import Heard, Time, make_turnstile


@pytest.fixture
def time() -> Time:
    return Time()


def test_releases_are_recorded_with_their_times(time: Time) -> None:
    turnstile = make_turnstile(time.clock, time.timers)
    turnstile.release(3.0)
    time.passes(1.0)
    turnstile.release(5.0)
    first, second = turnstile.releases
    assert (first.hold_s, second) == (3.0, MockRelease(first.at_ns + 1_000_000_000, 5.0))


def test_somebody_walks_through_after_each_release(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers, mock_passage_s=0.5), Heard()
    turnstile.listen(heard.append)
    turnstile.release(3.0)
    turnstile.release(3.0)
    time.passes(0.49)
    assert heard == []
    time.passes(0.01)
    assert heard.kinds() == ["Occupied", "Passed", "Cleared"] * 2


def test_nobody_walks_after_having_been_refused(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers, mock_passage_s=0.5), Heard()
    turnstile.listen(heard.append)
    turnstile.release(3.0)
    turnstile.refuse()
    time.passes(5.0)
    assert heard == []


def test_who_arrives_after_the_hold_finds_it_shut(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers, mock_passage_s=2.0), Heard()
    turnstile.listen(heard.append)
    turnstile.release(1.0)
    time.passes(5.0)
    assert heard == []
    assert not turnstile.walk_through()


def test_who_forces_it_passes_though_it_is_shut(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers), Heard()
    turnstile.listen(heard.append)
    turnstile.force("in")
    assert heard.kinds() == ["Occupied", "Passed", "Cleared"]
    assert not turnstile.is_open


def test_a_blocked_passage_clears_after_its_time_and_not_when_others_pass(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers), Heard()
    turnstile.listen(heard.append)
    turnstile.block(10.0)
    turnstile.force()
    time.passes(9.99)
    assert heard.kinds() == ["Occupied", "Passed"]
    time.passes(0.01)
    assert heard.kinds() == ["Occupied", "Passed", "Cleared"]


def test_more_people_than_can_be_on_their_way_are_counted_and_never_arrive(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers, mock_passage_s=0.5), Heard()
    turnstile.listen(heard.append)
    for _ in range(WALKERS_MAX + 2):
        turnstile.release(3.0)
    time.passes(1.0)
    assert heard.kinds().count("Passed") == WALKERS_MAX
    assert turnstile.walkers_lost == 2


def test_nobody_walks_through_a_closed_down_turnstile(time: Time) -> None:
    turnstile, heard = make_turnstile(time.clock, time.timers, mock_passage_s=0.5), Heard()
    turnstile.listen(heard.append)
    turnstile.release(3.0)
    turnstile.block(1.0)
    turnstile.close()
    time.passes(5.0)
    assert heard.kinds() == ["Occupied"]
