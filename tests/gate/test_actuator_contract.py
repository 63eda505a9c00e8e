"""What every barrier does, run over the mock turnstile and the relay on mock pins."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk.core.errors import Refused
from kiosk.gate.actuator import Occupied, Passed, SensorEvent
from tests.gate.barriers import Bench, GpioBench, Heard, MockBench, Time

Make = Callable[..., Bench]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=[MockBench, GpioBench], ids=["mock", "gpio"])
def make(request: pytest.FixtureRequest, time: Time) -> Iterator[Make]:
    made: list[Bench] = []

    def build(**settings: Any) -> Bench:
        made.append(request.param(time, **settings))
        return made[-1]

    yield build
    for bench in made:
        bench.actuator.close()


@pytest.mark.parametrize("fail", ["secure", "safe"])
def test_a_barrier_is_shut_until_it_is_released_and_again_after_the_hold(make: Make, time: Time, fail: str) -> None:
    bench = make(fail=fail)
    assert not bench.is_open()
    bench.actuator.release(3.0)
    assert bench.is_open()
    time.passes(2.99)
    assert bench.is_open()
    time.passes(0.01)
    assert not bench.is_open()


def test_a_further_release_extends_the_hold(make: Make, time: Time) -> None:
    bench = make()
    bench.actuator.release(3.0)
    time.passes(2.0)
    bench.actuator.release(3.0)
    time.passes(2.99)
    assert bench.is_open()
    time.passes(0.01)
    assert not bench.is_open()


def test_a_shorter_release_does_not_shorten_the_hold(make: Make, time: Time) -> None:
    bench = make()
    bench.actuator.release(3.0)
    bench.actuator.release(0.5)
    time.passes(2.99)
    assert bench.is_open()
    time.passes(0.01)
    assert not bench.is_open()


def test_a_release_returns_while_the_loop_that_listens_hangs(make: Make, time: Time) -> None:
    bench = make()
    hung, let_go = threading.Event(), threading.Event()

    def hang(event: SensorEvent) -> None:
        hung.set()
        let_go.wait(30)

    bench.actuator.listen(hang)
    walker = threading.Thread(target=bench.walk, daemon=True)
    walker.start()
    assert hung.wait(30)
    bench.actuator.release(3.0)
    assert bench.is_open()
    bench.actuator.open_permanently()
    let_go.set()
    walker.join(60)
    assert bench.is_open()


def test_an_opened_barrier_outlasts_the_hold_and_shuts_on_normal(make: Make, time: Time) -> None:
    bench = make()
    bench.actuator.release(1.0)
    bench.actuator.open_permanently()
    time.passes(60.0)
    assert bench.is_open()
    bench.actuator.normal()
    assert not bench.is_open()


def test_normal_leaves_a_running_hold_alone(make: Make, time: Time) -> None:
    bench = make()
    bench.actuator.open_permanently()
    bench.actuator.release(3.0)
    bench.actuator.normal()
    assert bench.is_open()
    time.passes(3.0)
    assert not bench.is_open()


def test_a_passage_is_told_as_occupied_passed_and_cleared(make: Make, time: Time) -> None:
    bench, heard = make(), Heard()
    bench.actuator.listen(heard.append)
    time.passes(1.0)
    before_ns = time.clock.ns
    bench.walk()
    assert heard.kinds() == ["Occupied", "Passed", "Cleared"]
    assert {event.gate for event in heard} == {"main"}
    assert isinstance(heard[1], Passed)
    assert (heard[1].at_ns, heard[1].direction) == (before_ns, "")


def test_a_passage_that_is_occupied_at_the_start_is_told_and_is_no_passage(make: Make, time: Time) -> None:
    bench, heard = make(), Heard()
    bench.stand_in()
    bench.actuator.listen(heard.append)
    assert heard == [Occupied("main", time.clock.ns)]


def test_a_barrier_without_sensor_says_so_and_tells_of_nobody(make: Make, time: Time) -> None:
    bench, heard = make(sensor=False), Heard()
    bench.actuator.listen(heard.append)
    bench.actuator.release(3.0)
    bench.walk()
    time.passes(4.0)
    assert not bench.actuator.has_sensor
    assert heard == []


@pytest.mark.parametrize(("fail", "open_after"), [("secure", False), ("safe", True)])
@pytest.mark.parametrize("released", [False, True])
def test_closing_leaves_the_fail_state_and_may_be_done_twice(
    make: Make, fail: str, open_after: bool, released: bool
) -> None:
    bench = make(fail=fail)
    if released:
        bench.actuator.release(3.0)
    bench.actuator.close()
    bench.actuator.close()
    assert bench.is_open() is open_after


def test_a_closed_barrier_stays_as_it_is_and_refuses(make: Make, time: Time) -> None:
    bench = make()
    bench.actuator.release(3.0)
    bench.actuator.close()
    for call in (lambda: bench.actuator.release(3.0), bench.actuator.open_permanently, bench.actuator.normal):
        with pytest.raises(Refused, match="main is closed down"):
            call()
    time.passes(4.0)
    assert not bench.is_open()
