"""An old disk image comes back into a box: it goes on in a new journal by itself, and nothing is lost."""

import shutil
from pathlib import Path

import pytest

from tests.faults.books import heads, records_of
from tests.faults.club import Club, Visitors, a_club, copy_folder, rounds
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(2)


def test_in_two_rounds_an_old_image_of_the_disk_comes_back_and_the_box_goes_on_in_a_new_journal(tmp_path: Path) -> None:
    lost: list[Path] = []
    with a_club(tmp_path, "central", "sync", "gate") as club:
        for number in range(ROUNDS):
            image = tmp_path / f"image-{number}"
            _tap(club, 20)
            _take_image(club, image)
            _tap(club, 30)
            before = _sent(club)
            lost.append(tmp_path / f"lost-{number}")
            club.data.rename(lost[-1])
            shutil.copytree(image, club.data)
            if number % 2:
                club.start("sync", "gate")
            else:
                # The box gets past the place where central stands before central hears of it.
                club.start("gate")
                _tap(club, 60)
                club.start("sync")
            eventually(lambda before=before: not before & heads(club.data).keys(), 60)
            _tap(club, 15)
        journals = club.check(*lost, parked=("fork",))
        opened = [each["data"] for each in records_of(journals, "journal.opened") if "previous" in each["data"]]
        assert len(opened) == ROUNDS
        assert {each["why"] for each in opened} <= {"fork", "not_held"}
        assert len(list(club.data.glob("gate-*.db"))) == ROUNDS


def _tap(club: Club, count: int) -> None:
    with Visitors(club) as visitors:
        visitors.wait_for(count)
    assert visitors.wrong == []


def _take_image(club: Club, image: Path) -> None:
    """Copy the disk as a backup of a machine that was shut down would."""
    club.stop("gate", "sync")
    copy_folder(club.data, image)
    club.start("gate", "sync")


def _sent(club: Club) -> set[str]:
    """Wait until central has everything, stop the box and return the journals it wrote."""
    club.settle()
    club.stop("sync")
    return set(heads(club.data))
