"""Two houses of a club on one machine, each process a real one, and all of them on one clock that a story moves."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, time
from pathlib import Path

from sqlalchemy import select

from kiosk.central.club.books import Books
from kiosk.central.club.tables import job
from kiosk.central.database import Database
from kiosk.central.keys import FOLDER, load_keys
from kiosk.central.personal_keys import load_seals
from kiosk.central.policy import AreaText, ClubPolicy, ProductText, SiteText, TierText
from kiosk.core.clock import parse_utc
from kiosk.core.model import AccessPoint
from kiosk.wiring_club import nightly_jobs
from tests.builders import make_exit, make_point
from tests.faults.books import assert_books_agree, heads
from tests.faults.club import PATIENT, STORED
from tests.scenarios.desk import Desk, identifier
from tests.scenarios.moved_clock import MovedClock
from tests.scenarios.office import OfficeHome, Staff, Wire
from tests.support.central_home import CENTRAL_USER, PASSWORD
from tests.support.edge_home import EdgeHome, Started
from tests.support.mosquitto import Mosquitto
from tests.support.nursery import a_nursery, begin
from tests.support.wait import eventually

HOUSES = {"north-1": "demo", "island-1": "island"}
"""The device of each house, and its site."""

STRANGER = "04FFFFFFFFFF10"
"""A card that is nobody's."""

MORNING = time(10, 0)
AT_ONCE_S = 30.0
"""How long a change may take to every gate on a loaded machine; it is a matter of tenths of a second on an idle one."""

NIGHT_S = 180.0


def make_policy() -> ClubPolicy:
    """Make a club with a gym for every tier and a lounge from gold on, at two sites."""
    club, gold = ("gym",), ("gym", "lounge")
    return ClubPolicy(
        sites={name: SiteText("Asia/Shanghai") for name in HOUSES.values()},
        areas={"outside": AreaText("馆外"), "club": AreaText("会所"), "lounge": AreaText("贵宾厅")},
        tiers={
            "ordinary": TierText(1, "普通会员", products=club),
            "silver": TierText(2, "银卡会员", products=club),
            "gold": TierText(3, "金卡会员", products=gold),
            "platinum": TierText(4, "铂金会员", products=gold),
        },
        products={"gym": ProductText("健身", areas=("club",)), "lounge": ProductText("贵宾厅", areas=("lounge",))},
    )


def make_points() -> tuple[AccessPoint, ...]:
    """Make a house's way in, its way out, and the door from the club to the lounge."""
    lounge = make_point(id="lounge", area_from="club", area_to="lounge", reader="lounge", gate="lounge")
    return make_point(reader="in", gate="main"), make_exit(reader="out", gate="main"), lounge


class House:
    """A house of the club: one box with its gate and its sync."""

    def __init__(self, folder: Path, told: Mapping[str, str], broker_port: int) -> None:
        self.box = EdgeHome(folder, make_points(), site=told["site"], device=told["device"])
        # What was acked leaves a box after a month; here it all stays, to be compared in the end.
        self.box.controller["retention_days"] = 400
        secrets = {
            "hash.key": "hash_key",
            "mqtt.password": "password",
            "device.key": "key",
            "central.key": "central_key",
        }
        for name, value in secrets.items():
            (folder / name).write_text(told[value] + "\n")
        self.box.sync = {
            "host": "127.0.0.1", "port": broker_port, "username": told["username"], "password_file": "mqtt.password",
            "device_key_file": "device.key", "central_key_file": "central.key", "health_port": 0, **PATIENT,
        }  # fmt: skip

    def tap(self, number: str, reader: str = "in") -> str:
        """Tap the card of a number and return the reason of the answer."""
        return str(self.box.tap(identifier(number), reader)["reason"])

    def visit(self, number: str) -> str:
        """Tap at the way in, and where it opens at the way out too; return the reason at the way in."""
        answer = self.box.tap(identifier(number), "in")
        if answer["granted"]:
            assert self.tap(number, "out") == "ok_exit"
        return str(answer["reason"])

    def revision(self) -> int:
        """Return the revision of the roster that the gate decides by."""
        return int(self.box.ask("status")["roster_revision"])


