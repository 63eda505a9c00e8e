"""What follows from the records: visits, presence, counts for the gates, and cases for a person."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.ingest import Ingest
from kiosk.central.lease import TERM_S, Lease, LeaseLost
from kiosk.central.projection import IDLE_S, Projection
from kiosk.central.tables import entitlement, member, parked, roster_row, used, visit
from kiosk.core.clock import ClockState, epoch_ms
from kiosk.core.codec import canonical
from kiosk.core.model import Product, Site, VisitRule
from kiosk.core.records import EmergencyOpened, JournalOpened, ProcessStarted, RecordsDiscarded
from kiosk.core.roster import encode_row, row_key
from kiosk.core.visits import Usage, count_visit
from tests.central.builders import (
    MEMBER_CARD,
    ON_SQLITE,
    START,
    EdgeDevice,
    EdgeJournal,
    ManualClock,
    make_access,
    parked_rows,
    register,
    replace,
)
from tests.support.migrated import put_tables

ZONE = "Asia/Shanghai"
PACK = "ent-1"
NOW_VERSION = int(START.timestamp() * 10)


class World:
    """Central with two gates at one site and one at another."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.lease = Lease(database, clock)
        self.lease.try_hold()
        self.ingest = Ingest(database, clock)
        self.projection = Projection(database, self.lease, clock, ZONE)
        self.north, self.south, self.far = EdgeDevice("north-1"), EdgeDevice("south-1"), EdgeDevice("far-1")
        register(database, self.north, self.south)
        register(database, self.far, site="island")

    def send(self, device: EdgeDevice, journal: EdgeJournal, first: int = 1, last: int = 0) -> None:
        """Send records of a journal, all of them unless told otherwise, and see them stored."""
        ack = self.ingest.batch(device.name, device.batch(journal, first, last or journal.head))
        assert ack is not None
        assert ack.status.value == "ok", ack

    def project(self) -> None:
        """Project until there is nothing left to do."""
        while self.projection.tick(self.clock.now()) == 0.0:
            pass

    def used(self, what: str = PACK, site: str = "demo", card: str = MEMBER_CARD) -> dict[str, Any] | None:
        """The row that tells the gates of a site about a card."""
        mine = (used.c.credential == card, used.c.entitlement == what, used.c.site == site)
        with self.database.read() as connection:
            row = connection.execute(select(used).where(*mine)).mappings().one_or_none()
        if row is None:
            return None
        counts = msgspec.json.decode(row["counts"], type=Usage)
        return dict(row) | {"counts": counts, "folded": msgspec.json.decode(row["folded"])}

    def total(self, what: str = PACK, site: str = "demo") -> int:
        """How many visits the gates of a site are told of."""
        row = self.used(what, site)
        return row["counts"].total if row else 0

    def visits(self) -> int:
        """How many visits were counted."""
        with self.database.read() as connection:
            return len(connection.execute(select(visit.c.n)).all())

    def sell(self, name: str, product: str, rule: VisitRule | None = None, own: VisitRule | None = None) -> None:
        """Let a member hold an entitlement to a product."""
        with self.database.begin() as connection:
            row = Product(id=product, visits=rule)
            connection.execute(insert(roster_row).values(key=row_key(row), body=encode_row(row)))
            connection.execute(insert(member).values(id=f"m-{name}", member_no=name, name="Lin", tier=""))
            visits = canonical(own) if own else None
            values = {"id": name, "member": f"m-{name}", "product": product, "unpaid": False, "visits": visits}
            connection.execute(insert(entitlement).values(**values))


@pytest.fixture
def world(database: Database, clock: ManualClock) -> World:
    """Central on either kind of database."""
    return World(database, clock)


@pytest.fixture
def sqlite_world(sqlite_database: Database, clock: ManualClock) -> World:
    """Central on SQLite, for what has nothing to do with the kind."""
    return World(sqlite_database, clock)


@ON_SQLITE
def test_a_passage_is_a_visit_and_a_grant_is_none(world: World) -> None:
    journal = EdgeJournal()
    journal.passage(entitlement=PACK)
    journal.append("access.granted", make_access(entitlement=PACK), START + timedelta(minutes=5))
    journal.append("access.not_taken", {"clock": "ok", "of": 3, "area_from": "outside", "area_to": "club"})
    world.send(world.north, journal)
    world.project()
    row = world.used()
    assert row is not None
    assert (row["counts"].total, row["counts"].last_ms) == (1, epoch_ms(START) + 2000)
    assert row["folded"] == {journal.id: 2}
    assert world.visits() == 1


