"""One test bench a driver, all with the same handles: tap a card, pull the reader out, plug it in."""

import os
import select
import struct
import tty
from pathlib import Path
from typing import Any, Protocol

from kiosk.readers.mock import MockReader
from kiosk.readers.reader import ReaderSettings
from tests.readers.pn532 import Pn532
from tests.readers.running import Running
from tests.support.pcsc import PrivatePcscd, VirtualCard, in_process_socket, storage_atr
from tests.support.wait import eventually

KEYS = {letter: code for first, row in ((2, "1234567890"), (16, "qwertyuiop"), (30, "asdfghjkl"), (44, "zxcvbnm"))
        for code, letter in enumerate(row, first)}  # fmt: skip
SHIFT, ENTER = 42, 28


class Rig(Protocol):
    """What a contract test may do with any reader."""

    def settings(self, **changes: Any) -> ReaderSettings:
        """Return the settings of a reader at this bench, with debouncing on."""

    def tap(self, reader: Running, raw: str) -> None:
        """Lay a card on and take it away."""

    def lose(self, reader: Running | None) -> None:
        """Pull the reader out."""

    def restore(self, reader: Running | None) -> None:
        """Plug it in again."""

    def close(self) -> None:
        """Put the bench away."""


class MockRig:
    """The mock, in its debounced kind."""

    def settings(self, **changes: Any) -> ReaderSettings:
        return ReaderSettings(**{"name": "entrance", "device": "mock:debounce", **changes})

    def tap(self, reader: Running, raw: str) -> None:
        _mock(reader).present(raw)

    def lose(self, reader: Running | None) -> None:
        _mock(reader).lose("unplugged")

    def restore(self, reader: Running | None) -> None:
        _mock(reader).restore()

    def close(self) -> None:
        pass


class KeyboardRig:
    """A pipe that carries what the kernel would say of each key."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "event5"
        self._pipe: int | None = None
        self.restore(None)

    def settings(self, **changes: Any) -> ReaderSettings:
        return ReaderSettings(**{"name": "entrance", "device": f"keyboard:{self._path}", **changes})

    def tap(self, reader: Running, raw: str) -> None:
        self.type(raw)
        self.press(ENTER)

    def type(self, text: str) -> None:
        """Type letters, capitals with shift."""
        for letter in text:
            if letter.isupper():
                self.send((1, SHIFT, 1))
            self.press(KEYS[letter.lower()])
            if letter.isupper():
                self.send((1, SHIFT, 0))

    def press(self, code: int) -> None:
        """Press and let go of one key, held long enough to repeat."""
        self.send((4, 4, 0x70000 + code), (1, code, 1), (0, 0, 0), (1, code, 2), (1, code, 0), (0, 0, 0))

    def send(self, *events: tuple[int, int, int]) -> None:
        """Write input events: type, code, value."""
        self._write(b"".join(struct.pack("@llHHi", 0, 0, *event) for event in events))

    def send_cut(self, event: tuple[int, int, int], at: int) -> None:
        """Write one input event in two parts, the second when the first has been read."""
        packed = struct.pack("@llHHi", 0, 0, *event)
        self._write(packed[:at])
        eventually(self._is_drained)
        self._write(packed[at:])

    def _write(self, data: bytes) -> None:
        assert self._pipe is not None
        os.write(self._pipe, data)

    def _is_drained(self) -> bool:
        assert self._pipe is not None
        return not select.select([self._pipe], [], [], 0)[0]

    def lose(self, reader: Running | None) -> None:
        assert self._pipe is not None
        self._path.unlink()
        os.close(self._pipe)
        self._pipe = None

    def restore(self, reader: Running | None) -> None:
        os.mkfifo(self._path)
        self._pipe = os.open(self._path, os.O_RDWR)

    def close(self) -> None:
        if self._pipe is not None:
            self.lose(None)


class SerialRig:
    """A pseudo terminal behind a link, as udev would make one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ttyUSB0"
        self._ends: tuple[int, int] | None = None
        self.restore(None)

    def settings(self, **changes: Any) -> ReaderSettings:
        return ReaderSettings(**{"name": "entrance", "device": f"serial:{self._path}?baud=115200", **changes})

    def tap(self, reader: Running, raw: str) -> None:
        reader.wait_until_up()  # opening the port throws away what was sent before
        self.write(b"\x02" + raw.encode() + b"\r\n\x03")

    def write(self, data: bytes) -> None:
        """Send bytes as the reader would."""
        assert self._ends is not None
        os.write(self._ends[0], data)

    def lose(self, reader: Running | None) -> None:
        assert self._ends is not None
        self._path.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None

    def restore(self, reader: Running | None) -> None:
        self._ends = os.openpty()
        for end in self._ends:
            tty.setraw(end)
        self._path.symlink_to(os.ttyname(self._ends[1]))

    def close(self) -> None:
        if self._ends is not None:
            self.lose(None)


class NfcRig:
    """nfcpy's PN532 driver on an emulated module. nfcpy looks for terminals in /dev only, hence a link there."""

    def __init__(self) -> None:
        self._link = Path(f"/dev/kioskreader{os.getpid()}")
        self.module: Pn532 | None = None
        self.restore(None)

    def settings(self, **changes: Any) -> ReaderSettings:
        return ReaderSettings(**{"name": "entrance", "device": f"nfc:tty:{self._link.name}:pn532", **changes})

    def tap(self, reader: Running, raw: str) -> None:
        self.lay(raw)
        self.take()

    def lay(self, raw: str) -> None:
        """Lay a card on, and wait until it was found."""
        module = self._module()
        before = module.found
        module.card = bytes.fromhex(raw)
        eventually(lambda: module.found > before)

    def take(self) -> None:
        """Take the card away, and wait until that was noticed."""
        module = self._module()
        module.card = None
        before = module.missed
        eventually(lambda: module.missed > before + 4)

    def lose(self, reader: Running | None) -> None:
        self._link.unlink()
        self._module().close()
        self.module = None

    def restore(self, reader: Running | None) -> None:
        self.module = Pn532()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(self.module.path)

    def close(self) -> None:
        if self.module is not None:
            self.lose(None)

    def _module(self) -> Pn532:
        assert self.module is not None
        return self.module


class PcscRig:
    """A real pcscd with one virtual reader."""

    READER = "ACS ACR122U PICC Interface"

    def __init__(self) -> None:
        self.service = PrivatePcscd([self.READER], in_process_socket())
        self.service.start()
        self._card: VirtualCard | None = None

    @property
    def port(self) -> int:
        """Return where cards are laid on."""
        return self.service.ports[self.READER]

    def settings(self, **changes: Any) -> ReaderSettings:
        return ReaderSettings(**{"name": "entrance", "device": "pcsc:ACR122", **changes})

    def tap(self, reader: Running, raw: str) -> None:
        card = VirtualCard(bytes.fromhex(raw), storage_atr(3))
        card.insert(self.port)
        assert card.answered.wait(30), "the card was not asked"
        card.remove()

    def lose(self, reader: Running | None) -> None:
        self.service.kill()

    def restore(self, reader: Running | None) -> None:
        self.service.start()

    def close(self) -> None:
        self.service.close()


def _mock(reader: Running | None) -> MockReader:
    assert reader is not None
    assert isinstance(reader.reader, MockReader)
    return reader.reader
