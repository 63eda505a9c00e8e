"""A batch of journal records: one CloudEvent in structured JSON mode, signed and chained (CONTRACT §3).

Both ends hash and sign the canonical bytes. Our own records travel as they rest in the journal and are never
re-encoded on the way up; a stranger may format his batch as he likes, for whoever opens it makes the canonical form of
what it has decoded.
"""

from typing import Any

import msgspec

from kiosk.core.codec import RECORD_BYTES_MAX, canonical, canonicalize, chain
from kiosk.core.errors import MessageRejected
from kiosk.wire.signing import SCHEMA, SigningKey, VerifyKey

BATCH_BYTES_MAX = 64 * 1024
BATCH_RECORDS_MAX = 256
ENVELOPE_BYTES = 1024
"""What a batch needs beside its records, generously: records may fill the rest."""

EVENT_TYPE = "kiosk.journal.v1"


class BatchData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


class ExtendedEnvelope(Envelope, frozen=True, kw_only=True):
    """A CloudEvent whose data says more than we know: the signature covers that too."""

    others: dict[str, msgspec.Raw]


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
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
    data = BatchData(SCHEMA, journal, first, prev.hex(), [], last_hash.hex(), "")
    signed = _signed_part(data, bodies, {})
    signed_data = signed[:-1] + b',"sig":"' + key.sign(signed).encode() + b'"}'
    head = {"id": f"{journal}:{first}-{last}", "source": f"/d/{device}", "specversion": "1.0", "time": time}
    head |= {"datacontenttype": "application/json", "type": EVENT_TYPE}
    return b'{"data":' + signed_data + b"," + canonical(head)[1:]


def read_envelope(payload: bytes) -> Envelope:
    """Read a payload without believing it; raises MessageRejected where it is no batch at all."""
    try:
        return _envelope.decode(payload)
    except msgspec.ValidationError:
        return _read_extended(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageRejected(f"not a batch: {error}") from error


def open_batch(envelope: Envelope, key: VerifyKey) -> Batch:
    """Verify limits, signature and chain over the canonical form of what was decoded; raises MessageRejected."""
    data = envelope.data
    if data.schema != SCHEMA:
        raise MessageRejected(f"batch schema {data.schema} is not known here", hint="Update central first")
    if not 1 <= len(data.records) <= BATCH_RECORDS_MAX or data.first < 1:
        raise MessageRejected(f"batch of {len(data.records)} records from seq {data.first}")
    prev, last = _hash_bytes(data.prev), _hash_bytes(data.hash)
    decoded = [canonicalize(record) for record in data.records]
    others = envelope.others if isinstance(envelope, ExtendedEnvelope) else {}
    key.verify(_signed_part(data, [body for _, body in decoded], others), data.sig)
    records: list[CheckedRecord] = []
    link = prev
    for seq, (value, body) in enumerate(decoded, data.first):
        _check_record(value, body, seq)
        link = chain(link, body)
        records.append(CheckedRecord(seq, body, link, value))
    if link != last:
        raise MessageRejected(f"chain of journal {data.journal} breaks between {data.first} and {records[-1].seq}")
    return Batch(data.journal, data.first, prev, tuple(records))


def _read_extended(payload: bytes) -> ExtendedEnvelope:
    """Read a batch whose data may hold keys that are not ours."""
    try:
        outer = _fields.decode(payload)
        inner = _fields.decode(outer.get("data", b""))
        others = {name: inner.pop(name) for name in inner.keys() - BatchData.__struct_fields__}
        envelope = _envelope.decode(msgspec.json.encode({**outer, "data": inner}))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageRejected(f"not a batch: {error}") from error
    return ExtendedEnvelope(**msgspec.structs.asdict(envelope), others=others)


def _check_record(value: Any, body: bytes, seq: int) -> None:
    if len(body) > RECORD_BYTES_MAX:
        raise MessageRejected(f"record {seq} has {len(body)} bytes, the limit is {RECORD_BYTES_MAX}")
    if not isinstance(value, dict) or value.get("seq") != seq:
        raise MessageRejected(
            f"record at seq {seq} says it is {value.get('seq') if isinstance(value, dict) else value!r}"
        )
    if not isinstance(value.get("at"), str) or len(value["at"]) != 24 or not isinstance(value.get("type"), str):
        raise MessageRejected(f"record {seq} lacks a time of 24 characters or a type")
    if not isinstance(value.get("data"), dict) or len(value) != 4:
        raise MessageRejected(f"record {seq} is not seq, at, type and data")


def _signed_part(data: BatchData, bodies: list[bytes], others: dict[str, msgspec.Raw]) -> bytes:
    """Return the canonical form of a batch's data without `sig`."""
    parts = {name: canonical(getattr(data, name)) for name in ("first", "hash", "journal", "prev", "schema")}
    parts["records"] = b"[" + b",".join(bodies) + b"]"
    for name, value in others.items():
        parts[name] = canonicalize(value)[1]
    return b"{" + b",".join([canonical(name) + b":" + parts[name] for name in sorted(parts)]) + b"}"


def _hash_bytes(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise MessageRejected("a hash is not hex") from error
    if len(raw) != 32:
        raise MessageRejected(f"a hash has {len(raw)} bytes instead of 32")
    return raw
