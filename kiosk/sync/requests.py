"""What sync asks of central: a few questions open at once, each asked again until it is answered or given up."""

import secrets
from typing import Any

import msgspec

from kiosk.core.clock import Clock
from kiosk.wire.messages import Request
from kiosk.wire.signing import SigningKey

OPEN_MAX = 16
RETRY_NS = 3_000_000_000
REFUSED_NS = 50_000_000
TRIES_MAX = 5
REST_NS = 3_000_000_000
"""How long a kind of question rests after an answer that did not help."""


class Question(msgspec.Struct):
    """One open request."""

    kind: str
    args: dict[str, Any]
    payload: bytes
    due_ns: int
    tries: int = 0


class Questions:
    """Open requests by id. At most OPEN_MAX; each is sent up to TRIES_MAX times, 3 s apart."""

    def __init__(self, key: SigningKey, clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._open: dict[str, Question] = {}
        self._resting_ns: dict[str, int] = {}
        self.given_up = 0

    def count(self, kind: str) -> int:
        """Return how many questions of a kind wait for their answers."""
        return sum(question.kind == kind for question in self._open.values())

    def ask(self, kind: str, args: dict[str, Any]) -> bool:
        """Ask; returns False when too many are open already, or this kind rests."""
        if len(self._open) >= OPEN_MAX or self._clock.monotonic_ns() < self._resting_ns.get(kind, 0):
            return False
        name = secrets.token_hex(8)
        payload = self._key.seal(Request(id=name, kind=kind, args=args))
        self._open[name] = Question(kind, args, payload, due_ns=0)
        return True

    def rest(self, kind: str) -> None:
        """Ask nothing of this kind for a while: the last answer did not help."""
        self._resting_ns[kind] = self._clock.monotonic_ns() + REST_NS

    def due(self, now_ns: int) -> list[tuple[str, bytes]]:
        """Return the questions to send now, by id; gives up what was asked too often."""
        sending: list[tuple[str, bytes]] = []
        for name, question in list(self._open.items()):
            if now_ns < question.due_ns:
                continue
            if question.tries >= TRIES_MAX:
                del self._open[name]
                self.given_up += 1
                continue
            sending.append((name, question.payload))
        return sending

    def sent(self, name: str, now_ns: int, *, taken: bool) -> None:
        """Take note of what the link made of a question; one it would not take was not asked."""
        question = self._open[name]
        question.tries += taken
        question.due_ns = now_ns + (RETRY_NS if taken else REFUSED_NS)

    def next_due_ns(self) -> int | None:
        """Return when `due` has something to say."""
        return min((question.due_ns for question in self._open.values()), default=None)

    def answered(self, name: str, *, more: bool) -> str | None:
        """Take note of an answer; returns the question's kind, or None for one that is not open."""
        question = self._open.get(name) if more else self._open.pop(name, None)
        if question is None:
            return None
        question.due_ns = self._clock.monotonic_ns() + RETRY_NS
        return question.kind

    def connected(self) -> None:
        """Ask everything again at once: answers may be lost with the connection."""
        for question in self._open.values():
            question.due_ns, question.tries = 0, 0
