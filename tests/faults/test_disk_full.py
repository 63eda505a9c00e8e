"""The disk is full: nobody gets in without a record, everybody gets out and is counted, and space heals it.

A gate that is stopped or killed meanwhile starts again on the full disk: the way out is never shut (invariant 9).
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.books import records_of
from tests.faults.club import Club, Visitors, a_club, assert_answers_recorded, rounds
from tests.support.needs import needs
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(3)
DISK = "264m"
"""Sync fetches no roster where less than 256 MiB would be left to the journals."""
EXITS = 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a disk of its own, where the box keeps its data."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a disk that can be filled has to be mounted")
    folder = tmp_path / "box" / "data"
    folder.mkdir(parents=True)
    mount = [str(needs("mount", "mount")), "-t", "tmpfs", "-o", f"size={DISK}", "kiosk-small-disk", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run([str(needs("umount", "mount")), "--lazy", str(folder)], check=True)


def test_a_full_disk_in_three_rounds_refuses_entry_counts_exits_and_heals(tmp_path: Path, small_disk: Path) -> None:
    with a_club(tmp_path, "central", "sync", "gate") as club:
        everybody = Visitors(club)
        with everybody:
            for number in range(ROUNDS):
                everybody.wait_for(10)
                fill(small_disk)
                eventually(lambda: refused(club), 30)
                before = club.box.ask("status")["exits_unrecorded"]
                outs = [club.tap(club.other_card(), "out") for _ in range(EXITS)]
                assert {out["reason"] for out in outs} == {"ok_exit"}
                assert club.box.ask("status")["exits_unrecorded"] >= before + EXITS
                if number % 3:
                    (stop if number % 3 == 1 else kill)(club, small_disk)
                    club.start("gate")
                    assert club.tap(club.other_card(), "out")["reason"] == "ok_exit"
                free(small_disk)
                if "sync" not in club.running:
                    start_sync(club)
                eventually(lambda: club.tap(club.other_card())["granted"], 30)
        eventually(lambda: club.box.ask("status")["journal_ok"], 10)
        journals = club.check()
        assert_answers_recorded(everybody, journals)
        granted = [answer for answer in everybody.answers if answer["granted"] and answer["record"] is None]
        assert {answer["reason"] for answer in granted} <= {"ok_exit"}
        assert list(records_of(journals, "access.taken"))


def refused(club: Club) -> bool:
    """Say whether the gate lets nobody in because it cannot write."""
    answer = club.tap(club.other_card())
    return bool(answer["reason"] == "journal_unavailable" and answer["record"] is None and not answer["granted"])


def kill(club: Club, _disk: Path) -> None:
    """Kill the gate on the full disk."""
    club.kill("gate")


def stop(club: Club, disk: Path) -> None:
    """Stop the box in peace, sync first, so that the gate deletes its log, and fill the disk meanwhile."""
    free(disk)
    eventually(lambda: club.tap(club.other_card())["granted"], 30)
    club.stop("sync", "gate")
    assert not (disk / "gate.db-wal").exists()
    fill(disk)


def start_sync(club: Club) -> None:
    """Start sync and wait until it has sent something: by itself it does not get over a full disk at its start."""
    before = club.acked()
    club.start("sync")
    eventually(lambda: club.acked() > before, 30)


def fill(disk: Path) -> None:
    """Leave no byte free, and no page for what shrinks meanwhile."""
    with (disk / "filler").open("ab", buffering=0) as file:
        for size in (1024**2, 4096):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


def free(disk: Path) -> None:
    """Give the space back."""
    (disk / "filler").unlink()
