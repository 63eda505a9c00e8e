"""A PN532 module on a pseudo terminal, as far as nfcpy's driver asks: it finds type A cards.

Frames as in NXP's PN532 user manual (UM0701), 6.2: 00 00 FF LEN LCS TFI data DCS 00, and the extended form.
"""

import os
import threading
import tty
from collections.abc import Callable

ACK = bytes.fromhex("0000FF00FF00")
FIFO_DATA = bytes.fromhex("6339")
EMPTY_FIELD_S = 0.02


class Pn532:
    """Answers at `path` until `close`. `card` is the UID that lies on it; `found` and `missed` count searches.

    `torn` cuts the next answer short; `skip` searches find nothing although a card is there.
    """

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self.card: bytes | None = None
        self.found = 0
        self.missed = 0
        self.torn = False
        self.skip = 0
        self._closed = threading.Event()
        self._commands: dict[int, Callable[[bytes], bytes]] = {
            0x00: lambda data: data,
            0x02: lambda data: bytes.fromhex("32010607"),
            0x06: self._registers,
            0x16: lambda data: b"\x00",
            0x4A: self._search,
        }
        self._thread = threading.Thread(target=self._serve, name="pn532", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the module out."""
        self._closed.set()
        os.close(self._slave)
        os.close(self._master)

    def _serve(self) -> None:
        pending = b""
        while not self._closed.is_set():
            try:
                pending += os.read(self._master, 512)
                while (frame := _take(pending)) is not None:
                    data, pending = frame
                    if data[:1] == b"\xd4":
                        self._answer(data[1], data[2:])
            except OSError:
                return

    def _answer(self, command: int, data: bytes) -> None:
        os.write(self._master, ACK)
        answer = _frame(bytes([0xD5, command + 1]) + self._commands.get(command, lambda _: b"")(data))
        if self.torn and command == 0x4A:
            self.torn = False
            answer = answer[:3]
        os.write(self._master, answer)

    def _registers(self, data: bytes) -> bytes:
        asked = [data[at : at + 2] for at in range(0, len(data), 2)]
        # The request for answers still standing in the buffer is how the driver knows that nobody answered.
        return bytes(0x26 if register == FIFO_DATA else 0 for register in asked)

    def _search(self, data: bytes) -> bytes:
        uid = self.card
        if uid is not None and self.skip:
            self.skip -= 1
            return b"\x00"
        if uid is None or data[1] != 0:
            self._closed.wait(EMPTY_FIELD_S)
            self.missed += 1
            return b"\x00"
        self.found += 1
        kind = bytes.fromhex("004400") if len(uid) == 7 else bytes.fromhex("000408")
        return b"\x01\x01" + kind + bytes([len(uid)]) + uid


def _take(pending: bytes) -> tuple[bytes, bytes] | None:
    """Return the first whole frame's data and what follows it."""
    start = pending.find(b"\x00\xff")
    if start < 0 or len(pending) < start + 5:
        return None
    if pending[start + 2 : start + 4] == b"\x00\xff":
        return b"", pending[start + 5 :]
    head, size = start + 4, pending[start + 2]
    if pending[start + 2 : start + 4] == b"\xff\xff":
        head, size = start + 7, int.from_bytes(pending[start + 4 : start + 6], "big")
    end = head + size
    return (pending[head:end], pending[end + 2 :]) if len(pending) >= end + 2 else None


def _frame(data: bytes) -> bytes:
    size = len(data)
    if size < 256:
        head = bytes([size, -size & 0xFF])
    else:
        parts = size.to_bytes(2, "big")
        head = b"\xff\xff" + parts + bytes([-sum(parts) & 0xFF])
    return b"\x00\x00\xff" + head + data + bytes([-sum(data) & 0xFF, 0])
