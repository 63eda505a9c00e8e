"""A journal keeps every fact it took, in a chain, through crashes, full disks and limits."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.core.codec import GENESIS, chain, decode
from kiosk.core.errors import JournalUnavailable, StoreDamaged
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import JournalReader, verify
from tests.builders import NOW
from tests.store.builders import make_denied, make_granted, make_journal, make_not_taken, make_taken


def read_all(path: Path) -> list[dict]:
    reader = JournalReader(path)
    try:
        return [decode(record.body) for record in reader.read(0, 10**6, 10**9)]
    finally:
        reader.close()


@pytest.mark.proves("S41")
def test_a_journal_counts_from_one_without_gaps_and_chains_from_zero(tmp_path):
    journal = make_journal(tmp_path)
    journal.append(make_granted(), NOW)
    journal.append(make_taken(2), NOW)
    journal.close()
    link = GENESIS
    reader = JournalReader(tmp_path / "gate.db")
    for seq, record in enumerate(reader.read(0, 100, 10**6), 1):
        link = chain(link, record.body)
        assert (record.seq, record.hash) == (seq, link)
        assert decode(record.body)["seq"] == seq
    assert reader.mark().hash == link
    reader.close()


def test_each_file_is_born_with_an_id_of_its_own_and_keeps_it(tmp_path):
    first, second = make_journal(tmp_path), make_journal(tmp_path, "web.db")
    assert first.id != second.id
    assert len(first.id) == 32
    first.close()
    again = Journal(tmp_path / "gate.db")
    assert again.id == first.id
    assert again.head == 1
    second.close()
    again.close()


def test_a_second_writer_is_refused(tmp_path):
    journal = make_journal(tmp_path)
    with pytest.raises(StoreDamaged, match="written by another process"):
        Journal(tmp_path / "gate.db")
    journal.close()


def test_a_file_that_is_no_journal_is_named_and_left_alone(tmp_path):
    path = tmp_path / "gate.db"
    path.write_bytes(b"this is not a database, it is a letter" * 100)
    before = path.read_bytes()
    with pytest.raises((StoreDamaged, JournalUnavailable), match=r"gate\.db"):
        Journal(path)
    assert path.read_bytes() == before


def test_commits_reach_the_disk_with_synchronous_full(tmp_path):
    """A commit that only reached the log's page would survive a killed process and not a power cut."""
    journal = make_journal(tmp_path)
    assert journal.query("PRAGMA synchronous")[0][0] == 2
    assert journal.query("PRAGMA journal_mode")[0][0] == "wal"
    journal.close()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs the package strace")
def test_every_append_forces_the_disk_once(tmp_path):
    script = (
        "import sys; from pathlib import Path; from tests.store.builders import *; from tests.builders import NOW\n"
        "j = make_journal(Path(sys.argv[1])); j.checkpoint(force=True)\n"
        "import os; os.write(2, b'BEGIN\\n')\n"
        "[j.append(make_granted(), NOW) for _ in range(20)]\n"
        "os.write(2, b'END\\n'); os._exit(0)\n"
    )
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fdatasync,fsync,write", sys.executable, "-c", script]
    subprocess.run([*command, str(tmp_path)], check=True, capture_output=True, cwd=Path(__file__).parents[2])
    text = trace.read_text()
    appended = text[text.index("BEGIN") : text.index("END")]
    assert 20 <= appended.count("sync(") <= 22


def append_until_killed(folder: str, ready: "multiprocessing.connection.Connection") -> None:
    journal = make_journal(Path(folder))
    while True:
        ready.send(journal.append(make_granted(), NOW).seq)


@pytest.mark.proves("S41")
@pytest.mark.parametrize("round_", range(8))
def test_a_killed_writer_loses_nothing_it_said_was_written(tmp_path, round_):
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=append_until_killed, args=(str(tmp_path), theirs))
    process.start()
    theirs.close()
    told = 0
    while told < 20 + round_ * 7:
        told = ours.recv()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    try:
        while ours.poll():
            told = ours.recv()
    except EOFError:
        pass
    held, fault = verify(tmp_path / "gate.db")
    assert fault is None
    assert told <= held <= told + 1


