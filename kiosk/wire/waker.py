"""Wakes a thread that waits in `poll`."""

import socket
from contextlib import suppress


class Waker:
    """One end to poll, one end to write to from any thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Return what to poll for reading."""
        return self._reader.fileno()

    def wake(self) -> None:
        """Make the poll return. A full pipe is awake already, and a closed one has nobody left to wake."""
        with suppress(OSError):
            self._writer.send(b"\0")

    def clear(self) -> None:
        """Take what woke us."""
        with suppress(OSError):
            self._reader.recv(4096)

    def close(self) -> None:
        """Free both ends."""
        self._reader.close()
        self._writer.close()