@ON_SQLITE
def test_a_passage_without_an_entitlement_changes_presence_alone(world: World) -> None:
    journal = EdgeJournal()
    journal.passage(reason="ok_exit", area_to="outside")
    world.clock.pass_s(3)
    world.send(world.north, journal)
    world.project()
    presence = world.used("")
    assert presence is not None
    assert (presence["area"], presence["area_at_ms"]) == ("outside", epoch_ms(START) + 2000)
    assert (presence["counts"], presence["folded"]) == (Usage(), {journal.id: 2})
    assert world.visits() == 0


@ON_SQLITE
def test_nobody_knows_whose_passage_it_was(world: World) -> None:
    journal = EdgeJournal()
    journal.passage(credential=None, reason="emergency")
    world.send(world.north, journal)
    world.project()
    assert (world.used(""), world.visits(), parked_rows(world.database)) == (None, 0, [])


@ON_SQLITE
def test_presence_follows_the_time_of_the_passages_and_not_their_arrival(world: World) -> None:
    entry, leave = EdgeJournal(), EdgeJournal()
    entry.passage(START, entitlement=PACK)
    leave.passage(START + timedelta(minutes=5), reason="ok_exit", area_to="outside")
    world.clock.pass_s(600)
    world.lease.try_hold()
    world.send(world.south, leave)
    world.project()
    world.send(world.north, entry)
    world.project()
    presence = world.used("")
    assert presence is not None
    assert (presence["area"], presence["area_at_ms"]) == ("outside", epoch_ms(START) + 302_000)
    assert presence["folded"] == {leave.id: 2, entry.id: 2}
    assert world.total() == 1


@ON_SQLITE
def test_a_gate_clock_that_is_ahead_pins_nobody_to_a_place(world: World) -> None:
    ahead, leave = EdgeJournal(), EdgeJournal()
    ahead.passage(START + timedelta(days=13), entitlement=PACK)
    leave.passage(START + timedelta(minutes=5), reason="ok_exit", area_to="outside")
    for minutes, device, journal in ((2, world.north, ahead), (5, world.south, leave)):
        world.clock.pass_s(minutes * 60)
        world.lease.try_hold()
        world.send(device, journal)
        world.project()
        presence = world.used("")
        assert presence is not None
        assert presence["area_at_ms"] <= epoch_ms(world.clock.now())
    assert presence["area"] == "outside"


def test_a_late_visit_is_counted_where_it_belongs_in_time(world: World) -> None:
    morning, evening = datetime(2026, 11, 22, 1, tzinfo=UTC), datetime(2026, 11, 22, 15, tzinfo=UTC)
    yesterday = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)
    one, other = EdgeJournal(), EdgeJournal()
    one.passage(morning, away_s=0, entitlement=PACK)
    one.passage(evening, away_s=0, entitlement=PACK)
    other.passage(yesterday, away_s=0, entitlement=PACK)
    other.passage(morning + timedelta(hours=1), away_s=0, entitlement=PACK)
    world.send(world.north, one)
    world.project()
    world.send(world.south, other)
    world.project()
    row = world.used()
    assert row is not None
    assert row["counts"] == Usage(total=4, days=2, day=3, week=4, month=4, year=4, last_ms=epoch_ms(evening))
    assert row["folded"] == {one.id: 4, other.id: 4}


@ON_SQLITE
@pytest.mark.proves("S93")
def test_days_are_those_of_each_site(world: World) -> None:
    island = Site(id="island", zone="America/New_York")
    with world.database.begin() as connection:
        connection.execute(insert(roster_row).values(key=row_key(island), body=encode_row(island)))
    journal = EdgeJournal()
    for hour in (10, 18):
        journal.passage(datetime(2026, 11, 22, hour, tzinfo=UTC), entitlement=PACK)
    world.send(world.north, journal)
    world.project()
    here, there = world.used(), world.used(site="island")
    assert here is not None
    assert there is not None
    assert (here["counts"].total, here["counts"].days, here["counts"].day) == (2, 2, 1)
    assert (there["counts"].total, there["counts"].days, there["counts"].day) == (2, 1, 2)
    assert here["folded"] == there["folded"] == {journal.id: 4}


