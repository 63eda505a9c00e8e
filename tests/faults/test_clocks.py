"""Clocks are set years back and forward, at the gate and at central, and put right again."""

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.clock import format_utc
from kiosk.local.clock import SystemClock
from tests.faults.books import records_of
from tests.faults.club import EXPIRED_CARD, Club, Visitors, a_club, make_member, pause, rounds
from tests.support.faketime import TimeFile
from tests.support.nursery import a_nursery
from tests.support.wait import eventually

pytestmark = [pytest.mark.mosquitto, pytest.mark.faketime]

YEARS = (-3, 4, -10, 1)
STATES = {-3: "unset", 4: "ahead", -10: "unset", 1: "ahead"}
TURNS = [years for _ in range(rounds(1)) for years in YEARS]
"""The time is set so many years away; three and ten years ago this software was not built yet."""


class ShiftedClock:
    """The clock of processes, which a test moves away from the true time while it goes on; the monotonic one stays."""

    def __init__(self, file: Path, *, at_once: bool) -> None:
        self._file = TimeFile(file, at_once=at_once)
        self.env = self._file.env
        self.shift(timedelta())

    def shift(self, by: timedelta) -> None:
        """Set it this far from the true time."""
        self._file.write(f"{by.total_seconds():+.0f}s")


@pytest.mark.proves("S23")
def test_the_gates_clock_set_four_times_years_off_reopens_nothing_and_shuts_nobody_out(tmp_path: Path) -> None:
    clock, begun = ShiftedClock(tmp_path / "gate-time", at_once=False), format_utc(SystemClock().now())[:10]
    with a_nursery(clock.env), a_club(tmp_path, "central") as club:
        club.env = {"gate": clock.env, "sync": clock.env}
        club.start("gate", "sync")
        club.wait_for_roster()
        assert_decides(club, "ok")
        for years in TURNS:
            clock.shift(timedelta(days=365 * years))
            assert_decides(club, STATES[years])
            club.kill("gate")
            club.start("gate")
            assert_decides(club, STATES[years])
            clock.shift(timedelta())
            assert_decides(club, "ok")
        journals = club.check()
        assert list(records_of(journals, "clock.stepped"))
        times = {record["at"][:10] for each in journals for record in each.records()}
        assert times <= {begun, format_utc(SystemClock().now())[:10]}


def test_centrals_clock_set_four_times_years_off_signs_nothing_and_loses_nothing(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path / "central-time", at_once=True)
    with a_nursery(clock.env), a_club(tmp_path) as club:
        club.env = {"central": clock.env}
        club.start("central", "sync", "gate")
        club.wait_for_night()
        with Visitors(club) as visitors:
            for number, years in enumerate(TURNS):
                newcomer = f"04C1B2C3{number:02X}0110"
                before = club.roster_revision()
                clock.shift(timedelta(days=365 * years))
                pause(1.0)  # what central began to look at before that has ended
                club.central.import_rows([make_member(f"C{number}", newcomer)])
                assert_stays(club, before, visitors)
                assert club.tap(newcomer)["reason"] == "credential_not_found"
                assert_decides(club, "ok")
                if number % 2:
                    club.kill("central")
                    club.start("central")
                    assert_stays(club, before, visitors)
                clock.shift(timedelta())
                club.wait_for_roster()
                assert club.tap(newcomer)["granted"]
        club.check()


def assert_decides(club: Club, state: str) -> None:
    """Whoever is a member comes in, whoever is no more does not, and the records say what the clock was worth."""

    def is_so() -> bool:
        valid, expired = club.tap(club.other_card()), club.tap(EXPIRED_CARD)
        assert valid["granted"], valid
        assert not expired["granted"]
        assert expired["reason"] == "credential_expired"
        return bool(valid["record"]["data"]["clock"] == state)

    eventually(is_so, 10)


def assert_stays(club: Club, revision: int, visitors: Visitors) -> None:
    """Central goes on storing for a while, and the gate's roster stays what it was."""
    stored = club.records_stored()
    visitors.wait_for(30)
    eventually(lambda: club.records_stored() > stored + 20, 30)
    assert club.roster_revision() == revision
