"""The canonical form, and what is not in it."""

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.codec import (
    DEPTH_MAX,
    GENESIS,
    INTEGER_MAX,
    RECORD_BYTES_MAX,
    canonical,
    canonicalize,
    chain,
    decode,
    parse,
)
from kiosk.core.errors import MessageRejected

keys = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=9)
texts = st.text(st.characters(exclude_categories=["Cs"]))
leaves = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


def _reference(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@given(values)
@example({"b": 1, "a": {"d": "\x7f\u2028\U0001f600", "c": [None, True, -INTEGER_MAX]}})
def test_canonical_is_what_sorted_compact_json_is(value: Any) -> None:
    assert canonical(value) == _reference(value)


@given(texts)
@example("".join(map(chr, range(0x100))))
@example('\\"/\b\f\n\r\t\x0b\x1f')
def test_text_of_any_code_points_is_escaped_as_rfc_8785_says(text: str) -> None:
    assert canonical(text) == _reference(text)
    assert parse(canonical(text)) == text


@given(
    st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2), max_leaves=4
    )
)
def test_what_is_canonical_is_read_back(value: Any) -> None:
    assert parse(canonical(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}', b' {"a":1}', b'{"a":1}\n', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'"\\u0061"',
        b'"\\/"', b'"\\u001F"', b'"\\u0009"', b"-0", b"1e2", b"01", b"+1", b'{"\\u0061":1}', b'"\x7f\\u007f"',
    ],
)  # fmt: skip
def test_json_written_otherwise_is_not_canonical(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        parse(body)


@pytest.mark.parametrize("body", [b"1.0", b"0.5", b'{"a":[1.5]}', b"1e-7", b"-1.25"])
def test_floats_are_refused(body: bytes) -> None:
    with pytest.raises(MessageRejected, match="float"):
        parse(body)


@pytest.mark.parametrize("number", [INTEGER_MAX, -INTEGER_MAX, 0])
def test_integers_up_to_the_limit_are_taken(number: int) -> None:
    assert parse(b"[%d]" % number) == [number]


@pytest.mark.parametrize("number", [INTEGER_MAX + 1, -INTEGER_MAX - 1, 2**63, 2**64, -(2**64), 10**400])
def test_integers_beyond_the_limit_are_refused(number: int) -> None:
    with pytest.raises(MessageRejected):
        parse(b'{"a":%d}' % number)


@pytest.mark.parametrize("inner", [b"", b"1", b'"a"'])
def test_depth_up_to_the_limit_is_taken(inner: bytes) -> None:
    parse(b"[" * DEPTH_MAX + inner + b"]" * DEPTH_MAX)
    parse(b'{"a":' * (DEPTH_MAX - 1) + b"[" + inner + b"]" + b"}" * (DEPTH_MAX - 1))


@pytest.mark.parametrize("body", [_nested(DEPTH_MAX + 1), b'{"a":' * 8 + b"{}" + b"}" * 8, _nested(100_000)])
def test_depth_beyond_the_limit_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        parse(body)


@pytest.mark.parametrize("key", ["", "é", "a\\n", "\\u0000", "a\x7f", "\U0001f600", "a" * 65])
def test_keys_outside_the_alphabet_are_refused(key: str) -> None:
    with pytest.raises(MessageRejected, match="key not allowed"):
        parse(b'{"%s":1}' % key.encode())


@pytest.mark.parametrize("key", ["a", "A", "aB", "1a", "_a", "a-b", "a b", "a.", " ", "~", '\\"', "\\\\", "a" * 64])
def test_keys_of_printable_ascii_are_taken(key: str) -> None:
    body = b'{"%s":1}' % key.encode()
    assert canonical(parse(body)) == body


@given(st.dictionaries(keys, st.integers(0, 9), min_size=2))
@example({'a"': 1, "a!": 2, "a#": 3, "a": 4, "a\\": 5, "B": 6, "_": 7, "aa": 8})
def test_keys_stand_in_the_order_of_their_bytes(value: dict[str, int]) -> None:
    assert list(json.loads(canonical(value))) == sorted(value, key=str.encode)


@given(values, st.sampled_from([None, 2]))
def test_json_in_any_form_has_one_canonical_form(value: Any, indent: int | None) -> None:
    written = json.dumps(value, indent=indent).encode()
    assert canonicalize(written) == (value, canonical(value))
    assert canonicalize(msgspec.Raw(written)) == (value, canonical(value))


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": 1.0}', b"[1e2]", b"[%d]" % (INTEGER_MAX + 1), b'{"\xc3\xa9":1}', b'"\\ud800"', _nested(9)]
)
def test_what_has_no_canonical_form_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        canonicalize(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"nul", b"\xff", b'"\xed\xa0\x80"', b'"\\ud800"', b"NaN", b"[1,]", b"{}{}", b"1e999"]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        decode(body)
    with pytest.raises(MessageRejected):
        parse(body)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except MessageRejected:
        return
    assert canonical(value) == body


def test_raw_parts_of_a_message_are_parsed_like_bytes() -> None:
    assert parse(msgspec.Raw(b'{"a":1}')) == {"a": 1}
    with pytest.raises(MessageRejected):
        parse(msgspec.Raw(b'{"a": 1}'))


def test_the_chain_hashes_the_hash_before_and_the_body() -> None:
    first = chain(GENESIS, b'{"seq":1}')
    assert first == hashlib.sha256(bytes(32) + b'{"seq":1}').digest()
    assert chain(first, b"{}").hex() == hashlib.sha256(first + b"{}").hexdigest()


def test_the_limits_are_those_of_the_contract() -> None:
    assert (INTEGER_MAX, DEPTH_MAX, RECORD_BYTES_MAX) == (9_007_199_254_740_991, 8, 8192)
