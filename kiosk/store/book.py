"""What follows from a gate's journal: open grants, visits and presence. Rows change in the commit of their fact.

A passage is known by (journal, seq), so that the numbers central sends can say which of our own they already contain.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from kiosk.core.decision import Standing
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


def on_grant(event: Access, point: AccessPoint, at_ms: int) -> list[Statement]:
    """Reserve what a grant may use."""
    row = (":seq", point.id, point.gate, event.credential, event.entitlement, point.area_from, point.area_to, at_ms)
    return [("INSERT INTO open_grant VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)]


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
    """Gather what is known of a credential's use: central's numbers, own passages they lack, and open grants."""
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
        presence=_presence(used.values(), seen, reserved),
        usage=_usage(used, visits, reserved, zone),
        occupancy=occupancy,
    )


def prune_visits(folded: Mapping[str, int], credential: str, entitlement: str) -> list[Statement]:
    """Forget the visits that the number central keeps of one entitlement already contains."""
    sql = "DELETE FROM visit WHERE credential = ? AND entitlement = ? AND journal = ? AND seq <= ?"
    return [(sql, (credential, entitlement, journal, seq)) for journal, seq in folded.items()]


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


def _presence(used: Iterable[UsedNumbers], seen: list[Any], reserved: list[Any]) -> Presence | None:
    if reserved:
        _entitlement, at_ms, area, _seq = reserved[-1]
        return Presence(area, at_ms)
    known = [Presence(numbers.area, numbers.area_at_ms) for numbers in used if numbers.area is not None]
    known += [Presence(area, at_ms) for area, at_ms, _journal, _seq in seen]
    return max(known, key=lambda presence: presence.at_ms, default=None)


def _occupancy(journal: Journal, point: AccessPoint, now_ms: int) -> int:
    since_ms = now_ms - point.presence_s * 1000
    inside = journal.query("SELECT count(*) FROM presence WHERE area = ? AND at_ms > ?", (point.area_to, since_ms))
    coming = journal.query("SELECT count(*) FROM open_grant WHERE area_to = ?", (point.area_to,))
    return int(inside[0][0]) + int(coming[0][0])
