"""When central may sign: every case of docs/decisions/0005."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from kiosk.central.clockguard import SIGNED_AT, confirm_clock, device_offsets, may_sign, why_not
from kiosk.central.database import write_setting
from kiosk.central.tables import device
from kiosk.core.clock import format_utc
from tests.central.builders import ON_SQLITE, START, EdgeDevice, register

DAY = timedelta(days=1)
MINUTES = timedelta(minutes=5)
NOW = START


def ask(now=NOW, last=None, offsets=(), confirmed=None):
    return may_sign(now, last, offsets, apart_max=DAY, confirmed_at=confirmed)


def test_a_central_that_runs_signs_every_five_minutes():
    assert ask(last=NOW - MINUTES) is None
    assert ask(last=NOW - MINUTES, offsets=[timedelta(seconds=2), timedelta(hours=-3)]) is None


def test_a_first_start_may_sign_unless_the_clock_was_never_set():
    assert ask() is None
    assert "never set" in ask(now=datetime(1970, 1, 1, tzinfo=UTC))
    assert "never set" in ask(now=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))


def test_a_first_start_with_a_wrong_clock_ends_when_a_device_is_heard():
    assert "devices' median by 400 days" in ask(offsets=[timedelta(days=-400)])


@pytest.mark.parametrize("jump", [timedelta(days=2), timedelta(days=-2), timedelta(days=900)])
def test_a_clock_that_jumped_must_not_sign_while_no_device_is_heard(jump):
    assert "last signature" in ask(now=NOW + jump, last=NOW)


def test_exactly_a_day_is_allowed_and_a_moment_more_is_not():
    assert ask(last=NOW - DAY) is None
    assert ask(last=NOW - DAY - timedelta(milliseconds=1)) is not None
    assert ask(last=NOW, offsets=[DAY]) is None
    assert ask(last=NOW, offsets=[-DAY - timedelta(milliseconds=1)]) is not None


def test_a_central_that_was_off_for_a_week_waits_for_a_device_and_then_signs():
    assert "no device was heard" in ask(last=NOW - 7 * DAY)
    assert ask(last=NOW - 7 * DAY, offsets=[timedelta(seconds=-1)]) is None


def test_a_central_that_was_off_and_came_back_with_a_wrong_clock_does_not_sign():
    assert "devices' median" in ask(last=NOW - 7 * DAY, offsets=[timedelta(days=3), timedelta(days=3)])


def test_devices_with_wrong_clocks_are_outvoted_by_the_median():
    offsets = [timedelta(days=400), timedelta(seconds=1), timedelta(0)]
    assert ask(last=NOW - MINUTES, offsets=offsets) is None


def test_the_median_of_the_devices_counts_even_beside_a_fresh_signature():
    assert "devices' median" in ask(last=NOW - MINUTES, offsets=[timedelta(days=3), timedelta(days=4), timedelta(0)])


def test_an_operators_word_stands_for_a_day_and_then_as_long_as_signatures_follow_it():
    wrong = [timedelta(days=30)]
    confirmed = NOW
    assert ask(now=NOW + timedelta(hours=23), last=NOW - 7 * DAY, offsets=wrong, confirmed=confirmed) is None
    later = NOW + 20 * DAY
    assert ask(now=later, last=later - MINUTES, offsets=wrong, confirmed=confirmed) is None
    assert ask(now=later, last=later - 2 * DAY, offsets=wrong, confirmed=confirmed) is not None
    assert ask(now=later, last=NOW - MINUTES, offsets=wrong, confirmed=confirmed) is not None


def test_a_word_given_for_another_time_does_not_help():
    assert ask(now=NOW + 900 * DAY, last=NOW, confirmed=NOW - MINUTES) is not None
    assert ask(now=NOW, last=NOW - 7 * DAY, confirmed=NOW + 30 * DAY) is not None


def hear(database, name, seen_at, offset, state="online"):
    with database.begin() as connection:
        row = {"state": state, "seen_at": format_utc(seen_at), "clock_offset_ms": round(offset.total_seconds() * 1000)}
        connection.execute(update(device).where(device.c.name == name).values(**row))


def test_only_devices_heard_just_now_with_a_clock_that_was_set_have_a_say(database):
    names = [f"gate-{number}" for number in range(7)]
    register(database, *(EdgeDevice(name) for name in names))
    hear(database, names[0], NOW - MINUTES, timedelta(seconds=3))
    hear(database, names[1], NOW - timedelta(hours=2), timedelta(days=9))
    hear(database, names[2], NOW + timedelta(hours=2), timedelta(days=9))
    hear(database, names[3], NOW - MINUTES, timedelta(days=9), state="offline")
    hear(database, names[4], NOW - MINUTES, datetime(1970, 1, 2, tzinfo=UTC) - NOW)
    hear(database, names[5], NOW - MINUTES, timedelta(days=-3_000_000))
    with database.read() as connection:
        assert device_offsets(connection, NOW) == [timedelta(seconds=3)]


@ON_SQLITE
def test_what_devices_said_before_our_clock_jumped_does_not_confirm_it(database):
    """The offsets in the database were measured against the clock as it was."""
    register(database, EdgeDevice())
    hear(database, "north-1", NOW - MINUTES, timedelta(0))
    with database.begin() as connection:
        write_setting(connection, SIGNED_AT, format_utc(NOW))
    for jump in (2 * DAY, -2 * DAY):
        with database.read() as connection:
            assert "last signature" in why_not(connection, NOW + jump, DAY)


@ON_SQLITE
def test_an_operator_can_vouch_for_the_clock(database):
    with database.begin() as connection:
        write_setting(connection, SIGNED_AT, format_utc(NOW - 9 * DAY))
    with database.begin() as connection:
        assert why_not(connection, NOW, DAY) is not None
        confirm_clock(connection, NOW)
        assert why_not(connection, NOW, DAY) is None
