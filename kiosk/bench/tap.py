"""One tap, from the card read to the release command, beside a bare 300-byte append with fdatasync."""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kiosk.bench import rosters
from kiosk.bench.box import POINT, make_box
from kiosk.bench.figures import Result, Row, percentile
from kiosk.bench.watching import memory_mb
from kiosk.core.decision import decide
from kiosk.core.errors import RetryLater
from kiosk.core.identifiers import Assurance
from kiosk.core.model import AccessPoint
from kiosk.gate.actuator import Passed
from kiosk.gate.controller import GateController
from kiosk.gate.mock import MockTurnstile
from kiosk.gate.passage import Passages
from kiosk.gate.passing import Passing
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers
from kiosk.local.clock import SystemClock
from kiosk.local.talk import ask
from kiosk.located import EDGE
from kiosk.readers.reader import CardRead
from kiosk.store.journal import Journal
from kiosk.store.roster_reader import RosterReader

APPEND_BYTES = 300
ROUND = 50
RESIDENT_MAX_MB = 60


def run(members: int, taps: int) -> Result:
    """Measure `taps` taps over a roster of `members`; times in microseconds."""
    chance = random.Random(7)  # noqa: S311 - which card taps next
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder:
        home = Path(folder)
        make_box(home, members, gate="mock_sensor = false")
        bench = Bench(home, chance, members)
        tap_us, bare_us = bench.interleaved(taps)
        decide_us = bench.decisions(taps)
        bench.close()
        resident_mb = _resident_mb(home)
    raw = {
        "members": members, "taps": taps,
        "tap_p50_us": percentile(tap_us, 0.5), "tap_p99_us": percentile(tap_us, 0.99),
        "bare_p50_us": percentile(bare_us, 0.5), "bare_p99_us": percentile(bare_us, 0.99),
        "decide_p50_us": percentile(decide_us, 0.5), "decide_p99_us": percentile(decide_us, 0.99),
        "resident_mb": resident_mb,
    }  # fmt: skip
    raw["ratio_p50"], raw["ratio_p99"] = raw["tap_p50_us"] / raw["bare_p50_us"], raw["tap_p99_us"] / raw["bare_p99_us"]
    return Result("tap", _rows(raw), raw)


class Bench:
    """A gate's controller on a real journal and roster, without threads."""

    def __init__(self, home: Path, chance: random.Random, members: int) -> None:
        self._chance, self._members = chance, members
        clock = SystemClock()
        self._journal = Journal(home / "data" / "bench.db")
        settings = GateSettings(id="main")
        self._turnstile = MockTurnstile(settings, clock, Timers(clock))
        point = AccessPoint(POINT, "outside", "club", reader=POINT, gate="main")
        self._passing = Passing(
            Passages([(settings, True)]), self._journal, clock, lambda: self.controller.reading(), lambda _end: None
        )
        self.controller = GateController(
            [point], self._journal, RosterReader(home / "data" / "roster", "bench", "UTC", 14 * 86400),
            {"main": self._turnstile}, clock, rosters.HASH_KEY, {"main": 3.0}, self._passing,
        )  # fmt: skip
        self._bare = os.open(home / "data" / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def interleaved(self, taps: int) -> tuple[list[float], list[float]]:
        """Return microseconds of taps and of bare appends, taken in turn, fifty of each at a time."""
        tap_us: list[float] = []
        bare_us: list[float] = []
        blob = b"x" * APPEND_BYTES
        for _ in range(max(taps // ROUND, 1)):
            for _ in range(ROUND):
                card = self._card()
                started_ns = time.monotonic_ns()
                self.controller.handle(card)
                tap_us.append((self._turnstile.releases[-1].at_ns - started_ns) / 1000)
                self._go_through()
            for _ in range(ROUND):
                started_ns = time.monotonic_ns()
                os.write(self._bare, blob)
                os.fdatasync(self._bare)
                bare_us.append((time.monotonic_ns() - started_ns) / 1000)
            self._journal.checkpoint()
        return tap_us, bare_us

    def tap_us(self) -> float:
        """Tap a card and return the microseconds from the read to the release, or to the refusal."""
        started_ns = time.monotonic_ns()
        tap = self.controller.handle(self._card())
        if not tap.decision.granted:
            return (time.monotonic_ns() - started_ns) / 1000
        taken_us = (self._turnstile.releases[-1].at_ns - started_ns) / 1000
        self._go_through()
        return taken_us

    def reason_of(self, number: int) -> str:
        """Tap one member's card and return the reason."""
        tap = self.controller.handle(CardRead(POINT, rosters.identifier(number), Assurance.UID))
        if tap.decision.granted:
            self._go_through()
        return tap.decision.event.reason

    def decisions(self, taps: int) -> list[float]:
        """Return microseconds of gathering and deciding alone."""
        taken: list[float] = []
        for _ in range(taps):
            card = self._card()
            started_ns = time.monotonic_ns()
            decide(self.controller.gather(card))
            taken.append((time.monotonic_ns() - started_ns) / 1000)
        return taken

    def close(self) -> None:
        """Let go of the files."""
        os.close(self._bare)
        self._journal.close()

    def _card(self) -> CardRead:
        return CardRead(POINT, rosters.identifier(self._chance.randrange(self._members)), Assurance.UID)

    def _go_through(self) -> None:
        """Let the one who was granted pass, outside what is measured."""
        self._passing.sensed(Passed("main", time.monotonic_ns()))


def _resident_mb(home: Path) -> float:
    """Return the resident memory of a real gate process that has served taps from that roster."""
    command = [sys.executable, "-m", "kiosk", "gate", "--config", str(home / EDGE)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        socket = home / "data" / "gate.sock"
        for number in range(200):
            _tap_when_ready(socket, rosters.identifier(number))
        return memory_mb("VmRSS", process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _tap_when_ready(socket: Path, number: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            ask(socket, "tap", {"identifier": number})
        except RetryLater:
            if time.monotonic() > deadline:
                raise
        else:
            return


def _rows(raw: dict[str, float]) -> list[Row]:
    def us(name: str) -> str:
        return f"{raw[name]:.0f} µs"

    return [
        Row("tap p50", us("tap_p50_us"), f"{us('bare_p50_us')} bare append, x{raw['ratio_p50']:.2f}", "≤ x1.5",
            raw["ratio_p50"] <= 1.5),
        Row("tap p99", us("tap_p99_us"), f"{us('bare_p99_us')} bare append, x{raw['ratio_p99']:.2f}", "≤ x2",
            raw["ratio_p99"] <= 2),
        Row("decision p50, no journal", us("decide_p50_us")),
        Row("decision p99, no journal", us("decide_p99_us"), "", "≤ 100 µs", raw["decide_p99_us"] <= 100),
        Row("gate resident", f"{raw['resident_mb']:.0f} MB", f"{raw['members']:,} members", f"≤ {RESIDENT_MAX_MB} MB",
            raw["resident_mb"] <= RESIDENT_MAX_MB),
    ]  # fmt: skip