@pytest.mark.proves("S15")
def test_visits_count_at_every_site_and_presence_at_its_own(world: World) -> None:
    here, there = EdgeJournal(), EdgeJournal()
    here.passage(START, entitlement=PACK)
    there.passage(START + timedelta(hours=1), entitlement=PACK, area_to="beach")
    world.send(world.north, here)
    world.send(world.far, there)
    world.project()
    assert (world.total(site="demo"), world.total(site="island")) == (2, 2)
    demo, island = world.used("", "demo"), world.used("", "island")
    assert demo is not None
    assert island is not None
    assert (demo["area"], island["area"]) == ("club", "beach")


@ON_SQLITE
def test_entitlements_are_counted_apart(world: World) -> None:
    journal = EdgeJournal()
    journal.passage(entitlement="ent-1")
    journal.passage(entitlement="ent-2")
    journal.passage(entitlement="ent-1", credential="cd" * 16)
    world.send(world.north, journal)
    world.project()
    assert (world.total("ent-1"), world.total("ent-2")) == (1, 1)


@ON_SQLITE
def test_versions_rise_and_only_changed_rows_get_a_new_one(world: World) -> None:
    journal = EdgeJournal()
    journal.passage(entitlement="ent-1")
    journal.passage(entitlement="ent-2", credential="cd" * 16)
    world.send(world.north, journal, 1, 2)
    world.project()
    world.send(world.north, journal, 3, 4)
    world.project()
    first, second = world.used("ent-1"), world.used("ent-2", card="cd" * 16)
    assert first is not None
    assert second is not None
    assert (first["version"], second["version"]) == (NOW_VERSION, NOW_VERSION + 1)
    with world.database.read() as connection:
        assert read_setting(connection, "used_version") == str(NOW_VERSION + 1)


@ON_SQLITE
def test_a_central_from_a_backup_gives_out_versions_above_all_it_ever_gave_out(world: World) -> None:
    with world.database.begin() as connection:
        write_setting(connection, "used_version", "50")
    world.clock.pass_s(60)
    world.lease.try_hold()
    journal = EdgeJournal()
    journal.passage(entitlement=PACK)
    world.send(world.north, journal)
    world.project()
    row = world.used()
    assert row is not None
    assert row["version"] == NOW_VERSION + 600


@ON_SQLITE
def test_what_changes_nothing_for_the_gates_makes_no_version(world: World) -> None:
    journal = EdgeJournal()
    journal.denied(3)
    world.send(world.north, journal)
    world.project()
    with world.database.read() as connection:
        assert read_setting(connection, "used_version") is None
        assert read_setting(connection, "projected") == "3"


@ON_SQLITE
def test_an_idle_projection_writes_nothing(world: World) -> None:
    world.clock.pass_s(TERM_S + 1)
    assert world.projection.tick(world.clock.now()) == IDLE_S


def test_more_than_a_thousand_records_take_several_steps(sqlite_world: World) -> None:
    world, journal = sqlite_world, EdgeJournal()
    for minute in range(700):
        journal.passage(START + timedelta(minutes=minute), entitlement=PACK)
    for first in range(1, 1401, 200):
        world.send(world.north, journal, first, first + 199)
    assert world.projection.tick(world.clock.now()) == 0.0
    assert world.total() == 500
    assert world.projection.tick(world.clock.now()) == IDLE_S
    assert world.total() == 700


def copied(journal: EdgeJournal, common: int) -> EdgeJournal:
    """A new journal that goes on from another behind `common`, as a device makes it after a fork."""
    new = EdgeJournal()
    opened = {"clock": "ok", "previous": journal.id, "seq": common, "hash": "00" * 32, "why": "fork"}
    new.append("journal.opened", opened)
    moved: dict[int, int] = {}
    for seq, body in enumerate(journal.bodies[common:], common + 1):
        record = msgspec.json.decode(body)
        data = {**record["data"], "copied_from": record["data"].get("copied_from", {"journal": journal.id, "seq": seq})}
        moved[seq] = new.head + 1
        if "of" in data and data["of"] in moved:
            data["of"] = moved[data["of"]]
        elif "of" in data:
            data["of_journal"] = journal.id
        new.append_body(canonical(record | {"seq": new.head + 1, "data": data}))
    return new


