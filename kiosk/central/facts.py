"""Stored records as facts, and passages joined with the grants they follow."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.parking import Why
from kiosk.central.passages import Passage
from kiosk.central.tables import device, journal, record
from kiosk.core.clock import epoch_ms, parse_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.records import FACTS, AccessGranted, AccessTaken, Fact, Record

CHUNK = 1000
YEARS = range(2000, 3000)
"""A record of another year is not usable: the calendar ends, and local time may lie beyond it."""

_HEX = re.compile(r"[0-9a-f]{32}\Z")
_record = msgspec.json.Decoder(Record)

Place = tuple[str, int]
"""Journal and seq."""


class Row(msgspec.Struct, frozen=True):
    """A stored record and whose it is."""

    n: int
    journal: str
    seq: int
    hash: bytes
    body: bytes
    stored_at: str
    device: str
    site: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.journal, self.seq


class Read(msgspec.Struct, frozen=True):
    """A record that could be read; `at_ms` is its own time."""

    row: Row
    at_ms: int
    fact: Fact


class Unusable(Exception):  # named after what it says, as the error tree is
    """A record that projection cannot use; it is parked for a person."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why = why


def rows_where(connection: Connection, *where: Any) -> list[Row]:
    """Return stored records in the order of their numbers, 1,000 at most."""
    columns = (record.c.n, record.c.journal, record.c.seq, record.c.hash, record.c.body, record.c.stored_at)
    query = (
        select(*columns, journal.c.device, device.c.site)
        .join(journal, journal.c.id == record.c.journal)
        .join(device, device.c.name == journal.c.device)
        .where(*where)
        .order_by(record.c.n)
        .limit(CHUNK)
    )
    return [Row(*row) for row in connection.execute(query)]


def read_fact(row: Row) -> Read:
    """Read a record as the fact its type names; raises Unusable."""
    content = _record.decode(row.body)
    kind = FACTS.get(content.type)
    if kind is None:
        raise Unusable(Why.UNKNOWN_TYPE, f"records of type {content.type[:64]!r} are not known here")
    try:
        at = parse_utc(content.at)
        fact: Fact = msgspec.convert(content.data, kind)
    except (msgspec.ValidationError, InvalidInput) as error:
        raise Unusable(Why.BAD_DATA, f"{content.type}: {error}") from error
    if at.year not in YEARS:
        raise Unusable(Why.BAD_DATA, f"{content.type}: a record of the year {at.year}")
    return Read(row, epoch_ms(at), fact)


def grant_places(reads: Iterable[Read]) -> dict[Place, Place]:
    """Return for each passage where its grant should stand."""
    return {
        each.row.place: (each.fact.of_journal or each.row.journal, each.fact.of)
        for each in reads
        if isinstance(each.fact, AccessTaken)
    }


def find_grants(connection: Connection, wanted: Iterable[Place], reads: Sequence[Read]) -> dict[Place, AccessGranted]:
    """Return the grants at these places, from what was just read or else from what is stored."""
    here = {each.row.place: each.fact for each in reads if isinstance(each.fact, AccessGranted)}
    found = {place: here[place] for place in set(wanted) if place in here}
    missing: dict[str, list[int]] = defaultdict(list)
    for name, seq in set(wanted) - found.keys():
        if _HEX.match(name):
            missing[name].append(seq)
    # Journal by journal: SQLite looks for pairs of values `IN` a list by reading the whole table.
    for name, seqs in missing.items():
        for start in range(0, len(seqs), CHUNK):
            some = seqs[start : start + CHUNK]
            for row in rows_where(connection, record.c.journal == name, record.c.seq.in_(some)):
                with suppress(Unusable):
                    fact = read_fact(row).fact
                    if isinstance(fact, AccessGranted):
                        found[row.place] = fact
    return found


def join_passage(read: Read, places: Mapping[Place, Place], grants: Mapping[Place, AccessGranted]) -> Passage | None:
    """Join a passage with its grant; None where it is no passage or nobody knows whose. Raises Unusable."""
    fact, row = read.fact, read.row
    if not isinstance(fact, AccessTaken):
        return None
    grant = grants.get(places[row.place])
    if grant is None:
        raise Unusable(Why.BAD_DATA, "access.taken: the record it names is no stored grant")
    if grant.credential is None:
        return None
    if not _HEX.match(grant.credential):
        raise Unusable(Why.BAD_DATA, "access.taken: its grant has no keyed hash")
    if not _is_code(grant.entitlement, 48) or not _is_code(fact.area_to, 32):
        raise Unusable(Why.BAD_DATA, "access.taken: an entitlement or area that cannot be")
    return Passage(
        n=row.n,
        journal=row.journal,
        seq=row.seq,
        site=row.site,
        credential=grant.credential,
        entitlement=grant.entitlement,
        at_ms=read.at_ms,
        stored_ms=epoch_ms(parse_utc(row.stored_at)),
        origin=_origin(row, fact),
        fact=fact,
    )


def _origin(row: Row, fact: Fact) -> Place:
    if fact.copied_from is None:
        return row.place
    name, seq = fact.copied_from.get("journal"), fact.copied_from.get("seq")
    if not isinstance(name, str) or not isinstance(seq, int):
        raise Unusable(Why.BAD_DATA, "access.taken: copied_from names no journal and seq")
    return name, seq


def _is_code(text: str | None, most: int) -> bool:
    return text is None or (0 < len(text) <= most and text.isprintable())
