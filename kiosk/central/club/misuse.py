"""Looks through what comes in for cards that others use too, and opens a case where it seems so (S28, R39).

A duty of the leader beside the projection, with a cursor of its own. A record that comes late is looked at with those
of its time: it may raise a suspicion, add to one, or take one away.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from kiosk.central.club.arrivals import note_arrivals
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.card_taps import TAPS_MAX, CardTap, forget_taps, keep_taps, taps_of
from kiosk.central.club.card_use import lost_since
from kiosk.central.club.case_tables import club_case, misuse_alert
from kiosk.central.club.cases import Case, CaseWish, add_note, case_of, close, open_case, reopen, tie_records
from kiosk.central.club.day_gifts import give_on_arrival
from kiosk.central.club.jobs import Step
from kiosk.central.club.owner_arrivals import tell_owners
from kiosk.central.club.passage_sign_ins import sign_in_passages
from kiosk.central.database import read_setting, upsert, write_setting
from kiosk.central.facts import CHUNK, rows_where
from kiosk.central.journals import lock_counter
from kiosk.central.lease import Lease
from kiosk.central.members import cards_by
from kiosk.central.meters import Counts
from kiosk.central.tables import credential, record
from kiosk.club.cases import CaseDecision, CaseKind, CaseState
from kiosk.club.misuse import Alert, Misuse, alerts, photo_alert
from kiosk.club.misuse_rules import StaffReport, look_back
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

WATCHED = "misuse_watched"
"""Name of the counter in `setting`: the number of the last record that was looked through."""

JOB = "forget_taps"
ACTOR = Actor("job:misuse", "job")
BACKLOG_REST_NS = 3_000_000_000
IDLE_S = 1.0
EVIDENCE_MAX = 100
"""Records that one alert ties to its case; of more the first."""

_BY_TAPS = tuple(each.value for each in Misuse if each is not Misuse.PHOTO_MISMATCH)
_MILLISECOND = timedelta(milliseconds=1)


class MisuseWatch:
    """The duty: reads on from where it stopped, 1,000 records in a transaction, and rests while a backlog comes in.

    `busy` says that one does; suspicion can wait, acks cannot. What else follows from a tap follows here too: word of
    who comes in at another site than his own or is looked after by somebody, gifts for a birthday, and attendance where
    a passage signs in.
    """

    def __init__(self, books: Books, lease: Lease, busy: Callable[[], bool] = lambda: False) -> None:
        self.counts = Counts()
        self._books = books
        self._lease = lease
        self._busy = busy
        self._busy_ns: int | None = None

    def connected(self) -> None:
        """Do nothing: no suspicion rests at the broker."""

    def tick(self, now: datetime) -> float:
        """Look through the next records and say when to look again; raises RetryLater, LeaseLost among them."""
        if self._rests():
            return IDLE_S
        with self._books.database.read() as connection:
            if read_setting(connection, "records") == read_setting(connection, WATCHED):
                return IDLE_S
        read, fresh = self._books.change(ACTOR, self._step)
        self.counts.note("misuse_records", read)
        self.counts.note("misuse_alerts", fresh)
        return 0.0 if read == CHUNK else IDLE_S

    def _rests(self) -> bool:
        """Say whether a backlog came in within the last seconds: between two of its batches there are gaps."""
        now_ns = self._books.clock.monotonic_ns()
        if self._busy():
            self._busy_ns = now_ns
        return self._busy_ns is not None and now_ns - self._busy_ns < BACKLOG_REST_NS

    def _step(self, change: Change) -> tuple[int, int]:
        self._lease.guard(change.connection)
        rows = rows_where(change.connection, record.c.n > lock_counter(change.connection, WATCHED))
        if not rows:
            return 0, 0
        taps = keep_taps(change, rows)
        fresh = look_into(change, taps)
        note_arrivals(change, taps)
        tell_owners(change, taps)
        give_on_arrival(change, taps)
        sign_in_passages(change, taps)
        write_setting(change.connection, WATCHED, str(rows[-1].n))
        return len(rows), fresh


def look_into(change: Change, taps: Iterable[CardTap]) -> int:
    """Hold the cards of new taps against what is kept of them since; return how many alerts are new."""
    since: dict[str, date] = {}
    for each in taps:
        day = each.tap.at.astimezone(UTC).date()
        since[each.credential] = min(since.get(each.credential, day), day)
    lost = lost_since(change, since)
    return sum(_look_at(change, card, since[card], lost.get(card)) for card in sorted(since))


def report_photo(change: Change, card: str, report: StaffReport) -> Case:
    """Take the word of staff that somebody is not the one in the photo (S28); again it is the same alert.

    Raises InvalidInput for a card or record there is not.
    """
    if not cards_by(change.connection, "id", [card]):
        raise InvalidInput("there is no such card")
    alert = photo_alert(card, report)
    _keep(change, alert)
    query = select(misuse_alert.c.case).where(misuse_alert.c.key == alert.key)
    return case_of(change, change.connection.execute(query).scalar_one())


def alerts_of(look: Look, case_id: str) -> list[dict[str, Any]]:
    """Return the suspicions of a case, each with `misuse`, `first_at`, `last_at`, `places` and `explained_at`."""
    names = ("misuse", "first_at", "last_at", "places", "explained_at")
    query = select(*(misuse_alert.c[name] for name in names)).where(misuse_alert.c.case == case_id)
    return [dict(row) for row in look.connection.execute(query.order_by(misuse_alert.c.key)).mappings()]


def forget(books: Books, day: date, place: str) -> Step:
    """Delete a step of the taps that nothing is held against any more: a nightly job."""
    count = books.change(Actor(f"job:{JOB}", "job"), forget_taps)
    done = int(place or 0) + count
    return Step(done, done, str(done), finished=count == 0)


def _look_at(change: Change, card: str, day: date, lost_at: datetime | None) -> int:
    since = datetime.combine(day, time(), UTC)
    rules = change.rules.misuse
    taps = taps_of(change, card, since - look_back(rules))
    until = taps[-1].at + _MILLISECOND if taps else since
    found = alerts(card, taps, since, until, rules, lost_at)
    if len(taps) < TAPS_MAX:
        _explain(change, card, since, {each.key for each in found})
    return sum(_keep(change, each) for each in found)


def _keep(change: Change, alert: Alert) -> bool:
    """Write an alert down, or what is new of it, and tie its records to its case; say whether it is a new one."""
    query = select(misuse_alert).where(misuse_alert.c.key == alert.key).with_for_update()
    known = change.connection.execute(query).first()
    case_id = known.case if known is not None else _case_for(change, alert)
    row = {"key": alert.key, "misuse": alert.misuse.value, "credential": alert.credential, "case": case_id}
    row |= {"first_at": format_utc(alert.first_at), "last_at": format_utc(alert.last_at), "explained_at": None}
    upsert(change.connection, misuse_alert, row | {"places": canonical(list(alert.places)).decode()})
    tie_records(change, case_id, alert.evidence[:EVIDENCE_MAX])
    if known is None:
        change.note("case.alert", "case", case_id, after={"alert": alert.key, "misuse": alert.misuse.value})
    elif known.explained_at is not None and _is_explained_away(change, case_id):
        reopen(change, case_id, why="a late record speaks for it again")
    return known is None


def _case_for(change: Change, alert: Alert) -> str:
    """Return the case that is open about this card, else a new one: one card is looked into once at a time."""
    change.connection.execute(select(credential.c.id).where(credential.c.id == alert.credential).with_for_update())
    states = (CaseState.OPEN.value, CaseState.ASSIGNED.value)
    mine = (club_case.c.credential == alert.credential, club_case.c.kind == CaseKind.MISUSE.value)
    query = select(club_case.c.id).where(*mine, club_case.c.state.in_(states)).order_by(club_case.c.opened_at)
    known = change.connection.execute(query.limit(1)).scalar_one_or_none()
    if known is not None:
        return str(known)
    cards = cards_by(change.connection, "id", [alert.credential])
    holder = cards[0].member if cards else None
    return open_case(change, CaseWish(CaseKind.MISUSE, member=holder, credential=alert.credential)).id


def _explain(change: Change, card: str, since: datetime, keys: set[str]) -> None:
    """Mark alerts that the taps no longer bear out; a case without any left that nobody has taken up is closed."""
    table = misuse_alert
    mine = (table.c.credential == card, table.c.misuse.in_(_BY_TAPS), table.c.explained_at.is_(None))
    query = select(table.c.key, table.c.case).where(*mine, table.c.last_at >= format_utc(since))
    for row in [each for each in change.connection.execute(query) if each.key not in keys]:
        at = format_utc(change.now)
        change.connection.execute(update(table).where(table.c.key == row.key).values(explained_at=at))
        add_note(change, row.case, f"{row.key}: explained by a late record")
        left = select(table.c.key).where(table.c.case == row.case, table.c.explained_at.is_(None))
        untouched = case_of(change, row.case).state is CaseState.OPEN
        if untouched and change.connection.execute(left.limit(1)).first() is None:
            close(change, row.case, CaseDecision.EXPLAINED, why="explained by a late record")


def _is_explained_away(look: Look, case_id: str) -> bool:
    found = case_of(look, case_id)
    return found.state is CaseState.CLOSED and found.decision == CaseDecision.EXPLAINED.value
