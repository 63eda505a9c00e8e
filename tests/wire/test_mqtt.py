"""The link over paho where it meets what the fake has not: TLS, passwords, silence, strange packets, speed."""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from kiosk.core.errors import ConfigError, LinkDown
from kiosk.wire.link import Arrived, Connected, Disconnected, LinkSettings
from kiosk.wire.mqtt import MqttLink
from kiosk.wire.reconnecting import REFUSED_RETRY_S, RETRY_S, ReconnectingLink, pause_s
from tests.support.certificates import Authority
from tests.support.mosquitto import SHIPPED, Mosquitto
from tests.support.wait import eventually
from tests.wire.isolation import check_isolation
from tests.wire.proxy import Proxy
from tests.wire.worlds import PASSWORDS, Peer, ProxiedWorld, mosquitto_world

pytestmark = pytest.mark.mosquitto

UP = "kiosk/v1/d/gate-1/up/journal"
DN = "kiosk/v1/d/gate-1/dn/ack"
ALL_UP = "kiosk/v1/d/+/up/#"

Connect = Callable[..., Peer]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ProxiedWorld]:
    """mosquitto as we ship it, without TLS."""
    world = mosquitto_world(tmp_path)
    yield world
    world.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Starts links, each with own settings, and closes them."""
    peers: list[Peer] = []

    def connect(port: int, name: str = "gate-1", **settings: object) -> Peer:
        base = LinkSettings(host="127.0.0.1", port=port, client_id=name, username=name, password=PASSWORDS[name])
        peers.append(Peer(MqttLink(msgspec.structs.replace(base, **settings))))
        peers[-1].link.start()
        return peers[-1]

    yield connect
    for peer in peers:
        peer.link.close()


def test_mosquitto_with_our_acl_keeps_devices_apart(world: ProxiedWorld) -> None:
    check_isolation(world)


def test_a_device_that_asks_for_everything_hears_its_own_only(world: ProxiedWorld) -> None:
    """mosquitto grants any subscription and filters what it sends; retained messages too."""
    central, gate_1 = world.link("central"), world.link("gate-1")
    nosy = world.link("gate-2", "#", "kiosk/v1/d/gate-1/dn/#")
    for peer in (central, gate_1):
        peer.link.start()
        peer.expect(Connected)
    central.link.publish("kiosk/v1/s/north/roster/head", b"of another site", retain=True)
    nosy.link.start()
    nosy.expect(Connected)
    central.link.publish(DN, b"for gate-1")
    gate_1.link.publish(UP, b"for central")
    central.link.publish("kiosk/v1/s/demo/used", b"for the site")
    assert nosy.receive().payload == b"for the site"
    nosy.expect_quiet()


def test_a_last_will_on_another_devices_state_is_not_published(world: ProxiedWorld) -> None:
    central = world.link("central", "kiosk/v1/d/+/state")
    liar = world.link("gate-2", will=("kiosk/v1/d/gate-1/state", b"offline"))
    central.link.start()
    central.expect(Connected)
    liar.link.start()
    liar.link.events.get(timeout=30)
    world.cut("gate-2")
    central.expect_quiet()


def test_a_wrong_password_is_refused_with_its_name_and_waits_longer(world: ProxiedWorld, connect: Connect) -> None:
    peer = connect(world.broker.port, password="wrong")
    assert peer.expect(Disconnected).cause.startswith("The broker refused gate-1: ")
    peer.expect_quiet()
    eventually(lambda: peer.link.counters["refused"] == 1)
    assert not peer.link.publish(UP, b"unheard")


def test_waits_grow_to_a_cap_and_are_spread_and_longer_for_the_refused() -> None:
    for attempt in range(40):
        waits = [pause_s(attempt, refused=False) for _ in range(200)]
        limit = min(RETRY_S[1], RETRY_S[0] * 2**attempt)
        assert max(waits) <= limit
        assert max(waits) > limit / 2
        assert min(waits) < limit / 2
    assert min(pause_s(0, refused=True) for _ in range(200)) >= REFUSED_RETRY_S[0]


def test_waits_grow_while_no_connection_comes_about() -> None:
    attempts: list[float] = []

    def refuse(*_: object) -> NoReturn:
        attempts.append(time.monotonic())
        raise LinkDown("nobody there")

    link = ReconnectingLink(LinkSettings(host="", port=0, client_id="gate-1"), refuse)
    link.start()
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: len(attempts) > 15, timeout_s=2)
    assert len(attempts) > 1
    assert [link.events.get() for _ in range(link.events.qsize())] == [Disconnected("nobody there")]
    link.close()


def test_a_client_library_that_fails_does_not_end_the_link() -> None:
    attempts: list[int] = []

    def fail(*_: object) -> NoReturn:
        attempts.append(1)
        raise IndexError("index out of range")

    link = ReconnectingLink(LinkSettings(host="", port=0, client_id="gate-1"), fail)
    link.start()
    eventually(lambda: len(attempts) > 1)
    assert link.counters["faults"] >= 1
    link.close()


def test_nothing_handed_over_on_one_connection_is_sent_on_the_next(world: ProxiedWorld) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1")
    for peer in (central, gate):
        peer.link.start()
        peer.expect(Connected)
    world.pause()
    assert gate.link.publish(UP, b"stuck in the line")
    world.cut("gate-1")
    world.resume()
    gate.expect_reconnected()
    assert gate.link.publish(UP, b"new")
    assert central.receive().payload == b"new"
    central.expect_quiet()


def test_a_broker_that_falls_silent_is_left_and_found_again(world: ProxiedWorld, connect: Connect) -> None:
    proxy = Proxy(world.broker.port)
    peer = connect(proxy.port, keepalive_s=1)
    peer.expect(Connected)
    proxy.pause()
    started = time.monotonic()
    assert peer.expect(Disconnected).cause
    assert time.monotonic() - started < 5
    proxy.resume()
    while not isinstance(peer.link.events.get(timeout=20), Connected):
        pass
    peer.link.close()
    proxy.close()


def test_a_connection_without_traffic_stays(world: ProxiedWorld, connect: Connect) -> None:
    peer = connect(world.broker.port, keepalive_s=1)
    peer.expect(Connected)
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: not peer.link.events.empty(), timeout_s=4)
    assert peer.link.publish(UP, b"still there")


def test_a_server_that_speaks_no_mqtt_is_tried_again(connect: Connect) -> None:
    garbage = (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x02\x00", b"\x20\xff\xff\xff\xff\xff", b"\x00" * 100, b"")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        peer = connect(server.getsockname()[1])
        for answer in garbage:
            client, _ = server.accept()
            client.recv(1000)
            client.sendall(answer)
            client.close()
        assert peer.expect(Disconnected).cause
        assert peer.link.counters["connects"] == 0
        peer.link.close()


def test_a_topic_that_is_no_utf8_is_counted_and_done(connect: Connect) -> None:
    connack, suback = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"
    bad, good = b"\x32\x06\x00\x02\xff\xfe\x00\x05", b"\x32\x06\x00\x02ok\x00\x06"
    received = b""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = connect(server.getsockname()[1], subscriptions=("#",))
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(connack)
            client.recv(1000)
            client.sendall(bad + suback + good)
            peer.expect(Connected)
            assert peer.receive().topic == "ok"
            client.settimeout(5)
            while len(received) < 8:
                received += client.recv(1000)
        assert received == b"\x40\x02\x00\x05\x40\x02\x00\x06"
        assert peer.link.counters["garbled"] == 1
        peer.link.close()


def test_done_twice_acknowledges_once(connect: Connect) -> None:
    """A second PUBACK might meet another message that by then has the same number."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = connect(server.getsockname()[1], subscriptions=("#",))
        client, _ = server.accept()
        with client:
            client.settimeout(5)
            client.recv(1000)
            client.sendall(b"\x20\x02\x00\x00")
            client.recv(1000)
            client.sendall(b"\x90\x03\x00\x01\x01" + b"\x32\x06\x00\x02ok\x00\x05")
            peer.expect(Connected)
            message = peer.expect(Arrived)
            message.done()
            message.done()
            assert peer.link.publish(UP, b"")
            received = b""
            while len(received) < 4 + 2 + 2 + len(UP) + 2:
                received += client.recv(1000)
            assert received[:5] == b"\x40\x02\x00\x05\x32"
        peer.link.close()


