"""Central comes back from an older backup: the device sends again what it lacks, and the roster never goes back."""

from pathlib import Path

import pytest

from tests.faults.club import CARDS, Club, Visitors, a_club, make_member, rounds
from tests.support.central_home import CentralHome
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(2)


def test_in_two_rounds_central_is_restored_from_an_older_backup_and_gets_everything_again(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        for number in range(ROUNDS):
            backup = tmp_path / f"backup-{number}.tar"
            _tap(club, 30)
            eventually(lambda: sum(club.central.stored().values()) > 0, 30)
            told = club.central.command("backup", str(backup))
            assert '"records"' in told.stdout
            reported = _go_on(club, number)
            club.kill("central")
            kept, lacking = club.central.records(), CentralHome(tmp_path / f"restored-{number}")
            lacking.broker_port = club.broker.port
            lacking.command("restore", str(backup))
            assert 0 < len(lacking.records()) < len(kept)
            assert lacking.revision() < reported
            club.central = lacking
            club.start("central")
            _tap(club, 10)
            eventually(lambda reported=reported: club.roster_revision() > reported, 60)
            # The roster of the backup holds again, so that member who came after it is unknown.
            assert club.tap(_newcomer(number))["reason"] == "credential_not_found"
            assert club.tap(CARDS[0])["granted"]
            told = {row[1:] for row in kept}
            eventually(lambda told=told, lacking=lacking: told <= {row[1:] for row in lacking.records()}, 60)
        club.check()


def _go_on(club: Club, number: int) -> int:
    """Let taps and three roster changes go on behind the backup; return the revision the device has told of."""
    for change in range(3):
        club.central.import_rows([make_member(f"N{number}{change}", _newcomer(number, change))])
    club.wait_for_roster()
    assert club.tap(_newcomer(number))["granted"]
    _tap(club, 30)
    eventually(club.is_settled, 60)
    newest = club.central.revision()
    eventually(lambda: club.central.devices()[0].roster_revision == newest, 30)
    return newest


def _newcomer(number: int, change: int = 0) -> str:
    return f"04B1B2C3{number:02X}{change:02X}10"


def _tap(club: Club, count: int) -> None:
    with Visitors(club) as visitors:
        visitors.wait_for(count)
    assert visitors.wrong == []
