"""Central comes back from an older backup: the device sends again what it lacks, and the roster never goes back."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from kiosk.central.database import Database
from kiosk.central.tables import used
from kiosk.core.codec import decode
from kiosk.core.visits import Usage
from kiosk.store.book import UsedNumbers
from tests.faults.club import CARDS, SITE, Club, Visitors, a_club, command, make_member, rounds
from tests.support.central_home import CentralHome
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(2)

Use = dict[tuple[str, str], tuple[int, str | None, Any]]
"""By card and entitlement: visits, place and fold points."""


def test_in_two_rounds_central_is_restored_from_an_older_backup_and_gets_everything_again(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        for number in range(ROUNDS):
            backup = tmp_path / f"backup-{number}.tar"
            _tap(club, 30)
            eventually(lambda: club.records_stored() > 0, 30)
            assert '"records"' in command(club.central, "backup", str(backup))
            reported = _go_on(club, number)
            club.kill("central")
            kept, lacking = club.central.records(), CentralHome(tmp_path / f"restored-{number}")
            lacking.broker_port = club.broker.port
            command(lacking, "restore", str(backup))
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
            eventually(lambda: _held(club) == _counted(club), 60)
        club.check()


def _counted(club: Club) -> Use:
    """Read what central has counted for the gate's site."""
    query = select(used.c.credential, used.c.entitlement, used.c.counts, used.c.area, used.c.folded)
    with closing(Database(club.central.url)) as database, database.read() as connection:
        rows = connection.execute(query.where(used.c.site == SITE)).all()
    return {
        (card, held): (msgspec.json.decode(counts, type=Usage).total, area, decode(folded))
        for card, held, counts, area, folded in rows
    }


def _held(club: Club) -> Use:
    """Read what the gate was told of it."""
    path = club.data / "roster" / "overlay.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT credential, entitlement, body FROM used").fetchall()
    held = [(card, name, msgspec.json.decode(body, type=UsedNumbers)) for card, name, body in rows]
    return {(card, name): (each.counts.total, each.area, each.folded) for card, name, each in held}


def _go_on(club: Club, number: int) -> int:
    """Let taps and three roster changes go on behind the backup; return the revision the device has told of."""
    club.wait_for_night()
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
