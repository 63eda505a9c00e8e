"""Columns that rest sealed: only whoever has central's keys for personal data can read them (S90, R150, §5.3).

A sealed value names the key it was sealed with, so that keys can change while central runs. Empty text rests as it is:
that there is nothing is no secret, and lists count it. What rests in clear, from before there were keys, is read as it
is; `rotating` seals it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Text, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from kiosk.core.errors import StoreDamaged

MARK = "sealed:"
ID_CHARACTERS = 8
KEY_BYTES = 32
PREFIX_CHARACTERS = len(MARK) + ID_CHARACTERS + 1
_NONCE_BYTES = 12

CONTACT = "contact"
"""Purpose of phone numbers and addresses, which are held against each other whatever column they are in."""


class SealKey(msgspec.Struct, frozen=True):
    """A key for personal data, 32 bytes under a name of eight hex digits."""

    id: str
    raw: bytes

    def __repr__(self) -> str:
        """Say the name only: this must not get into a log."""
        return f"SealKey({self.id}, …)"

    @property
    def prefix(self) -> str:
        """How everything begins that was sealed with this key."""
        return f"{MARK}{self.id}:"


class _Ciphers:
    """One key at work: values that differ each time, and those of which equal ones can be found."""

    def __init__(self, key: SealKey) -> None:
        self.key = key
        self._each = AESGCM(hmac.digest(key.raw, b"kiosk personal each", hashlib.sha256))
        self._same = AESSIV(hmac.digest(key.raw, b"kiosk personal same", hashlib.sha512))

    def seal(self, body: bytes, purpose: str, *, matched: bool) -> bytes:
        if matched:
            return self._same.encrypt(body, [purpose.encode()])
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._each.encrypt(nonce, body, purpose.encode())

    def open(self, sealed: bytes, purpose: str, *, matched: bool) -> bytes:
        if matched:
            return self._same.decrypt(sealed, [purpose.encode()])
        return self._each.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())


class Seals:
    """Seals with the newest key and opens with every one; safe to share between threads.

    `changed` returns the keys, the newest last, when they are others than when it was last asked, else None.
    """

    def __init__(self, keys: Sequence[SealKey], changed: Callable[[], Sequence[SealKey] | None] | None = None) -> None:
        self._changed = changed
        self._known: dict[str, _Ciphers] = {}
        self._take(keys)

    @property
    def newest(self) -> SealKey:
        """The key that is sealed with now."""
        return self._newest.key

    def refresh(self) -> None:
        """Take over what became of the keys. None is forgotten: somebody may still read what it sealed."""
        keys = self._changed() if self._changed is not None else None
        if keys:
            self._take(keys)

    def seal_text(self, text: str, purpose: str, *, matched: bool = False) -> str:
        """Return how a text rests; of `matched` ones equal texts rest equally."""
        return _resting(self._newest, text, purpose, matched)

    def open_text(self, resting: str, purpose: str, *, matched: bool = False) -> str:
        """Return the text; raises StoreDamaged where no key here opens it."""
        if not resting.startswith(MARK):
            return resting
        key, body = resting[len(MARK) : PREFIX_CHARACTERS - 1], resting[PREFIX_CHARACTERS:]
        return self._open(key, _unpacked(body), purpose, matched).decode()

    def seal_bytes(self, body: bytes, purpose: str) -> bytes:
        """Return how bytes rest."""
        return self._newest.key.prefix.encode() + self._newest.seal(body, purpose, matched=False)

    def open_bytes(self, resting: bytes, purpose: str) -> bytes:
        """Return the bytes; raises StoreDamaged where no key here opens them."""
        if not resting.startswith(MARK.encode()):
            return resting
        key = resting[len(MARK) : PREFIX_CHARACTERS - 1].decode(errors="replace")
        return self._open(key, resting[PREFIX_CHARACTERS:], purpose, False)

    def forms(self, text: str, purpose: str) -> list[str]:
        """Return every way that a matched text may rest while keys change, and in clear."""
        return [text, *(_resting(each, text, purpose, True) for each in self._known.values())] if text else [text]

    def _open(self, key: str, sealed: bytes, purpose: str, matched: bool) -> bytes:
        if key not in self._known:
            self.refresh()
        if key not in self._known:
            raise StoreDamaged(f"there is no key {key!r} for personal data", hint="Restore keys/personal.keys")
        try:
            return self._known[key].open(sealed, purpose, matched=matched)
        except (InvalidTag, ValueError) as error:
            raise StoreDamaged(f"a sealed {purpose} cannot be read", hint="Restore a backup") from error

    def _take(self, keys: Sequence[SealKey]) -> None:
        self._known |= {each.id: _Ciphers(each) for each in keys if each.id not in self._known}
        self._newest = self._known[keys[-1].id]


class SealedText(TypeDecorator[str]):
    """A text column that rests sealed. `length` is what a form may take; `matched` ones can be looked up whole."""

    impl = Text
    cache_ok = True

    def __init__(self, purpose: str, length: int | None = None, *, matched: bool = False) -> None:
        super().__init__()
        self.purpose = purpose
        self.length = length
        self.matched = matched

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Seal a value on its way into the database."""
        seals = _SEALS.get(dialect)
        return value if seals is None or not value else seals.seal_text(value, self.purpose, matched=self.matched)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Open a value that comes out of the database."""
        seals = _SEALS.get(dialect)
        return value if seals is None or not value else seals.open_text(value, self.purpose, matched=self.matched)


class SealedBytes(TypeDecorator[bytes]):
    """A column of bytes that rest sealed."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal a value on its way into the database."""
        seals = _SEALS.get(dialect)
        return value if seals is None or not value else seals.seal_bytes(bytes(value), self.purpose)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open a value that comes out of the database."""
        seals = _SEALS.get(dialect)
        return value if seals is None or not value else seals.open_bytes(bytes(value), self.purpose)


def new_key() -> SealKey:
    """Return a fresh key."""
    return SealKey(secrets.token_hex(ID_CHARACTERS // 2), secrets.token_bytes(KEY_BYTES))


def use_seals(dialect: Dialect, seals: Seals) -> None:
    """Have the sealed columns of every connection of a database engine sealed and opened."""
    _SEALS[dialect] = seals


def is_text(connection: Connection, column: Column[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a matched column holds a text, whichever key it rests sealed with."""
    kind, seals = column.type, _SEALS.get(connection.dialect)
    if seals is None or not isinstance(kind, SealedText):
        return column == text
    return type_coerce(column, Text).in_(seals.forms(text, kind.purpose))


def sealed_columns(columns: Iterable[Column[Any]]) -> list[Column[Any]]:
    """Return those of some columns that rest sealed."""
    return [each for each in columns if isinstance(each.type, SealedText | SealedBytes)]


def _resting(ciphers: _Ciphers, text: str, purpose: str, matched: bool) -> str:
    sealed = ciphers.seal(text.encode(), purpose, matched=matched)
    return ciphers.key.prefix + base64.urlsafe_b64encode(sealed).decode()


def _unpacked(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text)
    except ValueError as error:
        raise StoreDamaged("a sealed value is not base64", hint="Restore a backup") from error


# By engine and not one for the process: a backup is read as it rests, beside a central that reads in clear.
_SEALS: WeakKeyDictionary[Dialect, Seals] = WeakKeyDictionary()
