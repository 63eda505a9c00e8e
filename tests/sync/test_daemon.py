"""The whole sync process over a broker that cannot be trusted, against the real central."""

import random
import sqlite3
import threading
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical, decode
from kiosk.core.errors import ConfigError, KioskError
from kiosk.core.roster import row_key
from kiosk.local.box import BoxSettings
from kiosk.local.clock import SystemClock
from kiosk.local.settings import load_settings
from kiosk.local.talk import TalkServer, ask
from kiosk.store.cursors import CursorReader
from kiosk.sync.process import SyncProcess
from kiosk.sync.settings import SyncSettings
from kiosk.wire import topics
from kiosk.wire.link import LinkSettings
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.messages import Ack, AckStatus, Birth, Command, CommandResult, Offline
from kiosk.wire.signing import SigningKey
from tests.builders import CREDENTIAL, NOW, make_credential
from tests.support.migrated import put_tables
from tests.support.wait import eventually, in_time
from tests.sync.rosters import CentralRoster
from tests.sync.worlds import DEVICE, BoxEnd, CentralEnd, GateEnd, settle

STATE = topics.state(DEVICE)


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("central") / "template.db"
    put_tables(path)
    return path


@pytest.fixture
def broker():
    with LoopbackBroker(seed=11) as broker:
        yield broker


@pytest.fixture
def central(tmp_path, template, broker):
    central = CentralEnd(tmp_path / "central", template, broker.link)
    central.start()
    yield central
    central.close()


@pytest.fixture
def gate(tmp_path):
    gate = GateEnd(tmp_path / "box" / "data")
    yield gate
    gate.close()


@pytest.fixture
def box(tmp_path, central, broker):
    box = BoxEnd(tmp_path / "box", central, broker.link)
    yield box
    box.stop()


class Ear:
    """Listens on the broker to what goes by."""

    def __init__(self, broker: LoopbackBroker, *filters: str) -> None:
        self.link = broker.link(LinkSettings(host="", port=0, client_id="ear", subscriptions=filters))
        self.link.start()
        self.heard: list[bytes] = []

    def all(self) -> list[bytes]:
        """Return everything heard so far."""
        while self.link.events.qsize():
            event = self.link.events.get()
            if hasattr(event, "payload"):
                self.heard.append(event.payload)
                event.done()
        return self.heard


def online(broker):
    payload = broker.retained.get(STATE, b"{}")
    return decode(payload).get("state") == "online"


def test_a_backlog_of_5000_arrives_whole_through_losses_repeats_reordering_cuts_and_a_wiped_broker(
    box, gate, central, broker
):
    gate.bulk(5000)
    broker.faults(lose=0.1, repeat=0.1, delay_max=20, cut=0.02)
    box.start()
    dice = random.Random(5)
    pause = threading.Event()
    for _ in range(6):
        pause.wait(dice.random())
        broker.down()
        broker.wipe()
        broker.up()
        gate.tap(3)
    settle(gate, central)
    broker.faults(lose=0, repeat=0, delay_max=0, cut=0)
    settle(gate, central)
    assert central.records(gate.journal.id) == gate.bodies()
    assert central.count() == len(gate.bodies()) == 5019
    eventually(lambda: box.acked() == 5019)
    assert gate.partings == []


def test_central_from_an_older_backup_gets_everything_again(box, gate, central, broker):
    box.start()
    gate.tap(5)
    settle(gate, central)
    central.stop()
    central.database.close()
    backup = central.path.read_bytes()
    central.start()
    gate.tap(5)
    settle(gate, central)
    eventually(lambda: box.acked() == 11)
    central.stop()
    central.database.close()
    for path in central.path.parent.glob("central.db*"):
        path.unlink()
    central.path.write_bytes(backup)
    central.start()
    broker.cut(DEVICE)
    gate.tap()
    settle(gate, central)
    assert central.records(gate.journal.id) == gate.bodies()
    assert central.count() == 12


def test_a_restart_goes_on_where_central_stands(box, gate, central):
    box.start()
    gate.tap(5)
    settle(gate, central)
    eventually(lambda: box.acked() == 6)
    box.stop()
    gate.tap(5)
    box.start()
    settle(gate, central)
    assert central.records(gate.journal.id) == gate.bodies()


