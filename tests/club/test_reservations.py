"""Bookings of areas: slots, how far ahead, how many at one time, and what the gates hold."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.club.reservations import (
    AREA_CHARACTERS_MAX,
    BookableArea,
    Booked,
    ReservationReason,
    ReservationRefusal,
    ReservationRules,
    Slot,
    TierDays,
    against,
    days_ahead,
    faults,
    most_at_once,
    product_of,
    schedule_of,
    slot_at,
    starts_of,
)
from kiosk.club.tiers import TierRules
from kiosk.core.schedule import is_open

DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
COURT = BookableArea("court", places=2, minutes=60, opens="09:00", closes="22:30")
RULES = ReservationRules(areas=(COURT,))
FREE = Booked()


def make_slot(opens: str = "15:00", closes: str = "16:00", day: date = DAY, area: str = "court") -> Slot:
    """Make a slot of the court."""
    return Slot(area, day, opens, closes)


def reason(slot: Slot, booked: Booked = FREE, *, days: int = 3, most: int = 4) -> ReservationReason | None:
    """Return why a slot is not booked at noon."""
    found = against(slot, booked, NOON, RULES, days=days, most=most)
    return found.reason if found else None


def test_slots_follow_one_another_and_the_last_one_ends_before_the_area_closes() -> None:
    assert (starts_of(COURT)[:2], starts_of(COURT)[-1]) == (("09:00", "10:00"), "21:00")
    whole = BookableArea("court", 1, 24 * 60, "00:00", "24:00")
    assert slot_at("court", DAY, "00:00", ReservationRules(areas=(whole,))) == make_slot("00:00", "24:00")
    assert slot_at("court", DAY, "15:00", RULES) == make_slot()
    for area, opens, why in (
        ("court", "15:30", ReservationReason.NOT_A_SLOT),
        ("court", "22:00", ReservationReason.NOT_A_SLOT),
        ("pool", "15:00", ReservationReason.NOT_TO_BE_BOOKED),
    ):
        found = slot_at(area, DAY, opens, RULES)
        assert isinstance(found, ReservationRefusal)
        assert found.reason is why


@pytest.mark.parametrize(("tier", "days"), [("ordinary", 3), ("silver", 3), ("gold", 7), ("platinum", 14)])
def test_a_higher_tier_books_more_days_ahead_and_one_that_is_not_named_as_the_one_below(tier: str, days: int) -> None:
    assert days_ahead(tier, ReservationRules(), TierRules()) == days
    assert days_ahead("ordinary", ReservationRules(days_ahead=(TierDays("gold", 7),)), TierRules()) == 0
    named = (TierDays("ordinary", 3), TierDays("diamond", 30))
    assert days_ahead(tier, ReservationRules(days_ahead=named), TierRules()) == 3, "there is no such tier"


def test_the_last_day_of_the_window_is_booked_and_the_next_is_not() -> None:
    assert reason(make_slot(day=DAY + timedelta(days=3))) is None
    assert reason(make_slot(day=DAY + timedelta(days=4))) is ReservationReason.TOO_FAR_AHEAD


def test_a_slot_that_runs_is_booked_and_one_that_has_ended_is_not() -> None:
    assert reason(make_slot("11:01", "12:01")) is None
    assert reason(make_slot("11:00", "12:00")) is ReservationReason.SLOT_IS_OVER
    assert reason(make_slot(day=DAY - timedelta(days=1))) is ReservationReason.SLOT_IS_OVER


def test_nobody_is_at_two_places_or_books_more_than_the_rules_have() -> None:
    beside, over = make_slot("16:00", "17:00", area="pool"), make_slot("15:30", "16:30", area="pool")
    assert reason(make_slot(), Booked(own=[beside], own_of_kind=3)) is None
    assert reason(make_slot(), Booked(own=[over])) is ReservationReason.BOOKED_THEN
    assert reason(make_slot(), Booked(own_of_kind=4)) is ReservationReason.TOO_MANY_BOOKED


def test_an_area_is_full_when_its_places_are_gone_at_one_time() -> None:
    early, late = make_slot("14:30", "15:30"), make_slot("15:30", "16:30")
    assert most_at_once(make_slot(), [early, late]) == 1
    assert reason(make_slot(), Booked(others=[early, late])) is None
    assert most_at_once(make_slot(), [early, late, make_slot("15:15", "15:45")]) == 2
    assert reason(make_slot(), Booked(others=[make_slot()] * 2)) is ReservationReason.FULL_THEN
    assert most_at_once(make_slot(), [make_slot(area="pool"), make_slot(day=DAY + timedelta(days=1))]) == 0


@pytest.mark.parametrize(
    ("opens", "minute", "granted"),
    [
        ("15:00", "14:49", False),
        ("15:00", "14:50", True),
        ("15:00", "15:59", True),
        ("15:00", "16:00", False),
        ("00:00", "00:00", True),
        ("00:00", "23:59", False),
    ],
)
def test_the_gates_take_a_booking_from_some_minutes_before_until_its_end(
    opens: str, minute: str, granted: bool
) -> None:
    slot = make_slot(opens, f"{int(opens[:2]) + 1:02}:00")
    local = NOON.replace(hour=int(minute[:2]), minute=int(minute[3:]))
    assert is_open(schedule_of(slot, RULES), local) is granted
    assert product_of(slot).schedule == schedule_of(slot, RULES).id


def test_a_product_of_the_longest_area_fits_the_books() -> None:
    assert len(product_of(make_slot(area="a" * AREA_CHARACTERS_MAX)).id) == 32


@dataclass
class _Case:
    change: dict[str, Any]
    said: str


@pytest.mark.parametrize(
    "case",
    [
        _Case({"area": "moon"}, "which the club does not have"),
        _Case({"area": "a" * 20}, "of more than 19 characters"),
        _Case({"closes": "09:30"}, "not open for as long"),
    ],
    ids=["no area", "long name", "short hours"],
)
def test_what_cannot_be_booked_is_found(case: _Case) -> None:
    fields = {"area": "court", "places": 1, "minutes": 60, "opens": "09:00", "closes": "22:00"}
    found = faults(ReservationRules(areas=(BookableArea(**fields | case.change),)), ["court", "a" * 20])
    assert [case.said in each for each in found] == [True]
    assert list(faults(RULES, ["court"])) == []
    assert len(list(faults(ReservationRules(areas=(COURT, COURT)), ["court"]))) == 1
