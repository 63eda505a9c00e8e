"""The web process as its box starts it."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from kiosk.local.box import BoxSettings
from kiosk.store.journal import JournalLimits
from kiosk.web.process import WebProcess
from kiosk.web.settings import WebSettings
from tests.builders import FakeClock
from tests.support.wait import eventually
from tests.web.fakes import CARDS_CSV, FakeGate, make_state


def status_of(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection, suppress(ConnectionRefusedError):
        connection.request("GET", path)
        return connection.getresponse().status
    return 0


def test_the_process_shows_its_boxs_own_gate_and_says_how_it_is(
    tmp_path: Path, gate: FakeGate, free_ports: Callable[[int], int]
) -> None:
    (tmp_path / "cards.csv").write_text(CARDS_CSV, encoding="utf-8")
    box = BoxSettings(device="demo-gate", site="demo", data_dir=".", hash_key_file="key", folder=str(tmp_path))
    port = free_ports(2)
    settings = WebSettings(port=port, health_port=port + 1, sample_cards="cards.csv")
    process = WebProcess(box, settings, JournalLimits(), FakeClock(), "1.0")
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="web", daemon=True)
    thread.start()
    eventually(lambda: status_of(port + 1, "/healthz") == 503)
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: status_of(port + 1, "/healthz") == 200)
    assert status_of(port, "/demo") == 200
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
