"""What a kiosk knows without central: what the roster has of a card, the opening hours, and how old all of it is."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from kiosk.core.board import Announcement, shown
from kiosk.core.clock import Clock, parse_utc, read_clock
from kiosk.core.errors import InvalidInput, NeighbourDown, Refused, RosterUnavailable
from kiosk.core.model import Credential, Policy, SpecialDay, Window
from kiosk.core.self_service import Both
from kiosk.local.box import BoxSettings
from kiosk.local.talk import ask
from kiosk.store.cursors import CursorReader
from kiosk.store.roster_reader import RosterReader

LOOK_NS = 2_000_000_000
ASK_S = 0.5
SPECIAL_DAYS = 7
WEEK = "1234567"


class LocalCard(msgspec.Struct, frozen=True):
    """A card as the roster has it: its tier, and until when it and its member are good."""

    known: bool = False
    greeting: str = ""
    tier: Both | None = None
    until: date | None = None
    gift: bool = False


class OpenSpan(msgspec.Struct, frozen=True):
    """Weekdays, or one special day, and when it is open then; no windows means closed."""

    days: str
    windows: tuple[Window, ...]
    day: date | None = None


class Line(msgspec.Struct, frozen=True):
    """Whether central can be reached, since when, and of when the data of this box is."""

    online: bool
    since: datetime | None = None
    data_at: datetime | None = None


class KioskRoster:
    """Reads the roster that sync keeps."""

    def __init__(self, box: BoxSettings, clock: Clock) -> None:
        self._box, self._clock = box, clock

    def card(self, credential: str) -> LocalCard:
        """Look a card up; one that is not known where there is no roster either."""
        with closing(self._reader()) as roster:
            try:
                found = roster.find(credential)
                roster.refresh()
            except RosterUnavailable:
                return LocalCard()
            return LocalCard() if found.credential is None else _local(found.credential, roster.policy)

    def hours(self, schedule: str, today: date) -> tuple[OpenSpan, ...]:
        """Return opening hours: weekdays that are alike together, then the special days of the coming week."""
        found = self.policy().schedules.get(schedule)
        if found is None:
            return ()
        spans: list[OpenSpan] = []
        for day in WEEK:
            windows = tuple(each for each in found.windows if day in each.days)
            if spans and _times(spans[-1].windows) == _times(windows):
                spans[-1] = OpenSpan(spans[-1].days + day, windows)
            else:
                spans.append(OpenSpan(day, windows))
        return (*spans, *_soon(found.special_days, today))

    def announcements(self, today: date) -> list[Announcement]:
        """Return what the office announces here today; nothing where there is no roster."""
        with closing(self._reader()) as roster:
            try:
                return shown(roster.announcements(), self._box.site, today)
            except RosterUnavailable:
                return []

    def policy(self) -> Policy:
        """Return the roster's small rows; the empty ones where there is no roster."""
        with closing(self._reader()) as roster:
            try:
                roster.refresh()
            except RosterUnavailable:
                return roster.policy
            return roster.policy

    def data_at(self) -> datetime | None:
        """Return of when the roster is; None before there is one."""
        with closing(self._reader()) as roster:
            try:
                roster.refresh()
            except RosterUnavailable:
                return None
            reading = read_clock(self._clock, roster.state.anchor, roster.policy.roster_age_max_s)
            return reading.now - timedelta(seconds=reading.roster_age_s) if roster.policy.revision else None

    def _reader(self) -> RosterReader:
        box = self._box
        return RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)


class LineWatch:
    """Asks sync at most every two seconds how the line stands; a sync that does not answer is no line."""

    def __init__(
        self, box: BoxSettings, clock: Clock, data_at: Callable[[], datetime | None], patience_s: float = ASK_S
    ) -> None:
        self._socket, self._status = box.socket("sync"), box.data / "sync.db"
        self._clock, self._data_at, self._patience_s = clock, data_at, patience_s
        self._lock = threading.Lock()
        self._looked_ns: int | None = None
        self._line = Line(False)

    def __call__(self) -> Line:
        """Return how the line stands."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            if self._looked_ns is None or now_ns - self._looked_ns >= LOOK_NS:
                online = self._is_online()
                same = online == self._line.online and self._line.since is not None
                since = self._line.since if same else self._since(self._status, online=online)
                self._line = Line(online, since, self._data_at())
                self._looked_ns = now_ns
            return self._line

    def _is_online(self) -> bool:
        try:
            return ask(self._socket, "status", timeout_s=self._patience_s).get("online") is True
        except (NeighbourDown, Refused):
            return False

    def _since(self, path: Path, *, online: bool) -> datetime:
        """Return since when it stands so: sync's word where it fits, else now, when it was noticed."""
        with closing(CursorReader(path)) as cursors:
            told = cursors.status()
        try:
            if told.get("online") == ("yes" if online else "no"):
                return parse_utc(told["since"])
        except (InvalidInput, KeyError):
            pass
        return self._clock.now()


def _local(card: Credential, policy: Policy) -> LocalCard:
    tier = policy.tiers.get(card.tier)
    ends = [each for each in (card.valid_until, card.member_until) if each is not None]
    named = Both(tier.name or tier.id, tier.name_en) if tier is not None else None
    return LocalCard(True, card.greeting, named, min(ends) if ends else None, card.gift)


def _times(windows: tuple[Window, ...]) -> list[tuple[str, str]]:
    return [(each.opens, each.closes) for each in windows]


def _soon(days: tuple[SpecialDay, ...], today: date) -> list[OpenSpan]:
    soon = [each for each in days if 0 <= (each.day - today).days < SPECIAL_DAYS]
    return [OpenSpan("", each.windows, each.day) for each in sorted(soon, key=lambda each: each.day)]
