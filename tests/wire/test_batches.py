"""Batches: signed, chained, canonical, limited; and the canonical form itself, against vectors of RFC 8785."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.codec import DEPTH_MAX, GENESIS, INTEGER_MAX, RECORD_BYTES_MAX, canonical, chain, parse
from kiosk.core.errors import MessageRejected
from kiosk.wire.batches import (
    BATCH_BYTES_MAX,
    BATCH_RECORDS_MAX,
    ENVELOPE_BYTES,
    Batch,
    open_batch,
    read_envelope,
    seal_batch,
)
from tests.wire.messages import AT, JOURNAL, KEY, OTHER_KEY, make_batch, make_record


def opened(payload: bytes) -> Batch:
    """Read and verify a payload."""
    return open_batch(read_envelope(payload), KEY.public)


def resealed(**changes: Any) -> bytes:
    """Return a batch with changes to its data, signed again by the right key."""
    content = json.loads(make_batch())
    data = content["data"] | changes
    data.pop("sig")
    data["sig"] = KEY.sign(canonical(data))
    return canonical(content | {"data": data})


def test_a_batch_opens_to_the_records_it_was_sealed_from() -> None:
    prev = hashlib.sha256(b"before").digest()
    bodies = [make_record(seq) for seq in range(17, 43)]
    batch = opened(make_batch(17, prev=prev, bodies=bodies))
    assert (batch.journal, batch.first, batch.last, batch.prev) == (JOURNAL, 17, 42, prev)
    assert [record.body for record in batch.records] == bodies
    assert [record.value for record in batch.records] == [json.loads(body) for body in bodies]
    link = prev
    for body, record in zip(bodies, batch.records, strict=True):
        link = hashlib.sha256(link + body).digest()
        assert record.hash == link
    assert batch.hash == link


def test_a_batch_is_a_cloud_event_as_the_contract_shows() -> None:
    content = json.loads(make_batch(17, 26))
    data = content.pop("data")
    assert content == {
        "specversion": "1.0",
        "type": "kiosk.journal.v1",
        "source": "/d/gate-1",
        "id": f"{JOURNAL}:17-42",
        "time": AT,
        "datacontenttype": "application/json",
    }
    assert data.keys() == {"schema", "journal", "first", "prev", "records", "hash", "sig"}


def test_the_signature_is_over_the_canonical_form_of_data_without_sig() -> None:
    data = json.loads(make_batch())["data"]
    signature = data.pop("sig")
    KEY.public.verify(rfc_8785(data), signature)


def make_foreign_data(**more: Any) -> dict[str, Any]:
    """Return the data of the contract's example, keys in its order, signed by a client that is not ours."""
    records, link = [], b"\x00" * 32
    for seq in (1, 2, 3):
        record = {"seq": seq, "at": AT, "type": "activity.signed_in", "data": {"clock": "ok", "Gate No": f"Ä/人{seq}"}}
        records.append(record)
        link = hashlib.sha256(link + rfc_8785(record)).digest()
    data = {"schema": 1, "journal": JOURNAL, "first": 1, "prev": "00" * 32, "records": records, "hash": link.hex()}
    data |= more
    return data | {"sig": KEY.sign(rfc_8785(data))}


def make_foreign_batch(**more: Any) -> dict[str, Any]:
    """Return the contract's example of a batch."""
    head = {"specversion": "1.0", "type": "kiosk.journal.v1", "source": "/d/gate-1", "id": f"{JOURNAL}:1-3"}
    return head | {"time": AT, "datacontenttype": "application/json", "data": make_foreign_data(**more)}


