"""The import benchmark on short lists: its promises hold, and its figures are figures."""

import pytest

from kiosk.bench.imports import FORMS, run
from kiosk.bench.lists import IN_CSV, IN_EVERY_FILE, IN_XLSX, write_list

ROWS = 2000


def test_every_bad_line_is_named_and_only_the_good_ones_are_taken():
    result = run(ROWS)
    assert [row.what for row in result.rows if not row.met] == []
    assert len(result.rows) == 3 * len(FORMS)
    for figures in result.raw["lists"].values():
        assert (figures["bad_lines"], figures["named"]) == (20, 20)
        assert figures["refused"]["held_s"] == 0
        assert 0 < figures["taken"]["held_s"] < figures["taken"]["seconds"]
        assert figures["taken"]["peak_mb"] >= figures["taken"]["before_mb"] > 1
        assert figures["taken"]["told"] >= 8


@pytest.mark.parametrize("encoding", FORMS.values())
def test_a_list_is_bad_in_every_way_there_is(tmp_path, encoding):
    listed = write_list(tmp_path / "list", ROWS, encoding)
    ways = {fault.what for fault in (*IN_EVERY_FILE, *(IN_CSV if encoding else IN_XLSX))}
    assert {what for what, _ in listed.bad.values()} == ways
    assert len(listed.bad) == ROWS // 100
