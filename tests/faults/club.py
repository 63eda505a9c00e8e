"""A club on one machine for fault tests: broker, central and one box, each a real process that can be killed."""

import contextlib
import itertools
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kiosk.central.database import Database
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText, TierText
from kiosk.central.tables import journal as journals
from kiosk.core.clock import ClockState
from kiosk.core.errors import Refused, RetryLater
from kiosk.core.model import AccessPoint
from kiosk.local.clock import SystemClock
from kiosk.local.talk import ask
from kiosk.store.cursors import CursorReader
from kiosk.store.database import writing
from kiosk.store.journal import Journal, first_fact
from tests.builders import make_denied, make_exit, make_point
from tests.faults.books import EdgeJournal, assert_books_agree, heads
from tests.support.central_home import CENTRAL_USER, PASSWORD, CentralHome
from tests.support.command_line import kiosk
from tests.support.edge_home import EdgeHome, Started
from tests.support.mosquitto import Mosquitto
from tests.support.nursery import begin
from tests.support.wait import eventually

DEVICE, SITE = "north-1", "demo"
MEMBERS = 60
CARDS = tuple(f"04A1B2C3D4{number:02X}10" for number in range(MEMBERS))
REGULARS, OTHERS = CARDS[:40], CARDS[40:]
"""Cards of visitors who keep coming, and cards that a test taps itself: no card is with two at once."""

PACK_CARD, EXPIRED_CARD = "04A1B2C3D4F010", "04A1B2C3D4F110"
PACK_VISITS = 25
UNKNOWN_CARD = "04FFFFFFFFFF10"
PACE_S = 0.03
DAY_S = 86_400
FACTOR = float(os.environ.get("KIOSK_FAULT_ROUNDS", "1"))
STORED = select(journals.c.id, journals.c.seq)
PATIENT = {"resend_first_s": 0.4, "resend_max_s": 2.0, "poll_s": 0.2}
"""Sync as the tests run it: what was lost goes again soon, so that a round takes seconds instead of minutes."""


def rounds(count: int) -> int:
    """Return how many rounds to go, `count` times what KIOSK_FAULT_ROUNDS says."""
    return max(round(count * FACTOR), 1)


def make_policy() -> ClubPolicy:
    """Make a club where whoever may come at all may come at any hour."""
    return ClubPolicy(
        sites={SITE: SiteText("Asia/Shanghai", "示范俱乐部")},
        areas={"outside": AreaText("馆外"), "club": AreaText("会所")},
        tiers={"basic": TierText(1, "普通会员", "Basic")},
        products={"gym": ProductText("健身", "Gym", areas=("club",))},
    )


def make_members(count: int = MEMBERS) -> list[dict[str, str]]:
    """Make the member list: members in good standing, one with a visit pack, one whose time is over."""
    rows = [make_member(f"M{number:03d}", card) for number, card in enumerate(CARDS[:count])]
    rows.append(make_member("P001", PACK_CARD, visits_ever=str(PACK_VISITS)))
    rows.append(make_member("E001", EXPIRED_CARD, valid_from="2025-01-01", valid_until="2025-12-31"))
    return rows


def make_member(number: str, card: str, **cells: str) -> dict[str, str]:
    """Make one row of the member list."""
    row = {"member_no": number, "name": "王小明", "identifier": card, "tier": "basic", "status": "active"}
    row |= {"product": "gym", "valid_from": "", "valid_until": "", "visits_ever": ""}
    return row | cells


def make_points() -> tuple[AccessPoint, AccessPoint]:
    """Make an entrance and an exit through one turnstile."""
    return make_point(reader="in", gate="main"), make_exit(reader="out", gate="main")


