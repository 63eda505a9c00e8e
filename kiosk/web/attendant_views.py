"""What an attendant sees: taps with what was missing, how the gate stands, and who is inside by ids and tiers."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import msgspec

from kiosk.core.clock import EPOCH, Clock, epoch_ms, format_utc, read_clock
from kiosk.core.errors import JournalUnavailable, RosterUnavailable
from kiosk.core.model import AccessPoint, Policy
from kiosk.core.texts import Language, outcome_of, say, staff_text
from kiosk.local.box import BoxSettings
from kiosk.store.inside import Inside, InsideReader
from kiosk.store.roster_reader import RosterReader
from kiosk.web import words_attendant
from kiosk.web.feed import Decision, Situation
from kiosk.web.shows import BothTexts, note_texts, reason_texts

PEOPLE_MAX = 100
"""So many of those inside are listed, the last ones."""


class TapView(msgspec.Struct, frozen=True):
    """A tap as staff read it. `initial` stands where a photo would; `explained` names the nearest miss."""

    seq: int
    at: str
    outcome: str
    title: BothTexts
    explained: BothTexts
    greeting: str
    initial: str
    tier: BothTexts
    notes: tuple[BothTexts, ...]
    released: BothTexts


class StateView(msgspec.Struct, frozen=True):
    """How the gate stands: `mood` is normal, lockdown, drill, emergency or lost; `inside` None = not to be read."""

    mood: str
    online: bool | None
    since: str
    inside: dict[str, int] | None


class PersonView(msgspec.Struct, frozen=True):
    """Somebody who is inside: greeting and member's id, "" for a card without them; tier; and since when, UTC."""

    greeting: str
    member: str
    guest: bool
    tier: BothTexts
    since: str


class InsideView:
    """Reads who is inside of a box's areas, from its gate's journal and the roster."""

    def __init__(self, box: BoxSettings, points: Sequence[AccessPoint], clock: Clock) -> None:
        self._box, self._clock = box, clock
        self._inside = InsideReader(box.data / "gate.db")
        ways_in = [each for each in points if not each.way_out]
        self.areas = tuple(dict.fromkeys(each.area_to for each in ways_in))
        self._since_s = max((each.presence_s for each in ways_in), default=0)

    def names(self) -> dict[str, str]:
        """Return what the areas are called, by id; the id of one that the roster has no name for."""
        with closing(self._roster()) as roster:
            try:
                roster.refresh()
            except RosterUnavailable:
                return {each: each for each in self.areas}
            known = roster.policy.areas
            return {each: (known[each].name if each in known else "") or each for each in self.areas}

    def counts(self) -> dict[str, int] | None:
        """Return how many are in each area; None where that cannot be read."""
        try:
            found = self._inside.counts(*self._span(self._now_ms()))
        except JournalUnavailable:
            return None
        return {area: found.get(area, 0) for area in self.areas}

    def people(self, area: str) -> list[PersonView]:
        """Return who is in an area, the last ones first; raises JournalUnavailable."""
        since_ms, now_ms = self._span(self._now_ms())
        with closing(self._roster()) as roster:
            return [_person(each, roster) for each in self._inside.last(area, since_ms, now_ms, PEOPLE_MAX)]

    def _span(self, now_ms: int) -> tuple[int, int]:
        return now_ms - self._since_s * 1000, now_ms

    def _now_ms(self) -> int:
        """Return the time as the gate dates its records: judged by central's last word on it."""
        with closing(self._roster()) as roster:
            try:
                roster.refresh()
            except RosterUnavailable:
                return epoch_ms(self._clock.now())
            return epoch_ms(read_clock(self._clock, roster.state.anchor, roster.policy.roster_age_max_s).now)

    def _roster(self) -> RosterReader:
        box = self._box
        return RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)


def tap_view(decision: Decision) -> TapView:
    """Show a decision to staff, in both languages."""
    title, _ = reason_texts(decision.granted, decision.reason)
    return TapView(
        seq=decision.seq,
        at=decision.at,
        outcome=outcome_of(decision.granted, decision.reason),
        title=words_attendant.ATTENDANT["att_by_hand"]._asdict() if decision.operator else title,
        explained={each.value: staff_text(decision.reason, decision.detail, each) for each in Language},
        greeting=decision.greeting,
        initial=decision.greeting[:1],
        tier={each.value: decision.tier_name.get(each) or decision.tier for each in Language},
        notes=tuple(note_texts(decision.notes)),
        released=_released(decision),
    )


def state_view(situation: Situation, inside: dict[str, int] | None, *, connected: bool) -> StateView:
    """Show how a gate stands."""
    state = situation.state
    mood = "normal" if connected else "lost"
    if connected and state.emergency:
        mood = "drill" if state.drill else "emergency"
    elif connected and state.lockdown:
        mood = "lockdown"
    return StateView(mood, state.online if connected else None, state.since or "", inside)


def _released(decision: Decision) -> BothTexts:
    if not decision.operator:
        return {}
    why = words_attendant.RELEASE.get(decision.why, words_attendant.RELEASE["other"])._asdict()
    texts = words_attendant.ATTENDANT
    return {each.value: say(texts, "att_by", each, operator=decision.operator, why=why[each]) for each in Language}


def _person(inside: Inside, roster: RosterReader) -> PersonView:
    since = format_utc(EPOCH + timedelta(milliseconds=inside.at_ms))
    try:
        card = roster.find(inside.credential).credential
    except RosterUnavailable:
        card = None
    if card is None:
        return PersonView("", "", False, {}, since)
    return PersonView(
        card.greeting, card.member or "", card.guest_of is not None, _tier(card.tier, roster.policy), since
    )


def _tier(name: str, policy: Policy) -> BothTexts:
    tier = policy.tiers.get(name)
    if tier is None:
        return {"zh": name, "en": name}
    return {"zh": tier.name or tier.id, "en": tier.name_en or tier.name or tier.id}
