"""Confirmed records stay their thirty days, whatever years a wrong clock wrote into some of them."""

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.store.journal import Journal
from tests.builders import NOW, make_denied

OLD, PAST, FUTURE = NOW - timedelta(days=31), NOW - timedelta(days=3650), NOW + timedelta(days=1460)
BOUND = NOW - timedelta(days=30)


def pruned(folder: Path, times: Iterable[datetime]) -> int:
    """Write records of these times, all confirmed, and return how many pruning deletes."""
    with closing(Journal(folder / "gate.db")) as journal:
        for at in times:
            journal.append(make_denied(), at)
        journal.set_acked(journal.head)
        count = journal.prune(BOUND)
        assert journal.query("SELECT min(seq) FROM record") == [(count + 1,)]
        return count


def test_a_record_dated_years_back_takes_no_young_one_along(tmp_path: Path) -> None:
    assert pruned(tmp_path, [OLD, NOW, PAST, NOW]) == 1


def test_a_record_dated_years_ahead_keeps_no_old_one(tmp_path: Path) -> None:
    assert pruned(tmp_path, [OLD, FUTURE, OLD, FUTURE, NOW, NOW]) == 3


def test_the_newest_record_stays_however_old(tmp_path: Path) -> None:
    assert pruned(tmp_path, [OLD, OLD, OLD]) == 2
