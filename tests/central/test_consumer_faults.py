"""Several central processes, a broker not to be trusted, deaths at every point: nothing lost, nothing twice."""

import json
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.keys import Keys, init_keys
from kiosk.central.schema import migrate
from kiosk.central.settings import CentralSettings
from kiosk.local.clock import SystemClock
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.mqtt import MqttLink
from tests.central.builders import EdgeDevice, EdgeJournal, a_journal, listed, parked_rows, register, stored
from tests.central.central_process import Silent
from tests.central.uplink import Uplink
from tests.support.mosquitto import Mosquitto
from tests.support.nursery import Nursery
from tests.support.postgresql import PrivatePostgresql
from tests.support.wait import eventually

FAULTS = {"lose": 0.15, "repeat": 0.2, "delay_max": 30, "cut": 0.01}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Central's keys."""
    return init_keys(tmp_path)


@contextmanager
def consuming(database: Database, keys: Keys, broker: LoopbackBroker, count: int) -> Iterator[None]:
    """Several central processes, here as threads, that share out what devices send."""
    stop = threading.Event()
    settings = CentralSettings(shared_subscription=count > 1)
    centrals = [Central(database, broker.link, keys, settings, SystemClock(), stop) for _ in range(count)]
    threads = [threading.Thread(target=each.run, args=(Silent(), []), daemon=True) for each in centrals]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def assert_holds(database: Database, journals: list[EdgeJournal]) -> None:
    """Central's records are those of the journals, byte by byte, each once."""
    for journal in journals:
        assert stored(database, journal) == journal.bodies
    total = sum(journal.head for journal in journals)
    assert [each["n"] for each in listed(database)] == list(range(1, total + 1))
    assert parked_rows(database) == []


@pytest.mark.parametrize(("count", "seed"), [(1, 1), (3, 2)])
def test_over_a_broker_that_loses_repeats_delays_and_cuts(
    database: Database, keys: Keys, count: int, seed: int
) -> None:
    devices = [EdgeDevice(f"gate-{number}") for number in range(3)]
    register(database, *devices)
    journals = [a_journal(200) for _ in devices]
    with LoopbackBroker(seed, **FAULTS) as broker, consuming(database, keys, broker, count):
        pairs = zip(devices, journals, strict=True)
        uplinks = [Uplink(*pair, broker.link, keys.signing.public) for pair in pairs]
        for uplink in uplinks:
            uplink.start()
        eventually(lambda: all(each.is_done for each in uplinks), timeout_s=60)
        for uplink in uplinks:
            uplink.stop()
        assert all(uplink.forged == 0 for uplink in uplinks)
    assert_holds(database, journals)


@pytest.mark.postgresql
def test_while_the_database_is_away_nothing_is_acked_and_afterwards_all_is(keys: Keys) -> None:
    server = PrivatePostgresql()
    try:
        server.start()
        url = server.url(server.create())
        migrate(url)
        device, journal = EdgeDevice(), a_journal(6000)
        with closing(Database(url)) as database, LoopbackBroker() as broker:
            register(database, device)
            with consuming(database, keys, broker, 2):
                uplink = Uplink(device, journal, broker.link, keys.signing.public)
                uplink.start()
                eventually(lambda: uplink.cursor > 0, timeout_s=20)
                server.kill()
                threading.Event().wait(0.5)
                acked = uplink.cursor
                threading.Event().wait(0.5)
                assert acked == uplink.cursor < journal.head
                server.start()
                assert stored(database, journal)[:acked] == journal.bodies[:acked]
                eventually(lambda: uplink.is_done, timeout_s=60)
                uplink.stop()
            assert_holds(database, [journal])
    finally:
        server.stop()


class CentralProcess:
    """A central process of its own, to be killed."""

    def __init__(self, nursery: Nursery, url: str, home: Path, port: int = 0, **plan: object) -> None:
        told = {"url": url, "home": str(home), "port": port, **plan}
        self._said = home / "said"
        self._said.unlink(missing_ok=True)
        command = ["tests.central.central_process", json.dumps(told)]
        self._running = nursery.begin(command, home / "central.log", out=self._said)

    def wait(self) -> tuple[int, list[str]]:
        """Wait for its end; return its status and what it said."""
        return self._running.process.wait(60), self._said.read_text().split()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._running.kill()


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
@pytest.mark.parametrize("round_", range(3))
def test_a_process_killed_around_its_commit_acked_only_what_is_stored(
    database: Database, database_url: str, nursery: Nursery, tmp_path: Path, keys: Keys, moment: str, round_: int
) -> None:
    device, journal = EdgeDevice(), a_journal(50)
    register(database, device)
    batches = device.batches(journal, 10)
    (tmp_path / "batches").mkdir()
    for number, payload in enumerate(batches):
        (tmp_path / "batches" / f"{number}").write_bytes(payload)
    plan = {"batches": str(tmp_path / "batches"), "device": device.name, "moment": moment, "at": round_ + 1}
    status, said = CentralProcess(nursery, database_url, tmp_path, **plan).wait()
    assert status == -signal.SIGKILL
    assert said == [str(10 * (number + 1)) for number in range(round_)]
    held = 10 * (round_ + (moment == "after_commit"))
    assert stored(database, journal) == journal.bodies[:held]
    status, said = CentralProcess(nursery, database_url, tmp_path, **plan | {"at": 0}).wait()
    assert (status, said) == (0, [str(max(10 * (number + 1), held)) for number in range(5)])
    assert_holds(database, [journal])


@pytest.mark.mosquitto
def test_processes_killed_at_random_while_they_share_the_uplink(
    database: Database, database_url: str, nursery: Nursery, tmp_path: Path, keys: Keys
) -> None:
    devices = [EdgeDevice(f"gate-{number}") for number in range(3)]
    register(database, *devices)
    journals = [a_journal(1000) for _ in devices]
    passwords = {"central": "of-central"} | {each.name: f"of-{each.name}" for each in devices}
    total = sum(journal.head for journal in journals)
    dice = random.Random(7)
    with Mosquitto(tmp_path, passwords) as broker:

        def central() -> CentralProcess:
            return CentralProcess(nursery, database_url, tmp_path, broker.port, password="of-central")

        uplinks = [
            Uplink(*pair, MqttLink, keys.signing.public, port=broker.port, password=f"of-{pair[0].name}")
            for pair in zip(devices, journals, strict=True)
        ]
        processes = [central(), central()]
        for uplink in uplinks:
            uplink.start()
        kills = 0
        while not all(each.is_done for each in uplinks):
            goal = sum(each.cursor for each in uplinks) + dice.randint(50, 500)
            eventually(lambda goal=goal: sum(each.cursor for each in uplinks) >= min(goal, total), timeout_s=60)
            victim = dice.randrange(2)
            processes[victim].kill()
            kills += 1
            processes[victim] = central()
            for uplink, journal in zip(uplinks, journals, strict=True):
                acked = uplink.cursor
                assert len(stored(database, journal)) >= acked
        for process in processes:
            process.kill()
        for uplink in uplinks:
            uplink.stop()
    assert kills >= 5
    assert_holds(database, journals)