def three_visits() -> EdgeJournal:
    """A journal with three visits, an hour apart: records 1 to 6."""
    journal = EdgeJournal()
    for hour in range(3):
        journal.passage(START + timedelta(hours=hour), entitlement=PACK)
    return journal


@pytest.mark.parametrize("common", range(7))
@pytest.mark.parametrize("originals_first", [True, False])
def test_a_copied_passage_counts_once_whichever_came_first(
    sqlite_world: World, common: int, originals_first: bool
) -> None:
    world, journal = sqlite_world, three_visits()
    new = copied(journal, common)
    first, second = (journal, new) if originals_first else (new, journal)
    if common:
        world.send(world.north, journal, 1, common)
    for each in (first, second):
        world.send(world.north, each)
        world.project()
    assert (world.total(), world.visits()) == (3, 3)
    row = world.used()
    assert row is not None
    assert row["folded"] == {journal.id: 6} | ({new.id: new.head} if common < 6 else {})
    assert parked_rows(world.database) == []


def test_copies_of_copies_count_once_in_one_step(sqlite_world: World) -> None:
    world, journal = sqlite_world, three_visits()
    second = copied(journal, 3)
    third = copied(second, 2)
    for each in (journal, second, third):
        world.send(world.north, each)
    world.project()
    assert (world.total(), world.visits()) == (3, 3)


def test_after_a_fork_what_each_side_saw_counts(sqlite_world: World) -> None:
    world, journal = sqlite_world, three_visits()
    lost = EdgeJournal(journal.id)
    for body in journal.bodies[:4]:
        lost.append_body(body)
    lost.passage(START + timedelta(hours=7), entitlement=PACK)
    world.send(world.north, journal)
    ack = world.ingest.batch("north-1", world.north.batch(lost, 5, 6))
    assert ack is not None
    assert (ack.status.value, ack.seq) == ("fork", 4)
    world.send(world.north, copied(lost, 4))
    world.project()
    assert (world.total(), world.visits()) == (4, 4)


def test_two_cards_may_pass_in_the_same_moment(sqlite_world: World) -> None:
    world = sqlite_world
    one, other = EdgeJournal(), EdgeJournal()
    one.passage(entitlement=PACK)
    other.passage(entitlement=PACK)
    world.send(world.north, one)
    world.send(world.south, other)
    world.project()
    assert world.total() == 2


@ON_SQLITE
@pytest.mark.proves("S35")
@pytest.mark.parametrize("arrival", [(0, 1), (1, 0)])
def test_the_last_visit_spent_twice_is_counted_twice_and_one_case_is_opened(
    world: World, arrival: tuple[int, int]
) -> None:
    world.sell(PACK, "swim", VisitRule(ever=1))
    journals = [EdgeJournal(), EdgeJournal()]
    for minutes, journal in enumerate(journals):
        journal.passage(START + timedelta(minutes=minutes), entitlement=PACK)
    gates = [world.north, world.south]
    for number in arrival:
        world.send(gates[number], journals[number])
        world.project()
    assert world.total() == 2
    assert parked_rows(world.database) == [("overspent", journals[1].id, 2)]
    with world.database.read() as connection:
        detail = connection.execute(select(parked.c.detail)).scalar_one()
    assert detail == f"credential={MEMBER_CARD} entitlement={PACK} limit=1 used=1 per=ever"


@pytest.mark.parametrize(
    ("rule", "minutes", "cases"),
    [
        pytest.param(VisitRule(ever=3), [0, 1, 2], 0, id="ever: exactly used up"),
        pytest.param(VisitRule(ever=3), [0, 1, 2, 3, 4], 2, id="ever: two too many"),
        pytest.param(VisitRule(per_period=1), [0, 1], 1, id="twice a day"),
        pytest.param(VisitRule(per_period=1), [0, 24 * 60], 0, id="once on two days"),
        pytest.param(VisitRule(days=1), [0, 1, 2], 0, id="often on one day"),
        pytest.param(VisitRule(days=1), [0, 24 * 60, 24 * 60 + 1], 1, id="a second day"),
        pytest.param(None, [0, 1, 2], 0, id="no rule"),
    ],
)
def test_a_case_is_opened_for_every_visit_beyond_the_rule(
    sqlite_world: World, rule: VisitRule | None, minutes: list[int], cases: int
) -> None:
    world, journal = sqlite_world, EdgeJournal()
    world.sell(PACK, "swim", rule)
    for minute in minutes:
        journal.passage(START + timedelta(minutes=minute), entitlement=PACK)
    world.send(world.north, journal)
    world.project()
    assert len(parked_rows(world.database)) == cases
    assert world.total() == len(minutes)


