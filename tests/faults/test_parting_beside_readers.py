"""A journal is left for a new one while others read it: each file keeps its own log, and each reader its own file."""

from contextlib import closing
from pathlib import Path

import pytest

from kiosk.core.clock import ClockState, format_utc
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import JournalReader, verify
from kiosk.store.rotation import Parting, finish, rotate
from tests.builders import NOW, make_denied

OLD, COMMON, LATER = 600, 590, 20


def make_journal(folder: Path) -> Journal:
    """Make a journal whose write-ahead log holds all of it."""
    journal = Journal(folder / "gate.db")
    for _ in range(OLD):
        journal.append(make_denied(), NOW)
    return journal


def part(journal: Journal) -> Journal:
    """Leave a journal and write a little into the next."""
    parting = Parting(journal.id, COMMON, COMMON, "00" * 32, "fork")
    fresh = rotate(journal, parting, ClockState.OK, format_utc(NOW), JournalLimits())
    for _ in range(LATER):
        fresh.append(make_denied(), NOW)
    return fresh


@pytest.mark.parametrize("in_mid_read", [False, True])
def test_a_reader_of_the_old_journal_does_not_mix_with_the_new_one(tmp_path: Path, in_mid_read: bool) -> None:
    journal = make_journal(tmp_path)
    with closing(JournalReader(tmp_path / "gate.db")) as reader:
        old = reader.mark()
        # A statement that was begun and not finished keeps the log from being folded in, as a stopped process would.
        begun = reader._connection.execute("SELECT body FROM record") if in_mid_read else None
        first = begun.fetchone() if begun is not None else None
        with closing(part(journal)) as fresh:
            assert (first is not None) is in_mid_read
            assert fresh.id != old.journal
            assert fresh.head == 1 + OLD - COMMON + LATER
            assert len(reader.read(0, OLD * 2, 1 << 30)) == OLD
            begun = None
            assert reader.mark().journal == fresh.id
            assert len(reader.read(0, OLD * 2, 1 << 30)) == fresh.head
    assert verify(tmp_path / "gate.db") == (fresh.head, None)
    assert verify(tmp_path / f"gate-{old.journal}.db") == (OLD, None)


def test_a_log_that_outlived_its_journal_is_not_played_into_the_next(tmp_path: Path) -> None:
    journal = make_journal(tmp_path)
    log = (tmp_path / "gate.db-wal").read_bytes()
    part(journal).close()
    head, _ = verify(tmp_path / "gate.db")
    # As a power cut leaves it between the two renames, while somebody was in mid-read.
    (tmp_path / "gate.db").rename(tmp_path / "gate.db.next")
    (tmp_path / "gate.db-wal").write_bytes(log)
    finish(tmp_path / "gate.db")
    with closing(Journal(tmp_path / "gate.db")) as again:
        assert (again.head, again.id == journal.id) == (head, False)
    assert verify(tmp_path / "gate.db") == (head, None)
