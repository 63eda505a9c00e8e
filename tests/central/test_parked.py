"""What a person does with what could not be used: look at it, try it again, say that it is dealt with."""

from collections.abc import Mapping

import pytest

from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.lease import Lease
from kiosk.central.parked import Parked
from kiosk.central.parking import Parcel, Why, park
from kiosk.central.projection import Projection
from kiosk.core.errors import InvalidInput
from kiosk.core.records import FACTS, Fact
from tests.central.builders import (
    ON_SQLITE,
    START,
    EdgeDevice,
    EdgeJournal,
    ManualClock,
    a_journal,
    parked_rows,
    register,
    replace,
    stored,
)


class Desk:
    """Central with one device and what is parked there."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.device = EdgeDevice()
        self.ingest = Ingest(database, clock)
        lease = Lease(database, clock)
        lease.try_hold()
        self.projection = Projection(database, lease, clock, "Asia/Shanghai")
        self.parked = Parked(database, clock, self.ingest, self.projection)
        register(database, self.device)

    def only(self) -> int:
        """The id of the one open item."""
        (item,) = self.parked.items()
        return item.id


@pytest.fixture
def desk(database: Database, clock: ManualClock) -> Desk:
    """Central on either kind of database."""
    return Desk(database, clock)


@ON_SQLITE
def test_an_item_says_what_whose_and_why(desk: Desk) -> None:
    journal = a_journal(2)
    payload = desk.device.batch(journal, 1, 2, source="other")
    desk.ingest.batch("north-1", payload)
    (item,) = desk.parked.items()
    assert (item.device, item.why, item.journal, item.first_seq) == ("north-1", "bad", journal.id, 1)
    assert (item.state, item.at, item.size) == ("open", "2026-11-22T08:31:07.412Z", len(payload))
    assert item.detail == "source '/d/other' on the topic of north-1"
    assert desk.parked.show(item.id) == (item, payload)


def test_items_are_listed_by_state_and_device_page_by_page(desk: Desk) -> None:
    other = EdgeDevice("south-1")
    register(desk.database, other)
    for sender in (desk.device, other, desk.device):
        desk.ingest.batch(sender.name, sender.batch(a_journal(1), 1, 1, source="x"))
    ids = [item.id for item in desk.parked.items()]
    assert [item.id for item in desk.parked.items(device="north-1")] == [ids[0], ids[2]]
    assert [item.id for item in desk.parked.items(after=ids[0], limit=1)] == [ids[1]]
    desk.parked.close(ids[1])
    assert [item.id for item in desk.parked.items()] == [ids[0], ids[2]]
    assert [item.id for item in desk.parked.items(state="closed")] == [ids[1]]
    assert [item.id for item in desk.parked.items(state=None)] == ids


@ON_SQLITE
def test_a_closed_item_keeps_its_place_and_lets_go_of_its_body(desk: Desk) -> None:
    payload = desk.device.batch(a_journal(2), 1, 2, source="other")
    desk.ingest.batch("north-1", payload)
    number = desk.only()
    desk.parked.close(number)
    desk.ingest.batch("north-1", payload)
    (item,) = desk.parked.items(state=None)
    assert (item.id, item.state, item.closed_at, item.size) == (number, "closed", "2026-11-22T08:31:07.412Z", 0)


@ON_SQLITE
def test_closing_makes_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.central.parking.ITEMS_MAX", 1)
    for _ in range(2):
        desk.ingest.batch("north-1", desk.device.batch(a_journal(1), 1, 1, source="x"))
    desk.parked.close(desk.only())
    desk.ingest.batch("north-1", desk.device.batch(a_journal(1), 1, 1, source="x"))
    assert len(desk.parked.items()) == 1
    assert list_devices(desk.database)[0].discarded == {"parking_full": 1}


@ON_SQLITE
def test_what_is_not_there_or_not_open_cannot_be_closed_or_tried(desk: Desk) -> None:
    for act in (desk.parked.close, desk.parked.retry, desk.parked.show):
        with pytest.raises(InvalidInput, match="parked as 77"):
            act(77)
    desk.ingest.batch("north-1", desk.device.batch(a_journal(1), 1, 1, source="x"))
    number = desk.only()
    desk.parked.close(number)
    with pytest.raises(InvalidInput, match="nothing open"):
        desk.parked.close(number)
    with pytest.raises(InvalidInput, match="is closed"):
        desk.parked.retry(number)


@ON_SQLITE
def test_a_foreign_journals_batch_is_taken_when_its_owner_was_replaced(desk: Desk) -> None:
    new, journal = EdgeDevice("new-1"), a_journal(6)
    register(desk.database, new)
    desk.ingest.batch("north-1", desk.device.batch(journal, 1, 3))
    desk.ingest.batch("new-1", new.batch(journal, 4, 6))
    assert not desk.parked.retry(desk.only())
    replace(desk.database, "north-1", "new-1")
    assert desk.parked.retry(desk.only())
    assert stored(desk.database, journal) == journal.bodies
    assert [item.state for item in desk.parked.items(state=None)] == ["used"]


@ON_SQLITE
def test_an_unknown_devices_batch_is_taken_when_it_is_registered(desk: Desk) -> None:
    late, journal = EdgeDevice("late-1"), a_journal(3)
    desk.ingest.batch("late-1", late.batch(journal, 1, 3))
    assert not desk.parked.retry(desk.only())
    register(desk.database, late)
    assert desk.parked.retry(desk.only())
    assert stored(desk.database, journal) == journal.bodies


@ON_SQLITE
def test_a_fork_stays_a_fork(desk: Desk) -> None:
    journal, other = a_journal(2), EdgeJournal()
    other.id = journal.id
    other.append("journal.opened", {"clock": "ok", "why": "new"})
    desk.ingest.batch("north-1", desk.device.batch(journal, 1, 2))
    desk.ingest.batch("north-1", desk.device.batch(other, 1, 1))
    assert not desk.parked.retry(desk.only())
    assert [item.why for item in desk.parked.items()] == ["fork"]


def known_types(monkeypatch: pytest.MonkeyPatch, types: Mapping[str, type[Fact]]) -> None:
    """Let central know these types of records, as another version of it would."""
    monkeypatch.setattr("kiosk.central.facts.FACTS", types)


@ON_SQLITE
def test_an_unknown_type_is_used_after_central_has_learnt_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = EdgeJournal()
    journal.passage(START, entitlement="ent-1")
    desk.ingest.batch("north-1", desk.device.batch(journal, 1, 2))
    with monkeypatch.context() as patch:
        known_types(patch, {"access.granted": FACTS["access.granted"]})
        desk.projection.tick(desk.clock.now())
        assert not desk.parked.retry(desk.only())
    assert parked_rows(desk.database) == [("unknown_type", journal.id, 2)]
    assert desk.parked.retry(desk.only())
    assert desk.parked.items() == []


@ON_SQLITE
def test_a_case_is_decided_by_a_person(desk: Desk) -> None:
    parcel = Parcel(device="north-1", why=Why.OVERSPENT, journal="", first=1, hash="", detail="", body=b"{}")
    desk.database.run(lambda connection: park(connection, parcel, "2026-11-22T08:31:07.412Z"))
    with pytest.raises(InvalidInput, match="case to decide"):
        desk.parked.retry(desk.only())
    desk.parked.close(desk.only())


def test_a_strangers_words_are_kept_in_a_form_any_database_holds(desk: Desk) -> None:
    words = "nul\0 surrogate\ud800 卡 " + "x" * 1000
    parcel = Parcel(device="north-1", why=Why.BAD, journal="", first=2**70, hash="", detail=words, body=b"")
    desk.database.run(lambda connection: park(connection, parcel, "2026-11-22T08:31:07.412Z"))
    (item,) = desk.parked.items()
    assert item.detail.startswith(r"nul\0 surrogate\ud800 \u5361 x")
    assert item.first_seq == 0
