"""What sync asks of central: a few questions open at once, each asked again until it is answered or given up."""

import secrets
from typing import Any

import msgspec

from kiosk.wire.messages import Request
from kiosk.wire.signing import SigningKey

OPEN_MAX = 16
RETRY_NS = 3_000_000_000
TRIES_MAX = 5


class Question(msgspec.Struct):
    """One open request."""

    kind: str
    args: dict[str, Any]
    payload: bytes
    due_ns: int
    tries: int = 0


class Questions:
    """Open requests by id. At most OPEN_MAX; each is sent up to TRIES_MAX times, 3 s apart."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self._open: dict[str, Question] = {}
        self.given_up = 0

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def is_open(self, kind: str) -> bool:
        """Say whether a question of this kind waits for its answer."""
        return any(question.kind == kind for question in self._open.values())

    def ask(self, kind: str, args: dict[str, Any]) -> bool:
        """Ask; returns False when too many are open already."""
        if len(self._open) >= OPEN_MAX:
            return False
        name = secrets.token_hex(8)
        payload = self._key.seal(Request(id=name, kind=kind, args=args))
        self._open[name] = Question(kind, args, payload, due_ns=0)
        return True

    def due(self, now_ns: int) -> list[bytes]:
        """Return the payloads to send now; gives up what was asked too often."""
        sending: list[bytes] = []
        for name, question in list(self._open.items()):
            if now_ns < question.due_ns:
                continue
            if question.tries >= TRIES_MAX:
                del self._open[name]
                self.given_up += 1
                continue
            question.tries += 1
            question.due_ns = now_ns + RETRY_NS
            sending.append(question.payload)
        return sending

    def next_due_ns(self) -> int | None:
        """Return when `due` has something to say."""
        return min((question.due_ns for question in self._open.values()), default=None)

    def answered(self, name: str, *, more: bool) -> str | None:
        """Take note of an answer; returns the question's kind, or None for one that is not open."""
        question = self._open.get(name) if more else self._open.pop(name, None)
        return question.kind if question else None

    def connected(self) -> None:
        """Ask everything again at once: answers may be lost with the connection."""
        for question in self._open.values():
            question.due_ns, question.tries = 0, 0
