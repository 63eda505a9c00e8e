"""What a benchmark sees of the process it runs in or beside: memory, and how long write transactions are open."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.central.database import Database


class TimedDatabase(Database):
    """Central's database, which times the write transactions of the thread that made it.

    `held_s` is how long they were open together, `longest_s` the longest; both may be set back.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.held_s = self.longest_s = 0.0
        self._thread = threading.get_ident()

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """Run one write transaction."""
        started = time.monotonic()
        try:
            with super().begin() as connection:
                started = time.monotonic()
                yield connection
        finally:
            if threading.get_ident() == self._thread:
                took_s = time.monotonic() - started
                self.held_s, self.longest_s = self.held_s + took_s, max(self.longest_s, took_s)


def memory_mb(name: str, process: int | str = "self") -> float:
    """Return a figure of a process's memory, as `VmHWM`, in MiB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
