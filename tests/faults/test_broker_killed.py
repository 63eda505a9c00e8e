"""The broker is killed and forgets everything, again and again, while 20,000 records drain and people tap."""

import random
from pathlib import Path

import pytest

from tests.faults.club import Visitors, a_club, assert_answers_recorded, fill_journal, pause, reached, rounds

pytestmark = pytest.mark.mosquitto

RECORDS = 20_000
ROUNDS = rounds(4)


@pytest.mark.proves("S41")
def test_a_broker_killed_and_wiped_in_four_rounds_while_20000_records_drain_loses_none(tmp_path: Path) -> None:
    chance = random.Random(5)
    with a_club(tmp_path) as club:
        fill_journal(club.data, RECORDS)
        club.start("central", "sync", "gate")
        with Visitors(club) as visitors:
            for number in range(ROUNDS):
                reached(club.records_stored, int(RECORDS * (number + chance.random()) / ROUNDS))
                club.broker.kill()
                assert club.acked() <= club.records_stored()
                pause(chance.uniform(0, 0.5))
                club.broker.restart(wipe=True)
            reached(club.records_stored, RECORDS)
            club.wait_for_roster()
        journals = club.check()
        assert_answers_recorded(visitors, journals)
        assert sum(len(each.bodies) for each in journals) > RECORDS
