"""From a tap to the result on the gate's screen, as a browser paints it: real processes on loopback, a mock reader."""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from kiosk.bench import rosters
from kiosk.bench.box import POINT, make_box
from kiosk.bench.browser import Browser
from kiosk.bench.figures import Result, Row, percentile
from kiosk.core.errors import RetryLater
from kiosk.local.talk import ask
from kiosk.located import EDGE

PAINTED_MAX_MS = 300
READY_S = 30
PAUSE_S = 0.15
"""Between two taps, as long as it takes to put the next card down."""

LOOK_S = 0.05

WEB = """
[web]
port = {port}
health_port = 0
"""

SHOWN = "Number(document.body.dataset.shows ?? 0)"
PAINTED = "Number(document.body.dataset.paintedAt)"


def run(members: int, taps: int) -> Result:
    """Measure `taps` taps; times in milliseconds, from the moment the card is given to the reader."""
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as folder, ExitStack() as held:
        home, port = Path(folder), _free_port()
        data = make_box(home, members, gate="mock_passage_s = 0.05", more=WEB.format(port=port))
        for process in ("gate", "web"):
            held.enter_context(_running(home, process))
        _wait_for(port)
        browser = Browser(home / "browser", f"http://127.0.0.1:{port}/gate/{POINT}")
        held.callback(browser.close)
        browser.wait("document.body.dataset.notice === '' && document.body.dataset.online !== undefined", READY_S)
        painted_ms, answered_ms = _measure(browser, data / "gate.sock", members, taps)
    raw = {
        "members": members, "taps": taps,
        "painted_p50_ms": percentile(painted_ms, 0.5), "painted_p95_ms": percentile(painted_ms, 0.95),
        "painted_max_ms": max(painted_ms), "answered_p95_ms": percentile(answered_ms, 0.95),
    }  # fmt: skip
    return Result("screen", _rows(raw), raw)


def _measure(browser: Browser, gate: Path, members: int, taps: int) -> tuple[list[float], list[float]]:
    painted: list[float] = []
    answered: list[float] = []
    for number in range(taps + 1):
        before = browser.evaluate(SHOWN)
        started = time.time()
        ask(gate, "tap", {"identifier": rosters.identifier(number % members)})
        answered.append((time.time() - started) * 1000)
        browser.wait(f"{SHOWN} > {before}")
        painted.append(browser.evaluate(PAINTED) - started * 1000)
        threading.Event().wait(PAUSE_S)
    # The first one warms everything up, the browser's fonts above all.
    return painted[1:], answered[1:]


@contextmanager
def _running(home: Path, process: str) -> Iterator[None]:
    command = [sys.executable, "-m", "kiosk", process, "--config", str(home / EDGE)]
    started = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_S
        while not (home / "data" / f"{process}.sock").exists() and time.monotonic() < deadline:
            threading.Event().wait(LOOK_S)
        yield
    finally:
        started.terminate()
        started.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            with closing(socket.create_connection(("127.0.0.1", port), 1)):
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise RetryLater(f"nothing listens on {port}") from error
            threading.Event().wait(LOOK_S)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


def _rows(raw: dict[str, float]) -> list[Row]:
    limit = f"≤ {PAINTED_MAX_MS} ms"
    return [
        Row("tap to painted p50", f"{raw['painted_p50_ms']:.0f} ms"),
        Row("tap to painted p95", f"{raw['painted_p95_ms']:.0f} ms", f"{raw['answered_p95_ms']:.0f} ms gate's answer",
            limit, raw["painted_p95_ms"] <= PAINTED_MAX_MS),
        Row("tap to painted max", f"{raw['painted_max_ms']:.0f} ms"),
    ]  # fmt: skip
