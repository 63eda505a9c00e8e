"""How a kiosk asks central: over sync's socket, with a limit to the wait, and never with an exception for an answer."""

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from kiosk.core.errors import NeighbourDown, Refused
from kiosk.core.self_service import Subject
from kiosk.local.talk import Message, ask

PATIENCE_S = 5.0
"""A second more than sync waits for central, so that it is sync who gives up first."""

T = TypeVar("T")


class NoAnswer(msgspec.Struct, frozen=True):
    """What was asked has no answer: `code` is central's reason, "" where nothing was heard and it may be done yet."""

    code: str = ""


class AskCentral(Protocol):
    """Asks central something about a subject."""

    def __call__(self, subject: Subject, asked: msgspec.Struct, told: type[T]) -> T | NoAnswer:
        """Return what central tells, as `told`; NoAnswer where it tells nothing. Raises nothing."""


class CentralOverSync:
    """Asks through the sync process of this box."""

    def __init__(self, sync_socket: Path, patience_s: float = PATIENCE_S) -> None:
        self._sync_socket, self._patience_s = sync_socket, patience_s

    def __call__(self, subject: Subject, asked: msgspec.Struct, told: type[T]) -> T | NoAnswer:
        """Ask, and wait for the answer for `patience_s` at most."""
        question: Message = {"subject": subject.value, "args": msgspec.to_builtins(asked)}
        try:
            answer = ask(self._sync_socket, "central", question, self._patience_s)
        except (NeighbourDown, Refused):
            return NoAnswer()
        if not answer:
            return NoAnswer()
        if "code" in answer and len(answer) == 1:
            return NoAnswer(str(answer["code"]))
        try:
            return msgspec.convert(answer, told)
        except msgspec.ValidationError:
            # An answer that this version does not understand is as good as none: it may be done all the same.
            return NoAnswer()
