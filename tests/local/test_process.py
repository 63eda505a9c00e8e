"""Being told to stop, and telling systemd."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from kiosk.local.process import notify_ready, notify_watchdog

WAITS = """
import sys
from kiosk.local.process import stop_event
stop = stop_event()
print("ready", flush=True)
while not stop.wait(0.0005): pass
print("stopped", flush=True)
sys.stdin.read()
"""

MANY = """
import os, random, signal, threading
from kiosk.local.process import stop_event

def kill_in(delay_s):
    threading.Event().wait(delay_s)
    os.kill(os.getpid(), signal.SIGTERM)

for _ in range(60):
    stop = stop_event()
    threading.Thread(target=kill_in, args=(random.random() / 1000,), daemon=True).start()
    while not stop.wait(0):
        pass
print("done")
"""


def stopped_by(command: Sequence[str], number: signal.Signals) -> int:
    """Start a program that waits, send it a signal, and return its exit code."""
    env = os.environ | {"PROGRAM": WAITS}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline() == "stopped\n"
        process.stdin.close()
        return process.wait(5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_cleanly_on(number: signal.Signals) -> None:
    assert stopped_by([sys.executable, "-c", WAITS], number) == 0


def test_sigint_stops_a_process_whose_shell_had_it_ignored() -> None:
    assert stopped_by(["sh", "-c", f"trap '' INT; exec {sys.executable} -c \"$PROGRAM\""], signal.SIGINT) == 0


def test_a_signal_at_any_moment_of_a_wait_ends_it() -> None:
    """An event that is set inside the signal handler deadlocks here: the wait that was interrupted holds its lock."""
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_ready_and_watchdog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"@kiosk-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        systemd.bind("\0" + name[1:] if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify_ready()
        notify_watchdog()
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_a_systemd_that_does_not_listen_is_borne(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        for _ in range(5000):
            notify_watchdog()
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "missing"))
        notify_ready()
        monkeypatch.delenv("NOTIFY_SOCKET")
        notify_ready()
        assert systemd.recv(100) == b"WATCHDOG=1"
