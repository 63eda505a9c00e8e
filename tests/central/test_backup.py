"""A copy of central taken while it runs, and central again from it."""

import io
import stat
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from kiosk.central import backup as backup_module
from kiosk.central.all_tables import metadata
from kiosk.central.backup import PERSONAL, backup, restore
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.file_reading import search
from kiosk.central.club.files import change_file, file_of
from kiosk.central.database import Database, read_setting
from kiosk.central.devices import list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.journal_checks import check_journals
from kiosk.central.keys import FOLDER, init_keys, load_keys
from kiosk.central.lease import Lease
from kiosk.central.members import MemberRecord, save_members
from kiosk.central.money.ledger import balance, post
from kiosk.central.money.proof import prove_now
from kiosk.central.money.proof_records import Proof
from kiosk.central.personal_keys import PERSONAL_FILE, KeyFile, load_seals
from kiosk.central.projection import Projection
from kiosk.central.rotating import stale_count
from kiosk.central.schema import check_schema
from kiosk.central.sealed import new_key
from kiosk.central.tables import record
from kiosk.core.errors import ConfigError, InvalidInput
from tests.central.builders import START, EdgeDevice, EdgeJournal, ManualClock, a_journal, register, stored
from tests.central.conftest import BOTH
from tests.central.money.builders import PRINCIPAL, cash_top_up, sale
from tests.support.migrated import put_tables
from tests.support.postgresql import PrivatePostgresql


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Central's home folder, with keys."""
    path = tmp_path / "home"
    init_keys(path)
    return path


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, of either kind."""
    yield from a_new_url(request, tmp_path / "new.db", has_tables=False)


@pytest.fixture(params=BOTH)
def prepared_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with tables that hold nothing, of either kind: to make tables takes most of a restore."""
    yield from a_new_url(request, tmp_path / "new.db", has_tables=True)


def a_new_url(request: pytest.FixtureRequest, path: Path, *, has_tables: bool) -> Iterator[str]:
    if request.param == "sqlite":
        yield put_tables(path) if has_tables else f"sqlite:///{path}"
        return
    server: PrivatePostgresql = request.getfixturevalue("postgresql")
    name = server.create(*([request.getfixturevalue("migrated_name")] if has_tables else []))
    yield server.url(name)
    server.drop(name)


def fill(database: Database, clock: ManualClock) -> tuple[EdgeDevice, EdgeJournal]:
    """Let central have something of most kinds: records, visits, parked items, losses, a device that is online."""
    device, journal = EdgeDevice(), a_journal(5)
    journal.passage(START, entitlement="ent-1")
    register(database, device)
    ingest = Ingest(database, clock)
    ingest.batch(device.name, device.batch(journal, 1, 7))
    ingest.batch(device.name, device.batch(journal, 1, 7, source="x"))
    ingest.batch(device.name, b"garbage")
    ingest.state(device.name, device.birth(journal, roster=12))
    lease = Lease(database, clock)
    lease.try_hold()
    Projection(database, lease, clock, "Asia/Shanghai").tick(clock.now())
    return device, journal


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with database.read() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
        }


@pytest.mark.proves("R150", "S90")
def test_everything_comes_back_but_who_leads_and_who_is_online(
    database: Database, empty_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    fill(database, clock)
    before = content(database)
    manifest = backup(database, home, tmp_path / "central.tar", clock)
    assert manifest.records == 7
    new_home = tmp_path / "new-home"
    assert restore(tmp_path / "central.tar", empty_url, new_home, clock) == manifest
    with closing(Database(empty_url)) as restored:
        check_schema(restored)
        after = content(restored)
        assert [each.state for each in list_devices(restored)] == ["offline"]
        with restored.read() as connection:
            assert read_setting(connection, "restored_at") == "2026-11-22T08:31:07.412Z"
            assert read_setting(connection, "reported_revision_max") == "12"
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"lease", "device", "setting"}
    assert after["lease"] == []
    old, new = load_keys(home), load_keys(new_home)
    assert (old.signing.to_text(), old.hash_key) == (new.signing.to_text(), new.hash_key)


