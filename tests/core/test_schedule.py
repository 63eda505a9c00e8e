"""Windows and special days. The vectors hold the boundaries; here stand the parts and a brute-force count."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.codec import canonical
from kiosk.core.errors import MessageRejected
from kiosk.core.model import Schedule
from kiosk.core.roster import decode_row
from kiosk.core.schedule import is_open, next_opening, windows_on
from tests.builders import make_schedule, make_special_day, make_window
from tests.strategies import special_days, windows

CHRISTMAS = date(2026, 12, 25)
START = datetime(2026, 12, 1, tzinfo=UTC)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _minutes_open(schedule: Schedule, day: date) -> set[int]:
    """Minutes since 2026-12-01 that the windows opening on a day cover, written down one by one."""
    start = (day - START.date()).days * 1440
    covered: set[int] = set()
    for window in windows_on(schedule, day):
        opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in (window.opens, window.closes))
        covered.update(range(start + opens, start + (closes if closes > opens else closes + 1440)))
    return covered


@pytest.mark.proves("S36")
@given(
    st.builds(Schedule, id=st.just("hours"), windows=windows, special_days=special_days), st.integers(1440, 14 * 1440)
)
def test_a_schedule_is_open_in_exactly_the_minutes_of_its_windows(schedule: Schedule, minute: int) -> None:
    moment = START + timedelta(minutes=minute)
    covered = _minutes_open(schedule, moment.date()) | _minutes_open(schedule, moment.date() - timedelta(days=1))
    assert is_open(schedule, moment) == (minute in covered)
    assert is_open(schedule, moment + timedelta(seconds=59.999)) == (minute in covered)


@given(st.builds(Schedule, id=st.just("hours"), windows=windows, special_days=special_days), st.integers(0, 14 * 1440))
def test_the_next_opening_is_the_first_minute_at_which_a_window_opens(schedule: Schedule, minute: int) -> None:
    now = START + timedelta(minutes=minute)
    openings = [
        f"{day.isoformat()} {window.opens}"
        for day in (now.date() + timedelta(days=offset) for offset in range(15))
        for window in windows_on(schedule, day)
    ]
    later = [opening for opening in openings if opening > now.strftime("%Y-%m-%d %H:%M")]
    assert next_opening(schedule, now) == min(later, default=None)


def test_a_special_day_replaces_the_windows_of_the_week() -> None:
    only_morning = make_window(opens="08:00", closes="12:00")
    schedule = make_schedule(special_days=(make_special_day(day=CHRISTMAS, windows=(only_morning,)),))
    assert windows_on(schedule, CHRISTMAS) == (only_morning,)
    assert windows_on(schedule, CHRISTMAS + timedelta(days=1)) == (make_window(),)


def test_a_window_counts_on_its_weekdays_monday_being_one() -> None:
    schedule = make_schedule(windows=(make_window(days="17"),))
    open_days = [day for day in range(1, 15) if windows_on(schedule, date(2026, 6, day))]
    assert open_days == [1, 7, 8, 14]


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-12-23T07:59:59", "2026-12-23 08:00"),
        ("2026-12-23T08:00:00", "2026-12-24 08:00"),
        ("2026-12-24T22:00:00", "2026-12-26 08:00"),
    ],
)
def test_staff_are_told_the_next_opening(now: str, opens: str) -> None:
    schedule = make_schedule(special_days=(make_special_day(),))
    assert next_opening(schedule, _local(now)) == opens


def test_there_is_no_next_opening_beyond_two_weeks() -> None:
    far = make_schedule(windows=(), special_days=(make_special_day(day=CHRISTMAS, windows=(make_window(),)),))
    assert next_opening(far, _local("2026-12-11T12:00")) == "2026-12-25 08:00"
    assert next_opening(far, _local("2026-12-10T12:00")) is None


@pytest.mark.parametrize(
    ("opens", "closes", "days"),
    [
        ("9:00", "17:00", "1"),
        ("09:60", "17:00", "1"),
        ("24:00", "02:00", "1"),
        ("09:00", "24:01", "1"),
        ("09:00", "", "1"),
        ("09:00", "17:00\n", "1"),
        ("09:00", "17:00", "8"),
        ("09:00", "17:00", ""),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_its_row_not_at_the_tap(
    opens: str, closes: str, days: str
) -> None:
    row = canonical({"id": "hours", "kind": "schedule", "windows": [{"opens": opens, "closes": closes, "days": days}]})
    with pytest.raises(MessageRejected):
        decode_row(row)
