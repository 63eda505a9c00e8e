"""What follows from a gate's journal: open grants, visits and presence. Rows change in the commit of their fact.

A passage is known by (journal, seq), so that the numbers central sends can say which of our own they already contain.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from kiosk.core.decision import Standing
from kiosk.core.model import AccessPoint, Presence
from kiosk.core.records import Access
from kiosk.core.visits import Usage, count_visit
from kiosk.store.journal import Statement


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


def on_taken(grant: OpenGrant, at_ms: int) -> list[Statement]:
    """Turn a reservation into a visit and a presence."""
    statements = on_not_taken(grant)
    if grant.credential is None:
        return statements
    if grant.entitlement is not None:
        visit = (":journal", ":seq", grant.credential, grant.entitlement, at_ms)
        statements.append(("INSERT INTO visit VALUES (?, ?, ?, ?, ?)", visit))
    presence = (grant.credential, grant.area_to, at_ms, ":journal", ":seq")
    statements.append(("INSERT OR REPLACE INTO presence VALUES (?, ?, ?, ?, ?)", presence))
    return statements


def on_not_taken(grant: OpenGrant) -> list[Statement]:
    """Give a reservation back."""
    return [("DELETE FROM open_grant WHERE seq = ?", (grant.seq,))]


def open_grants(connection: sqlite3.Connection) -> list[OpenGrant]:
    """Return the grants nobody has used, oldest first."""
    return [OpenGrant(*row) for row in connection.execute("SELECT * FROM open_grant ORDER BY seq").fetchall()]


def standing(
    connection: sqlite3.Connection,
    credential: str | None,
    point: AccessPoint,
    used: Mapping[str, UsedNumbers],
    zone: ZoneInfo,
    now_ms: int,
    *,
    capacity: int | None,
) -> Standing:
    """Gather what is known of a credential's use: central's numbers, own passages they lack, and open grants."""
    occupancy = _occupancy(connection, point, now_ms) if capacity is not None else 0
    if credential is None:
        return Standing(occupancy=occupancy)
    visits = connection.execute(
        "SELECT journal, seq, entitlement, at_ms FROM visit WHERE credential = ? ORDER BY at_ms, seq", (credential,)
    ).fetchall()
    reserved = connection.execute(
        "SELECT entitlement, area_to, at_ms FROM open_grant WHERE credential = ? ORDER BY seq", (credential,)
    ).fetchall()
    seen = connection.execute(
        "SELECT area, at_ms, journal, seq FROM presence WHERE credential = ?", (credential,)
    ).fetchone()
    return Standing(
        presence=_presence(used.values(), seen, reserved),
        usage=_usage(used, visits, reserved, zone),
        occupancy=occupancy,
    )


def prune_visits(connection: sqlite3.Connection, folded: Mapping[str, int]) -> int:
    """Delete visits that every number from central contains; returns how many. Inside the writer's transaction."""
    gone = 0
    for journal, seq in folded.items():
        gone += connection.execute("DELETE FROM visit WHERE journal = ? AND seq <= ?", (journal, seq)).rowcount
    return gone


def _usage(
    used: Mapping[str, UsedNumbers],
    visits: Iterable[Sequence[object]],
    reserved: Iterable[Sequence[object]],
    zone: ZoneInfo,
) -> dict[str, Usage]:
    usage = {entitlement: numbers.counts for entitlement, numbers in used.items()}
    for journal, seq, entitlement, at_ms in visits:
        numbers = used.get(str(entitlement))
        if numbers is None or int(str(seq)) > numbers.folded.get(str(journal), 0):
            usage[str(entitlement)] = count_visit(usage.get(str(entitlement), Usage()), int(str(at_ms)), zone)
    for entitlement, _area, at_ms in reserved:
        if entitlement is not None:
            usage[str(entitlement)] = count_visit(usage.get(str(entitlement), Usage()), int(str(at_ms)), zone)
    return usage


def _presence(
    used: Iterable[UsedNumbers], seen: Sequence[object] | None, reserved: Sequence[Sequence[object]]
) -> Presence | None:
    if reserved:
        return Presence(str(reserved[-1][1]), int(str(reserved[-1][2])))
    known = [Presence(numbers.area, numbers.area_at_ms) for numbers in used if numbers.area is not None]
    if seen is not None:
        known.append(Presence(str(seen[0]), int(str(seen[1]))))
    return max(known, key=lambda presence: presence.at_ms, default=None)


def _occupancy(connection: sqlite3.Connection, point: AccessPoint, now_ms: int) -> int:
    inside = connection.execute(
        "SELECT count(*) FROM presence WHERE area = ? AND at_ms > ?", (point.area_to, now_ms - point.presence_s * 1000)
    ).fetchone()[0]
    coming = connection.execute("SELECT count(*) FROM open_grant WHERE area_to = ?", (point.area_to,)).fetchone()[0]
    return int(inside) + int(coming)
