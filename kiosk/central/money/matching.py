"""The nightly match of what edges recorded, what the ledger has and what providers say: every event has its place (D2).

The records are read anew, not by what booked them. What does not match is kept with who has to look into it until it
does, or somebody closes it with a reason.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Job, Step
from kiosk.central.database import insert_missing, read_setting, upsert, write_setting
from kiosk.central.facts import CHUNK, Read, Unusable, read_fact, rows_where
from kiosk.central.money.edge_tables import edge_line, reconciled
from kiosk.central.money.match_lines import IDS_AT_ONCE, lines_named, lines_on, lines_since
from kiosk.central.roster import in_steps
from kiosk.central.tables import record
from kiosk.club.reconciliation import Matched, MatchLine, MatchReason, MatchState, Side, reconcile
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput
from kiosk.core.records import SaleMade, SaleVoided, TopUpTaken

NAME = "reconcile"
CURSOR = "reconcile_cursor"
WINDOW_DAYS = 14
CATCH_UP_STEP_DAYS = 7
"""While days off are caught up every so many are matched: the days that each match looks back over meet."""

PAGE_MAX = 500
WHY_CHARACTERS_MAX = 500

_OF_MONEY = re.compile(rb'"(?:sale\.made|sale\.voided|topup\.taken)"')


class Event(msgspec.Struct, frozen=True):
    """An event of the match: where it stands, whose it is, since when, and how it was closed if somebody did.

    `owner` is the role that the rules name, `assigned_to` the person who has it. `found_on` is None for one that never
    failed to match.
    """

    id: str
    state: MatchState
    reason: MatchReason
    amounts: tuple[tuple[Side, int], ...]
    owner: str
    since: datetime
    found_on: date | None = None
    assigned_to: str = ""
    closed_by: str = ""
    closed_at: datetime | None = None
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look into it: written down by a night, and neither matched nor closed since."""
        return self.found_on is not None and self.state is not MatchState.MATCHED and not self.closed_by


def run(books: Books, day: date, place: str) -> Step:
    """Read the records that are new, 1,000 a step, and then match all three sides: looked through before it is written,
    so that nobody waits for the match.
    """
    actor = Actor(f"job:{NAME}", "job")
    done = int(place or 0)
    read = books.change(actor, lambda change: read_records(change))
    if read == CHUNK:
        return Step(done + read, done + read + 1, str(done + read), finished=False)
    with books.look() as look:
        is_matched = day >= look.today - timedelta(days=1) or day.toordinal() % CATCH_UP_STEP_DAYS == 0
        found = match(look, day) if is_matched else []
    if found:
        books.change(actor, lambda change: keep(change, found, day))
    return Step(done + read, done + read, str(done + read), finished=True)


def matching_jobs() -> tuple[Job, ...]:
    """Return the job of the match, which comes behind the proof."""
    return (Job(NAME, run, every_day=True),)


def read_records(change: Change) -> int:
    """Write down what the next records say of money; return how many records were read."""
    cursor = int(read_setting(change.connection, CURSOR, lock=True) or 0)
    rows = rows_where(change.connection, record.c.n > cursor)
    for row in rows:
        if not _OF_MONEY.search(row.body):
            continue  # most are of gates, and reading one takes ten times as long as looking for a word
        try:
            read = read_fact(row)
        except Unusable:  # it is parked, and a person looks at it
            continue
        for line in _of_record(read):
            insert_missing(change.connection, edge_line, line)
    if rows:
        write_setting(change.connection, CURSOR, str(rows[-1].n))
    return len(rows)


def match(look: Look, day: date) -> list[Matched]:
    """Match the last fourteen days and whatever is open; return what does not match, and what does by now."""
    found = reconcile(lines_of(look, day), look.now, look.rules.reconciling)
    known = set(look.connection.execute(select(reconciled.c.id)).scalars())
    return [each for each in found if each.id in known or each.state is not MatchState.MATCHED]


def keep(change: Change, found: Sequence[Matched], day: date) -> None:
    """Write down how events were found, but for what somebody closed for the same reason."""
    known = _known(change, found)
    for each in found:
        before = known.get(each.id)
        if before is None or not before.closed_by or before.reason != each.reason:
            _keep(change, each, day, before)


def lines_of(look: Look, day: date) -> list[MatchLine]:
    """Return the lines of all events of the fourteen days before a day, and of those that are open still."""
    since = format_utc(datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=WINDOW_DAYS))
    query = select(reconciled.c.id).where(reconciled.c.state != MatchState.MATCHED.value)
    return lines_since(look, since, look.connection.execute(query).scalars())


def open_events(look: Look, *, closed: bool = False, limit: int = PAGE_MAX) -> list[Event]:
    """Return what does not match and is open, the oldest first; with `closed` what somebody closed. 500 at most."""
    table = reconciled
    is_closed = table.c.closed_by != ""
    mine = is_closed if closed else (~is_closed & (table.c.state != MatchState.MATCHED.value))
    return _read(look, select(table).where(mine).order_by(table.c.since, table.c.id).limit(min(limit, PAGE_MAX)))


