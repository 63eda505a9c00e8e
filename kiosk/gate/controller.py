"""One tap, start to finish: gather, decide, record, act. No release into an area before its grant is durable."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from kiosk.core.case import Case, Posture, Read, Release, Standing
from kiosk.core.clock import Clock, ClockReading, epoch_ms, read_clock
from kiosk.core.decision import Decision, decide
from kiosk.core.errors import JournalUnavailable, KioskError, RosterUnavailable
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AccessPoint
from kiosk.core.records import AccessGranted, GrantReason, RosterMark
from kiosk.gate.actuator import Actuator
from kiosk.gate.passing import Passing
from kiosk.gate.tap import Saying, Tap, needs_more_time, said_of_area, said_on, said_to_all
from kiosk.readers.reader import CardRead
from kiosk.store import book
from kiosk.store.journal import Appended, Journal
from kiosk.store.roster_reader import Found, RosterReader

_log = logging.getLogger(__name__)


class Counts(msgspec.Struct):
    """What the controller had to let go without a record. Entries without one there are only in an emergency."""

    exits_unrecorded: int = 0
    entries_unrecorded: int = 0
    denials_unrecorded: int = 0


class GateController:
    """Decides and acts for every access point of a box, one tap at a time. Lives in the gate's one loop."""

    def __init__(
        self,
        points: Sequence[AccessPoint],
        journal: Journal,
        roster: RosterReader,
        actuators: Mapping[str, Actuator],
        clock: Clock,
        hash_key: bytes,
        hold_s: Mapping[str, float],
        passing: Passing,
        long_hold_s: Mapping[str, float] | None = None,
    ) -> None:
        """Take what a box is made of; `long_hold_s` is how long a gate stays open for who needs more time."""
        self._points = {point.reader: point for point in points}
        self.presence_max_s = max((point.presence_s for point in points), default=0)
        self.journal = journal
        self.roster = roster
        self._actuators = actuators
        self._clock = clock
        self._hash_key = hash_key
        self._hold_s = hold_s
        self._long_hold_s = long_hold_s or hold_s
        self.passing = passing
        self.posture = Posture()
        self.counts = Counts()

    def handle(self, card: CardRead, release: Release | None = None) -> Tap:
        """Carry one tap through; never raises for a card, a full disk or a missing roster."""
        point = self._points[card.reader]
        # Who taps again before going through starts over: the first grant must not count against the second.
        credential = self._credential(card)
        self.passing.supersede(point, credential)
        case, found = self._gather(card, point, credential, release)
        decision = decide(case)
        record: Appended | None = None
        try:
            record = self._record(decision, case, found)
        except JournalUnavailable as error:
            _log.error("tap not recorded", extra={"access_point": point.id, "cause": error.message})
            decision = self._without_record(decision, case)
        tap = Tap(
            decision=decision,
            point=point,
            record=record,
            at_ms=case.now_ms,
            greeting=found.credential.greeting if found.credential else "",
            tier=case.tier if found.credential else None,
            sayings=_said(case),
            more_time=found.credential is not None and needs_more_time(found.credential.notes),
        )
        if decision.granted and (record is not None or point.way_out):
            self._act(tap)
        return tap

    def gather(self, card: CardRead) -> Case:
        """Return the case of a card as it stands now, without deciding or recording."""
        return self._gather(card, self._points[card.reader], self._credential(card), None)[0]

    def release(self, point: AccessPoint, operator: str, why: str | None = None) -> Tap:
        """Let somebody through on an operator's word alone, without a card; recorded before the barrier moves.

        `why` is a `ReleaseWhy`, where one is given.
        """
        reading = self.reading()
        event = AccessGranted(
            clock=reading.state,
            access_point=point.id,
            reader=point.reader,
            reason=GrantReason.OK_FORCED.value,
            roster=RosterMark(self.roster.policy.revision, reading.roster_age_s),
            operator=operator,
            why=why,
        )
        at_ms = epoch_ms(reading.now)
        decision = Decision(event, granted=True, detail={})
        record: Appended | None = None
        try:
            record = self.journal.append(event, reading.now, book.on_grant(event, point, at_ms))
        except JournalUnavailable as error:
            _log.error("release not recorded", extra={"access_point": point.id, "cause": error.message})
            self.counts.exits_unrecorded += point.way_out
        tap = Tap(decision=decision, point=point, record=record, at_ms=at_ms)
        if record is not None or point.way_out:
            self._act(tap)
        return tap

    def use_journal(self, journal: Journal) -> None:
        """Go on in another journal."""
        self.journal = self.passing.journal = journal

    def reading(self) -> ClockReading:
        """Return the time as decisions see it."""
        return read_clock(self._clock, self.roster.state.anchor, self.roster.policy.roster_age_max_s)

    def _gather(
        self, card: CardRead, point: AccessPoint, credential: str | None, release: Release | None
    ) -> tuple[Case, Found]:
        found, standing, posture = Found(), Standing(), self.posture
        try:
            if credential is not None:
                found = self.roster.find(credential)
            else:
                self.roster.refresh()
            clock = self.reading()
            standing = self._standing(credential, point, found, clock)
        except (RosterUnavailable, JournalUnavailable) as error:
            _log.error("tap without roster or journal", extra={"access_point": point.id, "cause": error.message})
            clock, posture = self.reading(), _without_journal(posture)
        case = Case(
            read=Read(card.reader, credential, card.assurance, card.fault),
            point=point,
            clock=clock,
            policy=self.roster.policy,
            credential=found.credential,
            denied=found.denied,
            standing=standing,
            posture=msgspec.structs.replace(posture, release=release),
        )
        return case, found

    def _credential(self, card: CardRead) -> str | None:
        return credential_of(card.identifier, self._hash_key) if card.identifier else None

    def _standing(self, credential: str | None, point: AccessPoint, found: Found, clock: ClockReading) -> Standing:
        area = self.roster.policy.areas.get(point.area_to)
        return book.standing(
            self.journal,
            credential,
            point,
            found.used,
            self.roster.policy.zone,
            epoch_ms(clock.now),
            capacity=area.capacity if area else None,
        )

    def _record(self, decision: Decision, case: Case, found: Found) -> Appended | None:
        reserve = book.on_grant(decision.event, case.point, case.now_ms, found.used) if decision.granted else []
        return self.journal.append(decision.event, case.clock.now, reserve)

    def _act(self, tap: Tap) -> None:
        gate = tap.point.gate
        at_ns, released = self._clock.monotonic_ns(), True
        try:
            self._actuators[gate].release((self._long_hold_s if tap.more_time else self._hold_s)[gate])
        except KioskError as error:
            released = False
            _log.error("barrier was not released", extra={"gate": gate, "cause": error.message})
        self.passing.granted(tap, at_ns, released=released)

    def _without_record(self, decision: Decision, case: Case) -> Decision:
        """Decide anew where the journal took no record, and count what came of it."""
        if case.point.way_out:
            self.counts.exits_unrecorded += 1
            return decision
        decision = decide(msgspec.structs.replace(case, posture=_without_journal(case.posture)))
        if decision.granted:
            self.counts.entries_unrecorded += 1
        elif not self._counted_by_journal(decision, case):
            self.counts.denials_unrecorded += 1
        return decision

    def _counted_by_journal(self, decision: Decision, case: Case) -> bool:
        """Hand a refusal to a full journal, which only counts it, for a record of their number when it has room."""
        if self.journal.full_share < 1:
            return False
        try:
            self.journal.append(decision.event, case.clock.now)
        except JournalUnavailable:
            return False
        return True


def _said(case: Case) -> tuple[Saying, ...]:
    card = case.credential
    if card is None:
        return ()
    return (
        *said_of_area(card.notes, case.point.area_to, case.today),
        *said_on(card.notes, case.today),
        *said_to_all(card, case.policy.schedules.values(), case.today),
    )


def _without_journal(posture: Posture) -> Posture:
    return msgspec.structs.replace(posture, journal_ok=False)
