"""The web process as its box starts it."""

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest

from kiosk.core.clock import format_utc
from kiosk.core.codec import decode
from kiosk.local.box import BoxSettings
from kiosk.store.journal import JournalLimits
from kiosk.store.reading import JournalReader
from kiosk.store.roster import RosterWriter
from kiosk.web.process import WebProcess
from kiosk.web.settings import WebSettings
from tests.builders import NOW, FakeClock
from tests.support.wait import eventually
from tests.web.fakes import CARDS_CSV, FakeGate, make_state


def status_of(port: int, path: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection, suppress(ConnectionRefusedError):
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
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("days", "state", "at"),
    [(0, "ok", NOW), (-1, "behind", NOW), (30, "ahead", NOW), (1, "ok", NOW + timedelta(days=1))],
)
def test_records_are_dated_by_centrals_word_where_the_clock_cannot_be_believed(
    tmp_path: Path, days: int, state: str, at: datetime
) -> None:
    box = BoxSettings(device="demo-gate", site="demo", data_dir=".", hash_key_file="key", folder=str(tmp_path))
    clock = FakeClock(NOW + timedelta(days=days))
    with closing(RosterWriter(box.roster)) as roster:
        roster.accept_head(1, 1, NOW, clock.monotonic_ns(), clock.boot_id())
    stop = threading.Event()
    stop.set()
    WebProcess(box, WebSettings(port=0, health_port=0), JournalLimits(), clock, "1.0").run(stop)
    with closing(JournalReader(tmp_path / "web.db")) as journal:
        journal.mark()
        told = [decode(each.body) for each in journal.read(0, 10, 10_000)]
    assert [each["type"] for each in told] == ["journal.opened", "process.started"]
    assert {(each["at"], each["data"]["clock"]) for each in told} == {(format_utc(at), state)}
