"""A roster in a file and in parts: built, cut, gathered with interruptions, and never taken for another one."""

import hashlib
import os
import sqlite3
import time
import zlib
from contextlib import closing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.errors import MessageRejected, RosterUnavailable
from kiosk.core.roster import digest_hex, row_digest
from kiosk.wire.messages import Snapshot
from kiosk.wire.pace import STEP_BYTES, Pace
from kiosk.wire.parts import PART_BYTES_MAX, PartStore
from kiosk.wire.snapshot import (
    CHUNK_BYTES,
    INDEX_NAMES_MAX,
    assemble,
    build_snapshot,
    cut,
    data_parts,
    missing_parts,
    verify_snapshot,
)

STORE_BYTES = 64 * 1024 * 1024
REVISION = 7


def make_raw_rows(count=3000):
    """Make rows of about 300 bytes that do not compress to nothing."""
    return [(n.to_bytes(16, "big"), hashlib.sha256(str(n).encode()).hexdigest().encode() * 5) for n in range(1, count)]


def digest_of_rows(rows):
    return digest_hex(sum(row_digest(body) for _, body in rows))


def read_rows(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT key, body FROM row ORDER BY key").fetchall()


@pytest.fixture
def store(tmp_path):
    with PartStore(tmp_path / "parts", STORE_BYTES) as opened:
        yield opened


@pytest.fixture
def built(tmp_path, store):
    """A snapshot file, cut into the store; rows, digest, file and what the head would say."""
    rows = make_raw_rows()
    path = tmp_path / "snapshot.db"
    digest = build_snapshot(path, rows, REVISION)
    return rows, digest, path, cut(path, store)


def test_a_snapshot_file_holds_its_rows_in_order_and_says_which_revision_it_is(built):
    rows, digest, path, _ = built
    assert read_rows(path) == rows
    assert digest == digest_of_rows(rows)
    with closing(sqlite3.connect(path)) as connection:
        assert dict(connection.execute("SELECT name, value FROM meta")) == {"revision": "7", "digest": digest}
    verify_snapshot(path, REVISION, digest)


def test_a_roster_without_rows_is_a_snapshot_too(tmp_path, store):
    digest = build_snapshot(tmp_path / "empty.db", [], 1)
    snapshot = cut(tmp_path / "empty.db", store)
    assemble(snapshot, store, tmp_path / "again.db")
    verify_snapshot(tmp_path / "again.db", 1, digest)
    assert digest == digest_hex(0)


def test_the_last_rows_of_an_uneven_batch_are_not_forgotten(tmp_path):
    for count in (1, 2, 31, 32, 33, 799, 800, 801, 833):
        rows = make_raw_rows(count + 1)
        assert build_snapshot(tmp_path / "s.db", rows, 1) == digest_of_rows(rows)
        assert read_rows(tmp_path / "s.db") == rows


def test_a_snapshot_travels_in_parts_and_arrives_byte_for_byte(tmp_path, store, built):
    _, digest, path, snapshot = built
    assert snapshot.size == path.stat().st_size
    assert snapshot.count == -(-snapshot.size // CHUNK_BYTES)
    names = data_parts(snapshot, store)
    assert len(names) == snapshot.count > 10
    assert all(len(store.get(name)) <= PART_BYTES_MAX for name in names)
    assemble(snapshot, store, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == path.read_bytes()
    verify_snapshot(tmp_path / "copy.db", REVISION, digest)


def test_parts_are_for_their_owner_alone(tmp_path, store):
    assert (tmp_path / "parts").stat().st_mode & 0o777 == 0o600


def test_parts_are_named_by_their_bytes_and_chunks_are_compressed_by_themselves(store, built):
    _, _, path, snapshot = built
    with path.open("rb") as file:
        for name in data_parts(snapshot, store):
            packed = store.get(name)
            assert hashlib.sha256(packed).hexdigest() == name
            assert zlib.decompress(packed) == file.read(CHUNK_BYTES)


def test_a_long_index_is_spread_over_several_parts(tmp_path, store, monkeypatch):
    monkeypatch.setattr("kiosk.wire.snapshot.INDEX_NAMES_MAX", 4)
    build_snapshot(tmp_path / "s.db", make_raw_rows(), REVISION)
    snapshot = cut(tmp_path / "s.db", store)
    assert len(snapshot.parts) == -(-snapshot.count // 4)
    assemble(snapshot, store, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == (tmp_path / "s.db").read_bytes()


def test_index_parts_stay_small_enough_for_one_message():
    assert INDEX_NAMES_MAX * 32 <= PART_BYTES_MAX


@settings(max_examples=25, deadline=None)
@given(order=st.randoms(use_true_random=False), stops=st.lists(st.integers(1, 30), max_size=4))
def test_parts_may_come_in_any_order_twice_and_over_restarts(tmp_path_factory, order, stops):
    folder = tmp_path_factory.mktemp("fetch")
    build_snapshot(folder / "s.db", make_raw_rows(1500), REVISION)
    with PartStore(folder / "central", STORE_BYTES) as central:
        snapshot = cut(folder / "s.db", central)
        receiver = PartStore(folder / "device", STORE_BYTES)
        received = 0
        while wanted := missing_parts(snapshot, receiver):
            order.shuffle(wanted)
            for name in wanted + wanted[:3]:
                receiver.put(central.get(name))
                received += 1
                if received in stops:
                    receiver.close()
                    receiver = PartStore(folder / "device", STORE_BYTES)
        assert received <= snapshot.count + len(snapshot.parts) + 6
        assemble(snapshot, receiver, folder / "copy.db")
        receiver.close()
    assert (folder / "copy.db").read_bytes() == (folder / "s.db").read_bytes()


def test_only_what_is_missing_is_fetched_index_first(tmp_path, store, built):
    _, _, _, snapshot = built
    with PartStore(tmp_path / "device", STORE_BYTES) as receiver:
        assert missing_parts(snapshot, receiver) == list(snapshot.parts)
        for name in snapshot.parts:
            receiver.put(store.get(name))
        names = data_parts(snapshot, store)
        assert missing_parts(snapshot, receiver) == names
        receiver.put(store.get(names[3]))
        assert missing_parts(snapshot, receiver) == names[:3] + names[4:]


def test_a_part_cut_short_by_a_power_loss_is_fetched_again(tmp_path, store, built):
    _, _, _, snapshot = built
    path = tmp_path / "device"
    names = data_parts(snapshot, store)
    with PartStore(path, STORE_BYTES) as receiver:
        for name in (*snapshot.parts, *names):
            receiver.put(store.get(name))
    os.truncate(path, path.stat().st_size - 100)
    with PartStore(path, STORE_BYTES) as receiver:
        assert missing_parts(snapshot, receiver) == [names[-1]]
        receiver.put(store.get(names[-1]))
        assemble(snapshot, receiver, tmp_path / "copy.db")


def test_a_part_that_rotted_is_not_given_out_and_is_fetched_again(tmp_path, store, built):
    _, _, _, snapshot = built
    path = tmp_path / "device"
    names = data_parts(snapshot, store)
    with PartStore(path, STORE_BYTES) as receiver:
        for name in (*snapshot.parts, *names):
            receiver.put(store.get(name))
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        with pytest.raises(MessageRejected, match="not here or damaged"):
            assemble(snapshot, receiver, tmp_path / "copy.db")
        assert not (tmp_path / "copy.db").exists()
        (spoilt,) = missing_parts(snapshot, receiver)
        receiver.put(store.get(spoilt))
        assemble(snapshot, receiver, tmp_path / "copy.db")


def test_a_missing_part_leaves_no_file_behind(tmp_path, store, built):
    _, _, _, snapshot = built
    with PartStore(tmp_path / "device", STORE_BYTES) as receiver:
        for name in snapshot.parts:
            receiver.put(store.get(name))
        with pytest.raises(MessageRejected):
            assemble(snapshot, receiver, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy.db*")) == []


def test_an_index_that_does_not_fit_the_size_is_refused(store, built):
    _, _, _, snapshot = built
    for lie in ({"count": snapshot.count + 1}, {"size": snapshot.size + CHUNK_BYTES}, {"size": 0}):
        with pytest.raises(MessageRejected, match="parts for"):
            data_parts(msgspec.structs.replace(snapshot, **lie), store)
    with pytest.raises(MessageRejected, match="index parts"):
        data_parts(msgspec.structs.replace(snapshot, parts=snapshot.parts * 65), store)


def test_a_part_that_unpacks_to_more_than_a_chunk_is_refused(tmp_path, store):
    bomb = store.put(zlib.compress(bytes(CHUNK_BYTES * 50)))
    index = store.put(bytes.fromhex(bomb))
    snapshot = Snapshot(revision=1, digest="", parts=(index,), count=1, size=CHUNK_BYTES)
    with pytest.raises(MessageRejected, match="does not unpack to"):
        assemble(snapshot, store, tmp_path / "copy.db")


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE row SET body = x'7b7d' WHERE key = (SELECT max(key) FROM row)",
        "DELETE FROM row WHERE key = (SELECT min(key) FROM row)",
        "INSERT INTO row VALUES (x'ff', x'7b7d')",
        "UPDATE meta SET value = '8' WHERE name = 'revision'",
        "DELETE FROM meta",
        "DROP TABLE row",
    ],
)
def test_a_file_with_other_rows_than_were_signed_for_is_refused(built, tamper):
    _, digest, path, _ = built
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(tamper)
        connection.commit()
    with pytest.raises(MessageRejected):
        verify_snapshot(path, REVISION, digest)


def test_a_file_that_is_no_roster_is_refused(tmp_path):
    (tmp_path / "s.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(MessageRejected):
        verify_snapshot(tmp_path / "s.db", 1, digest_hex(0))
    with PartStore(tmp_path / "p", STORE_BYTES) as store, pytest.raises(RosterUnavailable):
        cut(tmp_path / "s.db", store)


def test_the_wrong_revision_is_refused_although_the_rows_are_right(built):
    _, digest, path, _ = built
    with pytest.raises(MessageRejected):
        verify_snapshot(path, REVISION + 1, digest)


def test_a_store_refuses_what_would_overfill_it(tmp_path):
    with PartStore(tmp_path / "parts", 1000) as store:
        first = store.put(b"a" * 500)
        with pytest.raises(RosterUnavailable, match="limit"):
            store.put(b"b" * 500)
        assert store.put(b"a" * 500) == first
        store.clear()
        assert not store.has(first)
        store.put(b"b" * 500)
    with PartStore(tmp_path / "parts", STORE_BYTES) as store, pytest.raises(RosterUnavailable, match="limit"):
        store.put(bytes(PART_BYTES_MAX + 1))


def test_a_store_gives_out_nothing_for_a_name_that_is_a_path(tmp_path):
    with PartStore(tmp_path / "parts", 1000) as store:
        for name in ("../parts", "", "0" * 64, "A" * 64):
            assert store.get(name) is None
            assert not store.has(name)


def test_a_file_of_junk_becomes_an_empty_store(tmp_path):
    (tmp_path / "parts").write_bytes(os.urandom(5000))
    with PartStore(tmp_path / "parts", STORE_BYTES) as store:
        name = store.put(b"something")
        assert store.get(name) == b"something"
    with PartStore(tmp_path / "parts", STORE_BYTES) as store:
        assert store.get(name) == b"something"


def test_a_disk_that_cannot_be_written_is_named(tmp_path):
    rows = make_raw_rows(10)
    with pytest.raises(RosterUnavailable, match="cannot be written"):
        build_snapshot(tmp_path / "no" / "s.db", rows, 1)
    with pytest.raises(RosterUnavailable, match="cannot be opened"):
        PartStore(tmp_path / "no" / "parts", 1000)


def test_the_same_key_twice_is_no_roster(tmp_path):
    key = bytes(16)
    with pytest.raises(RosterUnavailable):
        build_snapshot(tmp_path / "s.db", [(key, b"{}"), (key, b"[]")], 1)
    assert list(tmp_path.iterdir()) == []


def test_a_paced_file_stays_below_its_rate(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        began = time.monotonic()
        pace = Pace(file.fileno(), 8 * STEP_BYTES)
        for _ in range(8):
            pace.wrote(STEP_BYTES // 2)
        assert time.monotonic() - began >= 0.5


def test_a_paced_file_is_forced_to_disk_at_every_step_and_an_unpaced_one_never(tmp_path):
    # A pipe cannot be forced to a disk, so that trying shows.
    reader, writer = os.pipe()
    try:
        pace, unpaced = Pace(writer, 10**9), Pace(writer, None)
        pace.wrote(STEP_BYTES - 1)
        with pytest.raises(OSError, match="Invalid argument"):
            pace.wrote(1)
        for _ in range(100):
            unpaced.wrote(STEP_BYTES)
    finally:
        os.close(reader)
        os.close(writer)


def test_a_throttled_build_and_assembly_give_the_same_file(tmp_path, store, built):
    rows, digest, path, snapshot = built
    assert build_snapshot(tmp_path / "slow.db", rows, REVISION, bytes_per_s_max=20_000_000) == digest
    assert read_rows(tmp_path / "slow.db") == rows
    assemble(snapshot, store, tmp_path / "copy.db", bytes_per_s_max=20_000_000)
    assert (tmp_path / "copy.db").read_bytes() == path.read_bytes()
