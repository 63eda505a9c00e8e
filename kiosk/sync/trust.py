"""Whose word sync takes: central's key, and the next one while central changes over."""

from typing import TypeVar

import msgspec

from kiosk.core.errors import ConfigError, MessageRejected
from kiosk.wire.signing import VerifyKey

M = TypeVar("M", bound=msgspec.Struct)


class Trust:
    """Central's keys, newest first: the one in force, and before it the announced next one; either may sign.

    Once a head is signed with the next one, the one before is no longer taken. `kept` is what `to_text` returned in
    an earlier run; it does not count where another key was installed since.
    """

    def __init__(self, installed: str, kept: str) -> None:
        """Read the keys; raises ConfigError."""
        self._installed = VerifyKey.from_text(installed).to_text()
        root, *texts = kept.split() or [""]
        usable = texts if texts and root == self._installed else [self._installed]
        self._keys = [VerifyKey.from_text(text) for text in usable[:2]]

    def open(self, payload: bytes, kind: type[M]) -> M:
        """Verify a payload with either key; raises MessageRejected."""
        return self._open(payload, kind)[0]

    def open_head(self, payload: bytes, kind: type[M]) -> tuple[M, bool]:
        """Verify a head as `open` does, and say whether it ends a change-over: it is signed with the next key."""
        message, place = self._open(payload, kind)
        return message, place == 0 and len(self._keys) > 1

    def retire(self) -> None:
        """Take only the next key from here on."""
        del self._keys[1:]

    def announce(self, text: str) -> bool:
        """Accept what the key in force announced as the next; returns False for one that is known or unusable."""
        try:
            key = VerifyKey.from_text(text)
        except ConfigError:
            return False
        if key.to_text() in [known.to_text() for known in self._keys]:
            return False
        self._keys = [key, self._keys[-1]]
        return True

    def to_text(self) -> str:
        """Return what to keep: the installed key, and those that are taken now."""
        return " ".join([self._installed, *(key.to_text() for key in self._keys)])

    def _open(self, payload: bytes, kind: type[M]) -> tuple[M, int]:
        refusal = MessageRejected("no key")
        for place, key in enumerate(self._keys):
            try:
                return key.open(payload, kind), place
            except MessageRejected as error:
                refusal = error
        raise refusal