def events_on(look: Look, day: date) -> list[Event]:
    """Return every event that began on a local day as it stands now, errors first."""
    events = _now(look, lines_on(look, day))
    return [each for each in events if each.since.astimezone(look.zone).date() == day]


def event_of(look: Look, id: str) -> tuple[Event, list[MatchLine]]:
    """Return an event as it stands now, with its lines; raises InvalidInput where there is none."""
    lines = lines_named(look, {id})
    found = _now(look, lines) or _read(look, select(reconciled).where(reconciled.c.id == id))
    if not found:
        raise InvalidInput(f"there is no event {id[:96]!r}")
    return found[0], lines


def assign(change: Change, id: str, staff: str) -> Event:
    """Give an open event to somebody who looks into it; raises InvalidInput where there is none."""
    return _write(change, id, {"assigned_to": staff}, "assign", "")


def close(change: Change, id: str, why: str) -> Event:
    """Close an event that does not match, with a reason; raises InvalidInput where there is none, or no reason."""
    if not why.strip():
        raise InvalidInput("a reason has to be given")
    values = {"closed_by": change.actor.id, "closed_at": format_utc(change.now), "why": why[:WHY_CHARACTERS_MAX]}
    return _write(change, id, values, "close", why)


def _write(change: Change, id: str, values: Mapping[str, str], done: str, why: str) -> Event:
    table = reconciled
    waits = (table.c.id == id, table.c.state != MatchState.MATCHED.value, table.c.closed_by == "")
    if not change.connection.execute(update(table).where(*waits).values(**values)).rowcount:
        raise InvalidInput(f"there is nothing open of {id[:96]!r}")
    after = {name: values[name] for name in ("assigned_to",) if name in values}
    change.note(f"reconcile.{done}", "event", id[:64], after=after or None, why=why)
    return event_of(change, id)[0]


def _of_record(read: Read) -> Iterator[dict[str, Any]]:
    fact = read.fact
    if isinstance(fact, SaleMade):
        id, amount_minor = f"sale:{fact.sale_id}", fact.total_minor
    elif isinstance(fact, SaleVoided):
        id, amount_minor = f"void:{fact.sale_id}", fact.total_minor
    elif isinstance(fact, TopUpTaken):
        id, amount_minor = f"topup:{fact.topup_id}", fact.amount_minor
    else:
        return
    if amount_minor:  # a courtesy moves no money
        copied = fact.copied_from or {}
        origin = f"{copied.get('journal', read.row.journal)}:{copied.get('seq', read.row.seq)}"
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=read.at_ms)
        yield {"id": id[:96], "origin": origin[:64], "amount_minor": amount_minor, "at": format_utc(at)}


def _now(look: Look, lines: Sequence[MatchLine]) -> list[Event]:
    """Return the events of some lines as they stand now, with what is written down of them."""
    found = reconcile(lines, look.now, look.rules.reconciling)
    known = _known(look, found)
    return [_event(each, look.now, known.get(each.id)) for each in found]


def _known(look: Look, found: Sequence[Matched]) -> dict[str, Event]:
    """Return what is written down of events, by id."""
    known: dict[str, Event] = {}
    for step in in_steps((each.id for each in found), IDS_AT_ONCE):
        known |= {each.id: each for each in _read(look, select(reconciled).where(reconciled.c.id.in_(step)))}
    return known


def _event(found: Matched, now: datetime, before: Event | None) -> Event:
    since = now - timedelta(seconds=found.age_s)
    event = Event(found.id, found.state, found.reason, found.amounts, found.owner, since)
    if before is None:
        return event
    event = msgspec.structs.replace(event, found_on=before.found_on, assigned_to=before.assigned_to)
    if found.reason is not before.reason:  # what was closed has come back as something else
        return event
    return msgspec.structs.replace(event, closed_by=before.closed_by, closed_at=before.closed_at, why=before.why)


def _keep(change: Change, found: Matched, day: date, before: Event | None) -> None:
    row = {
        "id": found.id, "state": found.state.value, "reason": found.reason.value, "owner": found.owner,
        "amounts": canonical(found.amounts).decode(), "since": format_utc(change.now - timedelta(seconds=found.age_s)),
        "found_on": ((before.found_on if before is not None else None) or day).isoformat(),
        "closed_by": "", "closed_at": None, "why": "",
    }  # fmt: skip
    upsert(change.connection, reconciled, row)


def _read(look: Look, query: Any) -> list[Event]:
    found = []
    for row in look.connection.execute(query).mappings():
        values = {name: row[name] for name in Event.__struct_fields__}
        found.append(msgspec.convert({**values, "amounts": msgspec.json.decode(row["amounts"])}, Event))
    return found
