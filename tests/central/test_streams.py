"""Records as they are read: all of them, or one device's, in order, and never by sorting what is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from kiosk.central.database import Database
from kiosk.central.ingest import Ingest
from kiosk.central.queries import member_page
from kiosk.central.streams import read_records
from kiosk.central.tables import member
from tests.central.builders import ON_SQLITE, EdgeDevice, ManualClock, a_journal, listed, register


@pytest.fixture
def devices(database: Database, clock: ManualClock) -> list[EdgeDevice]:
    """Two devices, the first with two journals, whose batches came in turns."""
    made = [EdgeDevice("north-1"), EdgeDevice("south-1")]
    register(database, *made)
    ingest = Ingest(database, clock)
    journals = [(made[0], a_journal(9)), (made[1], a_journal(9)), (made[0], a_journal(9))]
    for first in range(1, 10, 3):
        for device, journal in journals:
            ingest.batch(device.name, device.batch(journal, first, first + 2))
    return made


@pytest.mark.parametrize("page", [1, 2, 7, 100])
def test_the_records_of_a_device_are_read_in_pages_without_a_gap(
    database: Database, devices: list[EdgeDevice], page: int
) -> None:
    for device in devices:
        found: list[dict[str, Any]] = []
        while True:
            with database.read() as connection:
                more = read_records(connection, found[-1]["n"] if found else 0, page, device.name)
            if not more:
                break
            assert len(more) <= page
            found += more
        assert found == [each for each in listed(database) if each["device"] == device.name]


@ON_SQLITE
def test_a_device_nobody_knows_has_no_records(database: Database, devices: list[EdgeDevice]) -> None:
    with database.read() as connection:
        assert read_records(connection, 0, 10, "west-1") == []


@contextmanager
def plans(connection: Connection) -> Iterator[list[str]]:
    """Collect how SQLite goes about each statement."""
    found: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        asked = cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters)
        found.extend(row[3] for row in asked.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    yield found
    event.remove(connection, "before_cursor_execute", explain)


def test_reading_a_device_sorts_nothing(sqlite_database: Database, clock: ManualClock) -> None:
    device, journal = EdgeDevice(), a_journal(9)
    register(sqlite_database, device)
    Ingest(sqlite_database, clock).batch(device.name, device.batch(journal, 1, 9))
    with sqlite_database.read() as connection, plans(connection) as found:
        assert len(read_records(connection, 3, 4, device.name)) == 4
    assert found
    assert [each for each in found if "TEMP B-TREE" in each or "SCAN" in each] == []


@pytest.mark.parametrize("search", ["M01", "m01"])
def test_a_search_by_number_reads_by_the_index(sqlite_database: Database, search: str) -> None:
    with sqlite_database.begin() as connection:
        rows = [{"id": f"{n:016x}", "member_no": f"M{n:03d}", "name": f"M{n} 王", "tier": ""} for n in range(200)]
        connection.execute(insert(member), rows)
    with sqlite_database.read() as connection, plans(connection) as found:
        assert [each.member_no for each in member_page(connection, "M012", 3, search)] == ["M013", "M014", "M015"]
    assert [each for each in found if each.startswith("SCAN member") and "USING" not in each] == []
    with sqlite_database.read() as connection:
        assert [each.member_no for each in member_page(connection, "", 3, "m7 ")] == ["M007"]
