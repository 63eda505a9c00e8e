"""The wall clock held against the floor, and times as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.clock import BUILT, TOLERANCE, ClockReading, ClockState, epoch_ms, format_utc, parse_utc, read_clock
from kiosk.core.errors import InvalidInput
from tests.builders import NOW, FakeClock, make_anchor

DAY_S = 86400
AGE_MAX_S = 14 * DAY_S
moments = st.integers(-(10**15), 7 * 10**15).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)


def _read(wall_s: float = 0, elapsed_s: float = 0, *, boot: str = "boot-1") -> ClockReading:
    """Read a wall clock so many seconds after the head was signed, and so many by the monotonic clock."""
    clock = FakeClock(NOW + timedelta(seconds=wall_s), 10**12 + int(elapsed_s * 1e9), boot)
    return read_clock(clock, make_anchor(), AGE_MAX_S)


@pytest.mark.parametrize(
    ("wall_s", "elapsed_s", "state"),
    [
        (0, 0, "ok"),
        (-300, 0, "ok"),
        (-300.001, 0, "behind"),
        (-301, 0, "behind"),
        (AGE_MAX_S, 0, "ok"),
        (AGE_MAX_S + 0.001, 0, "ahead"),
        (AGE_MAX_S + 1, 0, "ahead"),
        (10 * 365 * DAY_S, 0, "ahead"),
        (DAY_S, DAY_S, "ok"),
        (DAY_S - 300, DAY_S, "ok"),
        (DAY_S - 301, DAY_S, "behind"),
        (AGE_MAX_S, DAY_S, "ok"),
        (AGE_MAX_S + 1, DAY_S, "ahead"),
        (30 * DAY_S, 30 * DAY_S, "ok"),
        (30 * DAY_S + 300, 30 * DAY_S, "ok"),
        (30 * DAY_S + 301, 30 * DAY_S, "ahead"),
        (30 * DAY_S - 301, 30 * DAY_S, "behind"),
    ],
)
def test_the_state_of_the_wall_clock(wall_s: float, elapsed_s: float, state: str) -> None:
    assert _read(wall_s, elapsed_s).state == state


@pytest.mark.parametrize(("wall", "state"), [(BUILT - timedelta(microseconds=1), "unset"), (BUILT, "behind")])
def test_a_clock_before_this_software_was_built_is_unset(wall: datetime, state: str) -> None:
    reading = read_clock(FakeClock(wall), make_anchor(), AGE_MAX_S)
    assert reading == ClockReading(NOW, ClockState(state), 0)


@pytest.mark.parametrize(("wall", "state"), [(BUILT - timedelta(microseconds=1), "unset"), (BUILT, "ok")])
def test_without_a_head_the_wall_clock_is_the_time(wall: datetime, state: str) -> None:
    assert read_clock(FakeClock(wall), None, AGE_MAX_S) == ClockReading(wall, ClockState(state), 0)


def test_a_believed_clock_is_the_time() -> None:
    assert _read(90, 60).now == NOW + timedelta(seconds=90)


@pytest.mark.proves("S23")
@pytest.mark.parametrize("wall_s", [-DAY_S, 365 * DAY_S, -20_000 * DAY_S])
def test_where_the_clock_is_not_believed_the_floor_is_the_time(wall_s: float) -> None:
    assert _read(wall_s, 60).now == NOW + timedelta(seconds=60)


def test_the_floor_goes_on_with_the_monotonic_clock_of_the_same_boot_only() -> None:
    assert _read(-DAY_S, 3600).now == NOW + timedelta(hours=1)
    assert _read(-DAY_S, 3600, boot="boot-2").now == NOW


def test_a_monotonic_clock_behind_the_anchor_does_not_lower_the_floor() -> None:
    assert _read(-DAY_S, -60).now == NOW


@pytest.mark.parametrize(
    ("wall_s", "elapsed_s", "age_s"),
    [(0, 0, 0), (0.999, 0, 0), (1, 0, 1), (AGE_MAX_S, AGE_MAX_S, AGE_MAX_S), (-200, 0, 0), (-DAY_S, 3600, 3600)],
)
def test_the_age_of_the_roster_is_counted_from_the_signature_to_the_time(
    wall_s: float, elapsed_s: float, age_s: int
) -> None:
    assert _read(wall_s, elapsed_s).roster_age_s == age_s


def test_a_clock_ahead_makes_no_roster_old() -> None:
    assert _read(365 * DAY_S).roster_age_s == 0


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**8))
def test_the_time_of_a_decision_is_never_before_the_floor_by_more_than_the_tolerance(
    wall_s: int, elapsed_s: int
) -> None:
    floor = NOW + timedelta(seconds=elapsed_s)
    reading = _read(wall_s, elapsed_s)
    assert reading.now >= floor - TOLERANCE
    assert reading.now == floor or reading.state is ClockState.OK


def test_a_time_is_written_in_twenty_four_characters() -> None:
    assert format_utc(NOW) == "2026-11-22T08:31:07.412Z"
    assert format_utc(datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == "2026-01-01T00:00:00.000Z"


@given(moments)
def test_a_time_written_and_read_is_the_same_millisecond(moment: datetime) -> None:
    text = format_utc(moment)
    assert len(text) == 24
    assert moment - timedelta(milliseconds=1) < parse_utc(text) <= moment
    assert epoch_ms(parse_utc(text)) == epoch_ms(moment)


def test_milliseconds_are_cut_off_not_rounded() -> None:
    assert epoch_ms(NOW + timedelta(microseconds=999)) == epoch_ms(NOW) == 1795336267412


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T08:31:07.412Z", NOW),
        ("2026-11-22T16:31:07.412+08:00", NOW),
        ("2026-11-22T08:31:07Z", NOW.replace(microsecond=0)),
    ],
)
def test_a_time_with_a_zone_is_read(text: str, moment: datetime) -> None:
    assert parse_utc(text) == moment
    assert parse_utc(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["2026-11-22T08:31:07", "2026-11-22", "yesterday", "", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_utc(text)
    assert caught.value.hint


def test_the_states_are_wire_format() -> None:
    assert [state.value for state in ClockState] == ["ok", "behind", "ahead", "unset"]
