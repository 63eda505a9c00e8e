"""Builders for tests of central: devices that keep journals and seal batches as the contract says."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from kiosk.central.database import Database
from kiosk.central.streams import read_records
from kiosk.central.tables import device as device_table
from kiosk.central.tables import parked, record
from kiosk.core.clock import format_utc
from kiosk.core.codec import GENESIS, canonical, chain
from kiosk.wire.batches import seal_batch
from kiosk.wire.messages import Birth, JournalHead, Offline
from kiosk.wire.signing import SigningKey

START = datetime(2026, 11, 22, 8, 31, 7, 412000, tzinfo=UTC)
MEMBER_CARD = "ab" * 16

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test whose statements do not differ by the kind of database: others of its file walk through both."""


class ManualClock:
    """A clock that stands still until it is moved; `boot` names its machine."""

    def __init__(self, now: datetime = START, boot: str = "boot-1") -> None:
        self.wall = now
        self.elapsed_ns = 0
        self.boot = boot

    def now(self) -> datetime:
        """Return the wall time."""
        return self.wall

    def monotonic_ns(self) -> int:
        """Return the time that was let pass."""
        return self.elapsed_ns

    def boot_id(self) -> str:
        """Return the machine's boot."""
        return self.boot

    def pass_s(self, seconds: float) -> None:
        """Let time pass, on the wall and on the monotonic clock."""
        self.wall += timedelta(seconds=seconds)
        self.elapsed_ns += round(seconds * 1_000_000_000)

    def set_wall(self, now: datetime) -> None:
        """Set the wall clock, as somebody might."""
        self.wall = now


class EdgeJournal:
    """One journal as a device holds it; `bodies[n - 1]` is record n and `hashes[n]` is h(n)."""

    def __init__(self, journal: str | None = None) -> None:
        self.id = journal or secrets.token_hex(16)
        self.bodies: list[bytes] = []
        self.hashes: list[bytes] = [GENESIS]

    @property
    def head(self) -> int:
        """The last seq."""
        return len(self.bodies)

    def append(self, kind: str, data: Mapping[str, Any], at: datetime = START) -> int:
        """Write a record and return its seq."""
        seq = self.head + 1
        return self.append_body(canonical({"seq": seq, "at": format_utc(at), "type": kind, "data": data}))

    def append_body(self, body: bytes) -> int:
        """Write a record's bytes as they are and return its seq."""
        self.bodies.append(body)
        self.hashes.append(chain(self.hashes[-1], body))
        return self.head

    def denied(self, count: int = 1, at: datetime = START) -> int:
        """Write so many refusals of about 300 bytes and return the last seq."""
        for _ in range(count):
            self.append("access.denied", make_access(reason="fee_overdue", tier="gold", member="7f" * 8), at)
        return self.head

    def passage(self, at: datetime = START, *, away_s: int = 2, area_to: str = "club", **access: Any) -> int:
        """Write a grant and the passage that follows it, and return the passage's seq."""
        grant = self.append("access.granted", make_access(**access), at)
        area_from = "outside" if area_to != "outside" else "club"
        taken = {"clock": "ok", "of": grant, "area_from": area_from, "area_to": area_to}
        return self.append("access.taken", taken, at + timedelta(seconds=away_s))


class EdgeDevice:
    """A device with its key; seals what it is told to."""

    def __init__(self, name: str = "north-1", key: SigningKey | None = None) -> None:
        self.name = name
        self.key = key or SigningKey.generate()
        self.session = secrets.token_hex(8)

    def batch(self, journal: EdgeJournal, first: int, last: int, **claims: Any) -> bytes:
        """Seal records `first` to `last`; `claims` override what the batch says: prev, hash, source, key."""
        return seal_batch(
            claims.get("source", self.name),
            journal.id,
            first,
            claims.get("prev", journal.hashes[first - 1]),
            claims.get("bodies", journal.bodies[first - 1 : last]),
            claims.get("hash", journal.hashes[last]),
            format_utc(START),
            claims.get("key", self.key),
        )

    def batches(self, journal: EdgeJournal, size: int = 212) -> list[bytes]:
        """Seal a whole journal, `size` records a batch."""
        return [
            self.batch(journal, first, min(first + size - 1, journal.head))
            for first in range(1, journal.head + 1, size)
        ]

    def birth(self, *journals: EdgeJournal, roster: int = 0, time: datetime = START, **claims: Any) -> bytes:
        """Seal a birth; `claims` override session and key."""
        heads = tuple(JournalHead(each.id, each.head, 0, each.hashes[-1].hex()) for each in journals)
        birth = Birth(
            session=claims.get("session", self.session),
            version=claims.get("version", "0.1.0"),
            journals=heads,
            roster=roster,
            time=format_utc(time),
        )
        return claims.get("key", self.key).seal(birth)

    def offline(self, session: str | None = None) -> bytes:
        """Return the words of the last will."""
        return canonical(msgspec.to_builtins(Offline(session=session or self.session)))


def make_access(**changes: Any) -> dict[str, Any]:
    """Return the data of a decision: a gold member at the entrance. None leaves a field out."""
    data: dict[str, Any] = {
        "clock": "ok",
        "access_point": "entrance",
        "reader": "reader-1",
        "reason": "ok",
        "roster": {"revision": 7, "age_s": 61},
        "credential": MEMBER_CARD,
    }
    return {name: value for name, value in (data | changes).items() if value is not None}


def register(database: Database, *devices: EdgeDevice, site: str = "demo", replaced_by: str | None = None) -> None:
    """Write devices down as `add-device` does."""
    with database.begin() as connection:
        for each in devices:
            row = {"name": each.name, "site": site, "public_key": each.key.public.to_text(), "state": "never"}
            row |= {"replaced_by": replaced_by, "registered_at": format_utc(START)}
            connection.execute(insert(device_table).values(**row))


def replace(database: Database, old: str, new: str) -> None:
    """Say that a device replaces another, as `add-device --replaces` does."""
    with database.begin() as connection:
        connection.execute(update(device_table).where(device_table.c.name == old).values(replaced_by=new))


def a_journal(records: int = 10) -> EdgeJournal:
    """A journal with so many refusals."""
    journal = EdgeJournal()
    journal.denied(records)
    return journal


def stored(database: Database, journal: EdgeJournal) -> list[bytes]:
    """The bodies that central holds of a journal, by seq."""
    query = select(record.c.body).where(record.c.journal == journal.id).order_by(record.c.seq)
    with database.read() as connection:
        return [bytes(body) for body in connection.execute(query).scalars()]


def parked_rows(database: Database) -> list[tuple[str, str, int]]:
    """What is parked: why, journal, first seq."""
    with database.read() as connection:
        query = select(parked.c.why, parked.c.journal, parked.c.first_seq).order_by(parked.c.id)
        return [tuple(row) for row in connection.execute(query)]


def listed(database: Database) -> list[dict[str, Any]]:
    """Every record that central holds, in the order it was stored."""
    rows: list[dict[str, Any]] = []
    while True:
        with database.read() as connection:
            page = read_records(connection, rows[-1]["n"] if rows else 0, 5000)
        if not page:
            return rows
        rows += page