def test_a_broken_chain_is_found_where_it_breaks(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(5):
        journal.append(make_granted(), NOW)
    journal.close()
    connection = sqlite3.connect(tmp_path / "gate.db")
    connection.execute("UPDATE record SET body = CAST(replace(body, 'entrance', 'entrancf') AS BLOB) WHERE seq = 4")
    connection.commit()
    connection.close()
    assert verify(tmp_path / "gate.db") == (3, "the chain breaks at record 4")


def test_a_missing_record_is_found(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(5):
        journal.append(make_granted(), NOW)
    journal.close()
    connection = sqlite3.connect(tmp_path / "gate.db")
    connection.execute("DELETE FROM record WHERE seq = 4")
    connection.commit()
    connection.close()
    assert verify(tmp_path / "gate.db") == (3, "record 4 is missing")


def test_derived_rows_change_in_the_commit_of_their_fact(tmp_path):
    journal = make_journal(tmp_path)
    with pytest.raises(JournalUnavailable):
        journal.append(make_granted(), NOW, [("INSERT INTO no_such_table VALUES (1)", ())])
    assert journal.append(make_granted(), NOW).seq == 2
    journal.close()
    assert [record["type"] for record in read_all(tmp_path / "gate.db")] == ["journal.opened", "access.granted"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a full disk needs root to mount one")
def test_a_full_disk_is_refused_and_forgiven(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        journal = make_journal(disk)
        filler = disk / "filler"
        filler.write_bytes(b"x" * 700_000)
        written = fill(journal, "took no record") + 1
        filler.unlink()
        assert journal.append(make_granted(), NOW).seq == written + 1
        journal.close()
        assert verify(disk / "gate.db") == (written + 1, None)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(journal: Journal, said: str) -> int:
    """Append until the journal takes no more; return how many it took."""
    before = journal.head

    def go_on() -> None:
        for _ in range(5000):
            journal.append(make_granted(), NOW)

    with pytest.raises(JournalUnavailable, match=said):
        go_on()
    return journal.head - before


def test_from_nine_tenths_on_denials_are_counted_and_grants_go_on(tmp_path):
    journal = make_journal(tmp_path, limits=JournalLimits(records_max=20))
    while journal.unsent < 18:
        assert journal.append(make_denied(), NOW) is not None
    assert journal.append(make_denied(), NOW) is None
    assert journal.append(make_denied(), NOW + timedelta(seconds=5)) is None
    assert journal.discarded_count == 2
    assert journal.append(make_granted(), NOW) is not None
    assert journal.append(make_taken(19), NOW) is not None
    with pytest.raises(JournalUnavailable, match="is full"):
        journal.append(make_granted(), NOW)
    with pytest.raises(JournalUnavailable, match="is full"):
        journal.append(make_not_taken(19), NOW)
    journal.close()


def test_what_was_counted_is_reported_once_when_there_is_room_again_even_after_a_restart(tmp_path):
    limits = JournalLimits(records_max=20)
    journal = make_journal(tmp_path, limits=limits)
    while journal.unsent < 18:
        journal.append(make_denied(), NOW)
    for second in range(3):
        journal.append(make_denied(), NOW + timedelta(seconds=second))
    journal.close()
    again = Journal(tmp_path / "gate.db", limits)
    assert again.discarded_count == 3
    again.set_acked(18)
    again.append(make_denied(), NOW)
    again.append(make_denied(), NOW)
    again.close()
    reports = [each["data"] for each in read_all(tmp_path / "gate.db") if each["type"] == "records.discarded"]
    assert reports == [
        {"clock": "ok", "type": "access.denied", "count": 3, "from": "2026-11-22T08:31:07.412Z",
         "to": "2026-11-22T08:31:09.412Z"}
    ]  # fmt: skip


def test_the_size_of_the_file_is_a_limit_too(tmp_path):
    journal = make_journal(tmp_path, limits=JournalLimits(bytes_max=200_000))
    assert fill(journal, "is full") > 100
    journal.close()


def test_only_confirmed_records_older_than_the_retention_are_pruned_and_the_chain_stays_whole(tmp_path):
    journal = make_journal(tmp_path)
    for day in range(20):
        journal.append(make_granted(), NOW + timedelta(days=day))
    journal.set_acked(15)
    assert journal.prune(NOW + timedelta(days=30)) == 15
    assert journal.prune(NOW + timedelta(days=30)) == 0
    assert [record["seq"] for record in read_all_after(tmp_path, 15)] == list(range(16, 22))
    assert verify(tmp_path / "gate.db")[1] is None
    journal.append(make_granted(), NOW)
    journal.close()


def read_all_after(folder: Path, seq: int) -> list[dict]:
    reader = JournalReader(folder / "gate.db")
    try:
        return [decode(record.body) for record in reader.read(seq, 1000, 10**9)]
    finally:
        reader.close()


def test_reading_stops_at_both_limits_and_never_skips(tmp_path):
    journal = make_journal(tmp_path)
    for _ in range(30):
        journal.append(make_granted(), NOW)
    reader = JournalReader(tmp_path / "gate.db")
    assert [each.seq for each in reader.read(3, 5, 10**6)] == [4, 5, 6, 7, 8]
    small = reader.read(3, 100, 900)
    assert [each.seq for each in small] == list(range(4, 4 + len(small)))
    assert sum(len(each.body) + 1 for each in small) <= 900
    assert len(reader.read(3, 100, 1)) == 1
    reader.close()
    journal.close()


def test_a_reader_that_stops_in_the_middle_never_holds_up_the_writer(tmp_path):
    journal = make_journal(tmp_path)
    stopped = sqlite3.connect(tmp_path / "gate.db", isolation_level=None)
    stopped.execute("BEGIN")
    stopped.execute("SELECT count(*) FROM record").fetchall()
    for _ in range(200):
        journal.append(make_granted(), NOW)
    journal.checkpoint()
    assert journal.head == 201
    stopped.close()
    journal.close()
