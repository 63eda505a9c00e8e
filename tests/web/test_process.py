"""The web process as its box starts it."""

import threading
import urllib.error
import urllib.request
from pathlib import Path

from kiosk.local.box import BoxSettings
from kiosk.web.process import WebProcess
from kiosk.web.settings import WebSettings
from tests.builders import FakeClock
from tests.support.wait import eventually
from tests.web.fakes import CARDS_CSV, FakeGate, make_state


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_process_shows_its_boxs_own_gate_and_says_how_it_is(tmp_path: Path, gate: FakeGate) -> None:
    (tmp_path / "cards.csv").write_text(CARDS_CSV, encoding="utf-8")
    box = BoxSettings(device="demo-gate", site="demo", data_dir=".", hash_key_file="key", folder=str(tmp_path))
    process = WebProcess(box, WebSettings(port=0, health_port=0, sample_cards="cards.csv"), FakeClock())
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="web", daemon=True)
    thread.start()
    eventually(lambda: process.port)
    health = f"http://127.0.0.1:{process.health_port}/healthz"
    assert status_of(health) == 503
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: status_of(health) == 200)
    assert status_of(f"http://127.0.0.1:{process.port}/demo") == 200
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
