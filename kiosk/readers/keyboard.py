"""Readers that type: a USB keyboard whose digits and letters are a card number, ended by Enter or Tab.

Reads the kernel's input events (linux/input.h, `struct input_event`) and keeps the device for itself, so that a card
number never lands in another window.
"""

import fcntl
import os
import select
import stat
import struct
import time

from kiosk.readers.driver import TICK_S, DeviceLost, Driver, MonotonicNs, Session, cause_of
from kiosk.readers.lines import LineBuffer
from kiosk.readers.reader import Cause, ReaderSettings

EVENT = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value, in the machine's own sizes: 24 bytes on 64 bits."""

EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
KEY_UP, KEY_DOWN = 0, 1
SHIFTS = frozenset({42, 54})
ENDS = frozenset({15, 28, 96})
_GRAB = 0x40044590  # EVIOCGRAB: _IOW('E', 0x90, int)
_SILENT = frozenset({29, 56, 58, 69, 97, 100, 125, 126})  # control, alt, caps lock, num lock, meta
_READ_BYTES = EVENT.size * 64


def _layout(rows: dict[int, str]) -> dict[int, str]:
    return {first + offset: letter for first, row in rows.items() for offset, letter in enumerate(row)}


_PLAIN = _layout(
    {2: "1234567890-=", 16: "qwertyuiop", 30: "asdfghjkl;", 44: "zxcvbnm,./", 57: " ", 71: "789-456+1230."},
)
_SHIFTED = _layout({2: "!@#$%^&*()_+", 16: "QWERTYUIOP", 30: "ASDFGHJKL:", 44: "ZXCVBNM<>?", 57: " "})


class KeyTyping:
    """Turns key events of a US layout into numbers. A key without a letter spoils the number it falls into."""

    def __init__(self, line: LineBuffer) -> None:
        self._line = line
        self._held: set[int] = set()

    def key(self, kind: int, code: int, value: int, now_ns: int) -> str | None:
        """Take one input event; returns the number when it ends one."""
        if kind == EV_SYN and code == SYN_DROPPED:
            self._line.drop()
            self._held.clear()
        elif kind == EV_KEY and code in SHIFTS:
            self._hold(code, value != KEY_UP)
        elif kind == EV_KEY and value == KEY_DOWN and code not in _SILENT:
            if code in ENDS:
                return self._line.end(now_ns)
            letters = _SHIFTED if self._held else _PLAIN
            self._line.add(letters.get(code, "?"), now_ns)
        return None

    def _hold(self, code: int, down: bool) -> None:
        if down:
            self._held.add(code)
        else:
            self._held.discard(code)


class KeyboardReader(Driver):
    """Reads `keyboard:/dev/input/…`. A path under /dev/input/by-id stays the same when others are plugged in."""

    def __init__(self, settings: ReaderSettings, path: str, monotonic_ns: MonotonicNs = time.monotonic_ns) -> None:
        super().__init__(settings, monotonic_ns)
        self._path = path

    def _read(self, session: Session) -> None:
        try:
            device = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise self._lost(error) from error
        try:
            self._grab(device)
            session.ready()
            self._follow(device, session)
        except OSError as error:
            raise self._lost(error) from error
        finally:
            os.close(device)

    def _follow(self, device: int, session: Session) -> None:
        line = LineBuffer(self._counts)
        typing = KeyTyping(line)
        poll = select.poll()
        poll.register(device, select.POLLIN)
        rest = b""
        while not session.halted:
            if not poll.poll(TICK_S * 1000):
                line.tick(self._monotonic_ns())
                continue
            data = os.read(device, _READ_BYTES)
            if not data:
                raise DeviceLost(Cause.ABSENT, f"keyboard {self._path} is gone", hint="Is it plugged in?")
            data = rest + data
            whole = len(data) - len(data) % EVENT.size
            rest = data[whole:]
            for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
                number = typing.key(kind, code, value, self._monotonic_ns())
                if number is not None:
                    session.card(number)

    def _grab(self, device: int) -> None:
        if stat.S_ISCHR(os.fstat(device).st_mode):
            fcntl.ioctl(device, _GRAB, 1)

    def _lost(self, error: OSError) -> DeviceLost:
        cause = cause_of(error)
        hint = "Put the service into the group input" if cause is Cause.NO_PERMISSION else "Is it plugged in?"
        return DeviceLost(cause, f"keyboard {self._path}: {error.strerror}", hint=hint)
