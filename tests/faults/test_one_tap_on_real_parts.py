"""One tap, end to end, on real parts: pcscd with a virtual card, mosquitto with its ACL, central on PostgreSQL."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.codec import decode
from tests.faults.books import assert_books_agree, heads
from tests.faults.club import DEVICE, SITE, command, make_box, make_member
from tests.support.central_home import CENTRAL_USER, PASSWORD, CentralHome, write_rows
from tests.support.edge_home import EdgeHome, Started
from tests.support.mosquitto import Mosquitto
from tests.support.pcsc import PrivatePcscd, needs_pcsc, ntag
from tests.support.postgresql import PrivatePostgresql
from tests.support.wait import eventually

pytestmark = [pytest.mark.mosquitto, pytest.mark.pcsc, pytest.mark.postgresql]

CARD = "04A1B2C3D4E5F6"
READER = "Virtual Door"
NEXT_TAP_S = 15.0
"""When a revoked card is refused at the latest, on a machine that is busy with other tests."""

POLICY = """\
[sites.demo]
zone = "Asia/Shanghai"
[areas.outside]
[areas.club]
[tiers.basic]
rank = 1
[products.gym]
areas = ["club"]
"""


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of an empty database."""
    server = PrivatePostgresql()
    try:
        server.start()
        yield server.url(server.create())
    finally:
        server.stop()


@pytest.fixture
def door() -> Iterator[PrivatePcscd]:
    """A card reader."""
    needs_pcsc()
    service = PrivatePcscd((READER,))
    service.start()
    try:
        yield service
    finally:
        service.close()


@pytest.mark.proves("R43", "S20", "S25", "S41")
def test_an_enrolled_card_opens_the_gate_and_a_revoked_one_does_not(
    tmp_path: Path, postgresql: str, door: PrivatePcscd
) -> None:
    with Mosquitto(tmp_path, {CENTRAL_USER: PASSWORD, DEVICE: "until add-device"}) as broker:
        central = install(tmp_path / "central", postgresql, broker)
        told = json.loads(command(central, "add-device", DEVICE, "--site", SITE))
        box = make_box(tmp_path / "box", told, broker.port)
        env = {**os.environ, **door.environment}
        running = [central.start(), start_gate(box, env), box.start("sync")]
        try:
            enrol(central, tmp_path, status="active")
            eventually(central.is_night_done, 60)
            newest = central.revision()
            eventually(lambda: box.ask("status")["roster_revision"] >= newest, 60)
            lay_card(door)
            granted = eventually(lambda: facts(central, "access.granted"), 15)
            assert [each["reason"] for each in granted] == ["ok"]
            assert len(eventually(lambda: facts(central, "access.taken"), 15)) == 1
            enrol(central, tmp_path, status="revoked")
            revoked = central.revision()
            assert revoked > newest
            eventually(lambda: box.ask("status")["roster_revision"] >= revoked, NEXT_TAP_S)
            lay_card(door)
            denied = eventually(lambda: facts(central, "access.denied"), 15)
            assert [each["reason"] for each in denied] == ["credential_revoked"]
            running[1].stop()
            eventually(lambda: len(central.records()) == head_of(box), 15)
            assert_books_agree(central, box.data)
        finally:
            for process in running:
                process.kill()


def install(folder: Path, database: str, broker: Mosquitto) -> CentralHome:
    """Set central up by its commands, as an installer does; it provisions mosquitto's own password file."""
    central = CentralHome(folder, database=database, broker_port=broker.port)
    pid_file = folder / "mosquitto.pid"
    pid_file.write_text(str(broker._process.pid if broker._process else 0))
    passwords = broker._folder / "passwords"
    central.provision = {"mosquitto_passwords": str(passwords), "mosquitto_pid_file": str(pid_file)}
    (folder / "club.toml").write_text(POLICY)
    command(central, "init")
    command(central, "import-policy", str(folder / "club.toml"))
    return central


def enrol(central: CentralHome, folder: Path, status: str) -> None:
    """Import the one member's row."""
    write_rows(folder / "member.csv", [make_member("M001", CARD, status=status)])
    command(central, "import-members", str(folder / "member.csv"))


def start_gate(box: EdgeHome, env: dict[str, str]) -> Started:
    """Start the gate of the box with the real reader at its entrance."""
    text = box.config.read_text()
    pcsc = box.folder / "pcsc.toml"
    pcsc.write_text(text.replace('name = "in"', f'name = "in"\ndevice = "pcsc:{READER}"\ndebounce_s = 0.2', 1))
    command = [str(part) for part in (sys.executable, "-m", "kiosk", "gate", "--config", pcsc)]
    return Started(command, box.folder / "gate.log", env)


def lay_card(door: PrivatePcscd) -> None:
    """Lay the card on the reader until it has been read, and take it away."""
    card = ntag(CARD)
    card.insert(door.ports[READER])
    assert card.answered.wait(15)
    card.remove()


def facts(central: CentralHome, kind: str) -> list[dict[str, Any]]:
    """Return what central's records of one type say."""
    records = [decode(body) for *_, body in central.records()]
    return [record["data"] for record in records if record["type"] == kind]


def head_of(box: EdgeHome) -> int:
    """Return how far the gate's journal goes."""
    return sum(heads(box.data).values())
