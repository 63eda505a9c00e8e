"""Facts up: one journal's way to central, one batch in flight until central says it is stored.

A state machine without threads or waits of its own: the daemon hands it acks and the time, and sends what it returns.
"""

import logging
import random
from enum import StrEnum

from prometheus_client import Counter

from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import JournalUnavailable
from kiosk.store.cursors import Cursor, Cursors
from kiosk.store.reading import JournalReader, StoredRecord
from kiosk.store.rotation import Parting
from kiosk.sync.settings import SyncSettings
from kiosk.wire.batches import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, ENVELOPE_BYTES, seal_batch
from kiosk.wire.messages import Ack, AckStatus, JournalHead
from kiosk.wire.signing import SigningKey

PAUSE_MS_MAX = 60_000
BAD_MAX = 2

_log = logging.getLogger(__name__)
_acks = Counter("kiosk_sync_acks", "Central's acks by what came of them", ["what"])


class Next(StrEnum):
    """What an ack asks of the daemon."""

    SEND = "send"
    BIRTH = "birth"
    PART = "part"
    NOTHING = "nothing"


class Uplink:
    """The way of one journal file. Only an ack of central's moves the cursor, never the broker (invariant 5)."""

    def __init__(
        self, owner: str, reader: JournalReader, cursors: Cursors, device: str, key: SigningKey, clock: Clock,
        settings: SyncSettings, chance: random.Random,
    ) -> None:  # fmt: skip
        self.owner = owner
        self.journal = ""
        self.head = 0
        self.parting: Parting | None = None
        self._reader, self._cursors = reader, cursors
        self._device, self._key, self._clock = device, key, clock
        self._settings, self._chance = settings, chance
        self._cursor = Cursor()
        self._flight: tuple[int, bytes] | None = None
        self._ahead: list[StoredRecord] = []
        self._resend_ns = 0
        self._wait_s = settings.resend_first_s
        self._paused_ns = 0
        self._bad = 0

    @property
    def acked(self) -> int:
        """The last seq central has committed, as far as we know."""
        return self._cursor.seq

    def refresh(self) -> bool:
        """Look how far the journal has grown; return True where it is another journal than before."""
        try:
            mark = self._reader.mark()
        except JournalUnavailable:
            return False
        fresh = mark.journal != self.journal
        if fresh:
            self.journal, self.parting, self._bad = mark.journal, None, 0
            self._cursor = self._cursors.get(mark.journal)
            self._land()
        self.head = mark.head
        return fresh

    def announce(self) -> JournalHead | None:
        """Return what a birth says of this journal; None while there is none."""
        if not self.journal:
            return None
        link = self._reader.hash_at(self.head)
        return JournalHead(self.journal, self.head, self.acked, link.hex() if link else "")

    def connected(self) -> None:
        """Send again from the cursor: what was in flight may be lost."""
        self._land()

    def due_ns(self) -> int | None:
        """Return when `send` has something to say; None while everything is acked."""
        if not self.journal or self.parting is not None or self.head <= self.acked:
            return None
        return max(self._resend_ns if self._flight else 0, self._paused_ns)

    def send(self, now_ns: int) -> bytes | None:
        """Return the payload to publish now: the next batch, or the one in flight again; None where nothing is due."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        if self._flight is not None:
            self._wait_s = min(self._wait_s * 2, self._settings.resend_max_s)
            payload = self._flight[1]
        else:
            payload = self._seal() or b""
        if not payload:
            return None
        self._resend_ns = now_ns + int(self._wait_s * (1 + self._chance.random() / 4) * 1e9)
        return payload

    def read_ahead(self) -> None:
        """Fetch the batch behind the one in flight while central is busy with that."""
        if self._flight is not None and not self._ahead and self.head > self._flight[0]:
            self._ahead = self._read(self._flight[0])

    def on_ack(self, ack: Ack, session: str, now_ns: int) -> Next:
        """Take a verified ack for this journal."""
        answers_birth = ack.session == session
        self._paused_ns = max(self._paused_ns, now_ns + min(max(ack.pause_ms, 0), PAUSE_MS_MAX) * 1_000_000)
        if self.parting is not None:
            return Next.PART
        held = self._reader.hash_at(ack.seq)
        same = held is not None and held.hex() == ack.hash
        if ack.status in (AckStatus.FORK, AckStatus.BAD):
            return self._refused(ack, same=same)
        if not same:
            return self._not_held(ack, pruned=held is None and ack.seq < self.acked, answers_birth=answers_birth)
        if ack.status is AckStatus.GAP:
            # Central has less than we were told it had: only the answer to a birth may set the cursor down.
            _acks.labels("gap").inc()
            return Next.SEND if answers_birth and self._move(ack, down=True) else Next.BIRTH
        return Next.SEND if self._move(ack, down=answers_birth) else Next.NOTHING

    def _move(self, ack: Ack, *, down: bool) -> bool:
        if ack.seq == self.acked or (ack.seq < self.acked and not down):
            _acks.labels("repeated").inc()
            return False
        _acks.labels("moved" if ack.seq > self.acked else "lowered").inc()
        self._cursor = Cursor(ack.seq, bytes.fromhex(ack.hash))
        self._cursors.set(self.journal, self._cursor)
        self._bad = 0
        if self._flight is None or self._flight[0] != ack.seq:
            self._ahead = []
        self._flight, self._wait_s = None, self._settings.resend_first_s
        return True

    def _refused(self, ack: Ack, *, same: bool) -> Next:
        _acks.labels(ack.status.value).inc()
        self._bad += 1
        if ack.status is AckStatus.BAD and self._bad < BAD_MAX:
            # Once may be damage on the way: the same batch goes again before a journal is left.
            self._land()
            return Next.SEND
        return self._part(ack, ack.seq if same else self._common(ack), ack.status.value)

    def _not_held(self, ack: Ack, *, pruned: bool, answers_birth: bool) -> Next:
        if pruned or (ack.seq < self.acked and not answers_birth):
            _acks.labels("old").inc()
            return Next.NOTHING
        _acks.labels("not_held").inc()
        return self._part(ack, self._common(ack), "not_held")

    def _common(self, ack: Ack) -> int:
        """Return the last position both surely hold: the cursor, which central once confirmed of this very chain."""
        held = self._reader.hash_at(self.acked)
        return self.acked if held == self._cursor.hash and self.acked <= ack.seq else 0

    def _part(self, ack: Ack, common: int, why: str) -> Next:
        _log.error("journal is held otherwise at central", extra={"journal": self.journal, "seq": ack.seq, "why": why})
        self.parting = Parting(self.journal, common, ack.seq, ack.hash, why)
        self._land()
        return Next.PART

    def _seal(self) -> bytes | None:
        after = self.acked
        records = self._ahead if self._ahead and self._ahead[0].seq == after + 1 else self._read(after)
        self._ahead = []
        if not records:
            return None
        payload = seal_batch(
            self._device, self.journal, after + 1, self._cursor.hash, [each.body for each in records],
            records[-1].hash, format_utc(self._clock.now()), self._key,
        )  # fmt: skip
        self._flight = records[-1].seq, payload
        return payload

    def _read(self, after: int) -> list[StoredRecord]:
        try:
            return self._reader.read(after, BATCH_RECORDS_MAX, BATCH_BYTES_MAX - ENVELOPE_BYTES)
        except JournalUnavailable as error:
            _log.warning("journal cannot be read", extra={"journal": self.journal, "cause": error.message})
            return []

    def _land(self) -> None:
        self._flight, self._ahead, self._resend_ns = None, [], 0
        self._wait_s = self._settings.resend_first_s
