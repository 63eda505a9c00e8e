"""What becomes of grants: pure, one lane per gate, times are monotonic nanoseconds given by the caller.

A grant is open until somebody passes, its time is up, the same card taps again, or too many wait; it ends exactly
once (invariant 3). Hand over what the sensors said in its order and before asking what is due: a passage counts at
the time the sensor saw it, however late the caller gets to it.
"""

from collections import deque
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from kiosk.core.model import AccessPoint
from kiosk.gate.actuator import Direction
from kiosk.gate.settings import GateSettings


class Outcome(StrEnum):
    """Why a grant was not taken. Wire format: add, never rename."""

    TIMEOUT = "timeout"
    SUPERSEDED = "superseded"
    OVERRUN = "overrun"
    FAULT = "fault"
    UNKNOWN = "unknown"


class Grant(msgspec.Struct, frozen=True):
    """A released card. `seq` is None where there was no journal, on a way out (CONTRACT §2)."""

    seq: int | None
    point: AccessPoint
    credential: str | None
    at_ns: int

    @property
    def direction(self) -> Direction:
        """Which way the sensor will see this grant go."""
        return "out" if self.point.way_out else "in"


class Ended(msgspec.Struct, frozen=True):
    """A grant is over: taken, or not taken with an outcome. `assumed` where no sensor can tell."""

    grant: Grant
    taken: bool
    outcome: Outcome | None = None
    assumed: bool = False


class Forced(msgspec.Struct, frozen=True):
    """Somebody passed without a grant."""

    gate: str
    direction: Direction = ""


class HeldOpen(msgspec.Struct, frozen=True):
    """A passage is occupied for longer than allowed; told once, `held_ms` after it began."""

    gate: str
    held_ms: int


Effect = Ended | Forced | HeldOpen


class _Lane:
    """The open grants of one gate, oldest first, and since when its passage is occupied."""

    def __init__(self, settings: GateSettings, has_sensor: bool) -> None:
        self.gate = settings.id
        self.has_sensor = has_sensor
        self.timeout_ns = int(settings.passage_timeout_s * 1e9)
        self.held_open_ns = int(settings.held_open_s * 1e9)
        self.open_max = settings.open_grants_max
        self.open: deque[Grant] = deque()
        self.occupied_ns: int | None = None
        self.held_told = False

    def expire(self, now_ns: int) -> list[Effect]:
        effects: list[Effect] = []
        while self.open and now_ns >= self.open[0].at_ns + self.timeout_ns:
            effects.append(Ended(self.open.popleft(), taken=False, outcome=Outcome.TIMEOUT))
        return effects

    def take(self, direction: Direction, at_ns: int) -> Grant | None:
        """Remove and return the oldest grant that a passage at `at_ns` can belong to."""
        for grant in self.open:
            if grant.at_ns <= at_ns and direction in ("", grant.direction):
                self.open.remove(grant)
                return grant
        return None


class Passages:
    """The open grants of every gate of a box."""

    def __init__(self, gates: Iterable[tuple[GateSettings, bool]]) -> None:
        """Make a lane for each gate and whether it has a passage sensor."""
        self._lanes = {settings.id: _Lane(settings, has_sensor) for settings, has_sensor in gates}

    def open(self, gate: str) -> tuple[Grant, ...]:
        """Return the open grants of a gate, oldest first."""
        return tuple(self._lanes[gate].open)

    def granted(
        self, seq: int | None, point: AccessPoint, credential: str | None, at_ns: int, *, released: bool = True
    ) -> list[Effect]:
        """Take note of a grant and, with `released` False, that the barrier did not obey.

        `at_ns` is a time before the release: whoever passes earlier has not used it. Ends what it displaces, and
        itself at once where there is no sensor. Call `superseded` before the credential is decided on.
        """
        lane = self._lanes[point.gate]
        grant = Grant(seq, point, credential, at_ns)
        if not released:
            return [Ended(grant, taken=False, outcome=Outcome.FAULT)]
        if not lane.has_sensor:
            return [Ended(grant, taken=True, assumed=True)]
        effects: list[Effect] = []
        while len(lane.open) >= lane.open_max:
            effects.append(Ended(lane.open.popleft(), taken=False, outcome=Outcome.OVERRUN))
        lane.open.append(grant)
        return effects

    def superseded(self, point: AccessPoint, credential: str | None) -> list[Effect]:
        """End the open grants of a credential at an access point, because it tapped there again."""
        lane = self._lanes[point.gate]
        if credential is None:
            return []
        own = [grant for grant in lane.open if grant.credential == credential and grant.point.id == point.id]
        for grant in own:
            lane.open.remove(grant)
        return [Ended(grant, taken=False, outcome=Outcome.SUPERSEDED) for grant in own]

    def passed(self, gate: str, direction: Direction, at_ns: int, *, emergency: bool = False) -> list[Effect]:
        """Somebody went through: the oldest open grant of that direction is taken, else the gate was forced."""
        lane = self._lanes[gate]
        effects = lane.expire(at_ns)
        grant = lane.take(direction, at_ns)
        if grant is not None:
            effects.append(Ended(grant, taken=True))
        elif not emergency:
            effects.append(Forced(gate, direction))
        return effects

    def occupied(self, gate: str, at_ns: int) -> None:
        """Somebody stands in the passage."""
        lane = self._lanes[gate]
        if lane.occupied_ns is None:
            lane.occupied_ns = at_ns
            lane.held_told = False

    def cleared(self, gate: str) -> None:
        """The passage is empty."""
        self._lanes[gate].occupied_ns = None

    def due(self, now_ns: int, *, emergency: bool = False) -> list[Effect]:
        """End the grants whose time is up, and tell of passages held open. In an emergency none is held open."""
        effects: list[Effect] = []
        for lane in self._lanes.values():
            effects += lane.expire(now_ns)
            if lane.occupied_ns is None or lane.held_told:
                continue
            if emergency:
                lane.occupied_ns = now_ns
            elif now_ns - lane.occupied_ns >= lane.held_open_ns:
                lane.held_told = True
                effects.append(HeldOpen(lane.gate, (now_ns - lane.occupied_ns) // 1_000_000))
        return effects

    def end_all(self, outcome: Outcome) -> list[Effect]:
        """End every open grant of every gate as not taken, because their journal or the process ends."""
        effects: list[Effect] = []
        for lane in self._lanes.values():
            effects += [Ended(grant, taken=False, outcome=outcome) for grant in lane.open]
            lane.open.clear()
        return effects

    def next_due_ns(self) -> int | None:
        """Return when `due` will next have something to say; None while nothing waits."""
        moments = [lane.open[0].at_ns + lane.timeout_ns for lane in self._lanes.values() if lane.open]
        moments += [
            lane.occupied_ns + lane.held_open_ns
            for lane in self._lanes.values()
            if lane.occupied_ns is not None and not lane.held_told
        ]
        return min(moments, default=None)