def test_both_journals_go_up_and_one_that_appears_late_too(box, gate, central, tmp_path):
    box.start()
    gate.tap()
    settle(gate, central)
    web = GateEnd(tmp_path / "box" / "data", "web")
    web.tap(3)
    settle(web, central)
    assert central.records(web.journal.id) == web.bodies()
    web.close()


def test_a_tap_is_sent_at_once_because_the_gate_says_so(tmp_path, central, gate, broker):
    box = BoxEnd(tmp_path / "box", central, broker.link, poll_s=30.0)
    box.start()
    eventually(lambda: box.acked() == 1, 20)
    eventually(lambda: gate.talk._followers["journal"])

    def until_it_is_there() -> float:
        begun = time.monotonic()
        gate.tap()
        settle(gate, central)
        return time.monotonic() - begun

    assert in_time(2.0, until_it_is_there)
    box.stop()


def test_without_a_word_from_the_gate_the_journal_is_looked_at_all_the_same(box, gate, central):
    gate.talk.close()
    box.start()
    eventually(lambda: box.acked() == 1)
    gate.bulk(3)
    settle(gate, central)


def test_a_clean_stop_says_offline_with_the_session_of_the_birth(box, gate, broker, central):
    box.start()
    eventually(lambda: online(broker))
    session = decode(broker.retained[STATE])["session"]
    eventually(lambda: central.device_state() == "online")
    box.stop()
    assert decode(broker.retained[STATE]) == {"schema": 1, "session": session, "state": "offline"}
    eventually(lambda: central.device_state() == "offline")


def test_the_will_names_the_session_of_the_birth_and_another_run_has_another(box, gate, broker, central):
    sessions = []
    for _ in range(2):
        box.start()
        eventually(lambda: online(broker))
        link = box.process._link
        sessions.append(decode(broker.retained[STATE])["session"])
        assert decode(link.settings.will[1]) == {"schema": 1, "session": sessions[-1], "state": "offline"}
        box.stop()
    assert sessions[0] != sessions[1]
    box.start()
    eventually(lambda: central.device_state() == "online")
    broker.forge(STATE, canonical(Offline(session=sessions[0])), retain=True)
    gate.tap(3)
    settle(gate, central)
    assert central.device_state() == "online"


def test_a_birth_is_signed_and_tells_what_is_here(box, gate, broker):
    gate.tap(2)
    box.start()
    eventually(lambda: online(broker))
    birth = box.key.public.open(broker.retained[STATE], Birth)
    (head,) = birth.journals
    assert (head.journal, head.head, head.hash) == (gate.journal.id, 3, gate.journal.head_hash.hex())
    assert birth.version == "0.1.0"


def test_neighbours_are_told_whether_the_line_stands(box, gate, broker):
    box.start()
    reader = CursorReader(box.data / "sync.db")
    eventually(lambda: reader.status().get("online") == "yes")
    broker.down()
    eventually(lambda: reader.status().get("online") == "no")
    assert not box.process.sync.online
    broker.up()
    eventually(lambda: reader.status().get("online") == "yes")
    box.stop()
    assert reader.status()["online"] == "no"
    reader.close()


def test_a_fork_has_the_gate_go_on_in_a_new_journal(box, gate, central, broker):
    box.start()
    gate.tap(4)
    settle(gate, central)
    eventually(lambda: box.acked() == 5)
    old, link = gate.journal.id, gate.journal.head_hash
    ack = Ack(journal=old, seq=5, hash=link.hex(), status=AckStatus.FORK, time=format_utc(NOW))
    broker.forge(topics.dn(DEVICE, "ack"), central.keys.signing.seal(ack))
    eventually(lambda: gate.journal.id != old)
    gate.tap(2)
    settle(gate, central)
    assert [(each.journal, each.common, each.why) for each in gate.partings][:1] == [(old, 5, "fork")]
    assert central.records(gate.journal.id) == gate.bodies()
    assert decode(gate.bodies()[0])["data"]["previous"] == old


