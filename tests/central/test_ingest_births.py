"""What devices say of themselves: births that are answered, last wills that count only for their session."""

from datetime import timedelta

import pytest
from msgspec import UNSET
from sqlalchemy import select

from kiosk.central.database import Database, read_setting, write_setting
from kiosk.central.devices import DeviceState, list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.states import LEAP_MAX
from kiosk.central.tables import device as device_table
from kiosk.core.codec import GENESIS
from kiosk.wire.messages import Birth
from kiosk.wire.signing import SigningKey
from tests.central.builders import ON_SQLITE, START, EdgeDevice, EdgeJournal, ManualClock, a_journal, register, replace


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


def only(database: Database) -> DeviceState:
    """The one device there is."""
    (state,) = list_devices(database)
    return state


def session_of(database: Database) -> str | None:
    """The session of the last birth."""
    with database.read() as connection:
        return connection.execute(select(device_table.c.session)).scalar_one()


def test_a_birth_is_answered_for_every_journal_with_its_session(ingest: Ingest, device: EdgeDevice) -> None:
    gate, web, new = a_journal(10), a_journal(5), a_journal(3)
    ingest.batch(device.name, device.batch(gate, 1, 8))
    ingest.batch(device.name, device.batch(web, 1, 5))
    acks = ingest.state(device.name, device.birth(gate, web, new))
    assert [(ack.journal, ack.seq, ack.hash, ack.status.value) for ack in acks] == [
        (gate.id, 8, gate.hashes[8].hex(), "ok"),
        (web.id, 5, web.hashes[5].hex(), "ok"),
        (new.id, 0, GENESIS.hex(), "ok"),
    ]
    assert {ack.session for ack in acks} == {device.session}


@ON_SQLITE
def test_the_ack_of_a_batch_names_no_session(ingest: Ingest, device: EdgeDevice) -> None:
    journal = a_journal(1)
    ingest.state(device.name, device.birth(journal))
    ack = ingest.batch(device.name, device.batch(journal, 1, 1))
    assert ack is not None
    assert ack.session is UNSET


@ON_SQLITE
def test_a_birth_says_how_the_device_is(
    database: Database, ingest: Ingest, device: EdgeDevice, clock: ManualClock
) -> None:
    journal = a_journal(10)
    ingest.batch(device.name, device.batch(journal, 1, 8))
    clock.pass_s(60)
    ingest.state(device.name, device.birth(journal, roster=7, time=START + timedelta(seconds=45)))
    state = only(database)
    assert (state.state, state.version, state.roster_revision) == ("online", "0.1.0", 7)
    assert (state.seen_at, state.clock_offset_ms) == ("2026-11-22T08:32:07.412Z", -15_000)
    assert [(each.stored, each.head) for each in state.journals] == [(8, 10)]


@ON_SQLITE
def test_a_retained_birth_says_nothing_about_the_clock(
    database: Database, ingest: Ingest, device: EdgeDevice, clock: ManualClock
) -> None:
    ingest.state(device.name, device.birth(time=START))
    clock.pass_s(86_400)
    assert ingest.state(device.name, device.birth(a_journal(1)), retained=True) != []
    state = only(database)
    assert (state.seen_at, state.clock_offset_ms) == ("2026-11-22T08:31:07.412Z", 0)


@ON_SQLITE
@pytest.mark.parametrize("time", ["", "yesterday", "0001-01-01T00:00:00.000+23:59"])
def test_a_birth_without_a_usable_time_is_taken_all_the_same(
    database: Database, ingest: Ingest, device: EdgeDevice, time: str
) -> None:
    birth = device.key.seal(Birth(session="s", version="1", journals=(), roster=0, time=time))
    ingest.state(device.name, birth)
    assert (only(database).state, only(database).clock_offset_ms) == ("online", None)


