"""Stays: which way in belongs to which way out, and what nobody knows the end of."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.club.misuse_rules import Tap
from kiosk.club.stays import STAY_MAX, Stay, stays_of

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AREAS = frozenset({"club", "pool"})


def make_tap(hours: float, area: str, site: str = "demo", *, passed: bool = True) -> Tap:
    """Make a passage into an area so many hours after the start."""
    return Tap("j", int(hours * 60), START + hours * HOUR, site, area, way_out=area == "outside", passed=passed)


def make_stay(area: str, since: float, until: float | None, site: str = "demo") -> Stay:
    """Make a stay from and until so many hours after the start."""
    return Stay(site, area, START + since * HOUR, None if until is None else START + until * HOUR)


@pytest.mark.proves("S41")
def test_a_stay_lasts_from_the_way_in_to_the_way_out() -> None:
    taps = [make_tap(0, "club"), make_tap(1, "pool"), make_tap(2.5, "club"), make_tap(3, "outside")]
    found = stays_of(reversed(taps), AREAS)
    assert found == (make_stay("club", 0, 1), make_stay("pool", 1, 2.5), make_stay("club", 2.5, 3))
    assert [each.length for each in found] == [HOUR, 1.5 * HOUR, 0.5 * HOUR]


def test_who_is_still_there_has_no_end_yet() -> None:
    assert stays_of([make_tap(0, "club")], AREAS) == (make_stay("club", 0, None),)
    assert stays_of([make_tap(0, "club")], AREAS)[0].length is None


def test_a_way_out_that_nobody_saw_leaves_the_end_unknown() -> None:
    again = [make_tap(0, "club"), make_tap(5, "club"), make_tap(6, "outside")]
    assert stays_of(again, AREAS) == (make_stay("club", 0, None), make_stay("club", 5, 6))
    elsewhere = [make_tap(0, "club"), make_tap(2, "outside", "island")]
    assert stays_of(elsewhere, AREAS) == (make_stay("club", 0, None),)


def test_nobody_stays_longer_than_a_day() -> None:
    hours = STAY_MAX / HOUR
    kept = stays_of([make_tap(0, "club"), make_tap(hours, "outside")], AREAS)
    assert kept == (make_stay("club", 0, hours),)
    missed = stays_of([make_tap(0, "club"), make_tap(hours + 0.1, "outside")], AREAS)
    assert missed == (make_stay("club", 0, None),)


def test_a_refused_tap_ends_no_stay() -> None:
    taps = [make_tap(0, "club"), make_tap(1, "pool", passed=False), make_tap(2, "outside")]
    assert stays_of(taps, AREAS) == (make_stay("club", 0, 2),)
