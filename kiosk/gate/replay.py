"""Recorded taps through the gate's own controller, with a clock that follows the trace.

The trace's time counts as it stands: no time floor, no roster age. Whoever is granted goes through at once.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from kiosk.core.clock import ClockReading, parse_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.model import AccessPoint
from kiosk.gate.controller import GateController
from kiosk.gate.mock import MockTurnstile
from kiosk.gate.passage import Passages
from kiosk.gate.passing import Passing
from kiosk.gate.settings import GateSettings
from kiosk.gate.timers import Timers
from kiosk.readers.interpret import interpret
from kiosk.readers.reader import ReaderSettings
from kiosk.store.journal import Journal, first_fact
from kiosk.store.roster_reader import RosterReader

COLUMNS = ("at", "access_point", "identifier")


class TraceClock:
    """A clock that stands at the line being replayed."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Return the line's time."""
        return self.at

    def monotonic_ns(self) -> int:
        """Return the line's time in nanoseconds since 1970."""
        return round(self.at.timestamp() * 1e9)

    def boot_id(self) -> str:
        """Return a boot of its own."""
        return "replay"


class _ReplayController(GateController):
    def reading(self) -> ClockReading:
        return ClockReading(self._clock.now())


class TraceLine:
    """One recorded tap: when, where, and the number as the reader wrote it."""

    def __init__(self, number: int, row: Mapping[str, str], points: Mapping[str, AccessPoint]) -> None:
        try:
            self.at = parse_utc((row["at"] or "").strip())
        except InvalidInput as error:
            raise InvalidInput(f"line {number}: {error.message}", hint=error.hint) from error
        name = (row["access_point"] or "").strip()
        if name not in points:
            raise InvalidInput(f"line {number}: no access point {name!r}", hint=f"One of {', '.join(points)}")
        self.point = points[name]
        self.identifier = (row["identifier"] or "").strip()


def read_trace(path: Path, points: Sequence[AccessPoint]) -> Iterator[TraceLine]:
    """Read a trace, a line at a time; raises InvalidInput naming the line."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InvalidInput(
                    f"{path} has no column {missing[0]!r}", hint=f"The first line names {','.join(COLUMNS)}"
                )
            by_name = {point.id: point for point in points}
            for row in rows:
                yield TraceLine(rows.line_num, row, by_name)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


def replay(
    trace: Iterator[TraceLine],
    points: Sequence[AccessPoint],
    readers: Sequence[ReaderSettings],
    roster: RosterReader,
    journal: Journal,
    hash_key: bytes,
) -> Iterator[bytes]:
    """Yield the record of each line, canonical bytes, in order."""
    formats = {each.name: each.number_format for each in readers}
    clock: TraceClock | None = None
    for line in trace:
        if clock is None:
            clock = TraceClock(line.at)
            controller = _controller(points, roster, journal, hash_key, clock)
            if journal.is_new:
                journal.append(first_fact(controller.reading().state), line.at)
        clock.at = line.at
        tap = controller.handle(interpret(line.point.reader, line.identifier, formats[line.point.reader]))
        if tap.record is None:
            raise InvalidInput(f"{journal.path} is full", hint="Name another file with --journal")
        yield tap.record.body


def _controller(
    points: Sequence[AccessPoint], roster: RosterReader, journal: Journal, hash_key: bytes, clock: TraceClock
) -> GateController:
    gates = {point.gate: GateSettings(id=point.gate, mock_sensor=False) for point in points}
    timers = Timers(clock)
    actuators = {name: MockTurnstile(settings, clock, timers) for name, settings in gates.items()}
    passages = Passages((settings, False) for settings in gates.values())
    passing = Passing(passages, journal, clock, lambda: controller.reading(), lambda _ended: None)
    hold_s = {name: settings.release_hold_s for name, settings in gates.items()}
    controller = _ReplayController(points, journal, roster, actuators, clock, hash_key, hold_s, passing)
    return controller
