"""A neighbour's question to central on its way up, and the answer on its way back: in memory only, none kept.

Only while the line stands, eight at once and each for four seconds. Whoever hears nothing by then does not know whether
it was done: what must not be done twice carries an id, and is asked again under it.
"""

import secrets
import threading
from queue import Empty, Queue
from typing import Any

import msgspec

from kiosk.core.codec import canonical, canonicalize
from kiosk.core.errors import InvalidInput, MessageRejected
from kiosk.core.self_service import Subject
from kiosk.local.talk import Message
from kiosk.sync import meters
from kiosk.sync.requests import Questions
from kiosk.sync.words import Asked, LeftOff
from kiosk.wire.link import Link
from kiosk.wire.messages import Response

SUBJECTS = frozenset(each.value for each in Subject)
"""What neighbours may ask about; a roster is asked for by sync alone."""

OPEN_MAX = 8
PATIENCE_S = 4.0
ARGS_BYTES_MAX = 16 * 1024
UNHEARD: Message = {}


class _Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    args: dict[str, Any] = {}


class CentralQuestions:
    """Carries questions from the socket's threads into sync's loop, and each answer back to who waits for it.

    The ninth at once is answered as if there were no line, and counted.
    """

    def __init__(self, link: Link, questions: Questions, patience_s: float = PATIENCE_S) -> None:
        self._link, self._questions, self._patience_s = link, questions, patience_s
        self._lock = threading.Lock()
        self._waiting: dict[str, Queue[Message]] = {}
        self._requests: dict[str, str] = {}

    def handle(self, args: Message) -> Message:
        """Ask, and return central's answer: `{"code": …}` where it refuses, an empty one where none is heard.

        Called by the socket's threads; raises InvalidInput for what may not be asked.
        """
        wish = _read(args)
        name, answer = secrets.token_hex(8), Queue[Message](1)
        with self._lock:
            if len(self._waiting) >= OPEN_MAX:
                return _unheard("crowded")
            self._waiting[name] = answer
        self._link.events.put(Asked(name, wish.subject, wish.args))
        try:
            return answer.get(timeout=self._patience_s)
        except Empty:
            self._link.events.put(LeftOff(name))
            return _unheard("late")
        finally:
            with self._lock:
                self._waiting.pop(name, None)

    def ask(self, asked: Asked, *, online: bool) -> None:
        """Put a question to central, in the loop; without a line there is no answer, at once."""
        request = self._questions.ask(asked.subject, asked.args) if online else ""
        if request:
            self._requests[request] = asked.name
        else:
            self._answer(asked.name, _unheard("line" if not online else "crowded"))

    def leave_off(self, name: str) -> None:
        """Ask no longer what nobody waits for any more, in the loop."""
        for request, waiting in list(self._requests.items()):
            if waiting == name:
                del self._requests[request]
                self._questions.forget(request)

    def answered(self, response: Response) -> bool:
        """Hand central's answer to whoever waits for it, in the loop; say whether it is one to a neighbour's."""
        name = self._requests.pop(response.id, None)
        if name is not None:
            self._answer(name, response.body)
        return name is not None

    def _answer(self, name: str, answer: Message) -> None:
        with self._lock:
            waiting = self._waiting.get(name)
        if waiting is not None and waiting.empty():
            waiting.put_nowait(answer)


def _read(args: Message) -> _Wish:
    """Return what is asked; raises InvalidInput also for values that could not be signed, which would stop the loop."""
    try:
        wish = msgspec.convert(args, _Wish)
        _, body = canonicalize(canonical(wish.args))
    except (msgspec.ValidationError, msgspec.EncodeError, UnicodeError, RecursionError, MessageRejected) as error:
        raise InvalidInput(f"not a question for central: {error}") from error
    if wish.subject not in SUBJECTS:
        raise InvalidInput(f"central is not asked about {wish.subject[:32]!r}")
    if len(body) > ARGS_BYTES_MAX:
        raise InvalidInput(f"a question of {len(body)} bytes, the limit is {ARGS_BYTES_MAX}")
    return wish


def _unheard(why: str) -> Message:
    meters.unheard.labels(why).inc()
    return UNHEARD