def test_a_neighbour_that_hangs_while_it_is_asked_stops_neither_the_loop_nor_the_other_journal(
    box, gate, central, broker, tmp_path, monkeypatch
):
    monkeypatch.setattr("kiosk.sync.partings.ANSWER_S", 60.0)
    web = GateEnd(tmp_path / "box" / "data", "web")
    gate.talk.close()
    stuck = threading.Event()
    hung = TalkServer(
        tmp_path / "box" / "data" / "gate.sock", {"part": lambda _args: {"x": stuck.wait(60)}}, frozenset({"journal"})
    )
    hung.start()
    box.start()
    eventually(lambda: box.acked() == 1 and box.acked("web") == 1)
    ack = Ack(journal=gate.journal.id, seq=9, hash="ab" * 32, status=AckStatus.OK, time=format_utc(NOW))
    broker.forge(topics.dn(DEVICE, "ack"), central.keys.signing.seal(ack))
    eventually(lambda: box.process.uplinks[0].parting is not None)
    threading.Event().wait(1.5)
    web.tap(3)
    settle(web, central)
    assert box.process._check().detail["loop_late_ms"] < 5000
    stuck.set()
    hung.close()
    web.close()


def test_a_forged_ack_and_garbage_on_every_topic_change_nothing_and_end_nothing(box, gate, central, broker):
    box.start()
    gate.tap(3)
    settle(gate, central)
    eventually(lambda: box.acked() == 4)
    ack = Ack(journal=gate.journal.id, seq=1, hash="ab" * 32, status=AckStatus.FORK, time=format_utc(NOW))
    broker.forge(topics.dn(DEVICE, "ack"), SigningKey.generate().seal(ack))
    leaves = [topics.dn(DEVICE, leaf) for leaf in ("ack", "res", "cmd")]
    leaves += [topics.site("demo", leaf) for leaf in ("roster/head", "roster/delta", "roster/deny", "used")]
    for topic in leaves:
        for payload in (b"", b"\xff\x00", b"[]", b"{}", b'{"sig":"x"}', b"[" * 5000, b"x" * 200_000):
            broker.forge(topic, payload)
    gate.tap()
    settle(gate, central)
    eventually(lambda: box.acked() == 5)
    assert box.is_running
    assert gate.partings == []


def test_what_fails_in_the_loop_is_tried_again_and_does_not_end_it(box, gate, central):
    box.start()
    eventually(lambda: box.acked() == 1)
    reader = CursorReader(box.data / "sync.db")
    eventually(lambda: reader.acked(gate.journal.id) == 1)
    connection = box.process._cursors._connection
    connection.execute("PRAGMA query_only=ON")
    gate.tap(3)
    settle(gate, central)
    assert box.is_running
    assert reader.acked(gate.journal.id) == 1
    connection.execute("PRAGMA query_only=OFF")
    eventually(lambda: reader.acked(gate.journal.id) == 4)
    reader.close()


