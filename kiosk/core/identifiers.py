"""Card numbers: from what a reader says to one canonical identifier, and to the keyed hash that rests on disk.

An identifier is upper-case hex, leading zeros kept. A number that several cards can share (random or truncated) is
refused as identity rather than guessed at.
"""

import hashlib
import hmac
import re
from enum import StrEnum
from typing import Annotated

import msgspec

from kiosk.core.errors import InvalidInput

CREDENTIAL_HEX_DIGITS = 32
CASCADE_TAG = 0x88
RANDOM_UID_FIRST = 0x08
UID_SIZES = (4, 7, 10)

_HEX = re.compile(r"[0-9A-F]+\Z")
_DIGITS = re.compile(r"[0-9]{1,40}\Z")


class Assurance(StrEnum):
    """How hard an identifier is to copy; the order of definition is the order of strength."""

    NONE = "none"
    UID = "uid"
    CRYPTOGRAPHIC = "cryptographic"

    @property
    def rank(self) -> int:
        """Return 0 for the weakest."""
        return _RANKS[self.value]


_RANKS = {assurance.value: rank for rank, assurance in enumerate(Assurance)}


class NumberForm(StrEnum):
    """How a reader writes a card number; `opaque` is text of its own, in which case does not count."""

    HEX = "hex"
    DECIMAL = "decimal"
    WIEGAND26 = "wiegand26"
    WIEGAND34 = "wiegand34"
    OPAQUE = "opaque"


class ByteOrder(StrEnum):
    """Whether a reader gives the UID in the order it came over the air, or turned round."""

    AIR = "air"
    REVERSED = "reversed"


class NumberFormat(msgspec.Struct, frozen=True):
    """A reader's way of writing numbers; `bytes` is the UID size behind a decimal number."""

    form: NumberForm = NumberForm.HEX
    byte_order: ByteOrder = ByteOrder.AIR
    bytes: Annotated[int, msgspec.Meta(ge=3, le=10)] = 4


class Distrust(StrEnum):
    """Why a number is no identity."""

    RANDOM_UID = "random_uid"
    TRUNCATED = "truncated"
    PARITY = "parity"
    MALFORMED = "malformed"


class UntrustedIdentifier(InvalidInput):
    """A number was read, and it does not tell one card from another."""

    def __init__(self, distrust: Distrust, raw: str) -> None:
        super().__init__(f"card number not usable as identity ({distrust.value}, {len(raw)} characters)")
        self.distrust = distrust


def canonical_identifier(raw: str, written: NumberFormat) -> str:
    """Turn a reader's number into the canonical identifier; raises UntrustedIdentifier."""
    if not raw.isascii():
        raise UntrustedIdentifier(Distrust.MALFORMED, raw)
    text = raw.strip().upper()
    if written.form is NumberForm.OPAQUE:
        return _opaque(text)
    if written.form in (NumberForm.WIEGAND26, NumberForm.WIEGAND34):
        uid = _wiegand(text, 26 if written.form is NumberForm.WIEGAND26 else 34)
    elif written.form is NumberForm.DECIMAL:
        uid = _decimal(text, written.bytes)
    else:
        uid = _hexadecimal(text)
    if written.byte_order is ByteOrder.REVERSED:
        uid = uid[::-1]
    return _trusted(uid, raw, written.form)


def uid_identifier(uid: bytes) -> str:
    """Turn UID bytes in air order into the canonical identifier; raises UntrustedIdentifier."""
    return _trusted(uid, uid.hex(), NumberForm.HEX)


def credential_of(identifier: str, hash_key: bytes) -> str:
    """Return the keyed hash of an identifier, 32 hex digits: all that an edge keeps of a card number."""
    return hmac.digest(hash_key, identifier.encode(), hashlib.sha256).hex()[:CREDENTIAL_HEX_DIGITS]


def _trusted(uid: bytes, raw: str, form: NumberForm) -> str:
    if form is NumberForm.HEX and len(uid) not in UID_SIZES:
        raise UntrustedIdentifier(Distrust.MALFORMED, raw)
    if len(uid) in (3, 4) and uid[0] == RANDOM_UID_FIRST:
        raise UntrustedIdentifier(Distrust.RANDOM_UID, raw)
    # Three bytes come from Wiegand 26, whose readers seldom say which end of the UID they kept first.
    if (len(uid) in (3, 4) and uid[0] == CASCADE_TAG) or (len(uid) == 3 and uid[-1] == CASCADE_TAG):
        raise UntrustedIdentifier(Distrust.TRUNCATED, raw)
    return uid.hex().upper()


def _opaque(text: str) -> str:
    if not text or len(text) > 64 or not text.isprintable():
        raise UntrustedIdentifier(Distrust.MALFORMED, text)
    return text if _HEX.match(text) else text.encode().hex().upper()


def _hexadecimal(text: str) -> bytes:
    compact = re.sub(r"[\s:\-]", "", text)
    if not _HEX.match(compact) or len(compact) % 2:
        raise UntrustedIdentifier(Distrust.MALFORMED, text)
    return bytes.fromhex(compact)


def _decimal(text: str, size: int) -> bytes:
    if not _DIGITS.match(text) or int(text) >= 1 << (8 * size):
        raise UntrustedIdentifier(Distrust.MALFORMED, text)
    return int(text).to_bytes(size, "big")


def _wiegand(text: str, bits: int) -> bytes:
    """Read a frame as a string of bits with its two parity bits, or a number without them, as hex."""
    if len(text) == bits and set(text) <= {"0", "1"}:
        half = bits // 2
        if text[:half].count("1") % 2 != 0 or text[half:].count("1") % 2 != 1:
            raise UntrustedIdentifier(Distrust.PARITY, text)
        return int(text[1:-1], 2).to_bytes((bits - 2) // 8, "big")
    body = _hexadecimal(text)
    if len(body) != (bits - 2) // 8:
        raise UntrustedIdentifier(Distrust.MALFORMED, text)
    return body
