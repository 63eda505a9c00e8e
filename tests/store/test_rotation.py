"""A journal that central holds otherwise is left whole, and a new one goes on with what central lacks."""

from itertools import count

import pytest

from kiosk.core.clock import ClockState
from kiosk.core.codec import decode
from kiosk.core.errors import JournalUnavailable, StoreDamaged
from kiosk.store import book
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import JournalReader, verify
from kiosk.store.rotation import Parting, finish, rotate
from tests.builders import CREDENTIAL, NOW, at_ms, make_point
from tests.store.builders import make_granted, make_journal, make_taken

AT = "2026-11-22T09:00:00.000Z"


def grant_and_take(journal):
    grant = journal.append(make_granted(), NOW, book.on_grant(make_granted(), make_point(), at_ms(NOW)))
    journal.append(make_taken(grant.seq), NOW, book.on_taken(grant.seq, at_ms(NOW)))


def part(journal, common):
    parting = Parting(journal.id, common, common + 3, "ab" * 32, "fork")
    return rotate(journal, parting, ClockState.OK, AT, JournalLimits())


def bodies(path):
    reader = JournalReader(path)
    try:
        return [decode(record.body) for record in reader.read(0, 1000, 10**9)]
    finally:
        reader.close()


def test_the_old_file_stays_as_it_was_and_the_new_one_names_where_it_left_it(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(3):
        grant_and_take(journal)
    old = journal.id
    fresh = part(journal, 3)
    kept = tmp_path / f"gate-{old}.db"
    assert verify(kept) == (7, None)
    assert fresh.id != old
    first = bodies(tmp_path / "gate.db")[0]
    assert first == {
        "seq": 1, "at": AT, "type": "journal.opened",
        "data": {"clock": "ok", "previous": old, "seq": 6, "hash": "ab" * 32, "why": "fork"},
    }  # fmt: skip
    fresh.close()


def test_what_follows_the_common_part_is_copied_in_order_with_its_origin(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(3):
        grant_and_take(journal)
    old = journal.id
    fresh = part(journal, 3)
    copies = bodies(tmp_path / "gate.db")[1:]
    assert [each["data"]["copied_from"] for each in copies] == [{"journal": old, "seq": seq} for seq in (4, 5, 6, 7)]
    assert [each["type"] for each in copies] == ["access.granted", "access.taken"] * 2
    assert [each["data"].get("of") for each in copies] == [None, 2, None, 4]
    assert verify(tmp_path / "gate.db") == (5, None)
    assert fresh.head == 5
    fresh.close()


def test_the_end_of_a_grant_in_the_common_part_names_the_old_journal(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    old = journal.id
    fresh = part(journal, 2)
    assert bodies(tmp_path / "gate.db")[1]["data"] | {"copied_from": None} == {
        "clock": "ok", "of": 2, "of_journal": old, "area_from": "outside", "area_to": "club", "copied_from": None,
    }  # fmt: skip
    fresh.close()


def test_a_copy_of_a_copy_keeps_its_first_origin(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    first = journal.id
    second = part(journal, 1)
    third = part(second, 1)
    assert bodies(tmp_path / "gate.db")[1]["data"]["copied_from"] == {"journal": first, "seq": 2}
    third.close()


def test_visits_and_presence_go_on_and_are_known_by_the_record_that_travels(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    grant_and_take(journal)
    old = journal.id
    fresh = part(journal, 3)
    visits = fresh.query("SELECT journal, seq FROM visit ORDER BY at_ms, journal = ?", (fresh.id,))
    assert visits == [(old, 3), (fresh.id, 3)]
    assert fresh.query("SELECT credential, area, journal FROM presence") == [(CREDENTIAL, "club", fresh.id)]
    fresh.close()


def test_lockdown_outlives_the_change_of_journal(tmp_path):
    journal = make_journal(tmp_path)
    journal.update([("INSERT INTO meta VALUES ('posture.lockdown', 'yes')", ())])
    fresh = part(journal, 1)
    assert fresh.query("SELECT value FROM meta WHERE name = 'posture.lockdown'") == [("yes",)]
    fresh.close()


def test_a_rotation_cut_off_between_its_renames_is_completed(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    fresh = part(journal, 1)
    name = fresh.id
    fresh.close()
    (tmp_path / "gate.db").rename(tmp_path / "gate.db.next")
    finish(tmp_path / "gate.db")
    again = make_journal(tmp_path)
    assert (again.id, again.head) == (name, 3)
    again.close()


def test_a_rotation_cut_off_before_its_renames_is_forgotten(tmp_path):
    journal = make_journal(tmp_path)
    name = journal.id
    journal.close()
    (tmp_path / "gate.db.next").write_bytes(b"half a file")
    finish(tmp_path / "gate.db")
    again = make_journal(tmp_path)
    assert again.id == name
    assert not (tmp_path / "gate.db.next").exists()
    again.close()


def test_a_reader_follows_to_the_new_file_only_when_it_asks_where_the_journal_stands(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    reader = JournalReader(tmp_path / "gate.db")
    old = reader.mark()
    fresh = part(journal, 1)
    assert decode(reader.read(1, 1, 10**6)[0].body)["seq"] == 2
    assert "copied_from" not in decode(reader.read(1, 1, 10**6)[0].body)["data"]
    assert reader.mark().journal == fresh.id != old.journal
    assert "copied_from" in decode(reader.read(1, 1, 10**6)[0].body)["data"]
    reader.close()
    fresh.close()


def test_whoever_waits_hears_that_a_long_copy_goes_on(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(2500):
        journal.append(make_granted(), NOW)
    calls = count()
    parting = Parting(journal.id, 1, 1, "ab" * 32, "fork")
    fresh = rotate(journal, parting, ClockState.OK, AT, JournalLimits(), lambda: next(calls))
    assert next(calls) == 4, "three pages of records, and what was derived from them"
    assert fresh.head == 2501
    fresh.close()


def test_no_other_process_gets_between_the_old_journal_and_the_new(tmp_path):
    journal = make_journal(tmp_path)
    held = journal._lock
    fresh = part(journal, 1)
    assert fresh._lock is held
    with pytest.raises(StoreDamaged, match="written by another process"):
        Journal(tmp_path / "gate.db")
    journal.close()
    with pytest.raises(StoreDamaged, match="written by another process"):
        finish_with_leftover(tmp_path)
    fresh.close()
    finish_with_leftover(tmp_path)
    make_journal(tmp_path).close()


def finish_with_leftover(folder):
    (folder / "gate.db.next").write_bytes(b"half a file")
    finish(folder / "gate.db")


def test_an_unfinished_rotation_is_left_to_the_process_that_is_at_it(tmp_path):
    journal = make_journal(tmp_path)
    (tmp_path / "gate.db.next").write_bytes(b"being written")
    with pytest.raises(StoreDamaged):
        finish(tmp_path / "gate.db")
    assert (tmp_path / "gate.db.next").exists()
    journal.close()


def test_a_disk_that_takes_no_new_file_leaves_the_old_journal_in_use(tmp_path):
    journal = make_journal(tmp_path)
    (tmp_path / "gate.db.next").mkdir()
    with pytest.raises(JournalUnavailable, match="no new journal beside"):
        part(journal, 1)
    assert journal.append(make_granted(), NOW).seq == 2
    journal.close()


def test_a_journal_that_cannot_be_set_aside_stays_in_use(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    blocked = tmp_path / f"gate-{journal.id}.db"
    blocked.mkdir()
    with pytest.raises(JournalUnavailable, match="cannot be set aside"):
        part(journal, 1)
    assert journal.append(make_granted(), NOW).seq == 4
    with pytest.raises(StoreDamaged, match="written by another process"):
        Journal(tmp_path / "gate.db")
    blocked.rmdir()
    fresh = part(journal, 1)
    assert fresh.head == 4
    fresh.close()


def test_a_new_file_that_cannot_take_the_name_leaves_the_old_journal_in_use(tmp_path):
    journal = make_journal(tmp_path)
    grant_and_take(journal)
    parting, lost = Parting(journal.id, 1, 1, "ab" * 32, "fork"), tmp_path / "gate.db.next"
    with pytest.raises(JournalUnavailable, match="cannot be set aside"):
        rotate(journal, parting, ClockState.OK, AT, JournalLimits(), lambda: lost.unlink(missing_ok=True))
    assert journal.append(make_granted(), NOW).seq == 4
    assert verify(tmp_path / "gate.db") == (4, None)
    journal.close()


def test_a_leftover_that_cannot_be_removed_is_told_as_what_it_is(tmp_path):
    (tmp_path / "gate.db").mkdir()
    (tmp_path / "gate.db.next").mkdir()
    with pytest.raises(JournalUnavailable, match="cannot be put in its place"):
        finish(tmp_path / "gate.db")
