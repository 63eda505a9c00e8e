"""Builders for tests of activities and cases: activities that are held, nights that pass, boxes that send records."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kiosk.central.club import activities, duty, sign_ins
from kiosk.central.club.activities import Plan
from kiosk.central.club.books import Books
from kiosk.central.club.effects import take_sign_ins
from kiosk.central.club.misuse import MisuseWatch
from kiosk.central.ingest import Ingest
from kiosk.central.lease import Lease
from kiosk.central.projection import Projection
from kiosk.core.identifiers import credential_of
from tests.central.builders import EdgeDevice, EdgeJournal, ManualClock, make_access, register
from tests.central.club.builders_people import ZONE, do, set_day
from tests.central.club.builders_points import run_job
from tests.central.roster_builders import HASH_KEY

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a moment of a local day in Shanghai, UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def make_plan(day: date, **fields: Any) -> Plan:
    """Make the plan of an activity from two to four in the afternoon, with nothing missing."""
    times = {"starts_at": moment(day, 14), "ends_at": moment(day, 16)}
    texts = {"site": "demo", "title": "茶会", "place": "lounge", "agenda": "tea and talk", "budget_minor": 50000}
    return Plan(**{**times, **texts, **fields})


def announce(books: Books, day: date, **fields: Any) -> str:
    """Plan and announce an activity of a day; returns its id."""
    found = do(books, activities.plan, make_plan(day, **fields)).activity.id
    do(books, activities.announce, found)
    return str(found)


def hold(books: Books, clock: ManualClock, day: date, *members: str, **fields: Any) -> str:
    """Announce an activity the day before, sign members in, and let it end; returns its id."""
    set_day(clock, day - DAY)
    found = announce(books, day, **fields)
    set_day(clock, day, 14)
    for member in members:
        do(books, sign_ins.sign_in_at_desk, found, member)
    set_day(clock, day, 17)
    do(books, activities.keep_all_times)
    return found


def pass_night(books: Books, clock: ManualClock, day: date) -> None:
    """Run the nightly job of the duty to attend at the start of a day."""
    set_day(clock, day, 3)
    run_job(duty.run, books, day)


def card(number: int = 1) -> str:
    """Return the credential of card `number`."""
    return credential_of(f"04{number:012X}", HASH_KEY)


class Boxes:
    """Central with a gate at the site `demo` and one at the site `island`, and what follows from their records."""

    def __init__(self, books: Books, clock: ManualClock) -> None:
        self.books = books
        self.clock = clock
        lease = Lease(books.database, clock)
        lease.try_hold()
        self.lease = lease
        self.ingest = Ingest(books.database, clock)
        self.projection = Projection(books.database, lease, clock, "Asia/Shanghai", effects=(take_sign_ins,))
        self.watch = MisuseWatch(books, lease)
        self.demo, self.island = EdgeDevice("demo-1"), EdgeDevice("island-1")
        register(books.database, self.demo)
        register(books.database, self.island, site="island")
        self.at_demo, self.at_island = EdgeJournal(), EdgeJournal()
        self._sent: dict[str, int] = {}
        self._island = {self.at_island.id}

    def new_journal(self, *, island: bool = False) -> EdgeJournal:
        """Return another journal of the gate at `demo`, or at `island`."""
        journal = EdgeJournal()
        if island:
            self._island.add(journal.id)
        return journal

    def enter(self, journal: EdgeJournal, at: datetime, number: int = 1, **more: Any) -> int:
        """Write down that card `number` comes in, and return the passage's seq."""
        return journal.passage(at - 2 * timedelta(seconds=1), credential=card(number), entitlement=f"e{number}", **more)

    def leave(self, journal: EdgeJournal, at: datetime, number: int = 1) -> int:
        """Write down that card `number` goes out, and return the passage's seq."""
        return self.enter(journal, at, number, reason="ok_exit", area_to="outside")

    def again(self, journal: EdgeJournal, at: datetime, number: int = 1) -> int:
        """Write down that the anti-passback refused card `number`."""
        return journal.append(
            "access.denied", make_access(reason="antipassback_violation", credential=card(number)), at
        )

    def sign_in(self, journal: EdgeJournal, activity: str, at: datetime, number: int = 1, **more: Any) -> int:
        """Write down that card `number` was tapped at an activity's desk."""
        data: Mapping[str, Any] = {"clock": "ok", "activity": activity, "reader": "desk", "credential": card(number)}
        return journal.append("activity.signed_in", {**data, **more}, at)

    def send(self, *journals: EdgeJournal) -> None:
        """Send what is new of journals, of both unless told otherwise, and let central take it in."""
        assert self.lease.try_hold()
        for journal in journals or (self.at_demo, self.at_island):
            device = self.island if journal.id in self._island else self.demo
            first = self._sent.get(journal.id, 0) + 1
            if first <= journal.head:
                ack = self.ingest.batch(device.name, device.batch(journal, first, journal.head))
                assert ack is not None
                assert ack.status.value == "ok", ack
                self._sent[journal.id] = journal.head
        while self.projection.tick(self.clock.now()) == 0.0:
            pass
        while self.watch.tick(self.clock.now()) == 0.0:
            pass
