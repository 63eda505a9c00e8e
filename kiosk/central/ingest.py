"""What central does with a batch: verify it, find its place in its journal, store it once, and say where it stands.

One transaction a batch. The answer is signed and sent by the caller, after the commit (invariant 5).

The place an ack names, by status:
    ok    the last position stored; everything up to it is committed
    gap   the same; nothing of the batch was stored
    bad   the same, or 0 for a journal that nobody knows
    fork  the last position on which central and the batch agree, so that the device can go on from there in a new
          journal: found by comparing h(first − 1) and every position of the batch that is stored. Where even
          h(first − 1) differs, the two parted before the batch, nobody can say where, and the answer is 0
"""

import hashlib
import logging
import re

import msgspec
from sqlalchemy import Connection

from kiosk.central.database import Database
from kiosk.central.device_keys import device_key
from kiosk.central.journals import (
    JournalState,
    give_journal,
    hashes_between,
    journal_state,
    may_continue,
    open_journal,
    store_records,
)
from kiosk.central.meters import Counts
from kiosk.central.parking import STRANGER, Loss, Parcel, Why, discard, is_name, park
from kiosk.central.states import is_birth, open_birth, take_birth, take_offline
from kiosk.core.clock import Clock, format_utc
from kiosk.core.codec import GENESIS
from kiosk.core.errors import MessageRejected
from kiosk.wire.batches import Batch, BatchData, Envelope, open_batch, read_envelope
from kiosk.wire.messages import Ack, AckStatus
from kiosk.wire.signing import PAYLOAD_BYTES_MAX, SCHEMA, VerifyKey

_JOURNAL = re.compile(r"[0-9a-f]{32}\Z")
_log = logging.getLogger(__name__)


