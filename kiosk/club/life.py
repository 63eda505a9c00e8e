"""A life: the states a thing can be in and the steps between them.

One table serves the code that takes a step, the tests that walk every path, and the drawing in the documents.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from kiosk.core.errors import InvalidInput

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


class StepRefused(InvalidInput):
    """The thing is not in a state from which that step can be taken."""


class Step(msgspec.Struct, Generic[S, A], frozen=True):
    """One step: what is done, from which states, and the state after it."""

    action: A
    sources: tuple[S, ...]
    target: S


class Life(msgspec.Struct, Generic[S, A], frozen=True):
    """A state machine. An action leads from one state to one state only."""

    name: str
    start: S
    steps: tuple[Step[S, A], ...]

    def after(self, state: S, action: A) -> S:
        """Return the state that an action leads to; raises StepRefused, which names what can be done instead."""
        for step in self.steps:
            if step.action is action and state in step.sources:
                return step.target
        possible = ", ".join(self.actions(state)) or "nothing"
        raise StepRefused(f"{self.name} that is {state} cannot {action}", hint=f"From here: {possible}")

    def actions(self, state: S) -> tuple[A, ...]:
        """Return what can be done in a state, in the order of the table."""
        return tuple(dict.fromkeys(step.action for step in self.steps if state in step.sources))

    def is_end(self, state: S) -> bool:
        """Say whether nothing leads out of a state."""
        return not self.actions(state)

    def drawing(self) -> str:
        """Return the life as a Mermaid state diagram."""
        return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in self._lines())]) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"[*] --> {self.start}"
        for step in self.steps:
            for source in step.sources:
                yield f"{source} --> {step.target}: {step.action}"
        targets = dict.fromkeys(step.target for step in self.steps)
        for state in targets:
            if self.is_end(state):
                yield f"{state} --> [*]"
