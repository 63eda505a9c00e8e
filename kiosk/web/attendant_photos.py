"""The photo of who has just tapped, for the attendant alone: asked of central, handed on, and kept nowhere here."""

import threading
from contextlib import closing
from pathlib import Path

from kiosk.core.codec import decode
from kiosk.core.errors import JournalUnavailable
from kiosk.core.self_service import PhotoAsked, PhotoTold, Subject
from kiosk.store.reading import JournalReader
from kiosk.web.self_asking import AskCentral, NoAnswer

KINDS = frozenset({"image/jpeg", "image/png"})
RECORD_BYTES_MAX = 64 * 1024
AT_ONCE_MAX = 2
"""So many are asked for at once: what else this box asks central needs the rest of the line."""


class Photos:
    """Finds whose tap a record of the gate's journal is, and asks central for the face. For several threads."""

    def __init__(self, journal: Path, ask_central: AskCentral) -> None:
        self._journal, self._ask_central = journal, ask_central
        self._room = threading.BoundedSemaphore(AT_ONCE_MAX)

    def of(self, seq: int) -> PhotoTold | None:
        """Return the photo of who tapped; None without a journal, a card, a photo, a line or room."""
        try:
            with closing(JournalReader(self._journal)) as reader:
                records = reader.read(seq - 1, 1, RECORD_BYTES_MAX)
        except JournalUnavailable:
            return None
        credential = decode(records[0].body)["data"].get("credential") if records else None
        if not credential:
            return None
        if not self._room.acquire(blocking=False):
            return None
        try:
            found = self._ask_central(Subject.PHOTO, PhotoAsked(credential), PhotoTold)
        finally:
            self._room.release()
        return None if isinstance(found, NoAnswer) or found.kind not in KINDS else found
