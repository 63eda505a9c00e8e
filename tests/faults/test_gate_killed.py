"""The gate is killed while people tap: what it answered it had written down, and counts outlive it."""

import base64
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.core.codec import decode
from kiosk.core.identifiers import credential_of
from kiosk.store.reading import JournalReader
from tests.faults.books import PAGE, PASSAGES, EdgeJournal, records_of
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
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(10)
PACE_S = 0.01
"""Few moments without a tap, so that the gate dies in the middle of one."""


@pytest.mark.proves("S41")
def test_a_gate_killed_in_ten_rounds_of_taps_answered_only_what_it_had_written(tmp_path: Path) -> None:
    chance = random.Random(1)
    with (
        a_club(tmp_path, "central", "sync", "gate") as club,
        Visitors(club, (*CARDS, PACK_CARD), pace_s=PACE_S) as visitors,
    ):
        for _ in range(ROUNDS):
            visitors.wait_for(5)
            pause(chance.uniform(0, 0.4))
            club.kill("gate")
            club.start("gate")
        visitors.wait_for(5)
        visitors.leave()
        assert _use_up_the_pack(club) == "no_visits_left"
        journals = club.check()
        assert_answers_recorded(visitors, journals)
        assert len(list(records_of(journals, "process.started"))) == ROUNDS + 1
        pack = credential_of(PACK_CARD, base64.b64decode(club.told["hash_key"]))
        assert _visits_taken(journals, pack) == PACK_VISITS
        assert _areas_by_the_gate(club) == _areas_by_the_records(journals)


def _use_up_the_pack(club: Club) -> str:
    """Tap the visit pack's card until it is refused; return why."""
    for _ in range(PACK_VISITS + 1):
        eventually(lambda: _everybody_is_through(club))
        answer = club.tap(PACK_CARD)
        if not answer["granted"]:
            return str(answer["reason"])
    return "never refused"


def _everybody_is_through(club: Club) -> bool:
    """Say whether each grant has its end; who taps before that begins anew, and one of two walkers has no grant."""
    with closing(JournalReader(club.data / "gate.db")) as reader:
        types = Counter(decode(each.body)["type"] for each in reader.read(0, PAGE, 1 << 30))
    return types["access.granted"] == sum(types[each] for each in PASSAGES)


def _visits_taken(journals: list[EdgeJournal], credential: str) -> int:
    grants = {record["seq"]: record["data"] for record in records_of(journals, "access.granted")}
    used = [grants[record["data"]["of"]] for record in records_of(journals, "access.taken")]
    return sum(grant["credential"] == credential and "entitlement" in grant for grant in used)


def _areas_by_the_records(journals: list[EdgeJournal]) -> dict[str, str]:
    """Return where the last passage of each card led."""
    grants = {record["seq"]: record["data"]["credential"] for record in records_of(journals, "access.granted")}
    return {grants[each["data"]["of"]]: each["data"]["area_to"] for each in records_of(journals, "access.taken")}


def _areas_by_the_gate(club: Club) -> dict[str, str]:
    with closing(sqlite3.connect(club.data / "gate.db")) as connection:
        return dict(connection.execute("SELECT credential, area FROM presence").fetchall())
