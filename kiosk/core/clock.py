"""Time as the rules see it: a wall clock that may lie, held against the roster's signed time.

The floor is the newest accepted head's `issued_at` plus the monotonic time since (CONTRACT §3, invariant 11).
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from kiosk.core.errors import InvalidInput

TOLERANCE = timedelta(minutes=5)
TOLERANCE_MS = TOLERANCE // timedelta(milliseconds=1)
BUILT = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ClockState(StrEnum):
    """How far the wall clock can be believed. Wire format."""

    OK = "ok"
    BEHIND = "behind"
    AHEAD = "ahead"
    UNSET = "unset"


class Clock(Protocol):
    """Where a process takes its time from."""

    def now(self) -> datetime:
        """Return the wall clock, aware, UTC."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go back while the machine is up, the same in every process."""

    def boot_id(self) -> str:
        """Return what tells one boot of the machine from another."""


class Anchor(msgspec.Struct, frozen=True):
    """When the newest accepted head was signed, and where the monotonic clock then stood.

    `roster_at` is when the roster that is held was last signed as the newest; None = with this head.
    """

    issued_at: datetime
    accepted_ns: int
    boot_id: str
    roster_at: datetime | None = None


class ClockReading(msgspec.Struct, frozen=True):
    """The time a decision is made at: best estimate in UTC, its state, and the roster's age in seconds."""

    now: datetime
    state: ClockState = ClockState.OK
    roster_age_s: int = 0


def read_clock(clock: Clock, anchor: Anchor | None, roster_age_max_s: int) -> ClockReading:
    """Judge the wall clock against the anchor. Where it cannot be believed, the floor is the time."""
    wall = clock.now()
    if anchor is None:
        return ClockReading(wall, ClockState.UNSET if wall < BUILT else ClockState.OK, 0)
    elapsed_ns = clock.monotonic_ns() - anchor.accepted_ns if clock.boot_id() == anchor.boot_id else 0
    floor = anchor.issued_at + timedelta(microseconds=max(elapsed_ns, 0) // 1000)
    now, state = wall, ClockState.OK
    if wall < BUILT:
        now, state = floor, ClockState.UNSET
    elif wall < floor - TOLERANCE:
        now, state = floor, ClockState.BEHIND
    elif wall > max(anchor.issued_at + timedelta(seconds=roster_age_max_s), floor + TOLERANCE):
        now, state = floor, ClockState.AHEAD
    age_s = max(int((now - (anchor.roster_at or anchor.issued_at)).total_seconds()), 0)
    return ClockReading(now, state, age_s)


def format_utc(moment: datetime) -> str:
    """Return the 24 characters `2026-11-22T08:31:07.412Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text[:23] + "Z"


def epoch_ms(moment: datetime) -> int:
    """Return milliseconds since 1970, cut off like `format_utc`, so that a record's `at` gives the same number."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def is_to_come(at_ms: int, now_ms: int) -> bool:
    """Say whether a moment lies further ahead than clocks may differ: a clock that was wrong has dated it."""
    return at_ms > now_ms + TOLERANCE_MS


def parse_utc(text: str) -> datetime:
    """Read an RFC 3339 time with a zone; raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"not an RFC 3339 time: {text!r}", hint="Write it as 2026-11-22T08:31:07.412Z") from error
    raise InvalidInput(f"time without a zone: {text!r}", hint="End it with Z or an offset such as +08:00")
