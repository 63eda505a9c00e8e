"""What devices ask: only as themselves, within limits, and never answered with more than was signed for."""

from datetime import datetime, timedelta

import msgspec
import pytest
from sqlalchemy import update

from kiosk.central.database import write_setting
from kiosk.central.requests import DELTAS_MAX, PARTS_MAX, USED_PAGES_MAX, Declined, Requests
from kiosk.central.tables import used
from kiosk.central.usage import WHOLE, next_version, used_number
from kiosk.core.codec import canonical
from kiosk.core.errors import MessageRejected
from kiosk.core.visits import Usage
from kiosk.wire.messages import CommandResult, Request, Used
from kiosk.wire.signing import PAYLOAD_BYTES_MAX, SigningKey
from tests.central.builders import ON_SQLITE, EdgeDevice, register
from tests.central.roster_builders import (
    apply_ops,
    digest_of_bodies,
    make_area_row,
    make_credential_row,
    put_rows,
    put_used,
    stored_rows,
)


class Listener:
    """A device that keeps use as the contract says; `lose` names the pages that never reach it."""

    def __init__(self, house):
        self.house = house
        self.number = 0
        self.rows = {}

    def take(self, page):
        """Take a page, where nothing is missing before it; say whether something is."""
        if page.version <= self.number:
            return False
        if page.previous > self.number:
            return True
        self.rows |= {row.credential: row.used for row in page.rows}
        self.number = page.version
        return False

    def catch_up(self, rounds_max=50):
        """Ask until nothing new comes."""
        for _ in range(rounds_max):
            before = self.number
            for answer in self.house.ask("used", after=self.number):
                assert answer.ok
                self.take(self.house.key.open(msgspec.json.encode(answer.body), Used))
            if self.number == before:
                return
        raise AssertionError("never ends")


@ON_SQLITE
def test_a_question_nobody_signed_is_not_answered(house):
    request = Request(id="q1", kind="used", args={"after": 0})
    for payload in (
        SigningKey.generate().seal(request),
        b"{}",
        b"junk",
        canonical({"schema": 1, "id": "q", "kind": "used"}),
    ):
        with pytest.raises(MessageRejected):
            house.requests.handle(house.device.name, payload)


@ON_SQLITE
def test_a_device_that_is_not_registered_is_not_answered(house):
    stranger = EdgeDevice("stranger")
    with pytest.raises(MessageRejected, match="registered"):
        house.ask("used", stranger, after=0)
    with pytest.raises(MessageRejected):
        house.requests.handle("no/such' name", b"{}")


@ON_SQLITE
def test_one_device_cannot_ask_as_another(house):
    other = EdgeDevice("south-1")
    register(house.database, other, site="south")
    payload = other.key.seal(Request(id="q1", kind="used", args={"after": 0}))
    with pytest.raises(MessageRejected):
        house.requests.handle(house.device.name, payload)


@ON_SQLITE
def test_an_unknown_question_is_refused_by_code(house):
    (answer,) = house.ask("weather", city="Shanghai")
    assert (answer.id, answer.ok, answer.more, answer.body) == ("q1", False, False, {"code": "unknown_kind"})


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("roster.parts", {}),
        ("roster.parts", {"parts": []}),
        ("roster.parts", {"parts": "ab" * 32}),
        ("roster.parts", {"parts": [1]}),
        ("roster.parts", {"parts": ["ab" * 32] * (PARTS_MAX + 1)}),
        ("roster.deltas", {}),
        ("roster.deltas", {"from": -1}),
        ("roster.deltas", {"from": "1"}),
        ("roster.deltas", {"from": True}),
        ("roster.deltas", {"from": 2**60}),
        ("used", {"after": None}),
        ("used", {"after": 1.5}),
    ],
)
def test_a_question_with_odd_arguments_is_refused_by_code(small_house, kind, args):
    (answer,) = small_house.ask(kind, **args)
    assert (answer.ok, answer.body["code"]) == (False, "bad_args")


@ON_SQLITE
def test_the_result_of_a_command_is_taken_and_not_answered(house):
    result = CommandResult(id="c1", ok=True)
    assert house.requests.handle(house.device.name, house.device.key.seal(result)) == []
    with pytest.raises(MessageRejected):
        house.requests.handle(house.device.name, SigningKey.generate().seal(result))


