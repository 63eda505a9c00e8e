"""The demo's embedded broker: the link contract as far as a demo needs it, passwords, and who may see what."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.core.errors import ConfigError
from kiosk.demo.accounts import add_account, read_accounts
from kiosk.wire.link import Arrived, Connected, Disconnected, LinkSettings
from kiosk.wire.mqtt import MqttLink
from tests.support.ports import free_ports
from tests.support.wait import eventually
from tests.wire import test_link_contract as contract
from tests.wire.isolation import check_isolation
from tests.wire.worlds import PASSWORDS, DemoBroker, Peer, ProxiedWorld, World, demo_world

UP = "kiosk/v1/d/gate-1/up/journal"
DN = "kiosk/v1/d/gate-1/dn/ack"

KEPT = [
    contract.test_a_message_arrives_as_it_was_sent_and_once,
    contract.test_messages_arrive_in_the_order_they_were_sent,
    contract.test_a_retained_message_reaches_who_comes_later_marked_as_retained,
    contract.test_an_empty_retained_message_forgets_the_one_before,
    contract.test_connected_comes_before_every_message_of_the_connection,
    contract.test_the_will_is_published_and_retained_when_the_line_is_cut,
    contract.test_close_publishes_the_last_words_retained_and_no_will,
    contract.test_the_window_limits_what_the_broker_has_not_taken,
    contract.test_an_undone_message_does_not_come_again_but_a_retained_one_does,
    contract.test_the_link_comes_back_by_itself_when_the_broker_was_killed,
    contract.test_reconnect_makes_a_new_connection_with_the_same_subscriptions,
    contract.test_events_nobody_reads_end_the_connection_until_half_of_them_are_read,
    contract.test_several_threads_may_publish_at_once,
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ProxiedWorld]:
    """The broker with the three accounts of `PASSWORDS`."""
    world = demo_world(tmp_path)
    yield world
    world.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[DemoBroker]:
    """The broker without accounts."""
    broker = DemoBroker(tmp_path)
    broker.restart()
    yield broker
    broker.stop()


@pytest.mark.parametrize("rule", KEPT, ids=lambda rule: rule.__name__.removeprefix("test_"))
def test_the_demo_broker_keeps_the_link_contract(rule: Callable[[World], None], world: ProxiedWorld) -> None:
    rule(world)


def test_devices_are_kept_apart(world: ProxiedWorld) -> None:
    check_isolation(world)


def test_retained_messages_do_not_reach_who_may_not_read_them(world: ProxiedWorld) -> None:
    central = world.link("central", "kiosk/v1/#")
    central.link.start()
    central.expect(Connected)
    for topic in (DN, "kiosk/v1/s/elsewhere/roster/head", "kiosk/v1/s/demo/roster/head"):
        central.link.publish(topic, topic.encode(), retain=True)
        central.receive()
    gate = world.link("gate-2", "kiosk/v1/s/demo/#")
    gate.link.start()
    gate.expect(Connected)
    assert gate.receive().topic == "kiosk/v1/s/demo/roster/head"
    gate.expect_quiet()


def test_a_device_is_heard_before_it_is_done_with_what_was_retained(world: ProxiedWorld) -> None:
    central = world.link("central", UP)
    gate = world.link("gate-1", "kiosk/v1/s/demo/#")
    central.link.start()
    central.expect(Connected)
    central.link.publish("kiosk/v1/s/demo/roster/head", b"head", retain=True)
    gate.link.start()
    gate.expect(Connected)
    undone = gate.expect(Arrived)
    started = time.monotonic()
    gate.link.publish(UP, b"a question about it")
    assert central.receive().payload == b"a question about it"
    assert time.monotonic() - started < 4
    undone.done()


def test_a_subscription_that_is_not_allowed_is_refused_with_its_name(world: ProxiedWorld) -> None:
    for wanted in ("kiosk/v1/d/gate-1/dn/#", "kiosk/v1/s/+/#", "#"):
        gate = world.link("gate-2", wanted, client_id=f"gate-2-{len(wanted)}")
        gate.link.start()
        assert gate.expect(Disconnected).cause == f"The broker refused the subscription to {wanted}"


def test_a_last_will_on_another_devices_state_is_refused(world: ProxiedWorld) -> None:
    gate = world.link("gate-2", will=("kiosk/v1/d/gate-1/state", b"offline"))
    gate.link.start()
    assert "refused gate-2" in gate.expect(Disconnected).cause


def test_a_wrong_password_is_refused_and_not_tried_again_at_once(broker: DemoBroker) -> None:
    add_account(broker.passwords_file, "gate-1", "right", "device", "demo")
    peer = _peer(broker, "gate-1", "wrong")
    assert peer.expect(Disconnected).cause == "The broker refused gate-1: Not authorized"
    peer.expect_quiet()
    assert peer.link.counters["connect_failures"] == 1
    peer.link.close()


def test_an_account_added_while_the_broker_runs_may_connect(broker: DemoBroker) -> None:
    add_account(broker.passwords_file, "gate-1", "first", "device", "demo")
    first = _peer(broker, "gate-1", "first")
    first.expect(Connected)
    add_account(broker.passwords_file, "gate-2", "second", "device", "demo")
    second = _peer(broker, "gate-2", "second")
    second.expect(Connected)
    for peer in (first, second):
        peer.link.close()


def test_a_device_that_moved_to_another_site_hears_the_old_one_no_more(world: ProxiedWorld) -> None:
    central, gate = world.link("central"), world.link("gate-1", "kiosk/v1/s/demo/#", DN)
    for peer in (central, gate):
        peer.link.start()
        peer.expect(Connected)
    central.link.publish("kiosk/v1/s/demo/used", b"before")
    assert gate.receive().payload == b"before"
    add_account(world.broker.passwords_file, "gate-1", PASSWORDS["gate-1"], "device", "elsewhere")
    central.link.publish("kiosk/v1/s/demo/used", b"after")
    central.link.publish(DN, b"its own")
    assert gate.receive().payload == b"its own"


def test_accounts_are_added_by_several_processes_without_losing_one(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    program = (
        "import sys; from pathlib import Path; from kiosk.demo.accounts import add_account\n"
        "for n in range(10): add_account(Path(sys.argv[1]), f'{sys.argv[2]}-{n}', 'x', 'device', 'demo')"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(read_accounts(file)) == 30
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"x" not in {account.password_hash.encode() for account in read_accounts(file).values()}


def test_an_accounts_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"accounts\.json"):
        read_accounts(tmp_path / "accounts.json")


def test_the_broker_says_nothing_and_ends_soon_on_sigterm_with_clients_connected(tmp_path: Path) -> None:
    world = demo_world(tmp_path)
    central = world.link("central", "kiosk/v1/#")
    central.link.start()
    central.expect(Connected)
    started = time.monotonic()
    world.broker.stop()
    assert time.monotonic() - started < 5
    assert world.broker.log == ""
    world.close()


def test_the_broker_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    port = free_ports(1)
    parent = (
        "import socket, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])\n"
        "for _ in range(500):\n"
        "    try: socket.create_connection(('127.0.0.1', int(sys.argv[2])), 1).close()\n"
        "    except OSError: time.sleep(0.05)\n"
        "    else: break\n"
        "print(child.pid, flush=True)"
    )
    command = [sys.executable, "-c", parent, DemoBroker.PROGRAM, str(port), str(tmp_path / "accounts.json")]
    started = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True)
    pid = int(started.stdout)
    eventually(lambda: not Path(f"/proc/{pid}").exists(), timeout_s=10)


def test_a_taken_port_is_one_sentence(broker: DemoBroker, tmp_path: Path) -> None:
    command = [sys.executable, "-c", DemoBroker.PROGRAM, str(broker.port), str(tmp_path / "accounts.json")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode != 0
    assert f"CannotStart: the embedded broker cannot listen on 127.0.0.1:{broker.port}" in run.stderr


def test_two_thousand_batches_go_round(world: ProxiedWorld, capsys: pytest.CaptureFixture[str]) -> None:
    central = _peer(world.broker, "central", PASSWORDS["central"], "kiosk/v1/d/+/up/#")
    gate = _peer(world.broker, "gate-1", PASSWORDS["gate-1"], DN)
    central.expect(Connected)
    gate.expect(Connected)
    batch = bytes(60 * 1024)
    started = time.monotonic()
    for _ in range(2000):
        assert gate.link.publish(UP, batch)
        assert len(central.receive().payload) == len(batch)
        assert central.link.publish(DN, b"ack")
        gate.receive()
    took_s = time.monotonic() - started
    with capsys.disabled():
        sys.stdout.write(f"\ndemo broker: 2,000 batches of 60 KiB and their acks, {2000 / took_s:.0f} round trips/s\n")
    for peer in (central, gate):
        peer.link.close()


def _peer(broker: DemoBroker, name: str, password: str, *subscriptions: str) -> Peer:
    settings = LinkSettings(
        host="127.0.0.1", port=broker.port, client_id=name, username=name, password=password,
        subscriptions=subscriptions,
    )  # fmt: skip
    link = MqttLink(settings)
    link.start()
    return Peer(link)
