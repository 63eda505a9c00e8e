"""What becomes of batches: taken once, in order, from whom they belong to, and answered with where central stands."""

import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import msgspec
import pytest
from sqlalchemy import select

from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.tables import discarded
from kiosk.core.codec import GENESIS, canonical, chain
from kiosk.wire.messages import Ack, AckStatus
from kiosk.wire.signing import SigningKey
from tests.central.builders import (
    ON_SQLITE,
    EdgeDevice,
    EdgeJournal,
    ManualClock,
    a_journal,
    listed,
    make_access,
    parked_rows,
    register,
    replace,
    stored,
)


@pytest.fixture
def ingest(database: Database, clock: ManualClock) -> Ingest:
    """Ingest on either kind of database."""
    return Ingest(database, clock)


@pytest.fixture
def device(database: Database) -> EdgeDevice:
    """A registered device."""
    made = EdgeDevice()
    register(database, made)
    return made


def place(ack: Ack | None) -> tuple[str, int, str]:
    """What an ack says: status, seq, hash."""
    assert ack is not None
    return ack.status.value, ack.seq, ack.hash


def test_a_batch_is_stored_and_acked_with_its_last_hash(
    database: Database, ingest: Ingest, device: EdgeDevice, clock: ManualClock
) -> None:
    journal = a_journal(10)
    ack = ingest.batch(device.name, device.batch(journal, 1, 10))
    assert ack == Ack(
        journal=journal.id,
        seq=10,
        hash=journal.hashes[10].hex(),
        status=AckStatus.OK,
        time="2026-11-22T08:31:07.412Z",
    )
    assert stored(database, journal) == journal.bodies


