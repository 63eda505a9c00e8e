"""Whose word sync takes: central's key, and the next one while central changes over."""

from typing import TypeVar

import msgspec
from prometheus_client import Counter

from kiosk.core.errors import ConfigError, MessageRejected
from kiosk.wire.signing import VerifyKey

M = TypeVar("M", bound=msgspec.Struct)

rejected = Counter("kiosk_sync_rejected", "Messages sync did not take, by topic leaf and cause", ["leaf", "cause"])


class Trust:
    """Central's keys: the one in force, and the announced next one, either of which may sign."""

    def __init__(self, installed: str, announced: str) -> None:
        self._keys = [VerifyKey.from_text(text) for text in dict.fromkeys((announced, installed)) if text]
        if not self._keys:
            raise ConfigError("no key of central's", hint="Put the central_key that add-device printed in its file")

    def open(self, payload: bytes, kind: type[M]) -> M:
        """Verify a payload with either key; raises MessageRejected."""
        refusal = MessageRejected("no key")
        for key in self._keys:
            try:
                return key.open(payload, kind)
            except MessageRejected as error:
                refusal = error
        raise refusal

    def announce(self, text: str) -> bool:
        """Accept what a key in force announced as the next; returns False for one that is known or unusable."""
        try:
            key = VerifyKey.from_text(text)
        except ConfigError:
            return False
        if text in [known.to_text() for known in self._keys]:
            return False
        self._keys = [key, *self._keys][:2]
        return True
