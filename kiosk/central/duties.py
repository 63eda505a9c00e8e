"""What a central process is put together from: answers to requests, and the duties of the one that leads."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Publish = Callable[[str, bytes, bool], bool]
"""Hands topic, payload and `retain` to the broker; False when it could not. True promises nothing."""


class Requests(Protocol):
    """Answers `up/req` and takes `up/cmdres`, in a thread of its own, one message at a time."""

    @property
    def counts(self) -> Counter[str]:
        """What became of the messages, by kind."""

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return the answers as topic and payload, in order; raises KioskError where there is none to give."""


class Duty(Protocol):
    """One job of the leader. All duties share one thread, so a tick should take seconds at most."""

    @property
    def counts(self) -> Counter[str]:
        """What was done and what failed, by kind."""

    def tick(self, now: datetime) -> float:
        """Do what is due and return how many seconds may pass until the next tick. Called only while leading.

        Raises RetryLater to be called again after a growing pause. Called at once when leadership was won.
        """

    def connected(self) -> None:
        """Note that the broker connection is new: what is retained has to be published again."""
