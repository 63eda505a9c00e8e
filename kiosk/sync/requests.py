"""What sync asks of central: a few questions open at once, each asked again until it is answered or given up."""

import secrets
from typing import Any

import msgspec

from kiosk.core.clock import Clock
from kiosk.sync import meters
from kiosk.wire.messages import Request
from kiosk.wire.signing import SigningKey

OPEN_MAX = 18
"""Eight for parts, eight of neighbours, one for deltas and one for use: none keeps another from being asked."""

RETRY_NS = 3_000_000_000
RETRY_NS_MAX = 60_000_000_000
REFUSED_NS = 50_000_000
TRIES_MAX = 5
REST_NS = 3_000_000_000
"""How long a kind of question rests after an answer that did not help."""


class Question(msgspec.Struct):
    """One open request. `asked` counts how often it was sent, `tries` how often since anything was heard."""

    kind: str
    args: dict[str, Any]
    payload: bytes
    due_ns: int
    wait_ns: int
    tries: int = 0
    asked: int = 0
    asked_ns: int = 0


class Questions:
    """Open requests by id. At most OPEN_MAX; each is sent up to TRIES_MAX times, first 3 s apart, then ever longer.

    While parts of an answer arrive the rest of it is under way, behind them on the same line: asking again would only
    make the queue longer. So any answer of a kind puts all questions of the kind off, and the next one is given as much
    time from the beginning as the last one needed.
    """

    def __init__(self, key: SigningKey, clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._open: dict[str, Question] = {}
        self._resting_ns: dict[str, int] = {}
        self._wait_ns: dict[str, int] = {}
        self.given_up = 0

    def count(self, kind: str) -> int:
        """Return how many questions of a kind wait for their answers."""
        return sum(question.kind == kind for question in self._open.values())

    def ask(self, kind: str, args: dict[str, Any]) -> str:
        """Ask, and return the question's id; an empty one when too many are open already, or this kind rests."""
        if len(self._open) >= OPEN_MAX or self._clock.monotonic_ns() < self._resting_ns.get(kind, 0):
            return ""
        name = secrets.token_hex(8)
        payload = self._key.seal(Request(id=name, kind=kind, args=args))
        self._open[name] = Question(kind, args, payload, due_ns=0, wait_ns=self._wait_ns.get(kind, RETRY_NS))
        return name

    def forget(self, name: str) -> None:
        """Ask a question no more: nobody waits for its answer."""
        self._open.pop(name, None)

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
                meters.given_up.inc()
                continue
            sending.append((name, question.payload))
        return sending

    def sent(self, name: str, now_ns: int, *, taken: bool) -> None:
        """Take note of what the link made of a question; one it would not take was not asked."""
        question = self._open[name]
        if not taken:
            question.due_ns = now_ns + REFUSED_NS
            return
        if question.asked:
            question.wait_ns = min(2 * question.wait_ns, RETRY_NS_MAX)
        question.tries += 1
        question.asked += 1
        question.asked_ns = now_ns
        question.due_ns = now_ns + question.wait_ns

    def next_due_ns(self) -> int | None:
        """Return when `due` has something to say."""
        return min((question.due_ns for question in self._open.values()), default=None)

    def heard(self, kind: str) -> None:
        """Take note that some answer of a kind came: the line moves, and what was asked is on its way."""
        now_ns = self._clock.monotonic_ns()
        for question in self._open.values():
            if question.kind == kind and question.asked:
                question.tries, question.due_ns = 0, now_ns + question.wait_ns

    def answered(self, name: str, *, more: bool) -> Question | None:
        """Take note of an answer; returns its question, or None for one that is not open."""
        question = self._open.get(name) if more else self._open.pop(name, None)
        if question is None:
            return None
        self.heard(question.kind)
        if not more:
            took_ns = self._clock.monotonic_ns() - question.asked_ns
            self._wait_ns[question.kind] = question.wait_ns if question.asked > 1 else max(RETRY_NS, took_ns)
        return question

    def connected(self) -> None:
        """Ask everything again at once: answers may be lost with the connection."""
        for question in self._open.values():
            question.due_ns, question.tries, question.asked = 0, 0, 0
