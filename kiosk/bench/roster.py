"""A whole roster on its way to a gate that goes on tapping, and one changed member on its way to the next tap."""

import random
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from kiosk.bench import rosters
from kiosk.bench.club import BenchClub
from kiosk.bench.figures import Result, Row, percentile
from kiosk.bench.tap import Bench
from kiosk.central.database import Database
from kiosk.central.roster import change
from kiosk.core.model import Credential, CredentialState
from kiosk.local.clock import SystemClock
from kiosk.wiring_central import load_central

DISK_BYTES_PER_S = 64 * 1024**2
QUIET_TAPS = 1000
TAP_EVERY_S = 0.01
LIMIT_S = 300.0
FIRST_MEMBERS = 1000


def run(members: int, changes: int) -> Result:
    """Measure the way of a roster of `members`, the taps meanwhile, and `changes` single changes."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        home = Path(folder)
        with BenchClub(home, DISK_BYTES_PER_S) as club:
            database = Database(load_central(home / "central.toml").database_url)
            (home / "data").mkdir()
            bench = Bench(home, random.Random(7), FIRST_MEMBERS)  # noqa: S311 - which card taps next
            first = _put(database, 0, FIRST_MEMBERS)
            club.start("sync")
            club.start("central")
            _paced(bench, _until(bench, first))
            quiet_us = _paced(bench, lambda count: count >= QUIET_TAPS)
            whole = _put(database, FIRST_MEMBERS, members)
            started = time.monotonic()
            busy_us = _paced(bench, _until(bench, whole))
            carried_s = time.monotonic() - started
            latencies_ms = [_one_change(database, bench, number) for number in range(changes)]
            bench.close()
            database.close()
    raw = {
        "members": members, "carried_s": carried_s, "disk_bytes_per_s": DISK_BYTES_PER_S,
        "quiet_p50_us": percentile(quiet_us, 0.5), "quiet_p99_us": percentile(quiet_us, 0.99),
        "busy_p50_us": percentile(busy_us, 0.5), "busy_p99_us": percentile(busy_us, 0.99),
        "change_p50_ms": percentile(latencies_ms, 0.5), "change_p95_ms": percentile(latencies_ms, 0.95),
    }  # fmt: skip
    return Result("roster", _rows(raw), raw)


def _put(database: Database, start: int, end: int) -> int:
    """Put members into central's books in one transaction and return the revision that has them."""
    rows = chain(rosters.small_rows(), (rosters.member_row(number) for number in range(start, end)))
    with database.begin() as connection:
        return change(connection, rows, at=SystemClock().now())


def _paced(bench: Bench, done: Callable[[int], bool]) -> list[float]:
    taken: list[float] = []
    pause = threading.Event()
    while not done(len(taken)):
        taken.append(bench.tap_us())
        pause.wait(TAP_EVERY_S)
    return taken


def _until(bench: Bench, revision: int) -> Callable[[int], bool]:
    """Return what says that the bench's gate has a revision, or that it never will."""
    deadline = time.monotonic() + LIMIT_S
    return lambda _count: bench.controller.roster.policy.revision >= revision or time.monotonic() > deadline


def _one_change(database: Database, bench: Bench, number: int) -> float:
    """Revoke a card at central and return the milliseconds until a tap is refused for it."""
    card = rosters.member_row(number)
    revoked = Credential(id=card.id, member=card.member, tier="gold", state=CredentialState.REVOKED)
    with database.begin() as connection:
        change(connection, [revoked], at=SystemClock().now())
    started, pause = time.monotonic(), threading.Event()
    while bench.reason_of(number) != "credential_revoked":
        if time.monotonic() - started > LIMIT_S:
            break
        pause.wait(0.005)
    return (time.monotonic() - started) * 1000


def _rows(raw: dict[str, float]) -> list[Row]:
    p50, p99 = raw["busy_p50_us"] / raw["quiet_p50_us"], raw["busy_p99_us"] / raw["quiet_p99_us"]
    rate = f"disk writes at {raw['disk_bytes_per_s'] / 1024**2:.0f} MiB/s"
    return [
        Row(f"{raw['members']:,} members built, carried, switched", f"{raw['carried_s']:.1f} s", rate, "≤ 20 s",
            raw["carried_s"] <= 20),
        Row("taps meanwhile, p50", f"{raw['busy_p50_us']:.0f} µs", f"{raw['quiet_p50_us']:.0f} µs quiet, x{p50:.2f}",
            "≤ x1.5", p50 <= 1.5),
        Row("taps meanwhile, p99", f"{raw['busy_p99_us']:.0f} µs", f"{raw['quiet_p99_us']:.0f} µs quiet, x{p99:.2f}",
            "≤ x4", p99 <= 4),
        Row("one changed member to the next tap, p95", f"{raw['change_p95_ms']:.0f} ms",
            f"{raw['change_p50_ms']:.0f} ms p50", "≤ 1000 ms", raw["change_p95_ms"] <= 1000),
    ]  # fmt: skip