class Club:
    """Everything there is, and the processes that run by name: `central`, `central-2` …, `gate`, `sync`, `web`."""

    def __init__(self, folder: Path, *, database: str = "", shared: bool = False) -> None:
        self.central = CentralHome(folder / "central", database=database, shared=shared)
        self.central.create(make_policy())
        self.central.import_rows(make_members())
        told = self.central.add_device(DEVICE, SITE)
        self.broker = Mosquitto(folder, {CENTRAL_USER: PASSWORD, DEVICE: told["password"]})
        self.central.broker_port = self.broker.port
        self.box = make_box(folder / "box", told, self.broker.port)
        self.told = told
        self.running: dict[str, Started] = {}
        self.env: dict[str, dict[str, str]] = {}
        self._others = itertools.cycle(OTHERS)
        self._books: Database | None = None

    @property
    def data(self) -> Path:
        """The data folder of the box."""
        return self.box.data

    def start(self, *names: str) -> None:
        """Start processes."""
        for name in names:
            self.running[name] = self._start(name, self.env.get(name))

    def start_another(self, name: str, module: str, **env: str) -> Started:
        """Start another module that runs one of our processes, with something more in its environment."""
        self.running[name] = self._start(name, env, module)
        return self.running[name]

    def kill(self, name: str) -> None:
        """Kill a process as a power cut would; what it leaves in central's database is not ours to tidy up."""
        self.look_away()
        self.running.pop(name).kill()

    def stop(self, *names: str) -> None:
        """Ask processes to stop and wait."""
        self.look_away()
        for name in names:
            self.running.pop(name).stop()

    def tap(self, card: str, reader: str = "in") -> dict[str, Any]:
        """Tap a card, waiting for the gate to be there."""
        return self.box.tap(card, reader)

    def other_card(self) -> str:
        """Return a member's card that no visitor has, and that was not tapped for a while."""
        return next(self._others)

    def roster_revision(self) -> int:
        """Return the revision that the gate decides by."""
        return int(self.box.ask("status")["roster_revision"])

    def wait_for_roster(self) -> None:
        """Wait until the gate decides by central's newest roster, and has heard of when it is.

        A box that never had one may hold what changed a moment before the head that says so.
        """
        newest = self.central.revision()
        eventually(lambda: self._decides_by(newest), 60)

    def wait_for_night(self) -> None:
        """Wait until central's nightly jobs have run and the gate knows what they changed; then nothing else moves."""
        eventually(self.central.is_night_done, 60)
        self.wait_for_roster()

    def stored(self) -> dict[str, int]:
        """Return how far central has stored each journal, over a connection that is kept: tests ask all the time."""
        if self._books is None:
            self._books = Database(self.central.url)
        with self._books.read() as connection:
            return dict(connection.execute(STORED).all())

    def records_stored(self) -> int:
        """Return how many records central has stored."""
        return sum(self.stored().values())

    def look_away(self) -> None:
        """Let go of central's database."""
        if self._books is not None:
            self._books.close()
            self._books = None

    def acked(self) -> int:
        """Return how far central has confirmed the gate's journal, as sync remembers it."""
        reader = CursorReader(self.data / "sync.db")
        try:
            return sum(reader.acked(name) or 0 for name in heads(self.data))
        finally:
            reader.close()

    def is_settled(self) -> bool:
        """Say whether central holds, and sync knows it, everything that the box's journals hold."""
        wanted = heads(self.data)
        stored = self.stored()
        return self.acked() == sum(wanted.values()) and all(stored.get(name) == head for name, head in wanted.items())

    def settle(self, timeout_s: float = 90) -> None:
        """Wait until the box has nothing more to tell; a running gate is stopped for it and stays so."""
        eventually(self.is_settled, timeout_s, 0.05)
        if "gate" in self.running:
            self.stop("gate")
            eventually(self.is_settled, timeout_s, 0.05)

    def check(self, *lost: Path, parked: tuple[str, ...] = (), forced: bool = False) -> list[EdgeJournal]:
        """Let everything settle and make the one check."""
        self.settle()
        return assert_books_agree(self.central, self.data, *lost, parked=parked, forced=forced)

    def close(self) -> None:
        """Kill what runs: everything has been looked at."""
        for name in list(self.running):
            self.kill(name)
        self.look_away()
        self.broker.kill()

    def _decides_by(self, revision: int) -> bool:
        status = self.box.ask("status")
        return bool(status["roster_revision"] >= revision and status["roster_age_s"] < DAY_S)

    def _start(self, name: str, env: dict[str, str] | None, module: str = "kiosk") -> Started:
        process = "central" if name.startswith("central") else name
        home = self.central if process == "central" else self.box
        return begin([module, process, "--config", str(home.config)], home.folder / f"{name}.log", env or {})


