"""Content-addressed parts in one file: what central serves a snapshot from, and where a device gathers it.

Each part is written as its 32-byte SHA-256, its length in four bytes, and its bytes. One file instead of thousands:
it is appended to in order, can be paced, and is gone in one step.
"""

import hashlib
import os
import struct
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Self

from kiosk.core.errors import RosterUnavailable
from kiosk.wire.pace import Pace

NAME_BYTES = 32
PART_BYTES_MAX = 66 * 1024
"""Of a part as it travels: 88 KiB in base64."""

_HEADER = struct.Struct(f">{NAME_BYTES}sI")


class PartStore:
    """Parts by the hex SHA-256 of their bytes, at most `bytes_max` in all.

    Parts that are here after a restart are used again. What a power loss cut short or spoilt is noticed when it is
    read, and is then as good as not there. Safe in several threads of the one process that writes it.
    """

    def __init__(self, path: Path, bytes_max: int, *, bytes_per_s_max: int | None = None) -> None:
        """Open or make the file; raises RosterUnavailable. Writing stays below `bytes_per_s_max`."""
        self.path = path
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._places, self._end = _read_places(self._file)
            os.ftruncate(self._file, self._end)
        except OSError as error:
            raise RosterUnavailable(f"roster parts {path} cannot be opened: {error.strerror}") from error
        self._pace = Pace(self._file, bytes_per_s_max)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file."""
        self.close()

    def put(self, data: bytes) -> str:
        """Keep a part and return its name; raises RosterUnavailable when the store is full or the disk fails."""
        digest = hashlib.sha256(data).digest()
        name = digest.hex()
        if len(data) > PART_BYTES_MAX:
            raise RosterUnavailable(f"roster part of {len(data)} bytes, the limit is {PART_BYTES_MAX}")
        with self._lock:
            if name in self._places:
                return name
            size = _HEADER.size + len(data)
            if self._end + size > self._bytes_max:
                raise RosterUnavailable(f"roster parts {self.path} reach the limit of {self._bytes_max} bytes")
            try:
                _write(self._file, _HEADER.pack(digest, len(data)) + data, self._end)
            except OSError as error:
                raise RosterUnavailable(f"roster parts {self.path} cannot be written: {error.strerror}") from error
            self._places[name] = (self._end + _HEADER.size, len(data))
            self._end += size
            self._pace.wrote(size)
        return name

    def has(self, name: str) -> bool:
        """Say whether a part is here, without reading it."""
        return name in self._places

    def get(self, name: str) -> bytes | None:
        """Return a part whose bytes match its name; None where it is not here, or no longer whole."""
        place = self._places.get(name)
        if place is None:
            return None
        try:
            data = os.pread(self._file, place[1], place[0])
        except OSError as error:
            raise RosterUnavailable(f"roster parts {self.path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() == name:
            return data
        self._places.pop(name, None)
        return None

    @property
    def held_bytes(self) -> int:
        """How much of the disk the parts take."""
        return self._end

    def clear_unless(self, wanted: Collection[str]) -> bool:
        """Throw every part away where less than half of the bytes here are wanted; return whether it was so.

        Single parts cannot be: the file is only appended to.
        """
        with self._lock:
            places = list(self._places.items())
        kept = sum(_HEADER.size + length for name, (_, length) in places if name in wanted)
        if not self._end or 2 * kept >= self._end:
            return False
        self.clear()
        return True

    def clear(self) -> None:
        """Throw every part away."""
        with self._lock:
            self._places.clear()
            self._end = 0
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Let go of the file; the parts stay."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _read_places(file: int) -> tuple[dict[str, tuple[int, int]], int]:
    """Find the whole parts of a file and where the last of them ends."""
    places: dict[str, tuple[int, int]] = {}
    size, end = os.fstat(file).st_size, 0
    while len(header := os.pread(file, _HEADER.size, end)) == _HEADER.size:
        digest, length = _HEADER.unpack(header)
        start = end + _HEADER.size
        if length > PART_BYTES_MAX or start + length > size:
            break
        places[digest.hex()] = (start, length)
        end = start + length
    return places, end


def _write(file: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(file, data, offset)
        data, offset = data[written:], offset + written