def rfc_8785(value: Any) -> bytes:
    """Return RFC 8785 as the standard library writes it, which for our subset it does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "utf-8"])
def test_the_contracts_example_opens_however_its_sender_formats_it(*, indent: int | None, ascii_only: bool) -> None:
    content = make_foreign_batch()
    batch = opened(json.dumps(content, indent=indent, ensure_ascii=ascii_only).encode())
    assert [record.value for record in batch.records] == content["data"]["records"]
    assert [record.body for record in batch.records] == [rfc_8785(record) for record in content["data"]["records"]]
    assert batch.hash.hex() == content["data"]["hash"]


def test_a_signature_covers_what_a_newer_sender_says_beside_what_we_know() -> None:
    content = make_foreign_batch(zone={"b": 1, "a": "人"}, an_addition=[True])
    assert opened(json.dumps(content).encode()) == opened(json.dumps(make_foreign_batch()).encode())
    content["data"]["zone"]["b"] = 2
    with pytest.raises(MessageRejected, match="signature"):
        opened(json.dumps(content).encode())
    del content["data"]["zone"]
    with pytest.raises(MessageRejected, match="signature"):
        opened(json.dumps(content).encode())


def test_an_addition_without_a_canonical_form_is_refused() -> None:
    with pytest.raises(MessageRejected, match="a float"):
        opened(json.dumps(make_foreign_batch(zone=1.5)).encode())


def test_a_hash_is_signed_as_it_is_written() -> None:
    content = make_foreign_batch(prev="00" * 32, hash=make_foreign_data()["hash"].upper())
    assert opened(json.dumps(content).encode()).hash.hex() == make_foreign_data()["hash"]


@pytest.mark.parametrize("field", ["schema", "journal", "first", "prev", "records", "hash", "sig"])
def test_a_change_to_any_field_of_data_is_refused(field: str) -> None:
    content = json.loads(make_batch())
    value = content["data"][field]
    content["data"][field] = {
        int: lambda: value + 1,
        str: lambda: ("1" if value[0] == "0" else "0") + value[1:],
        list: lambda: value[:-1],
    }[type(value)]()
    with pytest.raises(MessageRejected):
        opened(canonical(content))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_change_within_any_record_is_refused(place: int) -> None:
    content = json.loads(make_batch())
    content["data"]["records"][place]["data"]["access_point"] = "exit"
    with pytest.raises(MessageRejected, match="signature"):
        opened(canonical(content))


def test_records_in_another_order_are_refused_even_when_signed() -> None:
    records = json.loads(make_batch())["data"]["records"]
    with pytest.raises(MessageRejected, match="record at seq 1 says it is 2"):
        opened(resealed(records=[records[1], records[0], records[2]]))


def test_a_batch_of_another_key_is_refused() -> None:
    with pytest.raises(MessageRejected, match="signature"):
        open_batch(read_envelope(make_batch()), OTHER_KEY.public)


@pytest.mark.parametrize("field", ["prev", "hash"])
def test_a_chain_that_does_not_close_is_refused_even_when_signed(field: str) -> None:
    with pytest.raises(MessageRejected, match=r"chain .* breaks between 1 and 3"):
        opened(resealed(**{field: "11" * 32}))


@pytest.mark.parametrize("value", ["", "11", "zz" * 32, "11" * 33])
def test_a_hash_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(MessageRejected, match="a hash"):
        opened(resealed(hash=value))


def test_nothing_in_the_envelope_is_signed_or_trusted() -> None:
    content = json.loads(make_batch()) | {"source": "/d/other", "id": "x", "time": "", "type": "y"}
    envelope = read_envelope(canonical(content))
    assert envelope.source == "/d/other"
    assert open_batch(envelope, KEY.public) == opened(make_batch())


def test_a_batch_holds_256_records_and_no_more_and_at_least_one() -> None:
    assert len(opened(make_batch(count=BATCH_RECORDS_MAX)).records) == BATCH_RECORDS_MAX
    with pytest.raises(MessageRejected, match="batch of 257 records"):
        opened(make_batch(count=BATCH_RECORDS_MAX + 1))
    with pytest.raises(MessageRejected, match="batch of 0 records"):
        opened(make_batch(bodies=[]))


def test_a_batch_begins_at_seq_1_or_later() -> None:
    with pytest.raises(MessageRejected, match="from seq 0"):
        opened(make_batch(first=0))


def test_an_unknown_schema_asks_for_an_update_of_central() -> None:
    with pytest.raises(MessageRejected, match="schema 2") as caught:
        opened(resealed(schema=2))
    assert caught.value.hint == "Update central first"


def test_a_record_has_at_most_8_kib() -> None:
    spare = RECORD_BYTES_MAX - len(make_record(1, type=""))
    assert opened(make_batch(bodies=[make_record(1, type="x" * spare)]))
    with pytest.raises(MessageRejected, match="record 1 has 8193 bytes, the limit is 8192"):
        opened(make_batch(bodies=[make_record(1, type="x" * (spare + 1))]))


def test_the_envelope_fits_into_what_is_set_aside_for_it() -> None:
    longest = "d" * 32
    payload = seal_batch(longest, JOURNAL, 2**53 - 1, GENESIS, [b"{}"], GENESIS, AT, KEY)
    assert len(payload) < ENVELOPE_BYTES
    body = make_record(1)
    fitting = (BATCH_BYTES_MAX - ENVELOPE_BYTES) // (len(body) + 1)
    assert len(make_batch(count=min(fitting, BATCH_RECORDS_MAX))) <= BATCH_BYTES_MAX


NO_RECORD = {
    "float": b'{"at":"%s","data":{"a":1.5},"seq":1,"type":"t"}',
    "whole float": b'{"at":"%s","data":{"a":1.0},"seq":1,"type":"t"}',
    "exponent": b'{"at":"%s","data":{"a":1e3},"seq":1,"type":"t"}',
    "huge": b'{"at":"%s","data":{"a":9007199254740992},"seq":1,"type":"t"}',
    "huge below": b'{"at":"%s","data":{"a":-9007199254740992},"seq":1,"type":"t"}',
    "very huge": b'{"at":"%s","data":{"a":99999999999999999999999999},"seq":1,"type":"t"}',
    "surrogate": b'{"at":"%s","data":{"a":"\\ud800"},"seq":1,"type":"t"}',
    "raw surrogate": b'{"at":"%s","data":{"a":"\xed\xa0\x80"},"seq":1,"type":"t"}',
    "not utf-8": b'{"at":"%s","data":{"a":"\xff"},"seq":1,"type":"t"}',
    "NaN": b'{"at":"%s","data":{"a":NaN},"seq":1,"type":"t"}',
    "key beyond ascii": b'{"at":"%s","data":{"\xc3\xa9":1},"seq":1,"type":"t"}',
    "empty key": b'{"at":"%s","data":{"":1},"seq":1,"type":"t"}',
    "too deep": b'{"at":"%s","data":{"a":' + b"[" * 7 + b"]" * 7 + b'},"seq":1,"type":"t"}',
    "float seq": b'{"at":"%s","data":{},"seq":1.0,"type":"t"}',
    "extra": b'{"at":"%s","data":{},"seq":1,"type":"t","x":1}',
    "no data": b'{"at":"%s","seq":1,"type":"t"}',
    "data a list": b'{"at":"%s","data":[],"seq":1,"type":"t"}',
    "type a number": b'{"at":"%s","data":{},"seq":1,"type":1}',
    "time too long": b'{"at":"%sZ","data":{},"seq":1,"type":"t"}',
    "a list": b"[1]",
    "a number": b"1",
}

OTHERWISE_FORMATTED = {
    "space": b'{"at": "%s","data":{"a":1},"seq":1,"type":"t"}',
    "order": b'{"seq":1,"at":"%s","data":{"a":1},"type":"t"}',
    "escape": b'{"at":"%s","data":{"\\u0061":1},"seq":1,"type":"\\u0074"}',
    "key twice": b'{"at":"%s","data":{"a":2,"a":1},"seq":1,"type":"t"}',
}


@pytest.mark.parametrize("body", NO_RECORD.values(), ids=NO_RECORD)
def test_a_record_without_canonical_form_or_not_whole_is_refused_even_when_signed(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        opened(make_batch(bodies=[body.replace(b"%s", AT.encode())]))


@pytest.mark.parametrize("body", OTHERWISE_FORMATTED.values(), ids=OTHERWISE_FORMATTED)
def test_a_record_is_hashed_and_kept_in_canonical_form_however_it_is_written(body: bytes) -> None:
    kept = make_record(1, type="t", data={"a": 1})
    raw = body.replace(b"%s", AT.encode())
    assert raw != kept
    payload = make_batch(bodies=[kept])
    assert opened(payload.replace(kept, raw)) == opened(payload)


def test_the_record_those_are_made_from_is_accepted() -> None:
    body = NO_RECORD["extra"].replace(b"%s", AT.encode()).replace(b',"x":1', b"")
    assert opened(make_batch(bodies=[body])).records[0].value["data"] == {}
    deep = NO_RECORD["too deep"].replace(b"%s", AT.encode()).replace(b"[[", b"[").replace(b"]]", b"]")
    assert opened(make_batch(bodies=[deep]))


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"[]", b"null", b"\xff", b"{", make_batch()[:-1], make_batch() + b"x", b'{"data":' * 5000],
    ids=["empty", "object", "list", "null", "bytes", "open", "truncated", "longer", "deep"],
)
def test_what_is_no_batch_at_all_is_refused_when_read(payload: bytes) -> None:
    with pytest.raises(MessageRejected, match="not a batch"):
        read_envelope(payload)


@given(st.binary(max_size=200), st.integers(0, 600), st.binary(max_size=3))
def test_no_damage_makes_a_batch_fail_otherwise_than_by_refusing(noise: bytes, place: int, patch: bytes) -> None:
    whole = make_batch()
    for payload in (noise, whole[:place] + patch + whole[place + len(patch) :], whole[:place]):
        try:
            batch = opened(payload)
        except MessageRejected:
            continue
        assert batch == opened(whole)


keys = st.from_regex("[a-z][a-z0-9_]{0,5}", fullmatch=True)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
facts = st.dictionaries(keys, json_values, max_size=4)


def depth(value: Any) -> int:
    """Return how many lists and objects lie in one another."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(
    first=st.integers(1, INTEGER_MAX - 10),
    prev=st.binary(min_size=32, max_size=32),
    data=st.lists(facts.filter(lambda fact: depth(fact) < DEPTH_MAX), min_size=1, max_size=6),
    kind=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_any_records_open_to_what_was_sealed(first: int, prev: bytes, data: list[dict[str, Any]], kind: str) -> None:
    bodies = [make_record(seq, data=fact, type=kind) for seq, fact in enumerate(data, first)]
    batch = opened(make_batch(first, prev=prev, bodies=bodies))
    assert [record.body for record in batch.records] == bodies
    assert [record.value["data"] for record in batch.records] == data
    assert batch.records[0].hash == chain(prev, bodies[0])


