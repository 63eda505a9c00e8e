"""Records as they are stored: one thread asks, every stream is told, and none misses any."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.database import Database
from kiosk.central.streams import read_records
from kiosk.local.events import HEARTBEAT, RETRY, StreamEnded
from kiosk.office.app import check_health
from kiosk.office.live import PAGE, Entry, LiveRecords, RecordStream
from kiosk.office.pages import TAIL, TAIL_MAX
from tests.office.builders import TOKEN, make_decision, make_passage, store
from tests.support.wait import eventually

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def live(database: Database) -> Iterator[LiveRecords]:
    made = LiveRecords(database, poll_s=0.02, retry_s=0.05)
    yield made
    made.close()


def numbers(stream: RecordStream, count: int) -> list[int]:
    found: list[int] = []

    def enough() -> bool:
        found.extend(entry.n for entry in stream.pull(0.2))
        return len(found) >= count

    eventually(enough)
    return found


def events(chunks: Iterator[bytes]) -> Iterator[dict[str, str]]:
    for chunk in chunks:
        lines = [line for line in chunk.decode().strip().split("\n") if not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if "id" in fields:
            yield fields


def stream(client: FlaskClient, path: str, **headers: str) -> Iterator[bytes]:
    response = client.get(path, headers=BEARER | headers, buffered=False)
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/event-stream"
    return response.iter_encoded()


def test_a_stream_begins_behind_a_number_and_goes_on_live(live: LiveRecords, database: Database) -> None:
    store(database, *[make_decision()] * 3)
    following = live.follow(1)
    assert numbers(following, 2) == [2, 3]
    store(database, make_decision(), make_decision())
    assert numbers(following, 2) == [4, 5]


def test_a_stream_that_is_far_behind_gets_everything_once(live: LiveRecords, database: Database) -> None:
    count = 2 * PAGE + 7
    store(database, *[make_decision()] * count)
    following = live.follow(0)
    store(database, make_decision())
    assert numbers(following, count + 1) == list(range(1, count + 2))


def test_a_slow_stream_misses_nothing(live: LiveRecords, database: Database) -> None:
    slow, quick = live.follow(0), live.follow(0)
    for number in range(1, 81):  # more batches than a buffer holds
        store(database, make_decision())
        assert numbers(quick, 1) == [number]
    assert numbers(slow, 80) == list(range(1, 81))


class CountingRecords(LiveRecords):
    """Remembers every time that records were read."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, poll_s=0.02)
        self.asked: list[int] = []

    def read(self, after: int, limit: int = PAGE) -> list[Entry]:
        self.asked.append(after)
        return super().read(after, limit)


def test_five_streams_cost_one_question(database: Database) -> None:
    live = CountingRecords(database)
    streams = [live.follow(0) for _ in range(5)]
    store(database, make_decision())
    for each in streams:
        assert numbers(each, 1) == [1]
    assert live.asked == [0]
    live.close()


def test_a_number_beyond_the_newest_is_taken_as_the_newest(live: LiveRecords, database: Database) -> None:
    store(database, make_decision())
    following = live.follow(10**12)
    assert following.pull(0) == []
    store(database, make_decision())
    assert numbers(following, 1) == [2]


def test_streams_go_on_after_central_came_back_from_a_backup(live: LiveRecords, database: Database) -> None:
    store(database, *[make_decision()] * 5)
    following = live.follow(5)
    assert following.pull(0) == []
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM record WHERE n > 2")
    eventually(lambda: live.position == 2)
    store(database, make_decision())
    assert numbers(following, 1) == [3]


def test_a_database_that_is_away_is_said_and_asked_again(live: LiveRecords, database: Database) -> None:
    following = live.follow(0)
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE record RENAME TO record_elsewhere")
    eventually(lambda: not live.working())
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE record_elsewhere RENAME TO record")
    eventually(live.working)
    store(database, make_decision())
    assert numbers(following, 1) == [1]


def test_closing_ends_every_stream(live: LiveRecords) -> None:
    following = live.follow(0)
    live.close()
    with pytest.raises(StreamEnded):
        following.pull(1)


def test_the_api_streams_records_with_their_number_and_resumes(app: Flask, database: Database) -> None:
    client = app.test_client()
    store(database, make_decision())
    chunks = stream(client, "/api/v1/records/stream")
    assert next(chunks) == RETRY
    store(database, make_decision(granted=False, reason="too_soon"))
    event = next(events(chunks))
    assert event["id"] == "2"
    with database.read() as connection:
        assert json.loads(event["data"]) == read_records(connection, 1, 1)[0]
    resumed = events(stream(client, "/api/v1/records/stream?after=1", **{"Last-Event-ID": "0"}))
    assert [next(resumed)["id"], next(resumed)["id"]] == ["1", "2"]


