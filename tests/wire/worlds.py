"""A broker and the links to it, behind one face: mosquitto, the demo's broker, and the shipped fake."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from queue import Empty
from typing import Protocol, TypeVar

from kiosk.demo.accounts import add_account
from kiosk.wire.link import Arrived, Connected, Disconnected, Link, LinkEvent, LinkSettings
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.mqtt import MqttLink
from tests.support.mosquitto import Mosquitto
from tests.support.ports import free_ports
from tests.support.wait import eventually
from tests.wire.proxy import Proxy

PASSWORDS = {"central": "of-central", "gate-1": "of-gate-1", "gate-2": "of-gate-2"}
PATIENCE_S = 60.0
QUIET_S = 0.3

E = TypeVar("E", bound=LinkEvent)


class Peer:
    """A link, and what a test says to it."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def expect(self, kind: type[E]) -> E:
        """Return the next event, which must be of this kind."""
        event = self.link.events.get(timeout=PATIENCE_S)
        assert isinstance(event, kind), event
        return event

    def receive(self) -> Arrived:
        """Return the next event, which must be a message, and call it done."""
        message = self.expect(Arrived)
        message.done()
        return message

    def expect_quiet(self) -> None:
        """Fail when an event comes within 0.3 s."""
        try:
            event = self.link.events.get(timeout=QUIET_S)
        except Empty:
            return
        raise AssertionError(f"{event} came")

    def expect_reconnected(self) -> None:
        """Expect the connection to be lost, and to come back, with failed attempts in between."""
        self.expect(Disconnected)
        while isinstance(event := self.link.events.get(timeout=PATIENCE_S), Disconnected):
            pass
        assert isinstance(event, Connected)


class World(Protocol):
    """A broker that can be killed, and links whose lines can be cut and stalled."""

    def link(
        self,
        name: str,
        *subscriptions: str,
        will: tuple[str, bytes] | None = None,
        window: int = 20,
        events_max: int = 1000,
        client_id: str = "",
    ) -> Peer:
        """Make a link that is not started."""

    def cut(self, name: str) -> None:
        """Break a link's line."""

    def pause(self) -> None:
        """Let nothing through, either way."""

    def resume(self) -> None:
        """End a pause."""

    def kill(self) -> None:
        """Kill the broker."""

    def start(self) -> None:
        """Start the broker again, knowing nothing."""

    def close(self) -> None:
        """Close every link and end the broker."""


class LoopbackWorld:
    """The shipped fake, honest."""

    def __init__(self) -> None:
        self.broker = LoopbackBroker()
        self._links: list[Link] = []
        self.cut = self.broker.cut
        self.pause = self.broker.pause
        self.resume = self.broker.resume
        self.kill = self.broker.down

    def link(
        self,
        name: str,
        *subscriptions: str,
        will: tuple[str, bytes] | None = None,
        window: int = 20,
        events_max: int = 1000,
        client_id: str = "",
    ) -> Peer:
        settings = LinkSettings(
            host="", port=0, client_id=client_id or name, subscriptions=subscriptions, will=will, window=window,
            events_max=events_max,
        )  # fmt: skip
        self._links.append(self.broker.link(settings))
        return Peer(self._links[-1])

    def start(self) -> None:
        self.broker.wipe()
        self.broker.up()

    def close(self) -> None:
        for link in self._links:
            link.close()
        self.broker.close()


class Broker(Protocol):
    """A broker that is a process."""

    port: int

    def kill(self) -> None:
        """End it with SIGKILL."""

    def restart(self) -> None:
        """Kill it if need be, and start it knowing nothing."""

    def stop(self) -> None:
        """End it cleanly."""


class ProxiedWorld:
    """A broker that is a process; every link has a line of its own through a proxy."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._links: list[Link] = []
        self._proxies: dict[str, Proxy] = {}
        self.kill = broker.kill
        self.start = broker.restart

    def link(
        self,
        name: str,
        *subscriptions: str,
        will: tuple[str, bytes] | None = None,
        window: int = 20,
        events_max: int = 1000,
        client_id: str = "",
    ) -> Peer:
        client_id = client_id or name
        self._proxies[client_id] = proxy = Proxy(self.broker.port)
        settings = LinkSettings(
            host="127.0.0.1", port=proxy.port, client_id=client_id, username=name, password=PASSWORDS[name],
            subscriptions=subscriptions, will=will, window=window, events_max=events_max,
        )  # fmt: skip
        self._links.append(MqttLink(settings))
        return Peer(self._links[-1])

    def cut(self, name: str) -> None:
        self._proxies[name].cut()

    def pause(self) -> None:
        for proxy in self._proxies.values():
            proxy.pause()

    def resume(self) -> None:
        for proxy in self._proxies.values():
            proxy.resume()

    def close(self) -> None:
        for link in self._links:
            link.close()
        for proxy in self._proxies.values():
            proxy.close()
        self.broker.stop()


def mosquitto_world(folder: Path) -> ProxiedWorld:
    """Return the broker of production, started."""
    return ProxiedWorld(Mosquitto(folder, PASSWORDS).start())


def demo_world(folder: Path) -> ProxiedWorld:
    """Return the broker of the demo, started."""
    broker = DemoBroker(folder)
    for name, password in PASSWORDS.items():
        add_account(broker.passwords_file, name, password, "central" if name == "central" else "device", "demo")
    broker.restart()
    return ProxiedWorld(broker)


class DemoBroker:
    """The demo's embedded broker in a process of its own; `passwords_file` is the test's to fill."""

    PROGRAM = (
        "import sys; from pathlib import Path; from kiosk.demo.broker import run_broker; "
        "run_broker(int(sys.argv[1]), Path(sys.argv[2]))"
    )

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)
        self.passwords_file = folder / "accounts.json"
        self._log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        assert self._end(signal.SIGTERM) in (0, None)

    def restart(self) -> None:
        self.kill()
        command = [sys.executable, "-c", self.PROGRAM, str(self.port), str(self.passwords_file)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(self._listens, timeout_s=60)

    def _end(self, number: signal.Signals) -> int | None:
        if self._process is None:
            return None
        self._process.send_signal(number)
        process, self._process = self._process, None
        return process.wait(30)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True
