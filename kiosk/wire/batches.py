"""A batch of journal records: one CloudEvent in structured JSON mode, signed and chained (CONTRACT §3).

Both ends hash and sign the canonical bytes, so records travel as they rest in the journal and are never re-encoded on
the way up.
"""

from typing import Any

import msgspec

from kiosk.core.codec import RECORD_BYTES_MAX, canonical, chain, parse
from kiosk.core.errors import MessageRejected
from kiosk.wire.signing import SCHEMA, SigningKey, VerifyKey

BATCH_BYTES_MAX = 64 * 1024
BATCH_RECORDS_MAX = 256
ENVELOPE_BYTES = 1024
"""What a batch needs beside its records, generously: records may fill the rest."""

EVENT_TYPE = "kiosk.journal.v1"


class BatchData(msgspec.Struct, frozen=True):
    """The signed part: `prev` is h(first − 1) and `hash` is h(last), both hex."""

    schema: int
    journal: str
    first: int
    prev: str
    records: list[msgspec.Raw]
    hash: str
    sig: str


class Envelope(msgspec.Struct, frozen=True):
    """The CloudEvent around it; nothing in it is trusted."""

    specversion: str
    type: str
    source: str
    id: str
    data: BatchData
    time: str = ""
    datacontenttype: str = "application/json"


class CheckedRecord(msgspec.Struct, frozen=True):
    """One record of a verified batch: its canonical bytes, its place in the chain, and what it says."""

    seq: int
    body: bytes
    hash: bytes
    value: dict[str, Any]


class Batch(msgspec.Struct, frozen=True):
    """A verified batch."""

    journal: str
    first: int
    prev: bytes
    records: tuple[CheckedRecord, ...]

    @property
    def last(self) -> int:
        """The seq of the last record."""
        return self.first + len(self.records) - 1

    @property
    def hash(self) -> bytes:
        """The chain hash after the last record."""
        return self.records[-1].hash


_envelope = msgspec.json.Decoder(Envelope)


def seal_batch(
    device: str,
    journal: str,
    first: int,
    prev: bytes,
    bodies: list[bytes],
    last_hash: bytes,
    time: str,
    key: SigningKey,
) -> bytes:
    """Build the payload of one batch from canonical record bytes; `time` is the device's clock."""
    last = first + len(bodies) - 1
    signed = _signed_part(journal, first, prev, bodies, last_hash)
    data = signed[:-1] + b',"sig":"' + key.sign(signed).encode() + b'"}'
    head = {"id": f"{journal}:{first}-{last}", "source": f"/d/{device}", "specversion": "1.0", "time": time}
    head |= {"datacontenttype": "application/json", "type": EVENT_TYPE}
    return b'{"data":' + data + b"," + canonical(head)[1:]


def read_envelope(payload: bytes) -> Envelope:
    """Read a payload without believing it; raises MessageRejected where it is no batch at all."""
    try:
        return _envelope.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageRejected(f"not a batch: {error}") from error


def open_batch(envelope: Envelope, key: VerifyKey) -> Batch:
    """Verify signature, limits, canonical form and chain; raises MessageRejected."""
    data = envelope.data
    if data.schema != SCHEMA:
        raise MessageRejected(f"batch schema {data.schema} is not known here", hint="Update central first")
    if not 1 <= len(data.records) <= BATCH_RECORDS_MAX or data.first < 1:
        raise MessageRejected(f"batch of {len(data.records)} records from seq {data.first}")
    prev, last = _hash_bytes(data.prev), _hash_bytes(data.hash)
    bodies = [bytes(record) for record in data.records]
    key.verify(_signed_part(data.journal, data.first, prev, bodies, last), data.sig)
    records: list[CheckedRecord] = []
    link = prev
    for seq, body in enumerate(bodies, data.first):
        value = _record_value(body, seq)
        link = chain(link, body)
        records.append(CheckedRecord(seq, body, link, value))
    if link != last:
        raise MessageRejected(f"chain of journal {data.journal} breaks between {data.first} and {records[-1].seq}")
    return Batch(data.journal, data.first, prev, tuple(records))


def _record_value(body: bytes, seq: int) -> dict[str, Any]:
    if len(body) > RECORD_BYTES_MAX:
        raise MessageRejected(f"record {seq} has {len(body)} bytes, the limit is {RECORD_BYTES_MAX}")
    value = parse(body)
    if not isinstance(value, dict) or value.get("seq") != seq:
        raise MessageRejected(
            f"record at seq {seq} says it is {value.get('seq') if isinstance(value, dict) else value!r}"
        )
    if not isinstance(value.get("at"), str) or len(value["at"]) != 24 or not isinstance(value.get("type"), str):
        raise MessageRejected(f"record {seq} lacks a time of 24 characters or a type")
    if not isinstance(value.get("data"), dict) or len(value) != 4:
        raise MessageRejected(f"record {seq} is not seq, at, type and data")
    return value


def _signed_part(journal: str, first: int, prev: bytes, bodies: list[bytes], last_hash: bytes) -> bytes:
    return b'{"first":%d,"hash":"%s","journal":%s,"prev":"%s","records":[%s],"schema":%d}' % (
        first, last_hash.hex().encode(), canonical(journal), prev.hex().encode(), b",".join(bodies), SCHEMA,
    )  # fmt: skip


def _hash_bytes(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise MessageRejected("a hash is not hex") from error
    if len(raw) != 32:
        raise MessageRejected(f"a hash has {len(raw)} bytes instead of 32")
    return raw
