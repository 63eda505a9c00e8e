"""Signatures over messages: whole, over every field, whatever the formatting of the sender."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.codec import canonical
from kiosk.core.errors import ConfigError, MessageRejected
from kiosk.wire.messages import Ack, Birth, Message, Offline, RosterHead
from kiosk.wire.signing import PAYLOAD_BYTES_MAX, SigningKey, VerifyKey
from tests.wire.messages import KEY, OTHER_KEY, make_messages

MESSAGES = make_messages()
KINDS = [f"{type(message).__name__}-{number}" for number, message in enumerate(MESSAGES)]


def test_rfc_8032_signs_as_ours_does() -> None:
    """Test 2 of section 7.1."""
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = SigningKey.from_text(base64.b64encode(secret).decode())
    signature = base64.b64decode(key.sign(bytes.fromhex("72")))
    assert signature.hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    public = base64.b64decode(key.public.to_text())
    assert public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"


def test_keys_read_what_they_write() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_text(key.to_text() + "\n").to_text() == key.to_text()
    assert VerifyKey.from_text(key.public.to_text()).to_text() == key.public.to_text()
    assert SigningKey.generate().to_text() != key.to_text()


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", "A" * 100])
def test_a_key_that_is_none_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigError, match="private key"):
        SigningKey.from_text(text)
    with pytest.raises(ConfigError, match="public key"):
        VerifyKey.from_text(text)


@pytest.mark.parametrize("message", MESSAGES, ids=KINDS)
def test_a_sealed_message_opens_to_the_same(message: Message) -> None:
    assert KEY.public.open(KEY.seal(message), type(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=KINDS)
def test_a_change_to_any_field_breaks_the_signature(message: Message) -> None:
    for altered in _alterations(json.loads(KEY.seal(message))):
        with pytest.raises(MessageRejected):
            KEY.public.open(json.dumps(altered).encode(), type(message))


@pytest.mark.parametrize("message", MESSAGES, ids=KINDS)
def test_the_formatting_of_a_message_does_not_matter(message: Message) -> None:
    content = json.loads(KEY.seal(message))
    backwards = dict(reversed(content.items()))
    for text in (json.dumps(backwards, indent=2), json.dumps(backwards, ensure_ascii=True)):
        assert KEY.public.open(text.encode(), type(message)) == message


def test_text_beyond_ascii_signs_whether_escaped_or_not() -> None:
    message = Offline(session="转门")
    payload = KEY.seal(message)
    assert "转门".encode() in payload
    escaped = json.dumps(json.loads(payload), ensure_ascii=True).encode()
    assert KEY.public.open(escaped, Offline) == message


def test_another_keys_signature_does_not_hold() -> None:
    with pytest.raises(MessageRejected, match="signature does not hold"):
        KEY.public.open(OTHER_KEY.seal(Offline(session="s")), Offline)


@pytest.mark.parametrize("signature", [None, 1, "", "AAAA", "!" * 88, base64.b64encode(bytes(64)).decode()])
def test_a_signature_that_is_none_is_refused(signature: object) -> None:
    content = {"schema": 1, "state": "offline", "session": "s", "sig": signature}
    with pytest.raises(MessageRejected):
        KEY.public.open(canonical(content), Offline)


def test_a_message_of_another_kind_does_not_pass_for_one() -> None:
    with pytest.raises(MessageRejected, match="not a RosterHead"):
        KEY.public.open(KEY.seal(Offline(session="s")), RosterHead)


def test_an_unknown_field_is_signed_and_passed_over() -> None:
    """A later version may add fields; they are under the signature all the same."""
    content: dict[str, Any] = {"schema": 1, "state": "offline", "session": "s", "later": [1]}
    content["sig"] = KEY.sign(canonical(content))
    assert KEY.public.open(canonical(content), Offline) == Offline(session="s")
    content["later"] = [2]
    with pytest.raises(MessageRejected):
        KEY.public.open(canonical(content), Offline)


@pytest.mark.parametrize("schema", [0, 2, "1", None, 1.5, 1.0, True])
def test_an_unknown_schema_is_refused(schema: object) -> None:
    content: dict[str, Any] = {"schema": schema, "state": "offline", "session": "s"}
    content["sig"] = KEY.sign(canonical(content))
    with pytest.raises(MessageRejected):
        KEY.public.open(canonical(content), Offline)


def test_a_later_schema_is_named() -> None:
    with pytest.raises(MessageRejected, match="schema 2 is not known here"):
        KEY.public.open(KEY.seal(Offline(schema=2, session="s")), Offline)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"1", b"null", b'"x"', b"{", b"\xff\xfe", b"{}", b'{"sig":"x"}', b'{"a":"\\ud800","sig":""}'],
)
def test_bytes_that_are_no_message_are_refused(payload: bytes) -> None:
    with pytest.raises(MessageRejected):
        KEY.public.open(payload, Offline)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(MessageRejected):
        KEY.public.open(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", Offline)


def test_a_payload_of_more_than_128_kib_is_refused_unread() -> None:
    padding = "x" * (PAYLOAD_BYTES_MAX - len(KEY.seal(Offline(session=""))))
    assert KEY.public.open(KEY.seal(Offline(session=padding)), Offline).session == padding
    with pytest.raises(MessageRejected, match="131073 bytes, the limit is 131072"):
        KEY.public.open(KEY.seal(Offline(session=padding + "x")), Offline)


@given(st.binary(max_size=300))
def test_no_bytes_make_open_fail_otherwise_than_by_refusing(payload: bytes) -> None:
    with pytest.raises(MessageRejected):
        KEY.public.open(payload, Ack)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
def test_no_signed_value_of_a_field_makes_open_fail_otherwise(value: object) -> None:
    content: dict[str, Any] = {"schema": 1, "state": "online", "session": "s", "version": value}
    content |= {"journals": [], "roster": 1}
    try:
        content["sig"] = KEY.sign(canonical(content))
        payload = canonical(content)
    except (msgspec.EncodeError, UnicodeError, OverflowError):
        return
    if isinstance(value, str):
        assert KEY.public.open(payload, Birth).version == value
    else:
        with pytest.raises(MessageRejected):
            KEY.public.open(payload, Birth)


def _alterations(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value, each with one leaf changed, one key missing or one item too many."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: copy.deepcopy(other) for name, other in value.items() if name != key}
            yield from (value | {key: changed} for changed in _alterations(inner))
        yield value | {"added": 1}
    elif isinstance(value, list):
        yield [*value, *value, 1]
        for place, inner in enumerate(value):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in _alterations(inner))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield ("B" if value[:1] == "A" else "A") + value[1:]
