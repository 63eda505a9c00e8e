"""A journal near its limit, a journal on a full disk: what is lost, what is not, and that it can be opened again."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.clock import ClockState
from kiosk.core.errors import JournalUnavailable
from kiosk.core.records import LockdownChanged
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import verify
from kiosk.store.spare import ROOM_BYTES, SPARE_BYTES
from tests.builders import NOW
from tests.store.builders import make_denied, make_granted, make_journal

LOCKDOWN = ("INSERT OR REPLACE INTO meta VALUES ('posture.lockdown', 'yes')", ())


def nearly_full(folder: Path) -> Journal:
    journal = make_journal(folder, limits=JournalLimits(records_max=20))
    while journal.unsent < 18:
        journal.append(make_denied(), NOW)
    return journal


def make_lockdown() -> LockdownChanged:
    return LockdownChanged(clock=ClockState.OK, active=True)


def test_a_nearly_full_journal_counts_a_lockdown_and_still_keeps_it_over_a_restart(tmp_path):
    journal = nearly_full(tmp_path)
    assert journal.append(make_lockdown(), NOW, [LOCKDOWN]) is None
    assert journal.discarded_count == 1
    journal.close()
    again = Journal(tmp_path / "gate.db")
    assert again.query("SELECT value FROM meta WHERE name = 'posture.lockdown'") == [("yes",)]
    assert again.discarded_count == 1
    again.close()


def test_what_a_nearly_full_journal_cannot_keep_is_not_counted_as_discarded(tmp_path):
    journal = nearly_full(tmp_path)
    with pytest.raises(JournalUnavailable, match="took no count"):
        journal.append(make_lockdown(), NOW, [LOCKDOWN, ("INSERT INTO no_such_table VALUES (1)", ())])
    assert journal.discarded_count == 0
    assert journal.query("SELECT count(*) FROM meta WHERE name = 'posture.lockdown'") == [(0,)]
    assert journal.append(make_lockdown(), NOW, [LOCKDOWN]) is None
    assert journal.discarded_count == 1
    journal.close()


def test_a_full_journal_counts_refusals_and_keeps_a_lockdown(tmp_path):
    journal = nearly_full(tmp_path)
    while journal.full_share < 1:
        journal.append(make_granted(), NOW)
    assert journal.append(make_denied(), NOW) is None
    assert journal.append(make_lockdown(), NOW, [LOCKDOWN]) is None
    assert journal.discarded_count == 2
    journal.close()


def test_a_crowded_file_gives_up_confirmed_records_before_their_time_and_takes_entries_again(tmp_path):
    journal = make_journal(tmp_path, limits=JournalLimits(bytes_max=400_000))
    with suppress(JournalUnavailable):
        while True:
            journal.append(make_granted(), NOW)
    assert journal.full_share >= 1
    month_ago, held = NOW - timedelta(days=30), journal.head
    assert journal.prune(month_ago) == 0
    journal.set_acked(journal.head)
    while journal.is_crowded:
        assert journal.prune(month_ago, rows_max=20) == 20
    assert journal.full_share < 0.9
    assert journal.prune(month_ago) == 0
    assert journal.append(make_granted(), NOW).seq == held + 1
    left, fault = verify(tmp_path / "gate.db")
    assert fault is None
    assert held * 0.5 < left < held
    journal.close()


def test_a_crowded_file_never_gives_up_its_newest_or_what_central_lacks(tmp_path):
    journal = make_journal(tmp_path, limits=JournalLimits(bytes_max=43_000))
    for _ in range(4):
        journal.append(make_granted(), NOW)
    assert journal.prune(NOW) == 0
    assert journal.is_crowded
    journal.set_acked(2)
    assert [journal.prune(NOW), journal.prune(NOW)] == [2, 0]
    journal.set_acked(journal.head)
    assert [journal.prune(NOW), journal.prune(NOW)] == [2, 0]
    assert journal.query("SELECT seq FROM record") == [(journal.head,)]
    journal.close()


def test_an_error_while_the_size_is_looked_at_does_not_take_back_what_was_written(tmp_path):
    journal = make_journal(tmp_path)
    connection = journal.connection
    refuse = {"PRAGMA page_count", "PRAGMA freelist_count", "PRAGMA page_size"}

    def trace(statement: str) -> None:
        if statement in refuse:
            connection.interrupt()

    connection.set_trace_callback(trace)
    for number in range(2, 200):
        assert journal.append(make_granted(), NOW).seq == number
    assert journal.connection is not connection
    journal.close()


def test_a_journal_is_dirty_from_any_write_until_all_of_its_log_is_folded_in(tmp_path):
    journal = nearly_full(tmp_path)
    for write in (
        lambda: journal.append(make_granted(), NOW),
        lambda: journal.append(make_denied(), NOW),
        lambda: journal.update([LOCKDOWN]),
    ):
        journal.checkpoint()
        assert not journal.dirty
        write()
        assert journal.dirty
    reader = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchall()
    journal.update([LOCKDOWN])
    journal.checkpoint()
    assert journal.dirty
    reader.close()
    journal.checkpoint()
    assert not journal.dirty
    journal.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of three megabytes."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a disk that can be filled has to be mounted")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(disk: Path) -> None:
    with (disk / "filler").open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_journal_that_was_closed_on_a_full_disk_is_opened_again_and_again(disk):
    journal = make_journal(disk)
    name, spare = journal.id, disk / "gate.db.spare"
    assert spare.stat().st_size == SPARE_BYTES
    journal.checkpoint()
    fill_up(disk)
    for _ in range(3):
        journal.close()
        assert not (disk / "gate.db-wal").exists()
        fill_up(disk)
        journal = Journal(disk / "gate.db")
        assert journal.id == name
        assert journal.query("SELECT count(*) FROM record") == [(1,)]
        assert not spare.exists()
    (disk / "filler").unlink()
    journal.checkpoint()
    assert spare.stat().st_size == SPARE_BYTES
    journal.append(make_granted(), NOW)
    journal.close()
    assert verify(disk / "gate.db") == (2, None)


def test_no_spare_is_held_back_from_a_disk_that_has_little_room(disk):
    (disk / "filler").write_bytes(bytes(3 * 1024**2 - ROOM_BYTES))
    journal = make_journal(disk)
    assert not (disk / "gate.db.spare").exists()
    journal.close()
