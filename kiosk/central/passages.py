"""What passages change: visits, presence and the `used` rows that tell every gate what the others have seen.

Visits of an entitlement count at all sites together, whichever gate saw them; each site has its own row, because days
and weeks are counted in the site's time zone. Presence is a matter of one site and stands in the row with entitlement
"". A row holds everything of a journal up to its fold point `folded[journal]`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, bindparam, insert, select

from kiosk.central.database import upsert_many
from kiosk.central.tables import used, visit
from kiosk.core.codec import canonical
from kiosk.core.model import VisitRule
from kiosk.core.records import AccessTaken
from kiosk.core.visits import Usage, count_visit, used_up

FOLDED_MAX = 256
"""Journals a row names at most; past it those that contributed longest ago are left out."""

Key = tuple[str, str]
"""Credential and entitlement."""


class Passage(msgspec.Struct, frozen=True):
    """One passage with what its grant says. `origin` is where the fact was first written; copies share it.

    `at_ms` is what the gate's clock showed, `stored_ms` when central stored it. `successor` is the card that came in
    the place of the one that went through, where there is one: that one's visits are the member's.
    """

    n: int
    journal: str
    seq: int
    site: str
    credential: str
    entitlement: str | None
    at_ms: int
    stored_ms: int
    origin: tuple[str, int]
    fact: AccessTaken
    successor: str = ""

    @property
    def key(self) -> Key:
        """The credential on which the visit counts, and the entitlement; "" where the passage used no visit."""
        return self.successor or self.credential, self.entitlement or ""


class Overspent(msgspec.Struct, frozen=True):
    """A visit beyond what was bought, as two gates without a line may both grant it; `limit` says which one."""

    n: int
    key: Key
    limit: Mapping[str, int | str]


class Rules(msgspec.Struct, frozen=True):
    """What the club's rows say: each site's zone, and the visit rule of each entitlement where it has one."""

    zones: Mapping[str, ZoneInfo]
    visits: Mapping[str, VisitRule]


class _Visit(msgspec.Struct, frozen=True, order=True):
    at_ms: int
    n: int
    site: str


class _Row(msgspec.Struct):
    counts: Usage = Usage()
    area: str | None = None
    area_at_ms: int = 0
    folded: dict[str, int] = {}
    known: bool = False


_MINE = (visit.c.credential == bindparam("credential"), visit.c.entitlement == bindparam("entitlement"))
_OF_KEY = select(visit.c.at_ms, visit.c.n, visit.c.site).where(*_MINE).order_by(visit.c.at_ms, visit.c.n)
_AT_MOMENT = select(visit.c.n).where(*_MINE, visit.c.at_ms == bindparam("at_ms"))
_usage = msgspec.json.Decoder(Usage)
_folded = msgspec.json.Decoder(dict[str, int])


def new_visits(connection: Connection, passages: Sequence[Passage], same: Iterable[Passage]) -> list[Passage]:
    """Return the passages that use a visit nobody has counted, and write those visits down.

    `same` holds the counted passages that share card, entitlement and moment with one of these: a copy of a fact counts
    once, whichever of the two came first. Running twice over the same passages changes nothing.
    """
    counted: dict[tuple[Key, int], list[Passage]] = defaultdict(list)
    for each in same:
        counted[each.key, each.at_ms].append(each)
    fresh = []
    for each in passages:
        if each.entitlement is None:
            continue
        twins = counted[each.key, each.at_ms]
        if not any(each.n == twin.n or _is_copy(each, twin) for twin in twins):
            fresh.append(each)
            twins.append(each)
    if fresh:
        rows = [
            {"n": p.n, "site": p.site, "credential": p.key[0], "entitlement": p.entitlement, "at_ms": p.at_ms}
            for p in fresh
        ]
        connection.execute(insert(visit), rows)
    return fresh


def counted_at(connection: Connection, passages: Iterable[Passage]) -> list[int]:
    """Return the numbers of counted visits that share card, entitlement and moment with one of these passages."""
    moments = {(p.key, p.at_ms) for p in passages if p.entitlement is not None}
    # One by one: SQLite looks for pairs of values `IN` a list by reading the whole table.
    found: list[int] = []
    for (credential, entitlement), at_ms in sorted(moments):
        named = {"credential": credential, "entitlement": entitlement, "at_ms": at_ms}
        found += connection.execute(_AT_MOMENT, named).scalars()
    return found


def fold(
    connection: Connection, passages: Sequence[Passage], fresh: Sequence[Passage], rules: Rules, version: int
) -> list[Overspent]:
    """Bring the `used` rows up to date with passages, `fresh` of which use new visits; name what was overspent."""
    rows = _load(connection, {name for p in passages for name in (p.credential, p.key[0])})
    changed: dict[tuple[str, str, str], _Row] = {}
    for passage in sorted(passages, key=lambda each: (each.at_ms, each.n)):
        place = (passage.credential, "", passage.site)
        row = changed[place] = rows.setdefault(place, _Row())
        _note_fold(row, passage)
        # It cannot have been later than it was stored: a gate clock that is ahead must not pin anybody to a place.
        moment = min(passage.at_ms, passage.stored_ms)
        if moment >= row.area_at_ms:
            row.area, row.area_at_ms = passage.fact.area_to, moment
    overspent = _count(connection, passages, fresh, rules, rows, changed)
    _store(connection, changed, version)
    return overspent


def _count(
    connection: Connection,
    passages: Sequence[Passage],
    fresh: Sequence[Passage],
    rules: Rules,
    rows: dict[tuple[str, str, str], _Row],
    changed: dict[tuple[str, str, str], _Row],
) -> list[Overspent]:
    seen: dict[Key, list[Passage]] = defaultdict(list)
    visits: dict[Key, list[_Visit]] = defaultdict(list)
    for passage in passages:
        if passage.entitlement is not None:
            seen[passage.key].append(passage)
    for passage in fresh:
        visits[passage.key].append(_Visit(passage.at_ms, passage.n, passage.site))
    overspent: list[Overspent] = []
    for key, mine in seen.items():
        elsewhere = [rows[*key, site].folded for site in rules.zones if (*key, site) in rows]
        for site, zone in rules.zones.items():
            row = changed[*key, site] = rows.setdefault((*key, site), _Row(folded=dict(*elsewhere[:1])))
            for passage in mine:
                _note_fold(row, passage)
            overspent += _count_row(connection, key, row, sorted(visits[key]), zone, site, rules.visits.get(key[1]))
    return overspent


def _count_row(
    connection: Connection, key: Key, row: _Row, fresh: list[_Visit], zone: ZoneInfo, site: str, rule: VisitRule | None
) -> list[Overspent]:
    """Count new visits in the order of time; where one is older than what was counted, count all of them again."""
    usage, pending = row.counts, fresh
    since_ms = fresh[0].at_ms if fresh else 0
    if not row.known or (fresh and since_ms < usage.last_ms):
        usage, pending = Usage(), _all_visits(connection, key)
    overspent = []
    for each in pending:
        if rule is not None and fresh and each.site == site and each.at_ms >= since_ms:
            limit = used_up(rule, usage, datetime.fromtimestamp(each.at_ms / 1000, zone))
            if limit is not None:
                overspent.append(Overspent(each.n, key, limit))
        usage = count_visit(usage, each.at_ms, zone)
    row.counts, row.known = usage, True
    return overspent


def _all_visits(connection: Connection, key: Key) -> list[_Visit]:
    return [_Visit(*row) for row in connection.execute(_OF_KEY, {"credential": key[0], "entitlement": key[1]})]


def _load(connection: Connection, credentials: set[str]) -> dict[tuple[str, str, str], _Row]:
    query = select(used).where(used.c.credential.in_(sorted(credentials)))
    return {
        (row["credential"], row["entitlement"], row["site"]): _Row(
            _usage.decode(row["counts"]), row["area"], row["area_at_ms"], _folded.decode(row["folded"]), known=True
        )
        for row in connection.execute(query).mappings()
    }


def _store(connection: Connection, changed: Mapping[tuple[str, str, str], _Row], version: int) -> None:
    rows: list[dict[str, Any]] = [
        {
            "credential": credential,
            "entitlement": entitlement,
            "site": site,
            "counts": canonical(row.counts),
            "area": row.area,
            "area_at_ms": row.area_at_ms,
            "folded": msgspec.json.encode(row.folded),
            "version": version,
        }
        for (credential, entitlement, site), row in changed.items()
    ]
    upsert_many(connection, used, rows)


def _note_fold(row: _Row, passage: Passage) -> None:
    last = max(row.folded.pop(passage.journal, 0), passage.seq)
    row.folded[passage.journal] = last
    while len(row.folded) > FOLDED_MAX:
        del row.folded[next(iter(row.folded))]


def _is_copy(one: Passage, other: Passage) -> bool:
    return one.origin == other.origin and _content(one.fact) == _content(other.fact)


def _content(fact: AccessTaken) -> AccessTaken:
    return msgspec.structs.replace(fact, of=0, of_journal=None, copied_from=None)