def test_an_entitlements_own_rule_goes_before_its_products(sqlite_world: World) -> None:
    world, journal = sqlite_world, three_visits()
    world.sell(PACK, "swim", VisitRule(ever=1), own=VisitRule(ever=2))
    world.send(world.north, journal)
    world.project()
    assert len(parked_rows(world.database)) == 1


def test_what_comes_with_a_tier_follows_its_products_rule(sqlite_world: World) -> None:
    world, journal = sqlite_world, EdgeJournal()
    world.sell("other", "sauna", VisitRule(ever=1))
    for hour in range(2):
        journal.passage(START + timedelta(hours=hour), entitlement="tier.sauna")
    world.send(world.north, journal)
    world.project()
    assert len(parked_rows(world.database)) == 1


UNUSABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "a type nobody knows": ("sauna.heated", {"clock": "ok", "degrees": 95}),
    "no clock": ("access.denied", {name: value for name, value in make_access().items() if name != "clock"}),
    "a word for a number": ("access.taken", {"clock": "ok", "of": "one", "area_from": "a", "area_to": "b"}),
    "no such grant": ("access.taken", {"clock": "ok", "of": 77, "area_from": "a", "area_to": "b"}),
    "a grant that is none": ("access.taken", {"clock": "ok", "of": 2, "area_from": "a", "area_to": "b"}),
    "itself as grant": ("access.taken", {"clock": "ok", "of": 3, "area_from": "a", "area_to": "b"}),
    "another's journal that is none": (
        "access.taken",
        {"clock": "ok", "of": 1, "of_journal": "nul\0", "area_from": "a", "area_to": "b"},
    ),
    "an area that is too long": ("access.taken", {"clock": "ok", "of": 1, "area_from": "a", "area_to": "b" * 33}),
    "an area with a control character": ("access.taken", {"clock": "ok", "of": 1, "area_from": "a", "area_to": "b\0"}),
    "copied from nowhere": (
        "access.taken",
        {"clock": "ok", "of": 1, "area_from": "a", "area_to": "b", "copied_from": {"journal": "x", "seq": "y"}},
    ),
}


@ON_SQLITE
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_record_that_cannot_be_used_is_stored_parked_and_passed_by(world: World, what: str) -> None:
    journal = EdgeJournal()
    journal.append("access.granted", make_access(entitlement=PACK))
    journal.append("access.denied", make_access(reason="lockdown"))
    journal.append(*UNUSABLE[what])
    journal.passage(entitlement=PACK)
    world.send(world.north, journal)
    world.project()
    why = "unknown_type" if what == "a type nobody knows" else "bad_data"
    assert parked_rows(world.database) == [(why, journal.id, 3)]
    assert world.total() == 1
    with world.database.read() as connection:
        body, device = connection.execute(select(parked.c.body, parked.c.device)).one()
    assert (bytes(body), device) == (journal.bodies[2], "north-1")


@ON_SQLITE
@pytest.mark.parametrize(
    "grant", [{"credential": "not a hash"}, {"entitlement": "e" * 49}, {"entitlement": "e\0"}, {"entitlement": ""}]
)
def test_a_passage_whose_grant_cannot_be_used_is_parked(world: World, grant: dict[str, str]) -> None:
    journal = EdgeJournal()
    journal.passage(**grant)
    world.send(world.north, journal)
    world.project()
    assert parked_rows(world.database) == [("bad_data", journal.id, 2)]
    assert world.visits() == 0


@ON_SQLITE
@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "2026-13-01T00:00:00.000Z"])
def test_a_record_of_an_impossible_time_is_parked(world: World, at: str) -> None:
    journal = EdgeJournal()
    journal.append("access.granted", make_access(entitlement=PACK))
    taken = {"clock": "unset", "of": 1, "area_from": "outside", "area_to": "club"}
    journal.append_body(canonical({"seq": 2, "at": at, "type": "access.taken", "data": taken}))
    world.send(world.north, journal)
    world.project()
    assert parked_rows(world.database) == [("bad_data", journal.id, 2)]


