"""A small club in central's tables, and records as ingest stores them."""

import importlib
import pkgutil
from typing import Any

from sqlalchemy import insert

import kiosk.central.club
from kiosk.central.club.books import Actor, Books, Change, Telling
from kiosk.central.club.people_tables import application
from kiosk.central.club.rules import Wish, amend
from kiosk.central.database import Database
from kiosk.central.streams import newest_n
from kiosk.central.tables import (
    credential,
    device,
    discarded,
    entitlement,
    journal,
    member,
    metadata,
    parked,
    record,
    roster_row,
    setting,
)
from kiosk.core.codec import canonical
from kiosk.core.model import AnyRow, Site, Tier
from kiosk.core.roster import encode_row, row_key
from tests.builders import FakeClock

SECRET = bytes(range(32))
TOKEN = "staff-token-0123456789"
JOURNAL = "a1" * 16
MEMBER = "7f" * 8
APPLICATION = "a9" * 8
STORED_AT = "2026-11-22T08:31:07.800Z"


def add_club_tables(database: Database) -> None:
    """Make the tables of the club's books that no migration has made yet."""
    for module in pkgutil.iter_modules(kiosk.central.club.__path__):
        if module.name.endswith("tables"):
            importlib.import_module(f"kiosk.central.club.{module.name}")
    with database.begin() as connection:
        metadata.create_all(connection)


def make_decision(granted: bool = True, **data: Any) -> dict[str, Any]:
    """Make the record of a tap by the member at the entrance, without its seq."""
    defaults = {"clock": "ok", "access_point": "entrance", "reader": "front", "reason": "ok", "credential": "c1" * 16,
                "member": MEMBER, "tier": "gold", "roster": {"revision": 7, "age_s": 61}}  # fmt: skip
    kind = "access.granted" if granted else "access.denied"
    return {"at": "2026-11-22T08:31:07.412Z", "type": kind, "data": defaults | data}


def make_passage(of: int, taken: bool = True, **data: Any) -> dict[str, Any]:
    """Make the record of what became of the grant at seq `of`."""
    defaults = {"clock": "ok", "of": of, "area_from": "outside", "area_to": "club"}
    kind = "access.taken" if taken else "access.not_taken"
    return {"at": "2026-11-22T08:31:09.000Z", "type": kind, "data": defaults | data}


def store(database: Database, *records: dict[str, Any], journal_id: str = JOURNAL) -> int:
    """Store records as the next ones and return the newest number. The seq of a record is its number."""
    with database.begin() as connection:
        n = newest_n(connection)
        for each in records:
            n += 1
            body = canonical({"seq": n, **each})
            row = {"n": n, "journal": journal_id, "seq": n, "stored_at": STORED_AT, "hash": bytes(32), "body": body}
            connection.execute(insert(record).values(**row))
    return n


def add_journal(database: Database, name: str, journal_id: str, **fields: Any) -> None:
    """Register a device with one journal of which everything is stored."""
    row = {"public_key": "key", "registered_at": STORED_AT, "site": "demo", "state": "online", "seen_at": STORED_AT,
           "roster_revision": 7, "version": "0.1.0", "clock_offset_ms": 120}  # fmt: skip
    with database.begin() as connection:
        connection.execute(insert(device).values(name=name, **row | fields))
        connection.execute(
            insert(journal).values(id=journal_id, device=name, seq=40, head=42, hash=bytes(32), first_at=STORED_AT)
        )


def fill_club(database: Database) -> None:
    """Write down a site, two tiers, three members with cards and an entitlement, and a device."""
    rows: list[AnyRow] = [Site(id="demo", zone="Asia/Shanghai"), Tier(id="gold", rank=3, name="金卡", name_en="Gold"),
            Tier(id="silver", rank=2, name="银卡", name_en="Silver")]  # fmt: skip
    people: list[dict[str, Any]] = [
        {"id": MEMBER, "member_no": "M0001", "name": "张伟", "tier": "gold", "paid_until": "2027-03-31"},
        {"id": "7e" * 8, "member_no": "M0002", "name": "Alice Brown", "tier": "silver", "member_until": "2026-10-31"},
        {"id": "7d" * 8, "member_no": "M0003", "name": "王芳 100%", "paid_until": "2026-11-01"},
    ]
    cards: list[dict[str, Any]] = [
        {"id": "c1" * 16, "identifier": "04A1B2C3D4E5F6", "member": MEMBER},
        {"id": "c2" * 16, "identifier": "04A1B2C3D4E5F7", "member": "7e" * 8, "state": "lost"},
        {"id": "c3" * 16, "identifier": "04A1B2C3D4E5F8", "gift": True, "valid_until": "2027-01-31"},
    ]
    held = {"id": "e1", "member": MEMBER, "product": "swim-10", "valid_from": "2026-01-01", "unpaid": True}
    with database.begin() as connection:
        for row in rows:
            connection.execute(insert(roster_row).values(key=row_key(row), body=encode_row(row)))
        for person in people:
            connection.execute(insert(member).values(**person))
        for card in cards:
            connection.execute(insert(credential).values(**card))
        connection.execute(insert(entitlement).values(**held))
        connection.execute(insert(setting).values(name="roster_revision", value="9"))
        connection.execute(insert(application).values(**make_application_row()))
    add_journal(database, "north-1", JOURNAL)


def make_application_row(**fields: Any) -> dict[str, Any]:
    """Make the row of an application that nobody has looked at yet."""
    said = {"name": "陈晨", "phone": "13800000009", "channel": "web", "card_kind": "annual", "scopes": ["indoor"]}
    row = {"id": APPLICATION, "state": "submitted", "kind": "person", "channel": "web", "name": said["name"],
           "phone": said["phone"], "applied_on": "2026-11-20", "answer_due_on": "2026-11-27",
           "body": canonical(said).decode(), "changed_at": STORED_AT}  # fmt: skip
    return row | fields


def park_one(database: Database, number: int = 1, **fields: Any) -> None:
    """Park one item, and count one that was not kept."""
    row = {"at": STORED_AT, "device": "north-1", "why": "fork", "journal": JOURNAL, "first_seq": number,
           "hash": "h", "detail": "seq 17 holds another hash", "body": b"12345", "state": "open"}  # fmt: skip
    with database.begin() as connection:
        connection.execute(insert(parked).values(id=number, **row | fields))
        if number == 1:
            connection.execute(insert(discarded).values(device="north-1", why="oversize", count=3, last_at=STORED_AT))


def note_and_tell(database: Database) -> None:
    """Amend a rule, which the audit trail then knows, and put a notice into the outbox."""

    def work(change: Change) -> None:
        wish = Wish("joining.minimum_age", 16, change.today, "council", "a youth section opens")
        amend(change, [wish])
        change.tell(Telling("a1", "application_received", data={"answer_due_on": "2026-12-22"}))

    Books(database, FakeClock()).change(Actor("token"), work)
