"""A piece of the disk held back, so that a journal can be opened again when the disk has become full meanwhile.

A clean close deletes a file's log, and to open the file the log must be made anew. Without this a gate that was stopped
on a full disk could not be started, and nobody would get out (ARCHITECTURE, invariant 9).
"""

import os
from pathlib import Path

from kiosk.store.database import sync_folder

SPARE_BYTES = 256 * 1024
ROOM_BYTES = 4 * SPARE_BYTES
_PIECE = bytes(4096)


class Spare:
    """The held-back piece of one journal: a file of 256 KiB beside it, `<name>.spare`."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".spare")

    def keep(self) -> None:
        """Hold the piece back where it is not, and the disk has four times as much to give; never raises."""
        if not self._is_whole() and _free_bytes(self.path.parent) >= ROOM_BYTES:
            self.seize()

    def seize(self) -> None:
        """Hold back as much of the piece as the disk gives; never raises."""
        if self._is_whole():
            return
        try:
            with self.path.open("wb", buffering=0) as file:
                for _ in range(SPARE_BYTES // len(_PIECE)):
                    file.write(_PIECE)
                os.fsync(file.fileno())
        except OSError:
            return

    def give(self) -> bool:
        """Give the piece back to the disk; returns False where there is none."""
        try:
            self.path.unlink()
            sync_folder(self.path.parent)
        except OSError:
            return False
        return True

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size >= SPARE_BYTES
        except OSError:
            return False


def _free_bytes(folder: Path) -> int:
    try:
        room = os.statvfs(folder)
    except OSError:
        return 0
    return room.f_bavail * room.f_frsize
