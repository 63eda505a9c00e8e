"""A whole installation for a benchmark, on loopback: mosquitto, central on SQLite, and one device's sync."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.bench import rosters
from kiosk.core.errors import CannotStart
from kiosk.demo.ports import free_ports
from kiosk.located import CENTRAL, EDGE

DEVICE = "bench"
START_S = 30.0

MOSQUITTO = """\
listener {mqtt} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 100000
"""

CENTRAL_TEXT = """\
home = "central"
health_port = {central}
[broker]
port = {mqtt}
"""

EDGE_TEXT = """\
[box]
device = "bench"
site = "bench"
data_dir = "data"
hash_key_file = "hash.key"
[sync]
host = "127.0.0.1"
port = {mqtt}
device_key_file = "device.key"
central_key_file = "central.key"
health_port = {sync}
disk_bytes_per_s = {disk}
"""


class BenchClub:
    """Processes in a folder; `start` each, and all end with the `with` block."""

    def __init__(self, home: Path, disk_bytes_per_s: int = 64 * 1024**2) -> None:
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if program is None:
            raise CannotStart("mosquitto is not installed", hint="apt-get install mosquitto")
        self.home, self._mosquitto = home, program
        self._running: list[subprocess.Popen[bytes]] = []
        self._never = threading.Event()
        ports = free_ports(3)
        named: Mapping[str, int] = {
            **dict(zip(("mqtt", "central", "sync"), ports, strict=True)),
            "disk": disk_bytes_per_s,
        }
        self.mqtt = ports[0]
        (home / "mosquitto.conf").write_text(MOSQUITTO.format_map(named))
        (home / CENTRAL).write_text(CENTRAL_TEXT.format_map(named))
        (home / EDGE).write_text(EDGE_TEXT.format_map(named))
        self._register()

    def __enter__(self) -> Self:
        """Start the broker."""
        self._start([self._mosquitto, "-c", str(self.home / "mosquitto.conf")], "mosquitto")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything, the newest first."""
        for process in reversed(self._running):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str) -> None:
        """Start `central` or `sync`."""
        config = self.home / (CENTRAL if name == "central" else EDGE)
        self._start([sys.executable, "-m", "kiosk", name, "--config", str(config)], name)

    def until(self, done: Callable[[], bool], limit_s: float, every_s: float = 0.02) -> float:
        """Wait until something is so and return how many seconds it took; raises CannotStart past the limit."""
        started = time.monotonic()
        while not done():
            if time.monotonic() - started > limit_s:
                raise CannotStart(f"not done after {limit_s:.0f} s", hint=f"See the logs in {self.home}")
            self._never.wait(every_s)
        return time.monotonic() - started

    def _start(self, command: list[str], name: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self._running.append(subprocess.Popen(command, stdout=log, stderr=log))

    def _register(self) -> None:
        from kiosk.central.keys import init_keys
        from kiosk.central.schema import migrate
        from kiosk.local.clock import SystemClock
        from kiosk.wiring_central import load_central, open_central, registrar

        config = load_central(self.home / CENTRAL)
        config.home_path.mkdir(exist_ok=True)
        migrate(config.database_url)
        init_keys(config.home_path)
        (config.home_path / "keys" / "hash.key").write_text("A" * 43 + "=\n")
        with open_central(config) as (database, keys):
            told = registrar(config, database, keys, SystemClock()).add_device(DEVICE, rosters.SITE)
        for file, text in (("device.key", "key"), ("central.key", "central_key"), ("hash.key", "hash_key")):
            (self.home / file).write_text(told[text])
