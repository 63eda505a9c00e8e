"""Processes of ours that begin with their modules imported: a program that is begun thirty times is imported once.

A nursery is a process with one thread that imports what a command needs, and forks. The child is the command from its
arguments on: a process with its own memory, files, signals and end. It is handed over to the test, which is its parent
then, as if it had been started by hand.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.support.edge_home import ROOT, Started

SET_CHILD_SUBREAPER = 36
COMM_BYTES_MAX = 15
AT_LOAD = ("LD_", "FAKETIME", "DONT_FAKE", "NO_FAKE")
"""How variables begin that take effect when a program is loaded: a nursery serves those who have them as it has."""

NEEDED = {
    "central": ("kiosk.wiring_central",),
    "demo": ("kiosk.demo.cli", "kiosk.demo.setup", "kiosk.demo.supervisor"),
    "doctor": ("kiosk.doctor",),
    "gate": ("kiosk.gate.process",),
    "office": ("kiosk.office.process",),
    "sync": ("kiosk.sync.process", "kiosk.wire.mqtt"),
    "web": ("kiosk.web.process",),
    "tests.central.central_process": (
        "kiosk.central.consumer", "kiosk.wire.mqtt", "sqlalchemy.dialects.sqlite.pysqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
    ),
}  # fmt: skip
"""What a command imports only when it is called, by its first two words."""

_open: list["Nursery"] = []


class Child:
    """A process from a nursery: what `Started` and tests use of a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait until it has ended; raises TimeoutExpired."""
        if self.poll() is None:
            watched = os.pidfd_open(self.pid)
            try:
                select.select([watched], [], [], timeout)
            finally:
                os.close(watched)
        if (ended := self.poll()) is None:
            raise subprocess.TimeoutExpired("kiosk", timeout)
        return ended

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class Reared(Started):
    """A running process that a nursery began."""

    def __init__(self, pid: int, log: Path) -> None:
        self.log = log
        self.process = Child(pid)  # type: ignore[assignment]  # all that is used of a Popen


class Nursery:
    """A test's end of a nursery whose processes are loaded with `env`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.at_load = _at_load(env)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=ROOT, env={**os.environ, **env},
        )  # fmt: skip

    def begin(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, out: Path | None = None
    ) -> Reared:
        """Begin `python -m` with these words; what it prints goes into `out`, its errors into `log`, or both there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wish = json.dumps([list(command), str(log), str(out or log), dict(os.environ if env is None else env)])
        with _adopting():
            self._process.stdin.write(wish + "\n")
            self._process.stdin.flush()
            return Reared(int(self._process.stdout.readline()), log)

    def close(self) -> None:
        """End it; what it began goes on."""
        with self._process:
            self._process.kill()


@contextlib.contextmanager
def a_nursery(env: Mapping[str, str] | None = None) -> Iterator[Nursery]:
    """Have the processes that `begin` begins with such an environment come from a nursery."""
    nursery = Nursery(env or {})
    _open.append(nursery)
    try:
        yield nursery
    finally:
        _open.remove(nursery)
        nursery.close()


def begin(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Started:
    """Begin `python -m` with these words and `env` beside this process's own, from a nursery where one is open."""
    whole = {**os.environ, **env}
    for nursery in _open:
        if nursery.at_load == _at_load(whole):
            return nursery.begin(command, log, whole)
    return Started([sys.executable, "-m", *command], log, whole)


def _at_load(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(AT_LOAD)}


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Become the parent of what a nursery lets go of meanwhile; not for longer, as servers are let go of to stay."""
    prctl = ctypes.CDLL(None).prctl
    prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def rear() -> None:
    """Be a nursery until nobody is left to ask, or a child of it until that ends."""
    for line in sys.stdin:
        command, log, out, env = json.loads(line)
        for module in ("kiosk.cli", *(module for word in command[:2] for module in NEEDED.get(word, ()))):
            importlib.import_module(module)
        gc.freeze()
        assert threading.active_count() == 1, "a thread would be missing in a child"
        if _fork():
            _become(command, (os.devnull, out, log), env)
            return


def _fork() -> bool:
    """Fork a child that is let go of, and tell its number; true in the child."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        os.write(1, b"\n")
        return False
    child = os.fork()
    if child:
        os.write(1, str(child).encode())
        os._exit(0)
    return True


def _become(command: Sequence[str], files: Sequence[str], env: Mapping[str, str]) -> None:
    """Go on as `python -m` with these words; `ps` shows which of our processes it is."""
    for number, name in enumerate(files):
        file = os.open(name, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    Path("/proc/self/comm").write_text(" ".join(command)[:COMM_BYTES_MAX])
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    rear()