@pytest.mark.proves("R150", "S90")
def test_central_goes_on_from_a_backup(
    database: Database, prepared_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    device, journal = fill(database, clock)
    backup(database, home, tmp_path / "central.tar", clock)
    journal.denied(4)
    Ingest(database, clock).batch(device.name, device.batch(journal, 8, 11))
    restore(tmp_path / "central.tar", prepared_url, tmp_path / "new-home", clock)
    with closing(Database(prepared_url)) as restored:
        ingest = Ingest(restored, clock)
        (ack,) = ingest.state(device.name, device.birth(journal))
        assert (ack.status.value, ack.seq, ack.hash) == ("ok", 7, journal.hashes[7].hex())
        ingest.batch(device.name, device.batch(journal, 8, 11))
        ingest.batch(device.name, device.batch(a_journal(1), 1, 1, source="x"))
        assert stored(restored, journal) == journal.bodies


def test_a_backup_is_one_moment_while_records_come_in(
    database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    device, journal = EdgeDevice(), a_journal(400)
    register(database, device)
    stop = threading.Event()

    def send() -> None:
        ingest = Ingest(database, clock)
        for payload in device.batches(journal, 5):
            if stop.is_set():
                return
            ingest.batch(device.name, payload)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    for number in range(3):
        manifest = backup(database, home, tmp_path / f"{number}.tar", clock)
        url = put_tables(tmp_path / f"{number}.db")
        restore(tmp_path / f"{number}.tar", url, tmp_path / f"home-{number}", clock)
        with closing(Database(url)) as restored:
            held = stored(restored, journal)
            assert held == journal.bodies[: manifest.records]
            with restored.read() as connection:
                assert read_setting(connection, "records") in (str(len(held)), None)
            assert [each.stored for each in list_devices(restored)[0].journals] in ([len(held)], [])
    stop.set()
    sender.join(60)


@pytest.mark.proves("R150", "S90")
def test_a_backup_is_closed_to_others_and_leaves_nothing_beside_it(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(sqlite_database, home, folder / "central.tar", clock)
    assert [path.name for path in folder.iterdir()] == ["central.tar"]
    assert stat.S_IMODE((folder / "central.tar").stat().st_mode) == 0o600


def test_a_backup_never_overwrites_a_file(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    target = tmp_path / "central.tar"
    target.write_text("precious")
    with pytest.raises(InvalidInput, match="exists"):
        backup(sqlite_database, home, target, clock)
    assert target.read_text() == "precious"
    with pytest.raises(ConfigError, match="cannot be written"):
        backup(sqlite_database, home, tmp_path / "nowhere" / "central.tar", clock)


def test_restoring_refuses_a_database_with_rows(
    database: Database, database_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    fill(database, clock)
    before = content(database)
    backup(database, home, tmp_path / "central.tar", clock)
    with pytest.raises(InvalidInput, match="the database has rows"):
        restore(tmp_path / "central.tar", database_url, tmp_path / "new-home", clock)
    assert content(database) == before
    assert not (tmp_path / "new-home" / "keys").exists()


def test_restoring_refuses_a_home_with_keys(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    backup(sqlite_database, home, tmp_path / "central.tar", clock)
    other = tmp_path / "other-home"
    before = init_keys(other).signing.to_text()
    with pytest.raises(InvalidInput, match="has keys"):
        restore(tmp_path / "central.tar", f"sqlite:///{tmp_path / 'new.db'}", other, clock)
    assert load_keys(other).signing.to_text() == before
    assert not (tmp_path / "new.db").exists()


class PulledThePlug(BaseException):
    """Not an error of ours."""


@pytest.mark.parametrize("when", ["_settle", "_place_keys", "sync_folder"])
def test_a_restore_that_was_cut_off_can_be_tried_again(
    sqlite_database: Database,
    home: Path,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    fill(sqlite_database, clock)
    manifest = backup(sqlite_database, home, tmp_path / "central.tar", clock)
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def pull(*_: object) -> None:
        raise PulledThePlug

    with monkeypatch.context() as patch:
        patch.setattr(f"kiosk.central.backup.{when}", pull)
        with pytest.raises(PulledThePlug):
            restore(tmp_path / "central.tar", url, tmp_path / "new-home", clock)
    assert restore(tmp_path / "central.tar", url, tmp_path / "new-home", clock) == manifest
    assert load_keys(tmp_path / "new-home").hash_key == load_keys(home).hash_key


def test_restoring_into_tables_without_rows_is_fine(
    sqlite_database: Database, prepared_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    fill(sqlite_database, clock)
    backup(sqlite_database, home, tmp_path / "central.tar", clock)
    assert restore(tmp_path / "central.tar", prepared_url, tmp_path / "new-home", clock).records == 7


def rewrite(source: Path, target: Path, name: str, body: bytes) -> None:
    """Copy a backup with another body for one of its files."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for info in old.getmembers():
            stream = old.extractfile(info)
            assert stream is not None
            (path := target.with_name("member")).write_bytes(body if info.name == name else stream.read())
            info.size = path.stat().st_size
            with path.open("rb") as file:
                new.addfile(info, file)


def test_a_damaged_backup_is_refused_and_nothing_is_left(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    source = tmp_path / "central.tar"
    backup(sqlite_database, home, source, clock)
    with tarfile.open(source) as tar:
        words = tar.extractfile("manifest.json")
        assert words is not None
        manifest = msgspec.json.decode(words.read())
    url = f"sqlite:///{tmp_path / 'new.db'}"
    wrong = {
        "central.db": (b"not what it was", "damaged"),
        "keys/hash.key": (b"AAAA\n", "damaged"),
        "manifest.json": (msgspec.json.encode(manifest | {"format": 9}), "format 9"),
    }
    for name, (body, message) in wrong.items():
        rewrite(source, tmp_path / "wrong.tar", name, body)
        with pytest.raises(InvalidInput, match=message):
            restore(tmp_path / "wrong.tar", url, tmp_path / "new-home", clock)
    (tmp_path / "short.tar").write_bytes(source.read_bytes()[:5000])
    for path in (tmp_path / "short.tar", tmp_path / "not-there.tar"):
        with pytest.raises(InvalidInput, match="no backup that can be read"):
            restore(path, url, tmp_path / "new-home", clock)
    assert not (tmp_path / "new.db").exists()
    assert list((tmp_path / "new-home").iterdir()) == []


def open_books(home: Path, url: str, clock: ManualClock) -> tuple[Database, Books]:
    """Open a central as the wiring does, sealing with the keys in its home."""
    database = Database(url, load_seals(home / FOLDER))
    return database, Books(database, clock)


def live(books: Books, device: EdgeDevice, journal: EdgeJournal) -> None:
    """Let a member with a sealed file top up and buy, and a gate send what it wrote."""

    def work(change: Change) -> None:
        save_members(change.connection, [MemberRecord("m1", "M1", "王小明")])
        change_file(change, "m1", {"phone": "13800001111", "health": "asthma", "born": "1990-05-04"})
        post(change, cash_top_up("t1", 10000))
        post(change, sale("s1", 2500))

    books.change(Actor("desk-1"), work)
    Ingest(books.database, books.clock).batch(device.name, device.batch(journal, 1, 7))


@pytest.mark.proves("R150", "S90")
def test_the_runbook_brings_central_back_on_an_empty_machine_and_every_proof_holds(
    database_url: str, empty_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """Walk the restore runbook of docs/operations.md, with what it says to check."""
    device, journal = EdgeDevice(), a_journal(5)
    journal.passage(START, entitlement="ent-1")
    stop, came = threading.Event(), threading.Event()
    database, books = open_books(home, database_url, clock)
    with closing(database):
        register(database, device)
        live(books, device, journal)
        assert run_proof(books).holds

        def sell() -> None:
            for n in range(200):
                if stop.is_set():
                    return
                books.change(Actor("desk-1"), lambda change, n=n: post(change, sale(f"later-{n}", 1)))
                came.set()

        seller = threading.Thread(target=sell, daemon=True)
        seller.start()
        assert came.wait(30)
        backup(database, home, tmp_path / "central.tar", clock)
        stop.set()
        seller.join(60)

    new_home = tmp_path / "new-home"
    restore(tmp_path / "central.tar", empty_url, new_home, clock)
    restored, books = open_books(new_home, empty_url, clock)
    with closing(restored):
        check_schema(restored)
        assert run_proof(books).holds
        assert check_journals(restored) == ()
        with books.look() as look:
            file = file_of(look, "m1")
            assert (file.phone, file.health) == ("13800001111", "asthma")
            assert [each.member_no for each in search(look, "13800001111")] == ["M1"]
            left = balance(look, PRINCIPAL)
            assert 7500 - 200 <= left < 7500
            assert stale_count(look.connection, load_seals(new_home / FOLDER).newest) == 0
        # Central goes on: money moves, gates send the rest, the night's proof holds again.
        books.change(Actor("desk-1"), lambda change: post(change, sale("after", left)))
        ingest = Ingest(restored, clock)
        (ack,) = ingest.state(device.name, device.birth(journal))
        assert (ack.status.value, ack.seq) == ("ok", 7)
        journal.denied(2)
        ingest.batch(device.name, device.batch(journal, 8, 9))
        assert stored(restored, journal) == journal.bodies
        assert check_journals(restored) == ()
        assert run_proof(books).holds


def run_proof(books: Books) -> Proof:
    """Prove the ledger now, as `kiosk central prove` does."""
    return books.change(Actor("operator", "cli"), prove_now)


@pytest.mark.proves("R150")
def test_a_record_that_was_changed_in_the_database_is_found(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    _, journal = fill(sqlite_database, clock)
    assert check_journals(sqlite_database) == ()
    with sqlite_database.begin() as connection:
        third = (record.c.journal == journal.id) & (record.c.seq == 3)
        body = connection.execute(select(record.c.body).where(third)).scalar_one()
        connection.execute(update(record).where(third).values(body=bytes(body).replace(b"demo", b"dome") + b" "))
    (wrong,) = check_journals(sqlite_database)
    assert (wrong.journal, wrong.seq) == (journal.id, 3)


def test_a_backup_from_before_there_were_seals_is_restored_and_gets_keys(
    sqlite_database: Database, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    fill(sqlite_database, clock)
    backup(sqlite_database, home, tmp_path / "new.tar", clock)
    with tarfile.open(tmp_path / "new.tar") as new, tarfile.open(tmp_path / "old.tar", "w") as old:
        for info in new.getmembers():
            stream = new.extractfile(info)
            assert stream is not None
            body = stream.read()
            if info.name == "manifest.json":
                said = msgspec.json.decode(body)
                said["files"].pop(PERSONAL)
                body = msgspec.json.encode(said)
            info.size = len(body)
            if info.name != PERSONAL:
                old.addfile(info, io.BytesIO(body))
    restore(tmp_path / "old.tar", put_tables(tmp_path / "new.db"), tmp_path / "new-home", clock)
    assert load_seals(tmp_path / "new-home" / FOLDER).newest


def test_a_backup_during_a_rotation_opens_what_rests_under_either_key(
    database_url: str, home: Path, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, books = open_books(home, database_url, clock)
    with closing(database):
        register(database, EdgeDevice())
        books.change(Actor("d"), lambda change: save_members(change.connection, [MemberRecord("m1", "M1", "王")]))
        books.change(Actor("d"), lambda change: change_file(change, "m1", {"phone": "13800001111"}))
        file = KeyFile(home / FOLDER / PERSONAL_FILE)
        copy_out = backup_module._copy_out

        def rotate_meanwhile(*args: Any) -> Any:
            copied = copy_out(*args)
            file.write([new_key()])
            return copied

        monkeypatch.setattr(backup_module, "_copy_out", rotate_meanwhile)
        backup(database, home, tmp_path / "central.tar", clock)
    url = put_tables(tmp_path / "new.db")
    restore(tmp_path / "central.tar", url, tmp_path / "new-home", clock)
    restored, books = open_books(tmp_path / "new-home", url, clock)
    with closing(restored), books.look() as look:
        assert file_of(look, "m1").phone == "13800001111"
