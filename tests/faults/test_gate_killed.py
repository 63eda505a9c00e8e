"""The gate is killed while people tap: what it answered it had written down, and counts outlive it."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.books import EdgeJournal, records_of
from tests.faults.club import (
    CARDS,
    PACK_CARD,
    PACK_VISITS,
    Club,
    Visitors,
    a_club,
    assert_answers_recorded,
    pause,
    rounds,
)

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(10)


def test_a_gate_killed_in_ten_rounds_of_taps_answered_only_what_it_had_written(tmp_path: Path) -> None:
    chance = random.Random(1)
    with a_club(tmp_path, "central", "sync", "gate") as club, Visitors(club, (*CARDS, PACK_CARD)) as visitors:
        for _ in range(ROUNDS):
            visitors.wait_for(5)
            pause(chance.uniform(0, 0.4))
            club.kill("gate")
            club.start("gate")
        visitors.wait_for(5)
        club.running["gate"].stop()
        visitors.__exit__()
        club.start("gate")
        assert _use_up_the_pack(club) == "no_visits_left"
        journals = club.check()
        assert_answers_recorded(visitors, journals)
        starts = [record for record in records_of(journals, "process.started")]
        assert len(starts) == ROUNDS + 2
        assert _passages_of_the_pack(journals) == PACK_VISITS
        assert _presence(club) == _last_areas(journals)


def _use_up_the_pack(club: Club) -> str:
    """Tap the visit pack's card until it is refused; return why."""
    for _ in range(PACK_VISITS + 1):
        answer = club.tap(PACK_CARD)
        if not answer["granted"]:
            return str(answer["reason"])
        pause(0.1)
    return "never refused"


def _passages_of_the_pack(journals: list[EdgeJournal]) -> int:
    grants = {
        record["seq"]: record["data"]
        for record in records_of(journals, "access.granted")
        if record["data"]["access_point"] == "entrance"
    }
    cards = {data["credential"] for data in grants.values() if data.get("member") == _pack_member(grants)}
    taken = [record["data"]["of"] for record in records_of(journals, "access.taken")]
    return sum(grants[of]["credential"] in cards for of in taken if of in grants)
