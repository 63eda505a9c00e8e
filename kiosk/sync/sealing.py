"""The next batch of a journal, read and sealed."""

from typing import NamedTuple

from kiosk.core.clock import Clock, format_utc
from kiosk.store.cursors import Cursor
from kiosk.store.reading import JournalReader
from kiosk.wire.batches import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, ENVELOPE_BYTES, seal_batch
from kiosk.wire.signing import SigningKey


class Batch(NamedTuple):
    """A sealed batch: the place it begins behind, the place of its last record, and its payload."""

    after: Cursor
    last: Cursor
    payload: bytes


class Sealer:
    """Makes batches of one journal file within both limits of the contract."""

    def __init__(self, reader: JournalReader, device: str, key: SigningKey, clock: Clock) -> None:
        self._reader, self._device, self._key, self._clock = reader, device, key, clock

    def seal(self, journal: str, after: Cursor) -> Batch | None:
        """Return the batch behind a place, None where the next record is not held; raises JournalUnavailable."""
        records = self._reader.read(after.seq, BATCH_RECORDS_MAX, BATCH_BYTES_MAX - ENVELOPE_BYTES)
        if not records:
            return None
        last = Cursor(records[-1].seq, records[-1].hash)
        payload = seal_batch(
            self._device, journal, after.seq + 1, after.hash, [each.body for each in records],
            last.hash, format_utc(self._clock.now()), self._key,
        )  # fmt: skip
        return Batch(after, last, payload)