def make_box(folder: Path, told: dict[str, str], port: int) -> EdgeHome:
    """Make the box that a device was registered for, set up as an installer does."""
    box = EdgeHome(folder, make_points(), site=told["site"], device=told["device"])
    secrets = {"hash.key": "hash_key", "mqtt.password": "password", "device.key": "key", "central.key": "central_key"}
    for name, value in secrets.items():
        (folder / name).write_text(told[value] + "\n")
    box.gate = {"mock_passage_s": 0.01, "passage_timeout_s": 4.0, "open_grants_max": 64}
    box.sync = {
        "host": "127.0.0.1", "port": port, "username": told["username"], "password_file": "mqtt.password",
        "device_key_file": "device.key", "central_key_file": "central.key", "health_port": 0, **PATIENT,
    }  # fmt: skip
    return box


def command(central: CentralHome, *words: str) -> str:
    """Run a command of central in this process and return what it printed."""
    done = kiosk("central", *words, "--config", str(central.config))
    assert done.exit_code == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def a_club(folder: Path, *running: str, **settings: Any) -> Iterator[Club]:
    """A club with its broker and the named processes running; with a gate, its roster has arrived."""
    club = Club(folder, **settings)
    try:
        club.broker.start()
        club.start(*running)
        if {"gate", "sync", "central"} <= set(running):
            club.wait_for_roster()
        yield club
    finally:
        club.close()


def fill_journal(data: Path, count: int) -> None:
    """Write so many refusals into the gate's journal while no gate runs, all in one commit."""
    data.mkdir(parents=True, exist_ok=True)
    now = SystemClock().now()
    journal = Journal(data / "gate.db")
    try:
        if journal.is_new:
            journal.append(first_fact(ClockState.OK), now)
        with writing(journal.connection) as connection:
            for _ in range(count):
                journal._insert(connection, make_denied(), now)
    finally:
        journal.close()


class Visitors:
    """People who tap, one reader a thread. `answers` holds what the gate said.

    A card comes back to the same reader only after all the others: whoever taps again before going through would
    start over, and one of the two walkers of the mock turnstile would pass without a grant. Between two taps at a
    reader there are `pace_s`.
    """

    def __init__(
        self, club: Club, cards: tuple[str, ...] = REGULARS, readers: tuple[str, ...] = ("in", "out"), *,
        pace_s: float = PACE_S,
    ) -> None:  # fmt: skip
        self.answers: deque[dict[str, Any]] = deque()
        self.unanswered = 0
        self.wrong: list[str] = []
        self._socket = club.data / "gate.sock"
        self._cards = cards
        self._pace_s = pace_s
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._tap, args=(each,), daemon=True) for each in readers]

    def __enter__(self) -> "Visitors":
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.leave()

    def leave(self) -> None:
        """Go home; the last taps are answered, or not, first."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, count: int) -> None:
        """Wait until so many more taps were answered."""
        wanted = len(self.answers) + count
        eventually(lambda: len(self.answers) >= wanted, 60, 0.005)

    def _tap(self, reader: str) -> None:
        for card in itertools.cycle(self._cards):
            if self._stop.wait(self._pace_s):
                return
            args = {"identifier": card, "reader": reader}
            try:
                self.answers.append(ask(self._socket, "tap", args, 8.0))
            except RetryLater:
                self.unanswered += 1
            except Refused as error:
                self.wrong.append(str(error))


def assert_answers_recorded(visitors: Visitors, journals: list[EdgeJournal]) -> None:
    """What the gate answered, it had written down."""
    written = {(record["seq"], record["at"]) for each in journals for record in each.records()}
    answered = [answer["record"] for answer in visitors.answers if answer["record"] is not None]
    assert [record for record in answered if (record["seq"], record["at"]) not in written] == []
    assert visitors.wrong == []


def pause(seconds: float) -> None:
    """Let time pass: a fault comes at a random moment, not at one that can be waited for."""
    threading.Event().wait(seconds)


def reached(count: Callable[[], int], wanted: int, timeout_s: float = 60) -> None:
    """Wait until a number has been reached."""
    eventually(lambda: count() >= wanted, timeout_s, 0.01)


def copy_folder(source: Path, target: Path) -> None:
    """Copy a data folder of processes that do not run, but for their sockets."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.sock"))
