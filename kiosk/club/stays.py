"""Passages paired into stays: when somebody came into an area and when out of it again (S41, S38)."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import msgspec

from kiosk.club.misuse_rules import Tap

STAY_MAX = timedelta(hours=24)
"""Past this nobody believes that a stay was one: the way out was missed."""


class Stay(msgspec.Struct, frozen=True):
    """A time in an area of a site; no `until` = not known: still there, or gone unseen."""

    site: str
    area: str
    since: datetime
    until: datetime | None = None

    @property
    def length(self) -> timedelta | None:
        """How long it was, where both ends are known."""
        return None if self.until is None else self.until - self.since


def stays_of(taps: Iterable[Tap], areas: Collection[str]) -> tuple[Stay, ...]:
    """Pair the passages of one person into stays, the earliest first; `areas` are those that one can stay in.

    The way into another area of the same site ends a stay. One that is followed by the same area again, by another
    site, or after more than a day, has no known end.
    """
    found: list[Stay] = []
    here: Stay | None = None
    for tap in sorted((each for each in taps if each.passed), key=lambda each: (each.at, each.journal, each.seq)):
        if here is not None:
            found.append(_ended(here, tap))
        here = Stay(tap.site, tap.area, tap.at) if tap.area in areas else None
    return (*found, here) if here is not None else tuple(found)


def _ended(stay: Stay, tap: Tap) -> Stay:
    is_way_out = tap.site == stay.site and tap.area != stay.area and tap.at - stay.since <= STAY_MAX
    return msgspec.structs.replace(stay, until=tap.at) if is_way_out else stay
