"""Sync or central is killed while a backlog drains: everything arrives, once."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.central.schema import migrate
from tests.faults.club import a_club, fill_journal, pause, reached, rounds
from tests.support.postgresql import PrivatePostgresql
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

DYING = "tests.faults.dying_central"
ROUNDS = rounds(10)
PER_ROUND = 1500
"""Records a round has to drain; a batch holds at most 256."""


def marks(chance: random.Random, count: int = ROUNDS) -> Iterator[int]:
    """Yield how many records are to be at central when the next fault comes, anywhere in its round's share."""
    for number in range(count):
        yield int(PER_ROUND * (number + chance.random()))


def test_sync_killed_in_ten_rounds_while_a_backlog_drains(tmp_path: Path) -> None:
    with a_club(tmp_path, "central") as club:
        fill_journal(club.data, ROUNDS * PER_ROUND)
        club.start("sync")
        for mark in marks(random.Random(2)):
            reached(club.records_stored, mark)
            club.kill("sync")
            assert club.acked() <= club.records_stored()
            club.start("sync")
        club.check()


def test_central_killed_in_ten_rounds_at_random_moments_while_a_backlog_drains(tmp_path: Path) -> None:
    with a_club(tmp_path, "central", "sync") as club:
        fill_journal(club.data, ROUNDS * PER_ROUND)
        for mark in marks(random.Random(3)):
            reached(club.records_stored, mark)
            club.kill("central")
            assert club.acked() <= club.records_stored()
            club.start("central")
        club.check()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_central_killed_in_five_rounds_around_a_commit_acked_only_what_it_holds(tmp_path: Path, moment: str) -> None:
    with a_club(tmp_path, "sync") as club:
        fill_journal(club.data, rounds(5) * PER_ROUND)
        for number in range(rounds(5)):
            before = club.records_stored()
            dying = club.start_another("central", DYING, KIOSK_DIES=f"{moment}:{number % 3 + 1}")
            eventually(lambda dying=dying: dying.process.poll() is not None, 30)
            assert club.acked() <= club.records_stored()
            assert (club.records_stored() > before) is (moment == "after" or number % 3 > 0)
        club.start("central")
        club.check()


@pytest.mark.postgresql
def test_two_centrals_on_postgresql_killed_in_turn_in_six_rounds_while_they_share_the_uplink(tmp_path: Path) -> None:
    server = PrivatePostgresql()
    try:
        server.start()
        database = server.url(server.create())
        migrate(database)
        centrals = ("central-1", "central-2")
        with a_club(tmp_path, *centrals, "sync", database=database, shared=True) as club:
            fill_journal(club.data, rounds(6) * PER_ROUND)
            chance = random.Random(4)
            for mark in marks(chance, rounds(6)):
                reached(club.records_stored, mark)
                victim = chance.choice(centrals)
                club.kill(victim)
                assert club.acked() <= club.records_stored()
                pause(chance.uniform(0, 0.3))
                club.start(victim)
            club.check()
    finally:
        server.stop()