@ON_SQLITE
def test_a_batch_of_a_client_with_another_json_is_stored_in_canonical_form(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    journal = a_journal(10)
    content = json.loads(device.batch(journal, 1, 10))
    content["data"]["records"] = [dict(reversed(record.items())) for record in content["data"]["records"]]
    for payload in (json.dumps(content, indent=1), json.dumps(content, ensure_ascii=False)):
        assert place(ingest.batch(device.name, payload.encode())) == ("ok", 10, journal.hashes[10].hex())
    assert stored(database, journal) == journal.bodies
    assert parked_rows(database) == []


@ON_SQLITE
def test_records_are_listed_in_the_order_they_were_stored(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    other = EdgeDevice("south-1")
    register(database, other)
    one, two = a_journal(3), a_journal(2)
    ingest.batch(device.name, device.batch(one, 1, 2))
    ingest.batch(other.name, other.batch(two, 1, 2))
    ingest.batch(device.name, device.batch(one, 3, 3))
    rows = listed(database)
    assert [each["n"] for each in rows] == [1, 2, 3, 4, 5]
    assert [each["device"] for each in rows] == ["north-1", "north-1", "south-1", "south-1", "north-1"]
    assert [canonical(each["record"]) for each in rows] == [*one.bodies[:2], *two.bodies, one.bodies[2]]


def test_a_repeated_batch_is_acked_again_and_stored_once(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    journal = a_journal(10)
    payload = device.batch(journal, 1, 10)
    assert ingest.batch(device.name, payload) == ingest.batch(device.name, payload)
    assert stored(database, journal) == journal.bodies
    assert len(listed(database)) == 10


@ON_SQLITE
def test_an_old_batch_is_acked_with_all_that_is_stored(ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(10)
    ingest.batch(device.name, device.batch(journal, 1, 10))
    assert place(ingest.batch(device.name, device.batch(journal, 3, 6))) == ("ok", 10, journal.hashes[10].hex())


@ON_SQLITE
@pytest.mark.parametrize("first", [1, 4, 10, 11])
def test_of_an_overlapping_batch_only_the_rest_is_taken(
    database: Database, ingest: Ingest, device: EdgeDevice, first: int
) -> None:
    journal = a_journal(15)
    ingest.batch(device.name, device.batch(journal, 1, 10))
    ack = ingest.batch(device.name, device.batch(journal, first, 15))
    assert place(ack) == ("ok", 15, journal.hashes[15].hex())
    assert stored(database, journal) == journal.bodies


@ON_SQLITE
@pytest.mark.parametrize("have", [0, 10])
def test_behind_a_gap_nothing_is_stored(database: Database, ingest: Ingest, device: EdgeDevice, have: int) -> None:
    journal = a_journal(20)
    if have:
        ingest.batch(device.name, device.batch(journal, 1, have))
    ack = ingest.batch(device.name, device.batch(journal, have + 2, 20))
    assert place(ack) == ("gap", have, journal.hashes[have].hex())
    assert stored(database, journal) == journal.bodies[:have]
    assert parked_rows(database) == []
    assert [each.stored for each in list_devices(database)[0].journals] == ([have] if have else [])


def forked(journal: EdgeJournal, common: int, more: int) -> EdgeJournal:
    """A journal of the same id that goes another way behind `common`."""
    other = EdgeJournal(journal.id)
    for body in journal.bodies[:common]:
        other.append_body(body)
    for _ in range(more):
        other.append("access.denied", make_access(reason="lockdown"))
    return other


@ON_SQLITE
@pytest.mark.parametrize(
    ("first", "last", "common"),
    [
        pytest.param(1, 12, 6, id="from the start"),
        pytest.param(5, 12, 6, id="around the parting"),
        pytest.param(7, 12, 6, id="just behind the parting"),
        pytest.param(5, 7, 6, id="within what is stored"),
        pytest.param(8, 12, 0, id="wholly behind the parting"),
        pytest.param(11, 12, 0, id="following on the other way"),
    ],
)
def test_a_fork_keeps_the_first_copy_and_names_the_last_common_record(
    database: Database, ingest: Ingest, device: EdgeDevice, first: int, last: int, common: int
) -> None:
    journal = a_journal(10)
    other = forked(journal, 6, 6)
    ingest.batch(device.name, device.batch(journal, 1, 10))
    payload = device.batch(other, first, last)
    for _ in range(3):
        assert place(ingest.batch(device.name, payload)) == ("fork", common, journal.hashes[common].hex())
    assert stored(database, journal) == journal.bodies
    assert parked_rows(database) == [("fork", journal.id, first)]


@ON_SQLITE
def test_another_batch_of_the_same_fork_is_parked_too(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(10)
    other = forked(journal, 6, 6)
    ingest.batch(device.name, device.batch(journal, 1, 10))
    ingest.batch(device.name, device.batch(other, 7, 12))
    ingest.batch(device.name, device.batch(other, 7, 11))
    assert len(parked_rows(database)) == 2


def bad_batches(device: EdgeDevice, journal: EdgeJournal) -> dict[str, bytes]:
    """Batches that do not hold, by what is wrong with them."""
    whole = device.batch(journal, 1, 10)
    link = journal.hashes[3]
    for body in journal.bodies:
        link = chain(link, body)
    float_record = journal.bodies[9].replace(b'"age_s":61', b'"age_s":6.5')
    return {
        "a stranger's signature": device.batch(journal, 1, 10, key=SigningKey.generate()),
        "another's source": device.batch(journal, 1, 10, source="south-1"),
        "a record changed": whole.replace(b"fee_overdue", b"fee_overdu3", 1),
        "a hash that is not the chain's": device.batch(journal, 1, 10, hash=journal.hashes[9]),
        "a start that is no genesis": device.batch(journal, 1, 10, prev=journal.hashes[3], hash=link),
        "a record left out": device.batch(journal, 1, 9, bodies=journal.bodies[:8] + journal.bodies[9:10]),
        "a record with a float": device.batch(journal, 1, 10, bodies=[*journal.bodies[:9], float_record]),
        "no records": device.batch(journal, 1, 0, hash=GENESIS),
        "a hash of another length": whole.replace(journal.hashes[10].hex().encode(), b"ab"),
    }


@ON_SQLITE
@pytest.mark.parametrize("what", bad_batches(EdgeDevice(), a_journal()))
def test_a_bad_batch_is_parked_and_answered_with_where_central_stands(
    database: Database, ingest: Ingest, device: EdgeDevice, what: str
) -> None:
    journal = a_journal(10)
    payload = bad_batches(device, journal)[what]
    assert place(ingest.batch(device.name, payload)) == ("bad", 0, GENESIS.hex())
    ingest.batch(device.name, device.batch(journal, 1, 4))
    assert place(ingest.batch(device.name, payload)) == ("bad", 4, journal.hashes[4].hex())
    assert parked_rows(database) == [("bad", journal.id, 1)]
    assert stored(database, journal) == journal.bodies[:4]


@ON_SQLITE
def test_a_journal_name_that_cannot_be_is_parked_without_an_ack(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    journal = a_journal(2)
    journal.id = "../../etc\x00/passwd" * 20
    assert ingest.batch(device.name, device.batch(journal, 1, 2)) is None
    assert parked_rows(database) == [("bad", "", 1)]


@ON_SQLITE
@pytest.mark.parametrize("payload", [b"", b"\x00\xff\x17", b"{", b"[]", b'{"a":1}', b"[" * 60_000, b'"\xed\xa0\x80"'])
def test_bytes_that_cannot_be_parsed_are_counted_and_dropped(
    database: Database, ingest: Ingest, device: EdgeDevice, payload: bytes
) -> None:
    for _ in range(2):
        assert ingest.batch(device.name, payload) is None
    assert list_devices(database)[0].discarded == {"unreadable": 2}
    assert parked_rows(database) == []


@ON_SQLITE
def test_what_is_too_large_is_not_even_read(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(2)
    payload = device.batch(journal, 1, 2)
    assert place(ingest.batch(device.name, payload + b" " * (128 * 1024 - len(payload))))[0] == "ok"
    other = a_journal(2)
    payload = device.batch(other, 1, 2)
    assert ingest.batch(device.name, payload + b" " * (128 * 1024 - len(payload) + 1)) is None
    assert list_devices(database)[0].discarded == {"oversize": 1}
    assert stored(database, other) == []


@ON_SQLITE
def test_an_unknown_device_is_parked_and_not_answered(database: Database, ingest: Ingest) -> None:
    stranger, journal = EdgeDevice("west-1"), a_journal(2)
    for _ in range(2):
        assert ingest.batch("west-1", stranger.batch(journal, 1, 2)) is None
    assert parked_rows(database) == [("unknown_device", journal.id, 1)]
    register(database, stranger)
    assert place(ingest.batch("west-1", stranger.batch(journal, 1, 2)))[0] == "ok"


@pytest.mark.parametrize("name", ["", "UPPER", "a/b", "x" * 500, "nul\x00", "'; DROP TABLE record; --"])
def test_a_name_no_device_can_have_harms_nothing(database: Database, ingest: Ingest, name: str) -> None:
    stranger, journal = EdgeDevice(name), a_journal(1)
    assert ingest.batch(name, stranger.batch(journal, 1, 1)) is None
    assert ingest.batch(name, b"garbage") is None
    assert parked_rows(database) == [("unknown_device", journal.id, 1)]


@ON_SQLITE
def test_an_unknown_schema_is_parked_and_not_answered(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(1)
    payload = device.batch(journal, 1, 1).replace(b'"schema":1', b'"schema":2')
    assert ingest.batch(device.name, payload) is None
    assert parked_rows(database) == [("unknown_schema", journal.id, 1)]


def test_a_journal_of_another_device_is_parked_until_that_one_is_replaced(database: Database, ingest: Ingest) -> None:
    old, new = EdgeDevice("old-1"), EdgeDevice("new-1")
    register(database, old)
    register(database, new)
    journal = a_journal(10)
    ingest.batch("old-1", old.batch(journal, 1, 4))
    for _ in range(2):
        assert place(ingest.batch("new-1", new.batch(journal, 5, 10))) == ("bad", 4, journal.hashes[4].hex())
    assert parked_rows(database) == [("foreign_journal", journal.id, 5)]
    replace(database, "old-1", "new-1")
    assert place(ingest.batch("new-1", new.batch(journal, 5, 10))) == ("ok", 10, journal.hashes[10].hex())
    assert stored(database, journal) == journal.bodies


def test_who_was_replaced_goes_on_with_no_journal_that_was_taken_over(database: Database, ingest: Ingest) -> None:
    old, mid, new = EdgeDevice("old-1"), EdgeDevice("mid-1"), EdgeDevice("new-1")
    register(database, old, mid, new)
    journal, late = a_journal(6), a_journal(2)
    ingest.batch("old-1", old.batch(journal, 1, 2))
    replace(database, "old-1", "mid-1")
    replace(database, "mid-1", "new-1")
    assert place(ingest.batch("new-1", new.batch(journal, 3, 4)))[0] == "ok"
    assert place(ingest.batch("old-1", old.batch(journal, 5, 6)))[0] == "bad"
    assert place(ingest.batch("old-1", old.batch(late, 1, 2)))[0] == "ok"
    assert {each["device"] for each in listed(database) if each["journal"] == journal.id} == {"new-1"}


@ON_SQLITE
def test_parking_has_a_limit_of_items_for_each_device(
    database: Database, ingest: Ingest, device: EdgeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.parking.ITEMS_MAX", 3)
    other = EdgeDevice("south-1")
    register(database, other)
    for _ in range(5):
        ingest.batch(device.name, device.batch(a_journal(1), 1, 1, key=other.key))
    ingest.batch(other.name, other.batch(a_journal(1), 1, 1, key=device.key))
    assert [row[0] for row in parked_rows(database)] == ["bad"] * 4
    assert {each.device: each.discarded for each in list_devices(database)} == {
        "north-1": {"parking_full": 2},
        "south-1": {},
    }


@ON_SQLITE
def test_parking_has_a_limit_of_bytes_for_each_device(
    database: Database, ingest: Ingest, device: EdgeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    payloads = [device.batch(a_journal(1), 1, 1, key=SigningKey.generate()) for _ in range(4)]
    monkeypatch.setattr("kiosk.central.parking.BYTES_MAX", len(payloads[0]) * 2 + 10)
    for payload in payloads:
        ingest.batch(device.name, payload)
    assert len(parked_rows(database)) == 2
    assert list_devices(database)[0].discarded == {"parking_full": 2}


@ON_SQLITE
def test_all_unknown_senders_share_one_limit(
    database: Database, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.parking.ITEMS_MAX", 3)
    for number in range(5):
        stranger = EdgeDevice(f"west-{number}")
        ingest.batch(stranger.name, stranger.batch(a_journal(1), 1, 1))
    assert len(parked_rows(database)) == 3


@pytest.mark.proves("S41")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_order_and_however_often_central_holds_what_the_journals_hold(
    database: Database, clock: ManualClock, seed: int
) -> None:
    dice = random.Random(seed)
    devices = [EdgeDevice(f"gate-{number}") for number in range(3)]
    register(database, *devices)
    owned = [(each, a_journal(dice.randint(40, 120))) for each in devices for _ in range(2)]
    posts = [
        (each.name, each.batch(journal, first, min(first + dice.randint(0, 9), journal.head)))
        for each, journal in owned
        for first in range(1, journal.head + 1, 4)
    ]

    def consume(order: int) -> None:
        mine = posts * 2
        random.Random(order).shuffle(mine)
        ingest = Ingest(database, clock)
        for name, payload in mine:
            ack = ingest.batch(name, payload)
            assert ack is not None
            assert ack.status in (AckStatus.OK, AckStatus.GAP)

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(consume, seed * 10 + number) for number in range(4)]:
            each.result()
    for each, journal in owned:
        ingest = Ingest(database, clock)
        for payload in each.batches(journal, 7):
            ingest.batch(each.name, payload)
        assert stored(database, journal) == journal.bodies
    numbers = [each["n"] for each in listed(database)]
    assert numbers == list(range(1, sum(journal.head for _, journal in owned) + 1))
    assert parked_rows(database) == []


def test_several_consumers_that_get_the_same_batches_at_once_store_them_once(
    database: Database, device: EdgeDevice, clock: ManualClock
) -> None:
    journal = a_journal(120)
    start = threading.Barrier(4, timeout=60)

    def consume(_: int) -> list[str]:
        ingest = Ingest(database, clock)
        start.wait()
        return [place(ingest.batch(device.name, payload))[0] for payload in device.batches(journal, 3)]

    with ThreadPoolExecutor(4) as pool:
        assert all(set(statuses) == {"ok"} for statuses in pool.map(consume, range(4)))
    assert stored(database, journal) == journal.bodies
    assert [each["n"] for each in listed(database)] == list(range(1, 121))


def test_numbers_become_visible_in_their_own_order(database: Database, clock: ManualClock) -> None:
    devices = [EdgeDevice(f"gate-{number}") for number in range(3)]
    register(database, *devices)
    journals = [a_journal(120) for _ in devices]
    seen: list[list[int]] = []

    def send(device: EdgeDevice, journal: EdgeJournal) -> None:
        ingest = Ingest(database, clock)
        for payload in device.batches(journal, 3):
            ingest.batch(device.name, payload)

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(send, *pair) for pair in zip(devices, journals, strict=True)]
        while not all(each.done() for each in work):
            seen.append([each["n"] for each in listed(database)])
        for each in work:
            each.result()
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)
    assert all(len(earlier) <= len(later) for earlier, later in pairwise(seen))


@ON_SQLITE
def test_an_ack_says_nothing_that_a_reader_cannot_hold(ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(2)
    ack = ingest.batch(device.name, device.batch(journal, 1, 2))
    content = msgspec.to_builtins(ack)
    assert set(content) == {"schema", "journal", "seq", "hash", "status", "time", "pause_ms"}


def at_once(*works: Callable[[], Ack | None]) -> list[Ack | None]:
    """Do works in a thread each, all from the same moment, and return their results; raises what one of them does."""
    start = threading.Barrier(len(works), timeout=60)

    def go(work: Callable[[], Ack | None]) -> Ack | None:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(go, works))


def test_what_a_stranger_sends_to_several_processes_at_once_is_parked_once(
    database: Database, clock: ManualClock
) -> None:
    stranger = EdgeDevice("stranger-1")
    for number in range(1, 11):
        payload = stranger.batch(a_journal(1), 1, 1)
        takers = [Ingest(database, clock) for _ in range(4)]
        answers = at_once(*(partial(taker.batch, stranger.name, payload) for taker in takers))
        assert answers == [None] * 4
        assert len(parked_rows(database)) == number


def test_the_same_bad_batch_from_two_devices_at_once_is_parked_once(
    database: Database, device: EdgeDevice, clock: ManualClock
) -> None:
    other = EdgeDevice("south-1")
    register(database, other)
    for number in range(1, 11):
        journal = a_journal(1)
        payload = device.batch(journal, 1, 1, key=SigningKey.generate())
        takers = [(Ingest(database, clock), name) for name in (device.name, other.name) * 2]
        answers = at_once(*(partial(taker.batch, name, payload) for taker, name in takers))
        assert {place(answer)[0] for answer in answers} == {"bad"}
        assert len(parked_rows(database)) == number


def test_what_strangers_send_beyond_their_room_is_counted_for_all_of_them(
    sqlite_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.parking.ITEMS_MAX", 2)
    ingest = Ingest(sqlite_database, clock)
    for number in range(5):
        stranger = EdgeDevice(f"stranger-{number}")
        ingest.batch(stranger.name, stranger.batch(a_journal(1), 1, 1))
    assert len(parked_rows(sqlite_database)) == 2
    with sqlite_database.read() as connection:
        counted = connection.execute(select(discarded.c.device, discarded.c.why, discarded.c.count)).all()
    assert [tuple(row) for row in counted] == [("?", "parking_full", 3)]