VECTORS = [
    # Section 3.2.2 and 3.2.4 of the RFC, cut down to our subset; then both ends of every rule of ours.
    ({"literals": [None, True, False]}, b'{"literals":[null,true,false]}'),
    ({"string": '€$\x0f\nA\'B"\\\\"/'}, b'{"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
    ({"string": "\b\t\n\f\r\x00\x1f\x7f"}, b'{"string":"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f"}'),
    ({"string": "\u2028\u2029\ufeff😀"}, '{"string":"\u2028\u2029\ufeff😀"}'.encode()),
    ({"b": 1, "a": 2, "a_": 3, "a0": 4, "ab": 5}, b'{"a":2,"a0":4,"a_":3,"ab":5,"b":1}'),
    ([56, {"d": True, "b": None, "c": []}, {}], b'[56,{"b":null,"c":[],"d":true},{}]'),
    ([0, -1, INTEGER_MAX, -INTEGER_MAX], b"[0,-1,9007199254740991,-9007199254740991]"),
    ("", b'""'),
    ("人", b'"\xe4\xba\xba"'),
]


@pytest.mark.parametrize(("value", "expected"), VECTORS)
def test_the_canonical_form_is_that_of_rfc_8785(value: object, expected: bytes) -> None:
    assert canonical(value) == expected
    assert parse(expected) == value


def test_a_key_twice_in_the_signed_part_is_refused() -> None:
    doubled = make_batch().replace(b'"first":1,', b'"first":1,"first":1,')
    assert doubled != make_batch()
    assert opened(doubled) == opened(make_batch()), "the same value twice says nothing else"
    with pytest.raises(MessageRejected):
        opened(make_batch().replace(b'"first":1,', b'"first":1,"first":2,'))
