"""What the gate publishes, received once for all browsers: decisions, passages, and how things stand."""

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from kiosk.core.clock import Clock
from kiosk.local.events import Fanout, Subscription
from kiosk.local.talk import follow

SILENCE_S = 6
"""The gate says how it stands every two seconds; after three times that it counts as not there."""

RECENT_MAX = 50
"""So many last decisions of the box are kept in memory, for whoever watches an access point."""

_log = logging.getLogger(__name__)


class Saying(msgspec.Struct, frozen=True):
    """What is said to a member beside a grant; `days` until it, where that is told."""

    code: str
    days: int | None = None


class Decision(msgspec.Struct, frozen=True, tag_field="kind", tag="decision"):
    """A card was let through or refused at an access point; `at` is UTC, `tier_name` has `zh` and `en`.

    `seq` is its record, 0 where there is none; `detail` what was missing, for staff; `why` a release by `operator`.
    """

    access_point: str
    granted: bool
    reason: str
    greeting: str = ""
    tier: str = ""
    tier_name: dict[str, str] = {}
    notes: tuple[Saying, ...] = ()
    at: str = ""
    seq: int = 0
    detail: dict[str, str | int] = {}
    operator: str = ""
    why: str = ""


class Passage(msgspec.Struct, frozen=True, tag_field="kind", tag="passage"):
    """Somebody went through, or did not."""

    access_point: str
    taken: bool


class Point(msgspec.Struct, frozen=True):
    """An access point of this box and the reader in front of it."""

    id: str
    reader: str = ""
    way_out: bool = False


class GateState(msgspec.Struct, frozen=True, tag_field="kind", tag="state"):
    """How the gate stands; `since` is when the line to central came or went, UTC; `readers` says which of them see."""

    access_points: tuple[Point, ...] = ()
    readers: dict[str, bool] = {}
    online: bool | None = None
    since: str | None = None
    roster_revision: int = 0
    roster_age_s: int = 0
    journal_ok: bool = True
    lockdown: bool = False
    emergency: bool = False
    drill: bool = False
    unsent: int = 0


class ReaderState(msgspec.Struct, frozen=True, tag_field="kind", tag="reader"):
    """A reader sees, or has gone blind."""

    reader: str
    up: bool


class GateLink(msgspec.Struct, frozen=True, tag_field="kind", tag="link"):
    """The gate process answers, or has gone."""

    up: bool


class Situation(msgspec.Struct, frozen=True):
    """Everything that is shown while no card is there. `heard_ns` is when the gate last said how it stands."""

    link: bool = False
    state: GateState = GateState()
    known: bool = False
    blind: frozenset[str] = frozenset()
    heard_ns: int = 0

    def connected(self, now_ns: int) -> bool:
        """Say whether what is known of the gate can be believed."""
        return self.link and self.known and now_ns - self.heard_ns < SILENCE_S * 1_000_000_000

    def point(self, point_id: str) -> Point | None:
        """Return an access point by id."""
        return next((point for point in self.state.access_points if point.id == point_id), None)


FeedItem = Decision | Passage | Situation

_Message = Decision | Passage | GateState | ReaderState | GateLink


class GateFeed:
    """Follows the gate in one thread, from the first time somebody looks, until `close`."""

    def __init__(self, gate_socket: Path, clock: Clock) -> None:
        self._gate_socket = gate_socket
        self._clock = clock
        self._fanout: Fanout[FeedItem] = Fanout()
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._situation = Situation()
        self._recent: deque[Decision] = deque(maxlen=RECENT_MAX)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow. May be called twice."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gate-feed", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop, and end every subscription. May be called twice."""
        self._stop.set()
        self._fanout.close()
        if self._thread is not None:
            self._thread.join(2)

    def situation(self, wait_s: float = 0) -> Situation:
        """Return how things stand, after at most `wait_s` seconds for the first word from the gate."""
        self.start()
        with self._changed:
            self._changed.wait_for(lambda: self._situation.known, wait_s)
            return self._situation

    def has_told(self, point_id: str, seq: int) -> bool:
        """Say whether a record is one of the last decisions at an access point."""
        with self._changed:
            return any((each.access_point, each.seq) == (point_id, seq) for each in self._recent)

    def connected(self) -> bool:
        """Say whether the gate is there."""
        return self.situation().connected(self._clock.monotonic_ns())

    def subscribe(self, *, history_of: str = "") -> Subscription[FeedItem]:
        """Return a subscription that begins with how things stand, and before it the last decisions at `history_of`."""
        self.start()
        with self._changed:  # no change comes between the first items and the rest
            before = [each for each in self._recent if each.access_point == history_of]
            return self._fanout.subscribe([*before, self._situation])

    def _run(self) -> None:
        for message in follow(self._gate_socket, "display", self._stop):
            try:
                self._receive(msgspec.convert(message, _Message))
            except msgspec.ValidationError as error:
                _log.warning("message from the gate not understood", extra={"error": error})

    def _receive(self, message: _Message) -> None:
        with self._changed:
            if isinstance(message, Decision):
                self._recent.append(message)
            if isinstance(message, Decision | Passage):
                self._fanout.publish(message)
                return
            self._situation = self._after(message)
            self._fanout.publish(self._situation)
            self._changed.notify_all()

    def _after(self, message: GateState | ReaderState | GateLink) -> Situation:
        changes: dict[str, Any]
        if isinstance(message, GateState):
            changes = {"state": message, "known": True, "heard_ns": self._clock.monotonic_ns()}
            sees = message.readers
        elif isinstance(message, ReaderState):
            changes, sees = {}, {message.reader: message.up}
        else:
            changes, sees = {"link": message.up, "known": False}, {}
        seeing = {reader for reader, up in sees.items() if up}
        blind = (self._situation.blind - seeing) | (sees.keys() - seeing)
        return msgspec.structs.replace(self._situation, blind=frozenset(blind), **changes)
