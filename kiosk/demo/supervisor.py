"""Starts the processes of a demo in order, watches them, and stops them in the order that lets each say goodbye."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from kiosk.core.errors import CannotStart
from kiosk.demo.ports import Ports
from kiosk.demo.setup import PROVIDER

READY_S = 60.0
STOP_S = 8.0
POLL_S = 0.1
RESTARTS_MAX = 20


class Supervisor:
    """The processes of one demo home. One that ends by itself is started again, up to a limit."""

    def __init__(self, home: Path, ports: Ports, say: Callable[[str], None]) -> None:
        self._home, self._ports, self._say = home, ports, say
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts = 0
        (home / "log").mkdir(exist_ok=True)

    def start(self, stop: threading.Event) -> None:
        """Start everything; return when each process can do its job and the gate has a roster. Raises CannotStart."""
        for name in ("broker", "provider", "central", "office", "gate", "sync", "web"):
            self._start(name)
        deadline = time.monotonic() + READY_S
        waiting = dict(self._ports.health())
        while waiting and not stop.is_set():
            waiting = {name: port for name, port in waiting.items() if not _is_ready(port)}
            self._look()
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"not ready after {READY_S:.0f} s: {', '.join(waiting)}", hint=f"See {self._home}/log"
                )
            stop.wait(POLL_S)

    def watch(self, stop: threading.Event, seconds: float | None) -> None:
        """Keep everything running until `stop` or for so many seconds."""
        deadline = time.monotonic() + seconds if seconds is not None else None
        while not stop.wait(POLL_S):
            self._look()
            if deadline is not None and time.monotonic() >= deadline:
                return

    def stop(self) -> None:
        """Stop the edge first, then central, the broker last."""
        for names in (("web", "gate"), ("sync",), ("office", "central"), ("broker", "provider")):
            running = [self._processes[name] for name in names if name in self._processes]
            for process in running:
                process.terminate()
            for process in running:
                _wait(process)

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "kiosk", name, "--home", str(self._home)]
        if name == "broker":
            accounts = str(self._home / "central" / "accounts.json")
            command = [sys.executable, "-m", "kiosk.demo.run_broker", str(self._ports.mqtt), accounts]
        elif name == "provider":
            keys, office = str(self._home / PROVIDER), f"http://127.0.0.1:{self._ports.office}"
            command = [sys.executable, "-m", "kiosk", "hostile-provider", "--folder", keys]
            command += ["--port", str(self._ports.provider), "--office", office]
        with (self._home / "log" / f"{name}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches us, and we stop the others in order.
            self._processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=name != "broker"
            )

    def _look(self) -> None:
        for name, process in list(self._processes.items()):
            code = process.poll()
            if code is None:
                continue
            self._restarts += 1
            if self._restarts > RESTARTS_MAX:
                raise CannotStart(f"{name} keeps ending", hint=f"See {self._home}/log/{name}.log")
            self._say(f"{name} ended with {code} and is started again; see {self._home}/log/{name}.log")
            self._start(name)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            detail = json.load(answer).get("detail", {})
    except (urllib.error.URLError, OSError, ValueError):
        return False
    return bool(detail.get("roster_revision", 1))


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
