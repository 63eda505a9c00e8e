"""The taps of cards as they are held against each other, out of the records that came in (S28, R39)."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import delete, select, tuple_

from kiosk.central.club.books import Change, Look
from kiosk.central.club.case_tables import card_tap
from kiosk.central.database import insert_missing
from kiosk.central.facts import Place, Read, Row, Unusable, find_grants, grant_places, join_passage, read_fact
from kiosk.club.misuse_rules import MisuseRules, Tap, look_back
from kiosk.core.clock import ClockState, epoch_ms
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.records import AccessDenied, AccessTaken, DenyReason, GrantReason

TAPS_MAX = 2000
"""Taps of one card that are held against each other; of more the newest."""

LATE = timedelta(days=60)
"""How late a record may come and still be looked into: of its whole day all that is looked back to is kept."""

POINTS_MAX = 100
NAME_CHARACTERS_MAX = 64
FORGOTTEN_PER_STEP = 1000

_HEX = re.compile(r"[0-9a-f]{32}\Z")


class CardTap(msgspec.Struct, frozen=True):
    """A tap with the card, the access point, and where it was first written, which a copied record shares."""

    credential: str
    access_point: str
    tap: Tap
    origin: Place


def keep_taps(change: Change, rows: Sequence[Row]) -> list[CardTap]:
    """Keep what stored records say of cards, and return what is new and not too old to be looked into.

    Records of a box whose clock could not be believed say nothing about when. Running it again changes nothing.
    """
    oldest = change.now - LATE
    fresh = [each for each in _passages(change, rows) if each.tap.at >= oldest and _insert(change, each)]
    # The passages first: they tell to which area an access point leads.
    for each, read in _refused(rows):
        found = _refused_tap(change, each, read)
        if found is not None and found.tap.at >= oldest and _insert(change, found):
            fresh.append(found)
    return fresh


def taps_of(look: Look, credential: str, since: datetime) -> list[Tap]:
    """Return what is kept of a card's taps since a moment, 2,000 at most, in the order of time."""
    mine = (card_tap.c.credential == credential, card_tap.c.at_ms >= epoch_ms(since))
    rows = look.connection.execute(select(card_tap).where(*mine).order_by(card_tap.c.at_ms.desc()).limit(TAPS_MAX))
    found = [
        Tap(
            journal=row.journal,
            seq=row.seq,
            at=_moment(row.at_ms),
            site=row.site,
            area=row.area,
            way_out=row.way_out,
            passed=row.passed,
        )
        for row in rows
    ]
    return found[::-1]


def points_seen(look: Look) -> list[tuple[str, str]]:
    """Return the ways in that were used, as site and access point, as far as taps are kept; 100 at most."""
    columns = (card_tap.c.site, card_tap.c.access_point)
    found: list[tuple[str, str]] = []
    last = ("", "")
    for _ in range(POINTS_MAX):
        # From one to the next by the index: there are millions of taps and a handful of access points.
        query = select(*columns, card_tap.c.way_out).where(tuple_(*columns) > last).order_by(*columns).limit(1)
        row = look.connection.execute(query).first()
        if row is None:
            break
        last = (row.site, row.access_point)
        if not row.way_out:
            found.append(last)
    return found


def kept_for(rules: MisuseRules) -> timedelta:
    """Return for how long taps are kept: what is looked back to, and as late as records may come."""
    return look_back(rules) + LATE + timedelta(days=1)


def forget_taps(change: Change) -> int:
    """Delete a step of the taps that nothing is held against any more; return how many."""
    until_ms = epoch_ms(change.now - kept_for(change.rules.misuse))
    columns = (card_tap.c.origin_journal, card_tap.c.origin_seq)
    old = change.connection.execute(select(*columns).where(card_tap.c.at_ms < until_ms).limit(FORGOTTEN_PER_STEP)).all()
    for journal, seq in old:
        change.connection.execute(delete(card_tap).where(columns[0] == journal, columns[1] == seq))
    return len(old)


def _passages(change: Change, rows: Sequence[Row]) -> Iterable[CardTap]:
    reads = [each for row in rows if (each := _read(row)) is not None]
    places = grant_places(reads)
    grants = find_grants(change.connection, places.values(), reads)
    for each in reads:
        try:
            passage = join_passage(each, places, grants)
        except Unusable:
            # Parked by the projection, which reads the same records.
            continue
        if passage is None or not isinstance(each.fact, AccessTaken) or not _is_believed(each):
            continue
        grant = grants[places[each.row.place]]
        area = passage.fact.area_to
        way_out = grant.reason == GrantReason.OK_EXIT
        tap = Tap(passage.journal, passage.seq, _moment(passage.at_ms), passage.site, area, way_out=way_out)
        yield CardTap(passage.credential, grant.access_point, tap, passage.origin)


def _refused(rows: Sequence[Row]) -> Iterable[tuple[AccessDenied, Read]]:
    for row in rows:
        read = _read(row)
        if read is None or not isinstance(read.fact, AccessDenied) or not _is_believed(read):
            continue
        if read.fact.reason == DenyReason.ANTIPASSBACK_VIOLATION:
            yield read.fact, read


def _refused_tap(change: Change, fact: AccessDenied, read: Read) -> CardTap | None:
    """Return a way in that the anti-passback refused; None where nobody has yet passed that access point."""
    if not fact.access_point.isprintable():
        return None
    there = (card_tap.c.site == read.row.site, card_tap.c.access_point == fact.access_point, card_tap.c.passed)
    area = change.connection.execute(select(card_tap.c.area).where(*there).limit(1)).scalar_one_or_none()
    if fact.credential is None or area is None:
        return None
    tap = Tap(read.row.journal, read.row.seq, _moment(read.at_ms), read.row.site, area, passed=False)
    copied = fact.copied_from or {}
    journal, seq = copied.get("journal", read.row.journal), copied.get("seq", read.row.seq)
    origin = (journal, seq) if isinstance(journal, str) and isinstance(seq, int) else read.row.place
    return CardTap(fact.credential, fact.access_point, tap, origin)


def _read(row: Row) -> Read | None:
    try:
        return read_fact(row)
    except Unusable:
        return None


def _is_believed(read: Read) -> bool:
    return read.fact.clock is ClockState.OK


def _insert(change: Change, found: CardTap) -> bool:
    journal, seq = found.origin
    point = found.access_point
    is_name = point.isprintable() and len(point) <= NAME_CHARACTERS_MAX
    if not is_name or not _HEX.match(journal) or not _HEX.match(found.credential) or abs(seq) > INTEGER_MAX:
        return False
    row = {name: getattr(found.tap, name) for name in ("journal", "seq", "site", "area", "way_out", "passed")}
    row |= {"origin_journal": journal, "origin_seq": seq, "credential": found.credential}
    row |= {"access_point": found.access_point, "at_ms": epoch_ms(found.tap.at)}
    return insert_missing(change.connection, card_tap, row)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
