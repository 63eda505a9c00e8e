"""Writing a large file without pushing a journal on the same disk aside."""

import os
from threading import Event
from time import monotonic

STEP_BYTES = 256 * 1024
"""Written, forced to disk and waited for at a time, so that others get their turn in between."""


class Pace:
    """Forces a file to disk every 256 KiB and keeps its writing below a rate; without a rate it does neither."""

    def __init__(self, descriptor: int, bytes_per_s_max: int | None) -> None:
        self._descriptor = descriptor
        self._rate = bytes_per_s_max
        self._pending = 0
        self._since = monotonic()
        self._never = Event()

    def wrote(self, count: int) -> None:
        """Take note of bytes written; may wait. Raises OSError where they cannot be made durable."""
        self._pending += count
        if self._rate is None or self._pending < STEP_BYTES:
            return
        os.fdatasync(self._descriptor)
        ahead_s = self._pending / self._rate - (monotonic() - self._since)
        if ahead_s > 0:
            self._never.wait(ahead_s)
        self._pending, self._since = 0, monotonic()
