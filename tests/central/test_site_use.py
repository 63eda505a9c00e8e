"""A site that is new begins with the visits that were made elsewhere: what was used up there is used up here."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from kiosk.central import site_use
from kiosk.central.database import Database, read_setting
from kiosk.central.devices import BrokerAddress, Registrar
from kiosk.central.keys import init_keys
from kiosk.central.requests import USED_PAGES_MAX
from kiosk.central.tables import device, roster_row, used
from kiosk.central.usage import used_number, used_pages
from kiosk.core.model import Site, VisitRule
from kiosk.core.roster import encode_row, row_key
from tests.central.builders import ON_SQLITE, EdgeJournal, ManualClock
from tests.central.roster_builders import put_used
from tests.central.test_projection import PACK, START, World

OTHER = "cd" * 16


@pytest.fixture
def world(database: Database, clock: ManualClock) -> World:
    """Central on either kind of database, where two cards have made visits."""
    made = World(database, clock)
    made.sell(PACK, "swim", VisitRule(ever=3))
    journal = EdgeJournal()
    for hour in (10, 18):
        journal.passage(datetime(2026, 11, 21, hour, tzinfo=UTC), entitlement=PACK)
    journal.passage(START, entitlement="ent-2", credential=OTHER)
    made.send(made.north, journal)
    made.project()
    return made


@pytest.fixture
def registrar(world: World, clock: ManualClock, tmp_path: Path) -> Registrar:
    """What registers devices in that world."""
    return make_registrar(world.database, clock, tmp_path)


def make_registrar(database: Database, clock: ManualClock, folder: Path) -> Registrar:
    keys = init_keys(folder / "home")
    return Registrar(database, keys, BrokerAddress("mqtt://b:1883"), clock, lambda *_: None, "Asia/Shanghai")


def test_a_new_site_counts_the_visits_made_elsewhere(world: World, registrar: Registrar) -> None:
    registrar.add_device("hill-1", "hill")
    here, there = world.used(site="demo"), world.used(site="hill")
    assert here is not None
    assert there is not None
    assert (there["counts"], there["folded"]) == (here["counts"], here["folded"])
    assert (there["counts"].total, there["area"], there["area_at_ms"]) == (2, None, 0)
    assert there["version"] > here["version"]
    assert world.used("", "hill") is None
    assert world.used("ent-2", "hill", OTHER) is not None


@ON_SQLITE
def test_the_next_visit_counts_on_from_there(world: World, registrar: Registrar) -> None:
    registrar.add_device("hill-1", "hill")
    journal = EdgeJournal()
    journal.passage(START, entitlement=PACK)
    world.send(world.south, journal)
    world.project()
    assert (world.total(site="hill"), world.total(site="demo")) == (3, 3)


@ON_SQLITE
def test_the_devices_of_a_new_site_are_told(world: World, registrar: Registrar) -> None:
    registrar.add_device("hill-1", "hill")
    with world.database.read() as connection:
        (page,) = used_pages(connection, "hill", 0, USED_PAGES_MAX)
        version = int(read_setting(connection, "used_version") or 0)
    assert page.version == used_number(version)
    assert [(row.entitlement, row.used) for row in page.rows] == [(PACK, 2), ("ent-2", 1)]


def test_days_are_counted_anew_where_they_are_other_days(world: World, registrar: Registrar) -> None:
    hill = Site(id="hill", zone="America/New_York")
    with world.database.begin() as connection:
        connection.execute(insert(roster_row).values(key=row_key(hill), body=encode_row(hill)))
    registrar.add_device("hill-1", "hill")
    here, there = world.used(site="demo"), world.used(site="hill")
    assert here is not None
    assert there is not None
    assert (here["counts"].total, here["counts"].days) == (2, 2)
    assert (there["counts"].total, there["counts"].days, there["counts"].last_ms) == (2, 1, here["counts"].last_ms)


@ON_SQLITE
def test_a_second_device_of_a_site_copies_nothing(world: World, registrar: Registrar) -> None:
    registrar.add_device("hill-1", "hill")
    with world.database.read() as connection:
        before = connection.execute(select(used).order_by(used.c.site, used.c.credential, used.c.entitlement)).all()
    registrar.add_device("hill-2", "hill")
    with world.database.read() as connection:
        after = connection.execute(select(used).order_by(used.c.site, used.c.credential, used.c.entitlement)).all()
    assert after == before


@ON_SQLITE
def test_a_site_that_comes_back_begins_anew(world: World, registrar: Registrar) -> None:
    registrar.add_device("hill-1", "hill")
    with world.database.begin() as connection:
        connection.execute(device.update().where(device.c.name == "hill-1").values(site="demo"))
    journal = EdgeJournal()
    journal.passage(START, entitlement=PACK)
    world.send(world.south, journal)
    world.project()
    assert (world.total(site="hill"), world.total(site="demo")) == (2, 3)
    registrar.add_device("hill-2", "hill")
    assert world.total(site="hill") == 3


def test_many_rows_are_told_in_versions_of_a_limited_size(
    sqlite_database: Database, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_use, "ROWS_PER_VERSION", 10)
    world = World(sqlite_database, clock)
    put_used(world.database, 1, range(25))
    make_registrar(world.database, clock, tmp_path).add_device("hill-1", "hill")
    with world.database.read() as connection:
        query = select(used.c.version).where(used.c.site == "hill").order_by(used.c.credential)
        versions = list(connection.execute(query).scalars())
        newest = int(read_setting(connection, "used_version") or 0)
    assert versions == [newest - 2] * 10 + [newest - 1] * 10 + [newest] * 5
