"""Who is inside by a gate's own journal: read by another process of the box, without holding it up."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import TOLERANCE_MS
from kiosk.core.errors import JournalUnavailable
from kiosk.store.reading import JournalReader

_COUNTS = "SELECT area, count(*) FROM presence WHERE at_ms > ? AND at_ms <= ? GROUP BY area"
_LAST = (
    "SELECT credential, area, at_ms FROM presence"
    " WHERE area = ? AND at_ms > ? AND at_ms <= ? ORDER BY at_ms DESC LIMIT ?"
)


class Inside(msgspec.Struct, frozen=True):
    """A card that was last seen to go into an area, by its keyed hash; UTC, milliseconds since 1970."""

    credential: str
    area: str
    at_ms: int


class InsideReader:
    """Reads presence as the gate keeps it. Who left through another box counts as inside until that is forgotten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def counts(self, since_ms: int, now_ms: int) -> dict[str, int]:
        """Return how many are in each area; raises JournalUnavailable."""
        return {area: int(count) for area, count in self._read(_COUNTS, since_ms, now_ms + TOLERANCE_MS)}

    def last(self, area: str, since_ms: int, now_ms: int, limit: int) -> list[Inside]:
        """Return who is in an area, the newest first; raises JournalUnavailable."""
        return [Inside(*row) for row in self._read(_LAST, area, since_ms, now_ms + TOLERANCE_MS, limit)]

    def _read(self, sql: str, *parameters: object) -> list[Any]:
        if not self._path.exists():
            raise JournalUnavailable(f"{self._path} is not there", hint="Is a gate running on this box?")
        with closing(JournalReader(self._path)) as reader:
            return reader.query(sql, *parameters)
