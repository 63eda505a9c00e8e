"""A gate process as a whole: what its health says, and that it starts where its journal cannot tell the past."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.config import load_edge
from kiosk.core.errors import JournalUnavailable, NeighbourDown
from kiosk.gate.commands import EMERGENCY, LOCKDOWN, stored_posture
from kiosk.gate.process import GateProcess
from kiosk.local.clock import SystemClock
from kiosk.local.talk import ask
from kiosk.readers.reader import CardGone, ReaderUp
from kiosk.store.database import writing
from kiosk.store.journal import Journal
from tests.builders import IDENTIFIER, make_denied, make_exit, make_point, make_rows
from tests.support.edge_home import EdgeHome, now_anchor
from tests.support.wait import eventually


def make_process(folder: Path) -> GateProcess:
    home = EdgeHome(folder, [make_point(reader="in", gate="main"), make_exit(reader="out", gate="main")])
    home.install(make_rows(), now_anchor())
    config = load_edge(home.config)
    return GateProcess(
        config.box, config.reader, config.gate, config.access_point, config.controller, SystemClock(), "1.0"
    )


@contextmanager
def running(process: GateProcess) -> Iterator[GateProcess]:
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), daemon=True)
    thread.start()
    try:
        eventually(lambda: all(each.is_up for each in process.loop._readers.values()) and process._health.port)
        yield process
    finally:
        stop.set()
        thread.join(60)


def health(process: GateProcess) -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{process._health.port}/healthz"
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def process(tmp_path):
    with running(make_process(tmp_path / "box")) as started:
        yield started


def test_a_blind_reader_is_ill_health_until_it_sees_even_if_the_loop_never_hears_of_it(process):
    eventually(lambda: health(process)[0] == 200)
    reader = process.loop._readers["in"]
    process._inbox.put_nowait = lambda _item: None
    reader.lose("absent")
    eventually(lambda: health(process)[0] == 503)
    eventually(lambda: health(process)[1]["detail"]["readers_blind"] == ["in"])
    reader.restore()
    eventually(lambda: health(process)[0] == 200)


def test_an_emergency_input_that_cannot_be_read_is_ill_health(process):
    eventually(lambda: health(process)[0] == 200)
    process._emergency.blind = True
    assert health(process)[0] == 503


def test_the_status_counts_what_left_no_record(process):
    status = eventually(lambda: answer(process, "status"))
    counted = ("discarded", "exits_unrecorded", "entries_unrecorded", "denials_unrecorded", "dropped")
    assert {name: status[name] for name in (*counted, "emergency_untold")} == dict.fromkeys(
        (*counted, "emergency_untold"), 0
    )
    assert status["readers"] == {"in": True, "out": True}


def test_a_card_tapped_at_the_process_is_answered_with_its_record(process):
    got = eventually(lambda: answer(process, "tap", {"identifier": IDENTIFIER, "reader": "out"}))
    assert got["reason"] == "ok_exit"


def answer(process: GateProcess, op: str, args: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return ask(process._box.socket("gate"), op, args)
    except NeighbourDown:
        return {}


def test_a_card_that_leaves_takes_no_place_in_the_inbox(tmp_path):
    process = make_process(tmp_path / "box")
    process._put_read(CardGone("in"))
    process._put_read(ReaderUp("in", 1))
    assert process._inbox.qsize() == 1
    process._close([])


def test_a_journal_that_cannot_tell_the_past_keeps_no_gate_from_starting(tmp_path, caplog):
    journal = Journal(tmp_path / "gate.db")
    journal.update([("INSERT INTO meta VALUES (?, 'yes')", (LOCKDOWN,))])
    assert stored_posture(journal) == {LOCKDOWN: "yes", EMERGENCY: ""}

    def refuse(_sql: str) -> None:
        raise JournalUnavailable("the disk is full")

    journal.query = refuse
    assert stored_posture(journal) == {LOCKDOWN: "", EMERGENCY: ""}
    assert [record.message for record in caplog.records] == ["posture cannot be read"]
    journal.close()


def test_a_long_parting_feeds_the_watchdog(tmp_path, monkeypatch):
    process = make_process(tmp_path / "box")
    journal = process.controller.journal
    with writing(journal.connection) as connection:
        for _ in range(2500):
            journal._insert(connection, make_denied(), SystemClock().now())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(1)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        parting = {"journal": journal.id, "common": 0, "seq": 9, "hash": "00" * 32, "why": "fork"}
        process.loop._commands.run("part", parting)
        assert [systemd.recv(64) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    process._close([])
