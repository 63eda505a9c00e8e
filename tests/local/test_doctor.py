"""What the doctor finds wrong with a box, and that looking changes nothing."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import msgspec
import pytest

from kiosk.config import load_edge
from kiosk.core.model import AccessPoint
from kiosk.doctor import Finding, examine
from tests.support.certificates import Authority
from tests.support.command_line import kiosk
from tests.support.edge_home import EdgeHome
from tests.support.wait import eventually

POINT = AccessPoint("entrance", "in", "gate", "outside", "club")
FOREIGN = "127.0.0.1.kiosk.invalid"


@pytest.fixture
def box(tmp_path: Path) -> EdgeHome:
    return EdgeHome(tmp_path / "box", [POINT])


@pytest.fixture
def port() -> Iterator[int]:
    """A port of loopback at which something listens, as a broker would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def found(box: EdgeHome, what: str) -> list[Finding]:
    """Return what is said of one thing."""
    return [finding for finding in examine(load_edge(box.config)) if finding.what == what]


def line(host: str, port: int, **more: str) -> dict[str, object]:
    """Return a [sync] table."""
    return {"host": host, "port": port, "device_key_file": "device.key", "central_key_file": "central.key", **more}


def test_a_broker_elsewhere_without_tls_fails(box: EdgeHome, port: int) -> None:
    box.sync = line(FOREIGN, port)
    first = found(box, "broker")[0]
    assert (first.grade, first.said) == ("fail", f"{FOREIGN}:{port} without TLS")
    assert "ca_file" in first.hint


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_broker_on_this_machine_needs_no_tls(box: EdgeHome, port: int, host: str) -> None:
    box.sync = line(host, port)
    assert [finding.grade for finding in found(box, "broker")] == ["ok"]


def test_a_broker_elsewhere_with_tls_that_does_not_answer_fails_for_that_alone(box: EdgeHome, port: int) -> None:
    box.sync = line(FOREIGN, port, ca_file="ca.crt")
    assert [finding.said.split("(")[0] for finding in found(box, "broker")] == [f"{FOREIGN}:{port} does not answer "]


@pytest.mark.parametrize("host", ["a..b", "x" * 300, ""])
def test_a_broker_whose_name_is_none_does_not_answer(box: EdgeHome, port: int, host: str) -> None:
    box.sync = line(host, port, ca_file="ca.crt")
    assert [finding.grade for finding in found(box, "broker")] == ["fail"]


def test_a_certificate_is_read_and_one_that_is_none_fails(box: EdgeHome, port: int) -> None:
    box.sync = line("localhost", port, ca_file=str(Authority(box.folder).ca_file), cert_file="hash.key")
    good, bad = found(box, "certificate")
    assert (good.grade in ("ok", "warn"), "valid until" in good.said) == (True, True)
    assert (bad.grade, "cannot be read" in bad.said) == ("fail", True)


def test_a_data_folder_that_is_missing_fails_and_is_not_made(box: EdgeHome) -> None:
    before = [*os.listdir(box.folder), "edge.toml"]
    finding = found(box, "disk")[0]
    assert (finding.grade, str(box.data) in finding.said) == ("fail", True)
    assert finding.hint
    assert sorted(os.listdir(box.folder)) == sorted(before)


def test_looking_at_a_box_changes_nothing_in_its_data(box: EdgeHome) -> None:
    box.install([])
    before = sorted(path.name for path in box.data.rglob("*"))
    list(examine(load_edge(box.config)))
    assert sorted(path.name for path in box.data.rglob("*")) == before


@pytest.mark.proves("S92")
def test_a_blind_reader_of_a_kiosk_is_told_by_the_screens_health_and_by_the_doctor(
    box: EdgeHome, free_ports: Callable[[int], int]
) -> None:
    port = free_ports(1)
    box.web, box.till = {"port": 0, "health_port": port}, {"id": "bar-1", "reader": {"name": "till"}}
    box.self_service = {"reader": {"name": "kiosk", "device": f"serial:{box.folder}/none"}}
    config = load_edge(box.config)

    def seen(what: str) -> list[Finding]:
        return [each for each in examine(config) if each.what == what]

    (stopped,) = seen("screens")
    assert (stopped.grade, stopped.hint) == ("warn", "See that `kiosk web` runs")
    with box.start("web"):
        eventually(lambda: [each.grade for each in seen("reader till")] == ["ok"], 30)
        (blind,) = seen("reader kiosk")
        assert (blind.grade, blind.said, blind.hint) == ("fail", "is blind", "Look at its cable")
        assert seen("screens") == []
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            health = msgspec.json.decode(answer.read())
        assert (answer.status, health["detail"]["readers_blind"]) == (503, ["kiosk"])


@pytest.mark.proves("S92")
def test_a_box_without_gate_line_or_roster_is_told_of_each_in_a_line_and_the_command_exits_1(box: EdgeHome) -> None:
    done = kiosk("doctor", "--config", str(box.config))
    assert done.exit_code == 1
    grades = {line[6:21].strip(): line[:5].strip() for line in done.stdout.splitlines()}
    assert grades == {
        "configuration": "ok", "hash key": "ok", "gate": "warn", "clock": "ok", "disk": "fail", "roster": "fail",
        "line": "warn", "broker": "warn",
    }  # fmt: skip
    assert all(" — " in line for line in done.stdout.splitlines() if not line.startswith("ok"))


def test_a_hash_key_that_is_too_short_fails(box: EdgeHome) -> None:
    (box.folder / "hash.key").write_text("AAAA")
    assert [finding.grade for finding in found(box, "hash key")] == ["fail"]
