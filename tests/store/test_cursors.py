"""What the neighbours read of sync's file, also when it cannot be read."""

import resource

from kiosk.store.cursors import Cursor, CursorReader, Cursors

JOURNAL = "ab" * 16


def test_before_sync_has_run_nothing_is_confirmed(tmp_path):
    reader = CursorReader(tmp_path / "sync.db")
    assert reader.acked(JOURNAL) == 0
    assert reader.status() == {}


def test_the_confirmed_seq_is_read_as_sync_moves_it(tmp_path):
    cursors, reader = Cursors(tmp_path / "sync.db"), CursorReader(tmp_path / "sync.db")
    assert reader.acked(JOURNAL) == 0
    for seq in (17, 5):
        cursors.set(JOURNAL, Cursor(seq, bytes(32)))
        assert reader.acked(JOURNAL) == seq
    reader.close()
    cursors.close()


def test_a_file_that_cannot_be_read_says_nothing_instead_of_nothing_confirmed(tmp_path):
    path = tmp_path / "sync.db"
    path.write_bytes(b"this is not a database, it is a letter" * 100)
    reader = CursorReader(path)
    assert reader.acked(JOURNAL) is None
    assert reader.status() == {}
    path.unlink()
    cursors = Cursors(path)
    cursors.set(JOURNAL, Cursor(3, bytes(32)))
    assert reader.acked(JOURNAL) == 3
    reader.close()
    cursors.close()


def test_a_process_out_of_file_handles_hears_nothing_and_goes_on(tmp_path):
    cursors, reader = Cursors(tmp_path / "sync.db"), CursorReader(tmp_path / "sync.db")
    cursors.set(JOURNAL, Cursor(3, bytes(32)))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        assert reader.acked(JOURNAL) is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert reader.acked(JOURNAL) == 3
    reader.close()
    cursors.close()


def test_a_folder_in_the_files_place_is_not_mistaken_for_no_file(tmp_path):
    (tmp_path / "sync.db").mkdir()
    assert CursorReader(tmp_path / "sync.db").acked(JOURNAL) is None