class Ingest:
    """Takes batches, from any number of processes and threads at once. `counts` says what became of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.counts = Counts()
        self._database = database
        self._clock = clock

    def batch(self, device: str, payload: bytes) -> Ack | None:
        """Take one batch from the device its topic names, and return the ack to send, or None for none.

        Raises RetryLater where the database cannot be reached; nothing is stored then.
        """
        if len(payload) > PAYLOAD_BYTES_MAX:
            self._lose(device, Loss.OVERSIZE)
            return None
        try:
            envelope = read_envelope(payload)
        except MessageRejected:
            self._lose(device, Loss.UNREADABLE)
            return None
        key = self.key_of(device)
        if key is None:
            self._set_aside(device, Why.UNKNOWN_DEVICE, envelope, payload, "no device of this name")
            return None
        if envelope.data.schema != SCHEMA:
            detail = f"schema {envelope.data.schema} is not known here"
            self._set_aside(device, Why.UNKNOWN_SCHEMA, envelope, payload, detail)
            return None
        try:
            batch = _verified(device, envelope, key)
        except MessageRejected as error:
            self._set_aside(device, Why.BAD, envelope, payload, error.message)
            return self._standing(envelope.data.journal, AckStatus.BAD)
        ack = self._database.run(lambda connection: self._place(connection, device, batch, payload))
        self.counts.note(ack.status.value)
        return ack

    def state(self, device: str, payload: bytes, *, retained: bool = False) -> list[Ack]:
        """Take what a device says of itself, and return the acks that answer a birth. For the leader alone."""
        try:
            if is_birth(payload):
                return self.birth(device, payload, retained=retained)
            self.offline(device, payload, retained=retained)
        except MessageRejected:
            self._lose(device, Loss.BAD_STATE)
        return []

    def birth(self, device: str, payload: bytes, *, retained: bool = False) -> list[Ack]:
        """Take a birth and return an ack with its session for each of its journals; raises MessageRejected."""
        key = self.key_of(device)
        if key is None:
            self._lose(device, Loss.UNKNOWN_DEVICE)
            return []
        birth, now = open_birth(payload, key), self._clock.now()
        return self._database.run(lambda connection: take_birth(connection, device, birth, now, retained=retained))

    def offline(self, device: str, payload: bytes, *, retained: bool = False) -> bool:
        """Take a last will or a goodbye, and say whether it counted; raises MessageRejected."""
        now = self._clock.now()
        return self._database.run(lambda connection: take_offline(connection, device, payload, now, retained=retained))

    def key_of(self, device: str) -> VerifyKey | None:
        """Return the public key of a registered device."""
        with self._database.read() as connection:
            known = device_key(connection, device)
        return known.key if known else None

    def _place(self, connection: Connection, device: str, batch: Batch, payload: bytes) -> Ack:
        at = format_utc(self._clock.now())
        state = journal_state(connection, batch.journal, lock=True)
        if state is None:
            if batch.first > 1:
                return _ack(batch.journal, 0, GENESIS, AckStatus.GAP, at)
            state = open_journal(connection, batch.journal, device, at)
        if state.device != device:
            if not may_continue(connection, state.device, device):
                detail = f"the journal belongs to {state.device}"
                park(connection, _parcel(device, Why.FOREIGN_JOURNAL, batch, detail, payload), at)
                return _ack(state.journal, state.seq, state.hash, AckStatus.BAD, at)
            give_journal(connection, state.journal, device)
        if batch.first > state.seq + 1:
            return _ack(state.journal, state.seq, state.hash, AckStatus.GAP, at)
        agreed = _parting(connection, state, batch)
        if agreed is not None:
            detail = f"central and device agree up to {agreed[0]}"
            park(connection, _parcel(device, Why.FORK, batch, detail, payload), at)
            return _ack(state.journal, *agreed, AckStatus.FORK, at)
        fresh = batch.records[state.seq + 1 - batch.first :]
        if not fresh:
            return _ack(state.journal, state.seq, state.hash, AckStatus.OK, at)
        store_records(connection, state, fresh, at)
        return _ack(state.journal, batch.last, batch.hash, AckStatus.OK, at)

    def _standing(self, journal: str, status: AckStatus) -> Ack | None:
        if not _JOURNAL.match(journal):
            return None
        with self._database.read() as connection:
            state = journal_state(connection, journal)
        seq, digest = (state.seq, state.hash) if state else (0, GENESIS)
        return _ack(journal, seq, digest, status, format_utc(self._clock.now()))

    def _set_aside(self, device: str, why: Why, envelope: Envelope, payload: bytes, detail: str) -> None:
        self.counts.note(why.value)
        parcel = _unverified(device, why, envelope.data, detail, payload)
        at = format_utc(self._clock.now())
        self._database.run(lambda connection: park(connection, parcel, at))

    def _lose(self, device: str, why: Loss) -> None:
        self.counts.note(why.value)
        _log.warning("message dropped", extra={"device": device[:32], "why": why.value})
        at = format_utc(self._clock.now())
        self._database.run(lambda connection: discard(connection, device, why, at))


def _verified(device: str, envelope: Envelope, key: VerifyKey) -> Batch:
    if envelope.source != f"/d/{device}":
        raise MessageRejected(f"source {envelope.source[:40]!r} on the topic of {device}")
    if not _JOURNAL.match(envelope.data.journal):
        raise MessageRejected(f"journal {envelope.data.journal[:40]!r} is not 32 hex digits")
    batch = open_batch(envelope, key)
    if batch.first == 1 and batch.prev != GENESIS:
        raise MessageRejected("the first record does not follow 32 zero bytes")
    return batch


def _parting(connection: Connection, state: JournalState, batch: Batch) -> tuple[int, bytes] | None:
    """Return None where a batch continues or repeats what is stored, else the last position both agree on.

    Chain hashes that agree at one position agree at all before it, so one comparison is enough for the usual case.
    """
    theirs = {batch.first - 1: batch.prev} | {record.seq: record.hash for record in batch.records}
    last = min(batch.last, state.seq)
    if last == state.seq and theirs[last] == state.hash:
        return None
    ours = hashes_between(connection, state.journal, batch.first - 1, last)
    if theirs[last] == ours[last]:
        return None
    for seq in range(last - 1, batch.first - 2, -1):
        if theirs[seq] == ours[seq]:
            return seq, ours[seq]
    return 0, GENESIS


def _ack(journal: str, seq: int, digest: bytes, status: AckStatus, time: str) -> Ack:
    return Ack(journal=journal, seq=seq, hash=digest.hex(), status=status, time=time)


def _parcel(device: str, why: Why, batch: Batch, detail: str, payload: bytes) -> Parcel:
    return Parcel(
        device=device,
        why=why,
        journal=batch.journal,
        first=batch.first,
        hash=batch.hash.hex(),
        detail=detail,
        body=payload,
    )


def _unverified(device: str, why: Why, data: BatchData, detail: str, payload: bytes) -> Parcel:
    """Name a batch by a digest of its signed part: its own words are not to be believed, and its envelope varies."""
    return Parcel(
        device=device if is_name(device) else STRANGER,
        why=why,
        journal=data.journal if _JOURNAL.match(data.journal) else "",
        first=data.first,
        hash=hashlib.sha256(msgspec.json.encode(data)).hexdigest(),
        detail=detail,
        body=payload,
    )
