"""How the gate's neighbours get its one loop to do something: a bounded inbox of errands that are answered later."""

import queue
from collections.abc import Callable
from typing import Any

from kiosk.core.errors import KioskError, NeighbourDown

ENTER_S = 0.5
ANSWER_S = 4.0
"""Together less than whoever asks waits (`talk.ask`): what they hear no answer to is not done behind their back."""

Message = dict[str, Any]


class Errand:
    """One thing to do in the loop; whoever asked waits for its answer. Once `given_up` it is not to be begun."""

    def __init__(self, op: str, args: Message) -> None:
        self.op = op
        self.args = args
        self.given_up = False
        self._answer: queue.Queue[Message | KioskError] = queue.Queue(1)

    def answer(self, result: Message | KioskError) -> None:
        """Hand over the result; a second one is dropped."""
        if self._answer.empty():
            self._answer.put_nowait(result)

    def wait(self, timeout_s: float = ANSWER_S) -> Message:
        """Return the result; raises the KioskError it ended in, or NeighbourDown when the loop does not get to it."""
        try:
            result = self._answer.get(timeout=timeout_s)
        except queue.Empty as error:
            self.given_up = True
            raise NeighbourDown(f"the gate did not get to {self.op!r} in {timeout_s:g} s") from error
        if isinstance(result, KioskError):
            raise result
        return result


def handler(op: str, inbox: "queue.Queue[Any]") -> Callable[[Message], Message]:
    """Return a talk handler that has the loop do `op`."""

    def handle(args: Message) -> Message:
        errand = Errand(op, args)
        try:
            inbox.put(errand, timeout=ENTER_S)
        except queue.Full as error:
            raise NeighbourDown("the gate is overrun", hint="Look at what keeps its loop") from error
        return errand.wait()

    return handle
