"""Ed25519 over the canonical form of a message without its `sig`."""

import base64
import binascii
from typing import Any, Self, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.core.codec import canonical, decode
from kiosk.core.errors import ConfigError, MessageRejected

PAYLOAD_BYTES_MAX = 128 * 1024
SCHEMA = 1

M = TypeVar("M", bound=msgspec.Struct)


class SigningKey:
    """A private key; text form is base64 of its 32 bytes."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text form; raises ConfigError."""
        return cls(Ed25519PrivateKey.from_private_bytes(_key_bytes(text, "private key")))

    def to_text(self) -> str:
        """Return the text form. It is a secret."""
        return base64.b64encode(self._key.private_bytes_raw()).decode()

    @property
    def public(self) -> "VerifyKey":
        """The public half."""
        return VerifyKey(self._key.public_key())

    def sign(self, body: bytes) -> str:
        """Return the signature over bytes, base64."""
        return base64.b64encode(self._key.sign(body)).decode()

    def seal(self, message: msgspec.Struct) -> bytes:
        """Return a message's payload with its `sig`."""
        content = msgspec.to_builtins(message)
        content.pop("sig", None)
        content["sig"] = self.sign(canonical(content))
        return canonical(content)


class VerifyKey:
    """A public key; text form is base64 of its 32 bytes."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read the text form; raises ConfigError."""
        return cls(Ed25519PublicKey.from_public_bytes(_key_bytes(text, "public key")))

    def to_text(self) -> str:
        """Return the text form."""
        return base64.b64encode(
            self._key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        ).decode()

    def verify(self, body: bytes, signature: str) -> None:
        """Return when the signature holds; raises MessageRejected."""
        try:
            self._key.verify(base64.b64decode(signature, validate=True), body)
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise MessageRejected("signature does not hold") from error

    def open(self, payload: bytes, kind: type[M]) -> M:
        """Verify a payload and read it as a message of the given type; raises MessageRejected."""
        content = read_object(payload)
        signature = content.pop("sig", None)
        if not isinstance(signature, str):
            raise MessageRejected("message without signature")
        self.verify(canonical(content), signature)
        return to_message(content, kind)


def read_object(payload: bytes) -> dict[str, Any]:
    """Read a payload as one JSON object; raises MessageRejected."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise MessageRejected(f"payload of {len(payload)} bytes, the limit is {PAYLOAD_BYTES_MAX}")
    content = decode(payload)
    if not isinstance(content, dict):
        raise MessageRejected("payload is no JSON object")
    return content


def to_message(content: dict[str, Any], kind: type[M]) -> M:
    """Read a verified object as a message of a known schema; raises MessageRejected."""
    if content.get("schema") != SCHEMA:
        raise MessageRejected(f"schema {content.get('schema')!r} is not known here", hint="Update this software")
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise MessageRejected(f"not a {kind.__name__}: {error}") from error


def _key_bytes(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{what} is not base64") from error
    if len(raw) != 32:
        raise ConfigError(f"{what} has {len(raw)} bytes instead of 32")
    return raw