@ON_SQLITE
def test_every_fact_that_an_edge_writes_can_be_used(world: World) -> None:
    journal = EdgeJournal()
    for fact in (
        JournalOpened(clock=ClockState.OK, why="new"),
        ProcessStarted(clock=ClockState.OK, process="gate", version="0.1.0"),
        EmergencyOpened(clock=ClockState.UNSET, source="input"),
        RecordsDiscarded(clock=ClockState.OK, of_type="access.denied", count=3, first_at="a", last_at="b"),
    ):
        journal.append(fact.type, msgspec.to_builtins(fact))
    world.send(world.north, journal)
    world.project()
    assert parked_rows(world.database) == []


def test_projecting_everything_again_changes_no_number(world: World) -> None:
    world.sell(PACK, "swim", VisitRule(ever=2))
    journal = three_visits()
    world.send(world.north, journal)
    world.send(world.north, copied(journal, 3))
    world.project()
    before, cases = world.used(), parked_rows(world.database)
    with world.database.begin() as connection:
        write_setting(connection, "projected", "0")
    world.project()
    after = world.used()
    assert before is not None
    assert after is not None
    assert (after["counts"], after["folded"]) == (before["counts"], before["folded"])
    assert parked_rows(world.database) == cases
    assert world.visits() == 3


@ON_SQLITE
def test_only_the_leader_projects(world: World) -> None:
    journal = three_visits()
    world.send(world.north, journal)
    world.clock.pass_s(TERM_S + 1)
    assert Lease(world.database, world.clock).try_hold()
    with pytest.raises(LeaseLost):
        world.projection.tick(world.clock.now())
    assert world.visits() == 0


def test_a_step_that_fails_halfway_leaves_nothing_and_is_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = three_visits()
    world.send(world.north, journal)

    class PulledThePlug(Exception):  # not an error of ours
        pass

    def pull(*_: object) -> None:
        raise PulledThePlug

    with monkeypatch.context() as patch:
        patch.setattr("kiosk.central.projection.write_setting", pull)
        with pytest.raises(PulledThePlug):
            world.projection.tick(world.clock.now())
    assert (world.used(), world.visits()) == (None, 0)
    world.project()
    assert world.total() == 3


def test_a_replaced_device_brings_its_journals_to_its_site(sqlite_world: World) -> None:
    world, journal = sqlite_world, three_visits()
    world.send(world.north, journal, 1, 2)
    world.project()
    replace(world.database, "north-1", "far-1")
    world.send(world.far, journal, 3, 6)
    world.project()
    presence = world.used("", "island")
    assert presence is not None
    assert presence["area"] == "club"
    assert (world.total(site="demo"), world.total(site="island")) == (3, 3)


@settings(max_examples=25)
@given(
    minutes=st.lists(st.integers(0, 60 * 24 * 40), min_size=1, max_size=12, unique=True),
    gates=st.lists(st.integers(0, 1), min_size=12, max_size=12),
    seed=st.integers(0, 2**16),
)
def test_counts_are_those_of_all_visits_in_the_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, minutes: list[int], gates: list[int], seed: int
) -> None:
    world = World(Database(put_tables(tmp_path_factory.mktemp("counts") / "central.db")), ManualClock())
    journals = [EdgeJournal(), EdgeJournal()]
    for minute, gate in zip(minutes, gates, strict=False):
        journals[gate].passage(START + timedelta(minutes=minute), away_s=0, entitlement=PACK)
    posts = [(gate, seq) for gate in (0, 1) for seq in range(1, journals[gate].head, 2)]
    order = random.Random(seed)
    while posts:
        gate = order.choice([gate for gate, _ in posts])
        seq = next(seq for of, seq in posts if of == gate)
        posts.remove((gate, seq))
        world.send([world.north, world.south][gate], journals[gate], seq, seq + 1)
        if order.random() < 0.5:
            world.project()
    world.project()
    expected = Usage()
    for minute in sorted(minutes):
        expected = count_visit(expected, epoch_ms(START + timedelta(minutes=minute)), ZoneInfo(ZONE))
    row = world.used()
    world.database.close()
    assert row is not None
    assert row["counts"] == expected
    assert row["folded"] == {journal.id: journal.head for journal in journals if journal.head}
