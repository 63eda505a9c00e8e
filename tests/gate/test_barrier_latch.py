"""What is wanted of a barrier wins, whoever writes in between."""

import pytest

from kiosk.core.errors import RetryLater
from kiosk.gate.latch import Latch
from tests.gate.barriers import Time, make_gate


class Motor:
    """A barrier that lets something else happen just before it moves, and that can be stuck."""

    def __init__(self) -> None:
        self.is_open = False
        self.stuck = False
        self.before_shutting = lambda: None

    def move(self, open_: bool) -> None:
        """Move, after what comes in between."""
        if self.stuck:
            raise RetryLater("the motor is stuck")
        if not open_:
            meanwhile, self.before_shutting = self.before_shutting, lambda: None
            meanwhile()
        self.is_open = open_


@pytest.fixture
def time() -> Time:
    return Time()


def make_latch(time: Time, motor: Motor) -> Latch:
    return Latch(make_gate(), time.clock, time.timers, motor.move, pytest.fail)


def test_an_emergency_between_the_end_of_a_hold_and_its_shutting_leaves_the_barrier_open(time: Time) -> None:
    motor = Motor()
    latch = make_latch(time, motor)
    latch.release(1.0)
    motor.before_shutting = latch.open_permanently
    time.passes(1.0)
    assert motor.is_open


def test_a_release_between_the_end_of_a_hold_and_its_shutting_leaves_the_barrier_open_for_its_own_hold(
    time: Time,
) -> None:
    motor = Motor()
    latch = make_latch(time, motor)
    latch.release(1.0)
    motor.before_shutting = lambda: latch.release(1.0)
    time.passes(1.0)
    assert motor.is_open
    time.passes(1.0)
    assert not motor.is_open


def test_a_release_that_fails_does_not_keep_an_earlier_hold_from_ending(time: Time) -> None:
    motor = Motor()
    latch = make_latch(time, motor)
    latch.release(1.0)
    motor.stuck = True
    with pytest.raises(RetryLater):
        latch.release(3.0)
    motor.stuck = False
    time.passes(0.99)
    assert motor.is_open
    time.passes(0.01)
    assert not motor.is_open