class Venue:
    """Broker, central, and the houses; `desk` does what the office would, in this process.

    With `open_office` the office is a process as well, with `open_bar` the box of the first house has a till.
    """

    def __init__(self, folder: Path, clock: MovedClock, database: Database, central: OfficeHome) -> None:
        told = {name: central.add_device(name, site) for name, site in HOUSES.items()}
        self.clock = clock
        self._since = clock.now()
        self.central = central
        accounts = {CENTRAL_USER: PASSWORD, **{name: each["password"] for name, each in told.items()}}
        self.broker = Mosquitto(folder, accounts, sites=HOUSES)
        central.broker_port = self.broker.port
        self.houses = {name: House(folder / name, told[name], self.broker.port) for name in HOUSES}
        self.desk = Desk(Books(database, clock), load_keys(central.folder).hash_key)
        self._database = database
        self._wire: Wire | None = None
        self._running: dict[str, Started] = {}

    @property
    def north(self) -> House:
        """The house that most people go to."""
        return self.houses["north-1"]

    @property
    def island(self) -> House:
        """The other house."""
        return self.houses["island-1"]

    def open(self) -> None:
        """Start everything."""
        self.broker.start()
        self._running["central"] = self._begin(self.central, "central")
        for name, house in self.houses.items():
            for process in ("gate", "sync"):
                self._running[f"{name}.{process}"] = self._begin(house.box, process)
        self.after_the_night()

    def open_office(self) -> Staff:
        """Start the office and give its staff their keys."""
        self._running["office"] = self.central.start_office(self.clock.env)
        self._wire = Wire(self.central.port)
        return Staff(self._database, self.desk.books, self._wire)

    def open_bar(self, till: str) -> None:
        """Start the screens of the first house, with a till."""
        box = self.north.box
        box.web, box.till = {"port": 0, "health_port": 0}, {"id": till, "retention_days": 400}
        self._running["north-1.web"] = self._begin(box, "web")

    def go_to(self, day: date, at: time = MORNING) -> None:
        """Move every clock on; central, which was off for it, comes back, and the gates go on as they are."""
        self._running.pop("central").stop()
        self.clock.set(day, at)
        if self._wire is not None:
            self._wire.drop()
        self._since = self.clock.now()
        self.desk.confirm_clock()
        self._running["central"] = self._begin(self.central, "central")
        self.after_the_night()

    def after_the_night(self) -> None:
        """Wait until central has done its nightly work by itself, and the gates decide by what came of it."""
        eventually(lambda: not self._undone(), NIGHT_S, 0.1)
        self.reaches_the_gates()
        eventually(lambda: all(self._is_with_us(each) for each in self.houses.values()), AT_ONCE_S, 0.05)

    def reaches_the_gates(self, within_s: float = AT_ONCE_S) -> None:
        """Wait until the gates decide by what the books say now; nobody but central and sync does anything for it."""
        newest = self.central.revision()
        eventually(lambda: all(each.revision() >= newest for each in self.houses.values()), within_s, 0.05)

    def assert_books_agree(self) -> None:
        """Let everything be told, and hold central's records against the journals, byte by byte."""
        eventually(self._is_told, 60, 0.05)
        for name in self.houses:
            for process in ("gate", "web"):
                if (running := self._running.pop(f"{name}.{process}", None)) is not None:
                    running.stop()
        eventually(self._is_told, 60, 0.05)
        folders = [each.box.data for each in self.houses.values()]
        for folder in folders:
            others = [each for each in folders if each != folder]
            assert_books_agree(self.central, folder, *others)

    def close(self) -> None:
        """Kill what runs."""
        if self._wire is not None:
            self._wire.drop()
        for each in self._running.values():
            each.kill()
        self.broker.kill()

    def _begin(self, home: OfficeHome | EdgeHome, process: str) -> Started:
        command = ["kiosk", process, "--config", str(home.config)]
        return begin(command, home.folder / f"{process}.log", self.clock.env)

    def _undone(self) -> set[str]:
        today = self.clock.today.isoformat()
        with self.desk.books.look() as look:
            done = set(look.connection.execute(select(job.c.name).where(job.c.done_on == today)).scalars())
        return {each.name for each in nightly_jobs()} - done

    def _is_told(self) -> bool:
        with self._database.read() as connection:
            stored = dict(connection.execute(STORED).all())
        wanted = {name: head for each in self.houses.values() for name, head in heads(each.box.data).items()}
        return all(stored.get(name) == head for name, head in wanted.items())

    def _is_with_us(self, house: House) -> bool:
        """Say whether a gate decides by the time of the story, and believes it."""
        record = house.box.tap(STRANGER)["record"]
        return parse_utc(record["at"]) >= self._since and record["data"]["clock"] == "ok"


@contextlib.contextmanager
def a_venue(folder: Path, opens_on: date) -> Iterator[Venue]:
    """A club whose houses open on the morning of a day; its office has done nothing yet."""
    clock = MovedClock(folder / "time")
    clock.set(opens_on, MORNING)
    central = OfficeHome(folder / "central")
    central.create(make_policy())
    seals = load_seals(central.folder / FOLDER)
    with a_nursery(clock.env), closing(Database(central.url, seals)) as database:
        venue = Venue(folder, clock, database, central)
        try:
            venue.open()
            yield venue
        finally:
            venue.close()
