"""What follows from a gate's journal: open grants, visits and presence. Rows change in the commit of their fact.

A passage is known by (journal, seq), so that the numbers central sends can say which of our own they already contain.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kiosk.core.case import Standing
from kiosk.core.clock import TOLERANCE_MS, is_to_come
from kiosk.core.model import AccessPoint, Presence
from kiosk.core.records import Access
from kiosk.core.visits import Usage, count_visit
from kiosk.store.journal import Journal, Statement

_USE = """
SELECT 0, area, at_ms, journal, seq FROM presence WHERE credential = ?1
UNION ALL SELECT 1, entitlement, at_ms, journal, seq FROM visit WHERE credential = ?1
UNION ALL SELECT 2, entitlement, at_ms, area_to, seq FROM open_grant WHERE credential = ?1
"""


class OpenGrant(msgspec.Struct, frozen=True):
    """A grant that nobody has used yet; it reserves its visit, presence and place."""

    seq: int
    access_point: str
    gate: str
    credential: str | None
    entitlement: str | None
    area_from: str
    area_to: str
    at_ms: int


class UsedNumbers(msgspec.Struct, frozen=True):
    """What central last said of one entitlement of a credential, and which own records that contains."""

    counts: Usage
    area: str | None
    area_at_ms: int
    folded: dict[str, int]


def on_grant(
    event: Access, point: AccessPoint, at_ms: int, used: Mapping[str, UsedNumbers] | None = None
) -> list[Statement]:
    """Reserve what a grant may use, and forget the visits that central's numbers of its credential contain."""
    row = (":seq", point.id, point.gate, event.credential, event.entitlement, point.area_from, point.area_to, at_ms)
    reserve = ("INSERT INTO open_grant VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    known = (used or {}).items() if event.credential is not None else ()
    return [reserve, *(_forget_visits(event.credential, entitlement, each.folded) for entitlement, each in known)]


def on_taken(grant_seq: int, at_ms: int) -> list[Statement]:
    """Turn a reservation into a visit and a presence."""
    return [
        (
            "INSERT INTO visit SELECT ?, ?, credential, entitlement, ? FROM open_grant"
            " WHERE seq = ? AND credential IS NOT NULL AND entitlement IS NOT NULL",
            (":journal", ":seq", at_ms, grant_seq),
        ),
        (
            "INSERT OR REPLACE INTO presence SELECT credential, area_to, ?, ?, ? FROM open_grant"
            " WHERE seq = ? AND credential IS NOT NULL",
            (at_ms, ":journal", ":seq", grant_seq),
        ),
        *on_not_taken(grant_seq),
    ]


def on_not_taken(grant_seq: int) -> list[Statement]:
    """Give a reservation back."""
    return [("DELETE FROM open_grant WHERE seq = ?", (grant_seq,))]


def open_grants(journal: Journal) -> list[OpenGrant]:
    """Return the grants nobody has used, oldest first."""
    return [OpenGrant(*row) for row in journal.query("SELECT * FROM open_grant ORDER BY seq")]


def standing(
    journal: Journal,
    credential: str | None,
    point: AccessPoint,
    used: Mapping[str, UsedNumbers],
    zone: ZoneInfo,
    now_ms: int,
    *,
    capacity: int | None,
) -> Standing:
    """Gather what is known of a credential's use: central's numbers, own passages they lack, and open grants.

    Places are counted by this box alone: who came in here and left through another box counts as inside until
    `presence_s` is over (docs/operations.md).
    """
    occupancy = _occupancy(journal, point, now_ms) if capacity is not None else 0
    if credential is None:
        return Standing(occupancy=occupancy)
    seen: list[Any] = []
    visits: list[Any] = []
    reserved: list[Any] = []
    for kind, *row in journal.query(_USE, (credential,)):
        (seen, visits, reserved)[kind].append(row)
    # In the order they happened, and of one millisecond in the order they were written.
    visits.sort(key=itemgetter(1, 3))
    reserved.sort(key=itemgetter(3))
    return Standing(
        presence=_presence(used.values(), seen, reserved, now_ms),
        usage=_usage(used, visits, reserved, zone),
        occupancy=occupancy,
    )


def forget_presence(before_ms: int) -> list[Statement]:
    """Forget whom nobody has seen since a time, UTC, milliseconds since 1970; for the hours when nobody waits.

    A presence older than the longest `presence_s` of the box's access points decides nothing any more.
    """
    return [("DELETE FROM presence WHERE at_ms < ?", (before_ms,))]


def _forget_visits(credential: str | None, entitlement: str, folded: Mapping[str, int]) -> Statement:
    # One statement for any number of journals: where the card has no visit here, the list is not even read.
    sql = (
        "DELETE FROM visit WHERE credential = ? AND entitlement = ?"
        " AND seq <= (SELECT value FROM json_each(?) WHERE key = journal)"
    )
    return (sql, (credential, entitlement, msgspec.json.encode(folded).decode()))


def _usage(used: Mapping[str, UsedNumbers], visits: list[Any], reserved: list[Any], zone: ZoneInfo) -> dict[str, Usage]:
    usage = {entitlement: numbers.counts for entitlement, numbers in used.items()}
    for entitlement, at_ms, journal, seq in visits:
        numbers = used.get(entitlement)
        if numbers is None or seq > numbers.folded.get(journal, 0):
            usage[entitlement] = count_visit(usage.get(entitlement, Usage()), at_ms, zone)
    for entitlement, at_ms, _area, _seq in reserved:
        if entitlement is not None:
            usage[entitlement] = count_visit(usage.get(entitlement, Usage()), at_ms, zone)
    return usage


def _presence(used: Iterable[UsedNumbers], seen: list[Any], reserved: list[Any], now_ms: int) -> Presence | None:
    """Return the newest word on where a card is. What a clock that was ahead has dated is no word."""
    if reserved:
        _entitlement, at_ms, area, _seq = reserved[-1]
        return Presence(area, at_ms)
    known: list[Presence] = []
    folded: dict[str, int] = {}
    for numbers in used:
        if numbers.area is not None and not is_to_come(numbers.area_at_ms, now_ms):
            known.append(Presence(numbers.area, numbers.area_at_ms))
            folded.update(numbers.folded)
    for area, at_ms, journal, seq in seen:
        # Central's word on the area is newer than our own passage that it already contains, whatever their dates say.
        if seq > folded.get(journal, 0) and not is_to_come(at_ms, now_ms):
            known.append(Presence(area, at_ms))
    return max(known, key=lambda presence: presence.at_ms, default=None)


def _occupancy(journal: Journal, point: AccessPoint, now_ms: int) -> int:
    # Up to the tolerance: what a clock that was ahead has dated would keep its place until that date has come.
    span = (now_ms - point.presence_s * 1000, now_ms + TOLERANCE_MS)
    inside = "SELECT count(*) FROM presence WHERE area = ? AND at_ms > ? AND at_ms <= ?"
    coming = "SELECT count(*) FROM open_grant WHERE area_to = ?"
    counts = journal.query(inside, (point.area_to, *span)) + journal.query(coming, (point.area_to,))
    return sum(int(count) for (count,) in counts)
