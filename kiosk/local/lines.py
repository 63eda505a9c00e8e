"""JSON objects over a Unix socket, one a line."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.codec import decode
from kiosk.core.errors import MessageRejected

LINE_BYTES_MAX = 64 * 1024
BEAT = b"{}\n"
BEAT_S = 2.0
BUSY = b'{"ok":false,"busy":true}\n'

_ADDRESS_BYTES_MAX = 107
_encoder = msgspec.json.Encoder()


class Lines:
    """One connected socket. One thread reads and writes; any other may only `shut` it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = b""

    def read(self, timeout_s: float) -> dict[str, Any] | None:
        """Return the next object, None at the end; raises TimeoutError, OSError, and MessageRejected for what is none.

        What has come of a line stays for the next call when the time is up.
        """
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._held:
            if len(self._held) > LINE_BYTES_MAX:
                raise MessageRejected(f"a line over {LINE_BYTES_MAX} bytes")
            self._sock.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = self._sock.recv(LINE_BYTES_MAX)
            if not piece:
                return None
            self._held += piece
        line, _, self._held = self._held.partition(b"\n")
        if len(line) > LINE_BYTES_MAX:
            raise MessageRejected(f"a line over {LINE_BYTES_MAX} bytes")
        value = decode(line)
        if not isinstance(value, dict):
            raise MessageRejected("a line that is no JSON object")
        return value

    def write(self, line: bytes, timeout_s: float) -> None:
        """Send what `encode_line` returned; raises OSError."""
        self._sock.settimeout(max(timeout_s, 0.001))
        self._sock.sendall(line)

    def ended(self) -> bool:
        """Say, without waiting, whether the other side has gone."""
        self._sock.setblocking(False)
        try:
            return not self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def shut(self) -> None:
        """End the conversation: whoever reads or writes returns at once."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket. May be called twice."""
        self._sock.close()


def encode_line(message: dict[str, Any]) -> bytes:
    """Return a message as one line; raises MessageRejected over 64 KiB."""
    line = _encoder.encode(message)
    if len(line) > LINE_BYTES_MAX:
        raise MessageRejected(f"a message of {len(line)} bytes, the limit is {LINE_BYTES_MAX}")
    return line + b"\n"


def connect(path: Path, timeout_s: float) -> Lines:
    """Connect to the socket at a path; raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.settimeout(max(timeout_s, 0.001))
        with socket_address(path) as address:
            sock.connect(address)
    except OSError:
        sock.close()
        raise
    return Lines(sock)


@contextlib.contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Yield what to bind or connect to: the path, or a short name for one longer than a socket address may be."""
    if len(os.fsencode(path)) <= _ADDRESS_BYTES_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
