"""Facts up: one journal's way to central, one batch in flight until central says it is stored.

A state machine without threads or waits of its own: the daemon hands it acks and the time, and publishes what it
returns.
"""

import logging
import random
from enum import StrEnum

from prometheus_client import Counter

from kiosk.core.backoff import back_off_s
from kiosk.core.clock import Clock
from kiosk.core.errors import JournalUnavailable
from kiosk.store.cursors import Cursor, Cursors
from kiosk.store.reading import JournalReader
from kiosk.store.rotation import Parting
from kiosk.sync.doubt import Doubt
from kiosk.sync.sealing import Batch, Sealer
from kiosk.sync.settings import SyncSettings
from kiosk.wire.batches import BATCH_RECORDS_MAX
from kiosk.wire.messages import Ack, AckStatus, JournalHead
from kiosk.wire.signing import SigningKey

PAUSE_MS_MAX = 60_000
REFUSED_NS = 50_000_000
"""How long a batch waits that the link would not take: its window is full, or the connection just went."""

KEEP_NS = 200_000_000
"""How often a cursor is written down while a backlog drains: the gate's journal shares the disk."""

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
        self._sealer = Sealer(reader, device, key, clock)
        self._settings, self._chance = settings, chance
        self._cursor = Cursor()
        self._flight: Batch | None = None
        self._sends = 0
        self._ahead: Batch | None = None
        self._kept_ns: int | None = None
        self._kept = self._cursor
        self._resend_ns = 0
        self._paused_ns = 0
        self._doubt = Doubt()

    @property
    def acked(self) -> int:
        """The last seq central has committed, as far as we know."""
        return self._cursor.seq

    @property
    def unsent(self) -> int:
        """How many records central has not confirmed."""
        return max(self.head - self.acked, 0)

    def refresh(self) -> bool:
        """Look how far the journal has grown; return True where it is another journal than before."""
        try:
            mark = self._reader.mark()
        except JournalUnavailable:
            self._lose_sight()
            return False
        fresh = mark.journal != self.journal
        if fresh:
            if self.parting is not None and self.parting.journal != mark.journal:
                self.parting = None
            self.journal = mark.journal
            self._cursor = self._kept = self._cursors.get(mark.journal)
            self._land()
            self._doubt.forget()
        self.head = mark.head
        return fresh

    def announce(self) -> JournalHead | None:
        """Return what a birth says of this journal; None while there is none that can be read."""
        if not self.journal:
            return None
        try:
            link = self._hash_at(self.head)
        except JournalUnavailable:
            return None
        return JournalHead(self.journal, self.head, self.acked, link.hex() if link else "")

    def connected(self) -> None:
        """Send again from the cursor: what was in flight may be lost."""
        self._land()

    def due_ns(self) -> int | None:
        """Return when `send` has something to say; None while everything is acked."""
        if not self.journal or self.parting is not None or self.head <= self.acked:
            return None
        return max(self._resend_ns, self._paused_ns)

    def send(self, now_ns: int) -> bytes | None:
        """Return the payload to publish now: the next batch, or the one in flight again; None where nothing is due.

        The caller says by `sent` or `refused` what the link made of it.
        """
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        if self._doubt.ripe is not None:
            self._leave(self._doubt.ripe)
            return None
        if self._flight is None:
            ahead, self._ahead = self._ahead, None
            self._flight = ahead if ahead is not None and ahead.after == self._cursor else self._seal(self._cursor)
        return self._flight.payload if self._flight is not None else None

    def sent(self, now_ns: int) -> None:
        """The link has taken what `send` returned: it goes again when no ack has moved for a while."""
        wait_s = back_off_s((self._settings.resend_first_s, self._settings.resend_max_s), self._sends)
        self._sends += 1
        self._doubt.sent()
        self._resend_ns = now_ns + int(wait_s * (1 + self._chance.random() / 4) * 1e9)

    def refused(self, now_ns: int) -> None:
        """The link has not taken it: it was not sent, and is offered again in a moment."""
        self._resend_ns = now_ns + REFUSED_NS

    def prepare(self) -> None:
        """Seal the batch behind the one in flight while central is busy with that; only where it will be full."""
        if self._flight is not None and self._ahead is None and self.head - self._flight.last.seq >= BATCH_RECORDS_MAX:
            self._ahead = self._seal(self._flight.last)

    def keep(self, now_ns: int, *, at_once: bool = False) -> None:
        """Write the cursor down where it has moved; while a backlog drains only so often.

        What a power loss takes of it, central's answer to the next birth gives back.
        """
        if self._cursor is self._kept or not self.journal:
            return
        if not at_once and self._flight is not None and self._kept_ns is not None and now_ns - self._kept_ns < KEEP_NS:
            return
        self._kept_ns = now_ns
        self._cursors.set(self.journal, self._cursor)
        self._kept = self._cursor

    def on_ack(self, ack: Ack, session: str, now_ns: int) -> Next:
        """Take a verified ack for this journal; raises JournalUnavailable where it cannot be compared."""
        answers_birth = ack.session == session
        self._paused_ns = max(self._paused_ns, now_ns + min(max(ack.pause_ms, 0), PAUSE_MS_MAX) * 1_000_000)
        if self.parting is not None:
            return Next.PART
        same = self._holds(ack)
        below = ack.seq < self.acked and not answers_birth
        if ack.status in (AckStatus.FORK, AckStatus.BAD):
            _acks.labels(ack.status.value).inc()
            if ack.status is AckStatus.FORK or answers_birth or not (same or below):
                return self._leave(ack)
            return self._on_bad(ack, same=same)
        if ack.status is AckStatus.GAP and (same or below):
            # Central has less than it once told us: only its answer to a birth may set the cursor down.
            _acks.labels("gap").inc()
            return Next.SEND if answers_birth and self._move(ack) else Next.BIRTH
        if same and not below:
            return Next.SEND if self._move(ack) else Next.NOTHING
        if below:
            _acks.labels("repeated" if same else "old").inc()
            return Next.NOTHING
        _acks.labels("not_held").inc()
        return self._part(ack.seq, ack.hash, self._common(ack.seq), "not_held")

    def _holds(self, ack: Ack) -> bool:
        held = self._hash_at(ack.seq)
        return held is not None and held.hex() == ack.hash

    def _hash_at(self, seq: int) -> bytes | None:
        try:
            return self._reader.hash_at(seq)
        except JournalUnavailable:
            self._lose_sight()
            raise

    def _move(self, ack: Ack) -> bool:
        if ack.seq == self.acked:
            _acks.labels("repeated").inc()
            return False
        _acks.labels("moved" if ack.seq > self.acked else "lowered").inc()
        self._cursor = Cursor(ack.seq, bytes.fromhex(ack.hash))
        ahead = self._ahead
        self._land()
        self._ahead = ahead
        self._doubt.forget()
        return True

    def _on_bad(self, ack: Ack, *, same: bool) -> Next:
        if ack.seq == self.acked and self._doubt.send_again(ack):
            self._land()
            return Next.SEND
        # Where it is not about our batch, or central is not where we think, its answer to a birth tells.
        return Next.BIRTH if same and ack.seq != self.acked else Next.NOTHING

    def _leave(self, ack: Ack) -> Next:
        common = ack.seq if self._holds(ack) else self._common(ack.seq)
        return self._part(ack.seq, ack.hash, common, ack.status.value)

    def _common(self, seq: int) -> int:
        """Return the last position both surely hold: the cursor, which central once confirmed of this very chain."""
        held = self._hash_at(self.acked)
        return self.acked if held == self._cursor.hash and self.acked <= seq else 0

    def _part(self, seq: int, link: str, common: int, why: str) -> Next:
        _log.error("journal is held otherwise at central", extra={"journal": self.journal, "seq": seq, "why": why})
        self.parting = Parting(self.journal, common, seq, link, why)
        self._land()
        return Next.PART

    def _seal(self, after: Cursor) -> Batch | None:
        try:
            batch = self._sealer.seal(self.journal, after)
        except JournalUnavailable as error:
            _log.warning("journal cannot be read", extra={"journal": self.journal, "cause": error.message})
            self._lose_sight()
            return None
        if batch is None and after is self._cursor:
            # Central lacks what we no longer hold: it came back from a backup older than our oldest record.
            self._part(after.seq, after.hash.hex(), after.seq, "pruned")
        return batch

    def _lose_sight(self) -> None:
        """Forget which journal this is: what is read next may come from another file of the same name."""
        self.journal, self.head = "", 0
        self._cursor = self._kept = Cursor()
        self._land()

    def _land(self) -> None:
        self._flight, self._ahead, self._resend_ns, self._sends = None, None, 0, 0
        self._doubt.landed()
