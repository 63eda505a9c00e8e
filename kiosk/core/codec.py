"""The one codec: canonical JSON for journal, wire and signatures, and the hash chain over it.

Canonical form is RFC 8785 restricted to printable ASCII keys of at most 64 characters, integers within ±(2^53−1), no
floats, depth at most 8. Of such keys the order of RFC 8785 is the order of their bytes.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from kiosk.core.errors import MessageRejected

GENESIS = bytes(32)
DEPTH_MAX = 8
INTEGER_MAX = 2**53 - 1
RECORD_BYTES_MAX = 8 * 1024
KNOWN_KEYS_MAX = 1000

_KEY = re.compile(r"[\x20-\x7e]{1,64}\Z")
_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()
_known_keys: set[str] = set()


def canonical(value: Any) -> bytes:
    """Encode a value in canonical form. The caller vouches for its types; strangers' values go through `parse`."""
    return _encoder.encode(value)


def parse(body: bytes | msgspec.Raw) -> Any:
    """Decode JSON that must already be in canonical form; raises MessageRejected where it is not."""
    value, again = canonicalize(body)
    if again != bytes(body):
        raise MessageRejected("not in canonical form")
    return value


def canonicalize(raw: bytes | msgspec.Raw) -> tuple[Any, bytes]:
    """Decode JSON in any form and return its value and the canonical bytes of it (CONTRACT §2).

    Raises MessageRejected where it is no JSON or no value that canonical form allows. Of a key said twice the last
    value counts.
    """
    value = decode(raw)
    _check(value, 1)
    try:
        return value, _encoder.encode(value)
    except (msgspec.EncodeError, UnicodeError) as error:
        raise MessageRejected("text with a lone surrogate") from error


def decode(body: bytes | msgspec.Raw) -> Any:
    """Decode any JSON; raises MessageRejected where it is none."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageRejected(f"not JSON: {error}") from error


def chain(previous: bytes, body: bytes) -> bytes:
    """Return h(n) from h(n−1), 32 bytes, and the canonical bytes of record n."""
    return hashlib.sha256(previous + body).digest()


def _check(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is dict or kind is list:
        if depth > DEPTH_MAX:
            raise MessageRejected(f"deeper than {DEPTH_MAX}")
        for item in value.values() if kind is dict else value:
            # Most values are text or small numbers: looking here saves a call for each of them.
            if type(item) is str or (type(item) is int and -INTEGER_MAX <= item <= INTEGER_MAX):
                continue
            _check(item, depth + 1)
        if kind is dict and not _known_keys.issuperset(value):
            _check_keys(value)
    elif kind is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise MessageRejected(f"integer out of range: {value}")
    elif kind is float:
        raise MessageRejected("a float")


def _check_keys(keys: Iterable[str]) -> None:
    for key in keys:
        if not _KEY.match(key):
            raise MessageRejected(f"key not allowed: {key[:40]!r}")
        if len(_known_keys) < KNOWN_KEYS_MAX:
            _known_keys.add(key)
