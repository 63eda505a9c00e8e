"""One tap, start to finish: gather, decide, record, act. No release into an area before its grant is durable."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from kiosk.core.clock import Clock, ClockReading, epoch_ms, read_clock
from kiosk.core.decision import Case, Decision, Posture, Read, Release, Standing, decide
from kiosk.core.errors import JournalUnavailable, KioskError, RosterUnavailable
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AccessPoint
from kiosk.core.records import AccessGranted, GrantReason, RosterMark
from kiosk.gate.actuator import Actuator
from kiosk.gate.passing import Passing
from kiosk.gate.tap import Tap
from kiosk.readers.reader import CardRead
from kiosk.store import book
from kiosk.store.journal import Appended, Journal
from kiosk.store.roster_reader import Found, RosterReader

_log = logging.getLogger(__name__)


class Counts(msgspec.Struct):
    """What the controller had to let go without a record."""

    exits_unrecorded: int = 0
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
    ) -> None:
        self._points = {point.reader: point for point in points}
        self.journal = journal
        self.roster = roster
        self._actuators = actuators
        self._clock = clock
        self._hash_key = hash_key
        self._hold_s = hold_s
        self.passing = passing
        self.posture = Posture()
        self.counts = Counts()

    def handle(self, card: CardRead, release: Release | None = None) -> Tap:
        """Carry one tap through; never raises for a card, a full disk or a missing roster."""
        point = self._points[card.reader]
        case, found = self._gather(card, point, release)
        decision = decide(case)
        record: Appended | None = None
        try:
            record = self._record(decision, case)
        except JournalUnavailable as error:
            _log.error("tap not recorded", extra={"access_point": point.id, "cause": error.message})
            if not point.way_out:
                decision = decide(msgspec.structs.replace(case, posture=_without_journal(case.posture)))
            self._count(decision)
        tap = Tap(
            decision=decision,
            point=point,
            record=record,
            at_ms=case.now_ms,
            greeting=found.credential.greeting if found.credential else "",
            tier=case.tier if found.credential else None,
        )
        if decision.granted and (record is not None or point.way_out):
            self._act(tap)
        return tap

    def gather(self, card: CardRead) -> Case:
        """Return the case of a card as it stands now, without deciding or recording."""
        return self._gather(card, self._points[card.reader], None)[0]

    def release(self, point: AccessPoint, operator: str) -> Tap:
        """Let somebody through on an operator's word alone, without a card; recorded before the barrier moves."""
        reading = self.reading()
        event = AccessGranted(
            clock=reading.state,
            access_point=point.id,
            reader=point.reader,
            reason=GrantReason.OK_FORCED.value,
            roster=RosterMark(self.roster.policy.revision, reading.roster_age_s),
            operator=operator,
        )
        at_ms = epoch_ms(reading.now)
        decision = Decision(event, granted=True, detail={})
        record: Appended | None = None
        try:
            record = self.journal.append(event, reading.now, book.on_grant(event, point, at_ms))
        except JournalUnavailable as error:
            _log.error("release not recorded", extra={"access_point": point.id, "cause": error.message})
            self._count(decision)
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

    def _gather(self, card: CardRead, point: AccessPoint, release: Release | None) -> tuple[Case, Found]:
        credential = credential_of(card.identifier, self._hash_key) if card.identifier else None
        found, standing, posture = Found(), Standing(), self.posture
        # Who taps again before going through starts over: the first grant must not count against the second.
        self.passing.supersede(point, credential)
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

    def _record(self, decision: Decision, case: Case) -> Appended | None:
        reserve = book.on_grant(decision.event, case.point, case.now_ms) if decision.granted else []
        return self.journal.append(decision.event, case.clock.now, reserve)

    def _act(self, tap: Tap) -> None:
        gate = tap.point.gate
        at_ns, released = self._clock.monotonic_ns(), True
        try:
            self._actuators[gate].release(self._hold_s[gate])
        except KioskError as error:
            released = False
            _log.error("barrier was not released", extra={"gate": gate, "cause": error.message})
        self.passing.granted(tap, at_ns, released=released)

    def _count(self, decision: Decision) -> None:
        if decision.granted:
            self.counts.exits_unrecorded += 1
        else:
            self.counts.denials_unrecorded += 1


def _without_journal(posture: Posture) -> Posture:
    return msgspec.structs.replace(posture, journal_ok=False)