def test_parts_are_answered_one_by_one_and_each_fits_a_message(house):
    put_rows(house.database, *(make_credential_row(number) for number in range(1, 3000)))
    house.tick()
    snapshot = house.snapshots.newest()
    names = [*snapshot.parts, "ab" * 32, "../../etc/passwd"]
    answers = house.ask("roster.parts", parts=names)
    assert [answer.body["part"] for answer in answers] == names
    assert [answer.ok for answer in answers] == [True, False, False]
    assert [answer.more for answer in answers] == [True, True, False]
    payload = house.device.key.seal(Request(id="q", kind="roster.parts", args={"parts": list(snapshot.parts)}))
    assert all(len(body) <= PAYLOAD_BYTES_MAX for _, body in house.requests.handle("north-1", payload))


@ON_SQLITE
def test_before_there_is_a_roster_a_device_is_told_to_wait(house):
    (answer,) = house.ask("roster.deltas", **{"from": 0})
    assert (answer.ok, answer.body["code"]) == (False, "not_ready")


def test_missing_deltas_come_in_order_from_where_the_device_stands(house):
    rows = {}
    for number in range(1, 8):
        put_rows(house.database, make_credential_row(number), make_area_row(capacity=number))
        if number == 3:
            rows = stored_rows(house.database)
    deltas = house.deltas_from(3)
    assert [(each.from_revision, each.to_revision) for each in deltas] == [(3, 4), (4, 5), (5, 6), (6, 7)]
    for delta in deltas:
        rows = apply_ops(rows, delta.ops)
        assert digest_of_bodies(rows.values()) == delta.digest
    assert rows == stored_rows(house.database)


@ON_SQLITE
def test_a_device_that_has_the_newest_revision_is_told_so(house):
    put_rows(house.database, make_credential_row(1))
    (answer,) = house.ask("roster.deltas", **{"from": 1})
    assert (answer.ok, answer.kind, answer.body) == (True, "roster.deltas", {"revision": 1})


def test_a_long_way_is_answered_in_steps(small_house):
    for number in range(1, DELTAS_MAX + 10):
        put_rows(small_house.database, make_credential_row(number))
    first = small_house.ask("roster.deltas", **{"from": 0})
    assert len(first) == DELTAS_MAX
    assert len(small_house.deltas_from(0)) == DELTAS_MAX + 9


@ON_SQLITE
@pytest.mark.parametrize("start", [99, 1])
def test_where_no_deltas_lead_on_a_snapshot_is_named(house, start):
    put_rows(house.database, make_credential_row(1))
    put_rows(house.database, *(make_credential_row(number) for number in range(1000, 1600)))
    put_rows(house.database, make_credential_row(2))
    (answer,) = house.ask("roster.deltas", **{"from": start})
    assert (answer.ok, answer.kind) == (True, "roster.snapshot")


@ON_SQLITE
def test_a_device_with_nothing_is_told_all_use_of_its_site(house):
    put_used(house.database, 2, range(5), total=2)
    put_used(house.database, 3, range(100, 103), total=3)
    put_used(house.database, 4, range(200, 203), site="south")
    listener = Listener(house)
    listener.catch_up()
    assert listener.number == used_number(3)
    assert listener.rows == {f"{n:032x}": 2 for n in range(5)} | {f"{n:032x}": 3 for n in range(100, 103)}


@ON_SQLITE
def test_a_device_that_has_everything_is_told_an_empty_page(house):
    put_used(house.database, 2, range(5), total=2)
    (answer,) = house.ask("used", after=used_number(2))
    assert (answer.body["rows"], answer.body["version"], answer.body["previous"]) == (
        [],
        used_number(2),
        used_number(2),
    )


