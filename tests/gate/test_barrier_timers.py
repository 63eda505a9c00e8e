"""Timers: due ones run in order, one that fails stops no other, and a thread keeps real time."""

import threading

import pytest

from kiosk.core.errors import Refused
from kiosk.gate.timers import TIMERS_MAX, Timers
from kiosk.local.clock import SystemClock
from tests.gate.barriers import HandClock

SECOND = 1_000_000_000


def test_what_is_due_runs_once_and_earliest_first() -> None:
    clock, ran = HandClock(), list[str]()
    timers = Timers(clock)
    timers.at("late", clock.ns + 2 * SECOND, lambda: ran.append("late"))
    timers.at("early", clock.ns + SECOND, lambda: ran.append("early"))
    timers.at("not yet", clock.ns + 2 * SECOND + 1, lambda: ran.append("not yet"))
    clock.ns += 2 * SECOND
    assert timers.run_due() == 2
    assert timers.run_due() == 0
    assert ran == ["early", "late"]


def test_a_later_time_under_the_same_key_replaces_the_first() -> None:
    clock, ran = HandClock(), list[str]()
    timers = Timers(clock)
    timers.at("hold", clock.ns + SECOND, lambda: ran.append("first"))
    timers.at("hold", clock.ns + 2 * SECOND, lambda: ran.append("second"))
    clock.ns += SECOND
    timers.run_due()
    assert ran == []
    clock.ns += SECOND
    timers.run_due()
    assert ran == ["second"]


def test_a_cancelled_action_does_not_run() -> None:
    clock = HandClock()
    timers = Timers(clock)
    timers.at("walk", clock.ns, lambda: pytest.fail("ran"))
    assert timers.cancel("walk")
    assert not timers.cancel("walk")
    assert timers.run_due() == 0


def test_an_action_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    clock, ran = HandClock(), list[str]()
    timers = Timers(clock)
    timers.at("broken", clock.ns, lambda: ran.remove("nothing"))
    timers.at("sound", clock.ns + 1, lambda: ran.append("sound"))
    clock.ns += SECOND
    timers.run_due()
    assert ran == ["sound"]
    assert "gate timer failed" in caplog.text


def test_beyond_the_limit_a_timer_is_refused_and_a_known_key_is_not() -> None:
    timers = Timers(HandClock())
    for number in range(TIMERS_MAX):
        timers.at(number, SECOND, lambda: None)
    with pytest.raises(Refused, match=str(TIMERS_MAX)):
        timers.at("one more", SECOND, lambda: None)
    timers.at(0, 2 * SECOND, lambda: None)


def test_the_thread_runs_what_becomes_due_sooner_than_it_meant_to_wake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.gate.timers.IDLE_S", 60.0)
    clock = SystemClock()
    timers = Timers(clock)
    timers.start()
    ran = threading.Event()
    started_ns = clock.monotonic_ns()
    timers.at("far", started_ns + 60 * SECOND, lambda: None)
    threading.Event().wait(0.05)
    timers.at("near", clock.monotonic_ns() + SECOND // 20, ran.set)
    assert ran.wait(30)
    assert clock.monotonic_ns() - started_ns >= SECOND // 20
    timers.close()


def test_nothing_runs_after_closing_and_closing_may_be_repeated() -> None:
    clock, ran = HandClock(), threading.Event()
    timers = Timers(clock)
    timers.start()
    timers.at("later", clock.monotonic_ns() + SECOND, ran.set)
    timers.close()
    timers.close()
    clock.ns += 2 * SECOND
    assert not ran.wait(0.2)
