"""A gate's whole loop on real files, without threads: a test feeds its inbox and moves its clock."""

import queue
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kiosk.core.errors import KioskError
from kiosk.gate.asking import Errand
from kiosk.gate.commands import EMERGENCY, Commands, stored_posture
from kiosk.gate.emergency import Emergency
from kiosk.gate.loop import GateLoop
from kiosk.gate.tap import Tap
from kiosk.gate.upkeep import Upkeep
from kiosk.local.talk import TalkServer
from kiosk.readers.mock import MockReader
from kiosk.readers.reader import ReaderSettings
from kiosk.store.cursors import Cursor, CursorReader, Cursors
from tests.gate.rig import Rig

Step = Any
"""What lies in the inbox next; a function is called instead, and the loop finds nothing."""


class HandFed(queue.Queue[Any]):
    """An inbox that holds what a test puts there and never waits; when it is used up, the loop is told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = threading.Event()
        self.steps: list[Step] = []

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next item, or carry out the next function."""
        step = self.steps.pop(0) if self.steps else self.stop.set
        if callable(step):
            step()
            raise queue.Empty
        return step


class HandReader(MockReader):
    """A mock reader whose reads a test puts into the inbox, or does not."""

    up = True

    @property
    def is_up(self) -> bool:
        """Say what the test says."""
        return self.up


class LoopRig(Rig):
    """A box whose loop runs through the steps of a test."""

    def open(self) -> None:
        """Start as after a restart, on the same files."""
        super().open()
        standing = stored_posture(self.journal)
        self.inbox = HandFed()
        self.readers = {each: HandReader(ReaderSettings(name=each)) for each in ("in", "out", "side")}
        self.cursors = CursorReader(self.data / "sync.db")
        self.emergency = Emergency([self.turnstile], self.inbox, self.clock, standing=standing[EMERGENCY])
        self.talk = TalkServer(self.data / "gate.sock", {}, frozenset({"display", "journal"}))
        self.upkeep = Upkeep(
            self.controller, self.cursors, self.clock, "1.0", timedelta(days=30), lambda: None, lambda _id, _seq: None
        )
        points = {each.id: each for each in (self.entrance, self.exit, self.side)}
        self.let_through: list[Tap] = []
        self.commands = Commands(
            self.controller, self.upkeep, points, self.emergency, self.journal._limits, dict, standing,
            self.let_through.append,
        )  # fmt: skip
        self.loop = GateLoop(
            self.inbox, self.controller, self.upkeep, self.commands, list(self.readers.values()), self.talk, self.clock
        )

    def run(self, *steps: Step) -> None:
        """Run the loop from its start through these steps to a clean stop."""
        self.inbox.stop.clear()
        self.inbox.steps = list(steps)
        self.loop.run(self.inbox.stop)

    def again(self) -> None:
        """Stop the process and start it anew."""
        self.close()
        self.open()

    def close(self) -> None:
        """Let go of the files."""
        self.cursors.close()
        super().close()
        self.journal = self.controller.journal
        self.journal.close()

    def ack(self, seq: int) -> None:
        """Note, as sync does, that central has confirmed the journal up to a seq."""
        sync = Cursors(self.data / "sync.db")
        sync.set(self.controller.journal.id, Cursor(seq))
        sync.close()

    def later(self, seconds: float) -> Callable[[], None]:
        """Return a step that lets time pass."""
        return lambda: self.clock.advance(seconds)

    def data_of(self, kind: str) -> list[dict[str, Any]]:
        """Return what the records of a type say."""
        return [record["data"] for record in self.records() if record["type"] == kind]


def command(op: str, *, name: str = "", **args: Any) -> Errand:
    """Make the errand of a command of central's."""
    return Errand("command", {"id": name, "op": op, "args": args})


def told(errand: Errand) -> dict[str, Any] | KioskError | None:
    """Return what an errand was answered, None where it was not; puts no end to the asker's patience."""
    return errand._answer.queue[0] if errand._answer.queue else None
