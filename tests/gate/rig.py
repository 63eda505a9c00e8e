"""A gate's controller on a real journal and roster, with a mock turnstile and a clock the test moves."""

from pathlib import Path
from typing import Any

from kiosk.core.case import Release
from kiosk.core.codec import decode
from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason
from kiosk.gate.actuator import Passed
from kiosk.gate.controller import GateController
from kiosk.gate.mock import MockTurnstile
from kiosk.gate.passage import Passages
from kiosk.gate.passing import Passing
from kiosk.gate.settings import GateSettings
from kiosk.gate.tap import Tap
from kiosk.gate.timers import Timers
from kiosk.readers.reader import CardRead
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import JournalReader
from kiosk.store.roster import RosterWriter
from kiosk.store.roster_reader import RosterReader
from tests.builders import HASH_KEY, IDENTIFIER, FakeClock, make_exit, make_point, make_rows
from tests.support.edge_home import EdgeHome


class Rig:
    """One box without threads: an entrance and an exit through one turnstile, and a side door of its own."""

    def __init__(
        self, folder: Path, *rows: Any, limits: JournalLimits | None = None, sensor: bool = True, **point: Any
    ):
        self.folder = folder
        self.clock = FakeClock()
        self.entrance = make_point(reader="in", gate="main", **point)
        self.exit = make_exit(reader="out", gate="main")
        self.side = make_point(**{**point, "id": "side", "reader": "side", "gate": "side"})
        home = EdgeHome(folder, [self.entrance, self.exit, self.side])
        home.install(make_rows(*rows))
        self.data = home.data
        self.limits = limits
        self.gates = [GateSettings(id="main"), GateSettings(id="side")]
        self.turnstile, self.door = (MockTurnstile(each, self.clock, Timers(self.clock)) for each in self.gates)
        self.sensor = sensor
        self.open()

    def open(self) -> None:
        """Start as after a restart, on the same files."""
        self.journal = Journal(self.data / "gate.db", self.limits)
        self.passing = Passing(
            Passages([(each, self.sensor) for each in self.gates]), self.journal, self.clock,
            lambda: self.controller.reading(), lambda _end: None,
        )  # fmt: skip
        self.controller = GateController(
            [self.entrance, self.exit, self.side], self.journal,
            RosterReader(self.data / "roster", "demo", "Asia/Shanghai", 14 * 86400),
            {"main": self.turnstile, "side": self.door}, self.clock, HASH_KEY, {"main": 3.0, "side": 3.0}, self.passing,
            {each.id: each.long_hold_s for each in self.gates},
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the files."""
        self.controller.roster.close()
        self.journal.close()

    def tap(self, identifier: str = IDENTIFIER, reader: str = "in", operator: str = "") -> Tap:
        """Tap a card."""
        card = CardRead(reader, identifier, Assurance.UID)
        return self.controller.handle(card, Release(operator) if operator else None)

    def fault(self, fault: DenyReason, reader: str = "in", identifier: str | None = None) -> Tap:
        """Tap a card that shows no number, or one that is no identity."""
        return self.controller.handle(CardRead(reader, identifier, Assurance.NONE, fault))

    def walk(self) -> None:
        """Let somebody through, a second later."""
        self.clock.advance(1)
        self.passing.sensed(Passed("main", self.clock.monotonic_ns()))

    def wait(self, seconds: float) -> None:
        """Let time pass and settle what is due."""
        self.clock.advance(seconds)
        self.passing.settle()

    @property
    def releases(self) -> int:
        """How often the turnstile was released."""
        return len(self.turnstile.releases)

    def records(self) -> list[dict[str, Any]]:
        """Return the journal as it rests on the disk."""
        reader = JournalReader(self.data / "gate.db")
        try:
            return [decode(record.body) for record in reader.read(0, 10_000, 1 << 30)]
        finally:
            reader.close()

    def types(self) -> list[str]:
        """Return the types of the records in order."""
        return [record["type"] for record in self.records()]

    def roster_writer(self) -> RosterWriter:
        """Return sync's side of the roster."""
        return RosterWriter(self.data / "roster")