def test_a_version_of_many_rows_is_told_in_pages_and_losing_one_loses_no_row(small_house):
    put_used(small_house.database, 1, range(900), journals=6)
    bodies = [msgspec.json.encode(answer.body) for answer in small_house.ask("used", after=0)]
    assert all(len(body) <= 64 * 1024 for body in bodies)
    pages = [small_house.key.open(body, Used) for body in bodies]
    assert len(pages) > 4
    assert [page.version & WHOLE for page in pages] == [*range(1, len(pages)), WHOLE]
    for lost in range(len(pages)):
        listener = Listener(small_house)
        missed = [listener.take(page) for number, page in enumerate(pages) if number != lost]
        assert any(missed) or lost == len(pages) - 1
        listener.catch_up()
        assert len(listener.rows) == 900
        assert listener.number == used_number(1)


def test_pages_in_the_wrong_order_lose_no_row(small_house):
    put_used(small_house.database, 1, range(600), journals=6)
    pages = [
        small_house.key.open(msgspec.json.encode(answer.body), Used) for answer in small_house.ask("used", after=0)
    ]
    listener = Listener(small_house)
    assert any([listener.take(page) for page in reversed(pages)])
    listener.catch_up()
    assert len(listener.rows) == 600


def test_a_row_that_moved_on_while_its_page_was_under_way_is_told_in_the_end(small_house):
    house = small_house
    put_used(house.database, 1, range(600), journals=6)
    listener = Listener(house)
    first = house.key.open(msgspec.json.encode(house.ask("used", after=0)[0].body), Used)
    listener.take(first)
    moved = first.rows[0].credential
    with house.database.begin() as connection:
        counts = canonical(Usage(total=77))
        connection.execute(update(used).where(used.c.credential == moved).values(version=2, counts=counts))
        write_setting(connection, "used_version", "2")
    listener.catch_up()
    assert listener.rows[moved] == 77
    assert len(listener.rows) == 600


@ON_SQLITE
def test_a_device_ahead_of_a_restored_central_is_told_what_comes_next(house):
    before = int(house.clock.now().timestamp() * 10) - 600
    put_used(house.database, before, range(3), total=2)
    listener = Listener(house)
    listener.number, listener.rows = used_number(before + 300), {f"{0:032x}": 99}
    listener.catch_up()
    assert listener.rows == {f"{0:032x}": 99}
    with house.database.begin() as connection:
        version = next_version(connection, house.clock.now())
    put_used(house.database, version, range(50, 52), total=3)
    listener.catch_up()
    assert listener.rows == {f"{0:032x}": 99} | {f"{n:032x}": 3 for n in (50, 51)}


def test_versions_rise_whatever_the_clock_says(house):
    with house.database.begin() as connection:
        first = next_version(connection, house.clock.now(), 4)
        assert next_version(connection, house.clock.now() - timedelta(days=900)) == first + 4
        assert next_version(connection, house.clock.now()) == first + 5


def test_an_answer_stops_at_the_first_end_of_a_version_behind_its_pages(small_house):
    for version in range(1, 41):
        put_used(small_house.database, version, range(version * 150, version * 150 + 150), journals=6)
    pages = small_house.ask("used", after=0)
    assert USED_PAGES_MAX <= len(pages) <= USED_PAGES_MAX + 2
    assert pages[-1].body["version"] & WHOLE == WHOLE
    listener = Listener(small_house)
    listener.catch_up()
    assert len(listener.rows) == 6000


def test_what_wiring_has_answers_to_is_answered_for_the_device_that_asks_or_declined_with_a_code(small_house):
    class Told(msgspec.Struct):
        device: str
        site: str
        at: datetime

    class Asked(msgspec.Struct):
        number: int

    def answer(device, site, args):
        if msgspec.convert(args, Asked).number > 9:
            raise Declined("too_often")
        return Told(device, site, small_house.clock.now())

    house = small_house
    house.requests = Requests(house.database, house.keys, house.snapshots, {"member.view": answer})
    (told,) = house.ask("member.view", number=1)
    assert (told.kind, told.ok) == ("member.view", True)
    assert told.body == {"device": "north-1", "site": "demo", "at": "2026-11-22T08:31:07.412Z"}
    for number, code in ((10, "too_often"), ("x", "bad_args")):
        (refused,) = house.ask("member.view", number=number)
        assert (refused.ok, refused.body) == (False, {"code": code})
    assert house.requests.counts["too_often"] == 1