def test_the_api_stream_begins_behind_after(app: Flask, database: Database) -> None:
    store(database, *[make_decision()] * 3)
    assert next(events(stream(app.test_client(), "/api/v1/records/stream?after=2")))["id"] == "3"


def test_a_last_event_id_that_is_no_number_is_refused(app: Flask) -> None:
    for wrong in ("x", "-1", "1e3", "9" * 17):
        response = app.test_client().get("/api/v1/records/stream", headers=BEARER | {"Last-Event-ID": wrong})
        assert response.status_code == 422


def test_streams_share_a_limit_and_give_their_place_back(app: Flask, staff: FlaskClient) -> None:
    first = app.test_client().get("/api/v1/records/stream", headers=BEARER, buffered=False)
    second = staff.get("/live/events", buffered=False)
    response = app.test_client().get("/api/v1/records/stream", headers=BEARER)
    assert (response.status_code, response.mimetype) == (503, "application/problem+json")
    assert staff.get("/live/events").status_code == 503
    first.close()
    third = staff.get("/live/events", buffered=False)
    assert third.status_code == 200
    second.close()
    third.close()


def test_a_quiet_stream_beats(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.local.events.BEAT_LOOKS", 1)
    chunks = stream(app.test_client(), "/api/v1/records/stream")
    next(chunks)
    assert next(chunks) == HEARTBEAT


def test_the_page_gets_the_last_lines_with_names_and_then_new_ones(staff: FlaskClient, database: Database) -> None:
    store(database, *[make_decision()] * (TAIL + 1))
    lines = events(stream(staff, "/live/events"))
    first: dict[str, Any] = json.loads(next(lines)["data"])
    assert (first["n"], first["name"], first["member_no"]) == (2, "张伟", "M0001")
    for _ in range(TAIL - 1):
        last = next(lines)
    assert (last["id"], last["event"]) == (str(TAIL + 1), "entry")
    store(database, make_passage(of=1))
    assert json.loads(next(lines)["data"])["kind"] == "passage"


def test_the_page_goes_on_where_it_was_but_not_from_long_ago(staff: FlaskClient, database: Database) -> None:
    newest = store(database, *[make_decision()] * (TAIL_MAX + 50))
    assert next(events(stream(staff, f"/live/events?after={newest - 3}")))["id"] == str(newest - 2)
    assert next(events(stream(staff, "/live/events", **{"Last-Event-ID": "1"})))["id"] == str(newest - TAIL_MAX + 1)


def test_a_client_ahead_of_the_poll_is_told_nothing_twice(database: Database) -> None:
    live = LiveRecords(database, poll_s=0.5)
    live.follow(0)
    newest = store(database, *[make_decision()] * (3 * PAGE))
    following = live.follow(newest)
    assert following.pull(0) == []
    eventually(lambda: live.position == newest)
    assert [following.pull(0) for _ in range(3)] == [[], [], []]
    live.close()


def test_a_client_ahead_is_told_nothing_twice_while_the_poll_comes_after(live: LiveRecords, database: Database) -> None:
    other = live.follow(0)
    newest = store(database, *[make_decision()] * (3 * PAGE))
    following = live.follow(newest)
    assert numbers(other, newest) == list(range(1, newest + 1))
    store(database, make_decision())
    assert numbers(following, 1) == [newest + 1]


def test_a_backlog_is_not_held_back_by_the_poll(live: LiveRecords, database: Database) -> None:
    following = live.follow(0)
    count = store(database, *[make_decision()] * (20 * PAGE))
    eventually(lambda: live.position == count)
    found = [[entry.n for entry in following.pull(0)] for _ in range(20)]
    assert found == [list(range(first, first + PAGE)) for first in range(1, count + 1, PAGE)]


def test_a_stream_behind_a_restored_central_misses_nothing_that_comes_before_it_looks(
    live: LiveRecords, database: Database
) -> None:
    store(database, *[make_decision()] * 5)
    following = live.follow(5)
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM record WHERE n > 2")
    eventually(lambda: live.position == 2)
    newest = store(database, *[make_decision()] * 2)
    eventually(lambda: live.position == newest)
    assert numbers(following, 2) == [3, 4]


def test_health_says_that_the_records_cannot_be_read(app: Flask, database: Database) -> None:
    assert check_health(app).ok
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE record RENAME TO record_elsewhere")
    health = check_health(app)
    assert not health.ok
    assert "does not answer" in health.detail["trouble"]


def test_health_says_how_far_the_records_were_seen(app: Flask, staff: FlaskClient, database: Database) -> None:
    store(database, make_decision())
    assert check_health(app).ok
    next(stream(staff, "/live/events"))
    assert check_health(app).detail == {"records": 1}
