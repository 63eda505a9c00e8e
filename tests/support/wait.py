"""Waiting in tests: look again until it is so, or until a deadline; and promises that have a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], timeout_s: float = 15.0, every_s: float = 0.02) -> T:
    """Return the first true value of `check`; fails with the last value when there is none in time."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_s} s: {getattr(check, '__name__', check)} gave {value!r}")
        pause.wait(every_s)


def in_time(limit_s: float, measure: Callable[[], float], tries: int = 5) -> bool:
    """Say whether a try keeps a promised time; `measure` tries once and returns how many seconds it took.

    The machine of a test run has other things to do for one try or two; what breaks the promise is late in all.
    """
    return any(measure() < limit_s for _ in range(tries))
