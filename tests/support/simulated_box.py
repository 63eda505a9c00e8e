"""A box without hardware, disk or network: runs a decision vector through `decide()` and the rules of `core` alone.

A grant is taken at the same instant unless the step says otherwise, as at a gate without a passage sensor.
"""

from collections.abc import Iterator

import msgspec

from kiosk.core.case import Case, Posture, Read, Release, Standing
from kiosk.core.clock import Anchor, epoch_ms, parse_utc, read_clock
from kiosk.core.decision import Decision, decide
from kiosk.core.identifiers import UntrustedIdentifier, canonical_identifier, credential_of
from kiosk.core.model import AccessPoint, Credential, Presence
from kiosk.core.records import DenyReason
from kiosk.core.visits import Usage, count_visit
from tests.builders import FakeClock
from tests.support.vectors import Given, Head, Step, Upload, Vector

BOOT = "boot-of-the-head"


def run_decide(vector: Vector) -> list[tuple[Step, Decision]]:
    """Carry a vector's history through `decide()`; returns each tap with its decision."""
    return list(_Box(vector).live())


class _Box:
    """A box and what has happened at it."""

    def __init__(self, vector: Vector) -> None:
        self._vector = vector
        self._policy = vector.policy()
        self._points = {point.id: point for point in vector.points}
        self._cards = {row.id: row for row in vector.rows if isinstance(row, Credential)}
        self._posture = Posture()
        self._presence: dict[str, Presence] = {}
        self._usage: dict[str, dict[str, Usage]] = {}
        self._anchor = Anchor(parse_utc(vector.head.issued_at), 0, BOOT) if vector.head else None
        self._learn(vector.uploads)

    def live(self) -> Iterator[tuple[Step, Decision]]:
        """Go through the steps."""
        for step in self._vector.steps:
            if step.command:
                self._posture = msgspec.structs.replace(self._posture, **{step.command: step.active})
            else:
                yield step, self._tap(step)

    def _tap(self, step: Step) -> Decision:
        given = step.given or Given()
        point = self._points[step.access_point]
        read = self._read(step, given, point)
        clock = read_clock(self._clock(step), self._anchor, self._policy.roster_age_max_s)
        case = Case(
            read=read,
            point=point,
            clock=clock,
            policy=self._policy,
            credential=self._cards.get(read.credential or ""),
            denied=given.denied,
            standing=self._standing(read.credential or "", point, epoch_ms(clock.now)),
            posture=msgspec.structs.replace(
                self._posture, journal_ok=given.journal_ok, release=Release(step.release) if step.release else None
            ),
        )
        decision = decide(case)
        if decision.granted and step.taken and read.credential is not None:
            self._pass(read.credential, decision.event.entitlement, point.area_to, case.now_ms)
        return decision

    def _read(self, step: Step, given: Given, point: AccessPoint) -> Read:
        if given.fault is not None:
            return Read(point.reader, None, given.assurance, given.fault)
        try:
            identifier = canonical_identifier(step.identifier, given.number)
        except UntrustedIdentifier:
            return Read(point.reader, None, given.assurance, DenyReason.IDENTIFIER_NOT_TRUSTED)
        return Read(point.reader, credential_of(identifier, self._vector.hash_key), given.assurance)

    def _clock(self, step: Step) -> FakeClock:
        head = self._vector.head or Head(issued_at="")
        return FakeClock(parse_utc(step.at), head.elapsed_s * 10**9, "a-later-boot" if head.reboot else BOOT)

    def _standing(self, credential: str, point: AccessPoint, now_ms: int) -> Standing:
        since_ms = now_ms - point.presence_s * 1000
        inside = [seen for seen in self._presence.values() if seen.area == point.area_to and seen.at_ms > since_ms]
        return Standing(self._presence.get(credential), self._usage.get(credential, {}), len(inside))

    def _pass(self, credential: str, entitlement: str | None, area: str, now_ms: int) -> None:
        if entitlement:
            usage = self._usage.setdefault(credential, {})
            usage[entitlement] = count_visit(usage.get(entitlement, Usage()), now_ms, self._policy.zone)
        seen = self._presence.get(credential)
        if seen is None or seen.at_ms <= now_ms:
            self._presence[credential] = Presence(area, now_ms)

    def _learn(self, uploads: tuple[Upload, ...]) -> None:
        heard: set[tuple[str, int]] = set()
        for upload in uploads:
            if (upload.journal, upload.seq) not in heard:
                heard.add((upload.journal, upload.seq))
                credential = credential_of(upload.identifier, self._vector.hash_key)
                self._pass(credential, upload.entitlement, upload.area, epoch_ms(parse_utc(upload.at)))
