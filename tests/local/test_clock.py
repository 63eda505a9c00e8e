"""The machine's clocks."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.core.clock import Clock
from kiosk.local.clock import SystemClock
from tests.support.needs import needs


def test_the_wall_clock_is_aware_and_utc() -> None:
    clock: Clock = SystemClock()
    before, now, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= after


def test_the_monotonic_clock_goes_on() -> None:
    clock = SystemClock()
    first = clock.monotonic_ns()
    assert first <= clock.monotonic_ns()


def test_boot_and_monotonic_clock_are_the_same_in_every_process() -> None:
    program = "from kiosk.local.clock import SystemClock as C; c = C(); print(c.boot_id(), c.monotonic_ns())"
    clock = SystemClock()
    before = clock.monotonic_ns()
    boot, there = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert boot == clock.boot_id()
    assert before < int(there) < clock.monotonic_ns()


@pytest.mark.faketime
def test_a_faked_wall_clock_leaves_the_monotonic_one_alone() -> None:
    library = needs("/usr/lib/*/faketime/libfaketimeMT.so.1", "faketime")
    program = "from kiosk.local.clock import SystemClock as C; c = C(); print(c.now().year, c.monotonic_ns())"
    env = os.environ | {"LD_PRELOAD": str(library), "FAKETIME": "@2031-01-02 00:00:00", "DONT_FAKE_MONOTONIC": "1"}
    before = SystemClock().monotonic_ns()
    year, there = subprocess.check_output([sys.executable, "-c", program], text=True, env=env).split()
    assert year == "2031"
    assert before < int(there) < SystemClock().monotonic_ns()


def test_an_unknown_boot_is_equal_to_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kiosk.local.clock._BOOT_ID", tmp_path / "missing")
    assert SystemClock().boot_id() != SystemClock().boot_id()