def test_a_deny_list_the_disk_would_not_take_is_heard_again_without_a_storm_of_connections(
    box, gate, central, broker, tmp_path
):
    source = CentralRoster(tmp_path / "rosters")
    source.key = central.keys.signing
    box.start()
    eventually(lambda: box.acked() == 1)
    overlay = box.data / "roster" / "overlay.db"
    connects = box.process._link.counters["connects"]
    with closing(sqlite3.connect(overlay, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        broker.forge(topics.site("demo", "roster/deny"), source.deny(4, CREDENTIAL), retain=True)
        eventually(lambda: box.process._link.counters["connects"] > connects)
        other.execute("ROLLBACK")
    # The second time it is held up too, or it is not: either way one minute later at the latest it is kept.
    box.process.sync._again_ns = 0
    eventually(lambda: box.process._roster.state.deny_version == 4)
    assert box.process._link.counters["connects"] <= connects + 3


def test_a_message_that_is_refused_is_not_asked_for_again(box, gate, central, broker):
    box.start()
    eventually(lambda: box.acked() == 1)
    connects = box.process._link.counters["connects"]
    broker.forge(topics.site("demo", "roster/deny"), b"{}", retain=True)
    gate.tap()
    eventually(lambda: box.acked() == 2)
    assert box.process._link.counters["connects"] == connects


def test_a_line_that_takes_nothing_does_not_make_the_loop_spin(box, gate, broker):
    box.start()
    eventually(lambda: online(broker))
    link = box.process._link
    broker.pause()
    gate.bulk(500)
    eventually(lambda: link.session.unconfirmed > 0)
    link.session.unconfirmed = 10**6
    before, cpu, begun = link.counters["not_published"], time.process_time(), time.monotonic()
    threading.Event().wait(1.0)
    refused, took_s = link.counters["not_published"] - before, time.monotonic() - begun
    assert refused < 80 * took_s
    assert time.process_time() - cpu < 0.5 * took_s
    broker.resume()


def test_an_idle_loop_rests(tmp_path, central, gate, broker):
    box = BoxEnd(tmp_path / "box", central, broker.link, poll_s=1.0)
    box.start()
    eventually(lambda: box.acked() == 1)
    rounds = 0
    work = box.process.sync._work

    def counted(now_ns: int) -> None:
        nonlocal rounds
        rounds += 1
        work(now_ns)

    box.process.sync._work = counted
    threading.Event().wait(2.0)
    assert rounds < 12
    box.stop()


def test_pokes_never_pile_up(box, gate):
    box.start()
    eventually(lambda: box.process.sync.online)
    broker_events = box.process._link.events
    for _ in range(1000):
        box.process.sync.poke()
    assert broker_events.qsize() < 50


class Commanding:
    """Central's operator: sends commands and reads results."""

    def __init__(self, broker: LoopbackBroker, central: CentralEnd, box: BoxEnd) -> None:
        self._broker, self._central, self._box = broker, central, box
        self._ear = Ear(broker, topics.up(DEVICE, "cmdres"))

    def send(self, name: str, op: str = "release", ttl_s: int = 30, device: str = DEVICE) -> None:
        """Send a command."""
        command = Command(device=device, id=name, op=op, ttl_s=ttl_s, args={"access_point": "entrance"})
        self._broker.forge(topics.dn(DEVICE, "cmd"), self._central.keys.signing.seal(command))

    def results(self) -> list[CommandResult]:
        """Return the results, each signed by the device."""
        return [self._box.key.public.open(payload, CommandResult) for payload in self._ear.all()]


@pytest.fixture
def commanding(broker, central, box):
    return Commanding(broker, central, box)


def test_a_command_runs_once_and_a_repeat_gets_the_same_answer(box, gate, commanding):
    box.start()
    eventually(lambda: box.process.sync.online)
    for _ in range(3):
        commanding.send("c1")
    eventually(lambda: commanding.results())
    commanding.send("c1")
    eventually(lambda: len(commanding.results()) >= 2)
    assert [each["id"] for each in gate.commands] == ["c1"]
    assert {msgspec.json.encode(each) for each in commanding.results()} == {
        msgspec.json.encode(CommandResult(id="c1", ok=True, body={"did": "release"}))
    }


def test_a_command_that_ran_before_a_restart_is_not_run_again(box, gate, commanding):
    box.start()
    eventually(lambda: box.process.sync.online)
    commanding.send("c1")
    eventually(lambda: commanding.results())
    box.stop()
    box.start()
    eventually(lambda: box.process.sync.online)
    commanding.send("c1")
    eventually(lambda: len(commanding.results()) == 2)
    assert len(gate.commands) == 1
    assert (commanding.results()[1].ok, commanding.results()[1].body) == (False, {"code": "already_ran"})


def test_a_command_whose_time_is_over_is_not_run(box, gate, commanding):
    box.start()
    eventually(lambda: box.process.sync.online)
    commanding.send("c1", ttl_s=0)
    (result,) = eventually(lambda: commanding.results())
    assert (result.ok, result.body["code"]) == (False, "expired")
    assert gate.commands == []


def test_a_command_nobody_signed_is_not_run(box, gate, commanding, broker):
    box.start()
    eventually(lambda: box.process.sync.online)
    broker.forge(topics.dn(DEVICE, "cmd"), SigningKey.generate().seal(Command(device=DEVICE, id="c1", op="release")))
    broker.forge(topics.dn(DEVICE, "cmd"), canonical(Command(device=DEVICE, id="c2", op="release")))
    commanding.send("c3")
    eventually(lambda: commanding.results())
    assert [each["id"] for each in gate.commands] == ["c3"]


def test_a_command_for_another_device_is_not_run(box, gate, commanding):
    """A broker could hand one device's signed release to another."""
    box.start()
    eventually(lambda: box.process.sync.online)
    commanding.send("c1", device="south-1")
    commanding.send("c2")
    eventually(lambda: commanding.results())
    assert [each["id"] for each in gate.commands] == ["c2"]


def test_a_command_that_the_gate_refuses_is_answered(box, gate, commanding):
    gate.talk.close()
    box.start()
    eventually(lambda: box.process.sync.online)
    commanding.send("c1")
    (result,) = eventually(lambda: commanding.results())
    assert (result.ok, result.body["code"]) == (False, "refused")


def test_status_is_told_on_the_socket_and_at_the_side_port(box, gate, central):
    box.start()
    gate.tap(2)
    eventually(lambda: box.acked() == 3)
    answer = ask(box.data / "sync.sock", "status")
    assert (answer["process"], answer["online"], answer["unsent"]) == ("sync", True, {"gate": 0, "web": 0})
    base = f"http://127.0.0.1:{box.process._health.port}"
    with urllib.request.urlopen(f"{base}/healthz", timeout=30) as response:
        assert response.status == 200

    def metrics() -> str:
        with urllib.request.urlopen(f"{base}/metrics", timeout=30) as response:
            return response.read().decode()

    eventually(lambda: 'kiosk_sync_unsent_records{owner="gate"} 0.0' in metrics())
    for name in ("acks_total", "rejected_total", "roster_revision", "roster_age_seconds", "connects_total",
                 "questions_given_up_total", "commands_overrun_total", "snapshot_no_room_total"):  # fmt: skip
        assert f"kiosk_sync_{name}" in metrics()
    assert 'kiosk_sync_link_events{what="overflows"} 0.0' in metrics()


@pytest.mark.parametrize("line", ["poll_s = 0", "resend_first_s = 0", "disk_bytes_per_s = 0", "resend_max_s = -1"])
def test_a_setting_that_would_make_the_loop_spin_or_fail_is_refused(tmp_path, line):
    path = tmp_path / "sync.toml"
    path.write_text(f'host = "h"\ndevice_key_file = "d"\ncentral_key_file = "c"\n{line}\n')
    with pytest.raises(ConfigError, match=line.split()[0]):
        load_settings(path, SyncSettings)


def spoil_key(folder: Path) -> None:
    (folder / "device.key").unlink()


def spoil_central_key(folder: Path) -> None:
    (folder / "central.key").write_text("not a key")


def spoil_data(folder: Path) -> None:
    (folder / "data").write_text("a file")


def spoil_roster(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "roster").write_text("a file")


def spoil_lock(folder: Path) -> None:
    (folder / "data" / "sync.db.lock").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [spoil_key, spoil_central_key, spoil_data, spoil_roster, spoil_lock])
def test_what_keeps_it_from_starting_is_said_in_one_sentence(tmp_path, broker, spoil):
    folder = tmp_path / "spoilt"
    folder.mkdir()
    (folder / "device.key").write_text(SigningKey.generate().to_text())
    (folder / "central.key").write_text(SigningKey.generate().public.to_text())
    spoil(folder)
    settings = SyncSettings(host="h", device_key_file="device.key", central_key_file="central.key")
    with pytest.raises((ConfigError, KioskError)) as caught:
        SyncProcess(
            BoxSettings(DEVICE, "demo", "data", "hash.key", folder=str(folder)),
            settings,
            broker.link,
            SystemClock(),
            "1",
        )
    assert "\n" not in str(caught.value)


def test_a_whole_roster_comes_down_a_line_that_loses_and_repeats_while_records_go_up(
    box, gate, central, broker, tmp_path
):
    source = CentralRoster(tmp_path / "rosters")
    source.key = central.keys.signing
    for number in range(3000):
        row = make_credential(f"{number:08X}", greeting=f"{number:08X}" * 4)
        source.rows[row_key(row)] = row
    source.cut()
    broker.forge(topics.site("demo", "roster/head"), source.head(), retain=True)
    ear = Ear(broker, topics.up(DEVICE, "req"))
    broker.faults(lose=0.05, repeat=0.1, delay_max=5)
    box.start()
    answered = 0

    def arrived() -> bool:
        nonlocal answered
        gate.tap()
        requests = ear.all()
        for payload in requests[answered:]:
            for answer in source.answer(payload):
                broker.forge(topics.dn(DEVICE, "res"), answer)
        answered = len(requests)
        return box.process.sync._downlink.revision == source.revision

    eventually(arrived, 90)
    broker.faults(lose=0.0, repeat=0.0, delay_max=0)
    assert box.process._roster.state.digest == source.digest
    settle(gate, central)
    assert central.records(gate.journal.id) == gate.bodies()
    # A birth that the line lost is told again with the next heartbeat, a minute later.
    eventually(
        lambda: (
            STATE in broker.retained and box.key.public.open(broker.retained[STATE], Birth).roster == source.revision
        ),
        70,
    )