def test_a_message_that_comes_before_the_suback_follows_connected(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = connect(server.getsockname()[1], subscriptions=("#",))
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(b"\x20\x02\x00\x00")
            client.recv(1000)
            client.sendall(b"\x32\x06\x00\x02ok\x00\x06")
            peer.expect_quiet()
            client.sendall(b"\x90\x03\x00\x01\x01")
            peer.expect(Connected)
            assert peer.receive().topic == "ok"
        peer.link.close()


def test_nodelay_is_set_on_the_socket(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect(server.getsockname()[1])
        client, _ = server.accept()
        with client:
            client.settimeout(5)
            assert client.recv(1000)
            assert _nodelay_of(client.getpeername()[1])


@pytest.mark.proves("S90")
def test_tls_with_the_right_authority_connects_and_with_another_does_not(tmp_path: Path, connect: Connect) -> None:
    with Mosquitto(tmp_path, PASSWORDS, tls=True) as broker:
        peer = connect(broker.port, ca_file=broker.ca_file, subscriptions=(DN,))
        peer.expect(Connected)
        central = connect(broker.port, "central", ca_file=broker.ca_file)
        central.expect(Connected)
        payload = bytes(100 * 1024)
        assert central.link.publish(DN, payload)
        assert peer.receive().payload == payload
        plain = connect(broker.port, client_id="plain")
        assert plain.expect(Disconnected).cause
        other = tmp_path / "other"
        other.mkdir()
        stranger = connect(broker.port, client_id="stranger", ca_file=str(Authority(other).ca_file))
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.expect(Disconnected).cause


def test_a_certificate_takes_the_place_of_a_password(tmp_path: Path, connect: Connect) -> None:
    with Mosquitto(tmp_path, PASSWORDS, certificates=True) as broker:
        assert broker.authority
        central_files = _files(broker.authority.issue("central"))
        gate_files = _files(broker.authority.issue("gate-1"))
        central = connect(
            broker.port, "central", password="", ca_file=broker.ca_file, subscriptions=(ALL_UP,), **central_files
        )
        gate = connect(broker.port, password="", ca_file=broker.ca_file, **gate_files)
        for peer in (central, gate):
            peer.expect(Connected)
        gate.link.publish("kiosk/v1/d/gate-2/up/journal", b"not mine")
        gate.link.publish(UP, b"mine")
        assert central.receive().payload == b"mine"
        nobody = connect(broker.port, client_id="nobody", ca_file=broker.ca_file)
        assert nobody.expect(Disconnected).cause


def test_the_shipped_configuration_works_as_it_stands(tmp_path: Path, connect: Connect) -> None:
    """Only paths, port and, for root, the account are the test's."""
    broker = Mosquitto(tmp_path, PASSWORDS, tls=True)
    files = tmp_path / "mosquitto"
    text = (SHIPPED / "mosquitto.conf").read_text().replace("/etc/mosquitto/kiosk", str(files))
    text = text.replace("listener 8883", f"listener {broker.port} 127.0.0.1").replace("/broker.", "/localhost.")
    (files / "mosquitto.conf").write_text(text + ("user root\n" if os.geteuid() == 0 else ""))
    with broker:
        gate = connect(broker.port, ca_file=broker.ca_file, subscriptions=(DN,))
        central = connect(broker.port, "central", ca_file=broker.ca_file)
        for peer in (gate, central):
            peer.expect(Connected)
        assert central.link.publish(DN, bytes(128 * 1024 + 1))
        assert central.link.publish(DN, bytes(128 * 1024))
        assert len(gate.receive().payload) == 128 * 1024


def test_certificate_files_that_cannot_be_used_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.crt").write_text("")
    settings = LinkSettings(host="127.0.0.1", port=1, client_id="gate-1", ca_file=str(tmp_path / "missing.crt"))
    for ca_file in ("missing.crt", "empty.crt"):
        with pytest.raises(ConfigError, match=ca_file.replace(".", r"\.")):
            MqttLink(msgspec.structs.replace(settings, ca_file=str(tmp_path / ca_file))).start()


@pytest.mark.parametrize("name", ["cert_file", "key_file"])
def test_a_certificate_without_an_authority_stops_the_start_instead_of_going_in_the_clear(name: str) -> None:
    settings = LinkSettings(host="127.0.0.1", port=1, client_id="gate-1")
    with pytest.raises(ConfigError, match=f"{name} without ca_file"):
        MqttLink(msgspec.structs.replace(settings, **{name: "device.pem"})).start()


def test_a_batch_and_its_ack_wait_for_no_timer(
    world: ProxiedWorld, connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Nagle stall would cost 40 ms each way and a wake that is missed half a second; about 1 ms is usual."""
    central = connect(world.broker.port, "central", subscriptions=(ALL_UP,))
    gate = connect(world.broker.port, subscriptions=(DN,))
    for peer in (central, gate):
        peer.expect(Connected)
    answering = threading.Thread(target=_answer, args=(central, 500), name="central", daemon=True)
    answering.start()
    batch, took = bytes(64 * 1024), []
    for _ in range(500):
        started = time.perf_counter()
        assert gate.link.publish(UP, batch)
        gate.receive()
        took.append(time.perf_counter() - started)
    answering.join()
    took.sort()
    with capsys.disabled():
        sys.stdout.write(
            f"\nmosquitto: 64 KiB and its ack, p50 {took[250] * 1e3:.2f} ms, p99 {took[495] * 1e3:.2f} ms\n"
        )
    assert took[50] < 0.02  # what waits for the other side's delayed ack does so in each round


def test_an_idle_link_sends_at_once(world: ProxiedWorld) -> None:
    central, gate = world.link("central", ALL_UP), world.link("gate-1")
    for peer in (central, gate):
        peer.link.start()
        peer.expect(Connected)
    started = time.monotonic()
    for _ in range(20):
        assert gate.link.publish(UP, b"now")
        central.receive()
    assert time.monotonic() - started < 8  # half a second for each of twenty, where nobody is woken


def test_close_waits_a_second_for_a_broker_that_does_not_take_the_last_words(world: ProxiedWorld) -> None:
    gate = world.link("gate-1")
    gate.link.start()
    gate.expect(Connected)
    world.pause()
    started = time.monotonic()
    gate.link.close(("kiosk/v1/d/gate-1/state", b"goodbye"))
    assert 1 <= time.monotonic() - started < 3


def _answer(central: Peer, count: int) -> None:
    for _ in range(count):
        message = central.expect(Arrived)
        central.link.publish(DN, b"ack")
        message.done()


def _nodelay_of(port: int) -> bool:
    """Say whether a socket of this process with that local port has TCP_NODELAY."""
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found = socket.socket(fileno=int(descriptor.name))
        except OSError:
            continue
        try:
            if found.family == socket.AF_INET and found.getsockname()[1] == port:
                return bool(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        finally:
            found.detach()
    raise AssertionError(f"no socket with port {port}")


def _files(files: tuple[Path, Path]) -> dict[str, str]:
    return {"cert_file": str(files[0]), "key_file": str(files[1])}
