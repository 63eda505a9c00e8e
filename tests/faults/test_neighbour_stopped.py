"""A neighbour stops in mid-write and never goes on: people keep tapping, as fast as before."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import pytest

from kiosk.core.errors import RetryLater
from kiosk.local.talk import ask
from tests.faults.books import heads
from tests.faults.club import CARDS, Club, a_club, fill_journal, pause, rounds
from tests.support.ports import free_ports
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(5)
TAPS, TRIES = 40, 4
SLOWER, SLACK_S = 3, 0.02
"""A tap may take so many times its quiet time and so much more: the machine has other things to do, too."""

HOLDER = """
import os, signal, sqlite3, sys
held = []
for file, *statements in eval(sys.argv[1]):
    connection = sqlite3.connect(file, isolation_level=None)
    held += [connection, *[connection.execute(each) for each in statements]]
    held[-1].fetchone()
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""
IN_MID_WRITE = "INSERT OR REPLACE INTO status VALUES ('half', 'written')"


def test_sync_stopped_in_five_rounds_in_mid_write_delays_no_tap(tmp_path: Path) -> None:
    chance = random.Random(8)
    with a_club(tmp_path, "central", "sync", "gate") as club:
        quiet = tap_times(club)
        club.stop("gate")
        fill_journal(club.data, ROUNDS * 1500)
        club.start("gate")
        for number in range(ROUNDS):
            pause(chance.uniform(0.05, 0.3))
            club.running["sync"].signal(signal.SIGSTOP)
            assert_as_fast(lambda number=number: tap_times(club, number), quiet)
            club.running["sync"].signal(signal.SIGCONT)
        club.check()


def test_the_screens_stopped_delay_no_tap(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        club.box.web = {"port": free_ports(1), "health_port": 0, "club": {"zh": "俱乐部", "en": "Club"}}
        quiet = tap_times(club)
        club.start("web")
        eventually(lambda: answers(club.data / "web.sock"), 30)
        assert len(heads(club.data)) == 2
        club.running["web"].signal(signal.SIGSTOP)
        assert_as_fast(lambda: [each for number in range(5) for each in tap_times(club, number)], quiet)
        club.running["web"].signal(signal.SIGCONT)
        club.check()


def test_locks_that_a_stopped_process_holds_on_every_shared_file_delay_no_tap(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        quiet = tap_times(club)
        club.kill("sync")
        writes = [
            (str(club.data / "sync.db"), "BEGIN IMMEDIATE", IN_MID_WRITE, "SELECT 1"),
            (str(club.data / "roster" / "overlay.db"), "BEGIN IMMEDIATE", "DELETE FROM row", "SELECT 1"),
            (str(club.data / "gate.db"), "BEGIN", "SELECT * FROM record"),
        ]
        with stopped(writes):
            assert_as_fast(lambda: [each for number in range(3) for each in tap_times(club, number)], quiet)
            club.kill("gate")
            club.start("gate")
            assert_as_fast(lambda: tap_times(club), quiet)
        club.start("sync")
        club.check()


def answers(socket: Path) -> bool:
    """Say whether a process answers on its socket."""
    try:
        ask(socket, "status")
    except RetryLater:
        return False
    return True


def tap_times(club: Club, number: int = 0) -> list[float]:
    """Tap in and out, and return how long each tap took, in seconds. The first waits for the gate and is left out."""
    times = []
    for tap in range(TAPS + 1):
        card = CARDS[(number * 7 + tap) % len(CARDS)]
        begun = time.monotonic()
        assert club.tap(card, "out" if tap % 2 else "in")["granted"]
        times.append(time.monotonic() - begun)
        pause(0.01)
    return times[1:]


def assert_as_fast(measure: Callable[[], list[float]], quiet: list[float]) -> None:
    """Compare the middle and the slow end of tap times with those of a quiet box: what is held up is so in each try."""
    limits = (SLOWER * median(quiet) + SLACK_S, SLOWER * tail(quiet) + 4 * SLACK_S)
    tried = []
    for _ in range(TRIES):
        times = measure()
        tried.append((median(times), tail(times)))
        if tried[-1][0] <= limits[0] and tried[-1][1] <= limits[1]:
            return
    raise AssertionError(f"middle and slow end took {tried} s, with {limits} s allowed")


def tail(times: list[float]) -> float:
    """Return what nine of ten taps stay below."""
    return quantiles(times, n=10)[-1]


@contextmanager
def stopped(held: list[tuple[str, ...]]) -> Iterator[None]:
    """A process that ran these statements on these files and then stopped for good."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, repr(held)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield
        finally:
            process.kill()