def test_the_highest_reported_revision_is_remembered(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    other = EdgeDevice("south-1")
    register(database, other)
    for sender, roster in ((device, 5), (other, 9), (device, 7)):
        ingest.state(sender.name, sender.birth(roster=roster))
    with database.read() as connection:
        assert read_setting(connection, "reported_revision_max") == "9"


@ON_SQLITE
def test_a_birth_from_beyond_reason_raises_the_roster_of_nobody(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    ingest.state(device.name, device.birth(roster=5))
    assert ingest.state(device.name, device.birth(a_journal(1), roster=2**31 - 1)) != []
    with database.read() as connection:
        assert read_setting(connection, "reported_revision_max") == "5"
    with database.begin() as connection:
        write_setting(connection, "roster_revision", "70")
    for told, noted in ((70 + LEAP_MAX + 1, "5"), (70 + LEAP_MAX, str(70 + LEAP_MAX))):
        ingest.state(device.name, device.birth(roster=told))
        with database.read() as connection:
            assert read_setting(connection, "reported_revision_max") == noted


@ON_SQLITE
def test_a_last_will_counts_only_for_the_last_session(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    ingest.state(device.name, device.birth())
    ingest.state(device.name, device.offline("an older session"))
    assert only(database).state == "online"
    ingest.state(device.name, device.offline())
    assert only(database).state == "offline"


@ON_SQLITE
def test_a_will_that_comes_after_the_next_birth_does_not_count(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    ingest.state(device.name, device.birth())
    old = device.session
    device.session = "a new session"
    ingest.state(device.name, device.birth())
    ingest.state(device.name, device.offline(old))
    assert only(database).state == "online"
    assert session_of(database) == "a new session"


@ON_SQLITE
def test_a_forged_birth_is_counted_and_not_answered(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    assert ingest.state(device.name, device.birth(a_journal(3), key=SigningKey.generate())) == []
    assert only(database).state == "never"
    assert only(database).discarded == {"bad_state": 1}


@ON_SQLITE
def test_an_unsigned_birth_is_counted_and_not_answered(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    birth = device.birth(a_journal(3))
    unsigned = birth.replace(b'"sig"', b'"sog"')
    assert unsigned != birth
    assert ingest.state(device.name, unsigned) == []
    assert only(database).state == "never"


@ON_SQLITE
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        b"[]",
        b'{"state":"asleep"}',
        b'{"state":"offline"}',
        b'{"state":"offline","session":7,"schema":1}',
    ],
)
def test_a_state_that_is_none_is_counted(
    database: Database, ingest: Ingest, device: EdgeDevice, payload: bytes
) -> None:
    assert ingest.state(device.name, payload) == []
    assert only(database).discarded == {"bad_state": 1}


@ON_SQLITE
def test_a_birth_of_an_unknown_device_is_not_answered(ingest: Ingest) -> None:
    assert ingest.state("west-1", EdgeDevice("west-1").birth(a_journal(1))) == []
    assert ingest.counts["unknown_device"] == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "claims",
    [
        {"session": ""},
        {"session": "x" * 65},
        {"session": "nul\0"},
        {"roster": 2**31},
        {"roster": -1},
    ],
)
def test_a_birth_that_cannot_be_is_counted(
    database: Database, ingest: Ingest, device: EdgeDevice, claims: dict[str, object]
) -> None:
    assert ingest.state(device.name, device.birth(a_journal(1), **claims)) == []
    assert only(database).discarded == {"bad_state": 1}


@ON_SQLITE
def test_a_birth_names_64_journals_at_most(database: Database, ingest: Ingest, device: EdgeDevice) -> None:
    assert len(ingest.state(device.name, device.birth(*[EdgeJournal() for _ in range(64)]))) == 64
    assert ingest.state(device.name, device.birth(*[EdgeJournal() for _ in range(65)])) == []


@ON_SQLITE
def test_a_birth_with_another_devices_journal_is_answered_bad_until_that_one_is_replaced(
    database: Database, ingest: Ingest, device: EdgeDevice
) -> None:
    new, journal = EdgeDevice("new-1"), a_journal(4)
    register(database, new)
    ingest.batch(device.name, device.batch(journal, 1, 4))
    assert [(ack.seq, ack.status.value) for ack in ingest.state("new-1", new.birth(journal))] == [(4, "bad")]
    replace(database, device.name, "new-1")
    assert [(ack.seq, ack.status.value) for ack in ingest.state("new-1", new.birth(journal))] == [(4, "ok")]


@ON_SQLITE
def test_a_device_that_holds_less_than_central_raises_an_alarm(
    ingest: Ingest, device: EdgeDevice, caplog: pytest.LogCaptureFixture
) -> None:
    journal, restored = a_journal(9), EdgeJournal()
    ingest.batch(device.name, device.batch(journal, 1, 9))
    restored.id = journal.id
    for body in journal.bodies[:5]:
        restored.append_body(body)
    (ack,) = ingest.state(device.name, device.birth(restored))
    assert (ack.seq, ack.hash) == (9, journal.hashes[9].hex())
    assert "device holds less than is stored" in caplog.text
