"""What a test may not leave behind: threads that keep a process alive, and child processes."""

import contextlib
import os
import signal
import threading
from pathlib import Path

from tests.support.wait import eventually

GRACE_S = 3.0


class LeakCheck:
    """Remembers what runs when it is made; `finish` fails for what came since and stayed."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._children = set(children())

    def finish(self) -> None:
        """Give what is ending three seconds, end the children that stay, and raise AssertionError naming them."""
        with contextlib.suppress(AssertionError):
            eventually(lambda: not self._left(), timeout_s=GRACE_S)
        left = self._left()
        for pid in children().keys() - self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if left:
            raise AssertionError(f"the test left running: {', '.join(left)}")

    def _left(self) -> list[str]:
        threads = [
            f"thread {thread.name}"
            for thread in threading.enumerate()
            if thread not in self._threads and not thread.daemon
        ]
        return threads + [f"process {pid} ({name})" for pid, name in children().items() if pid not in self._children]


def children() -> dict[int, str]:
    """Return this process's living children with their command lines."""
    found: dict[int, str] = {}
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            for pid in (task / "children").read_text().split():
                found |= _describe(int(pid))
    return found


def _describe(pid: int) -> dict[int, str]:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return {}
    return {} if state in ("Z", "X") else {pid: command[:120]}
