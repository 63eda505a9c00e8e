"""A copy of central taken while it runs, and central again from it."""

import stat
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from kiosk.central.backup import backup, restore
from kiosk.central.database import Database, read_setting
from kiosk.central.devices import list_devices
from kiosk.central.ingest import Ingest
from kiosk.central.keys import init_keys, load_keys
from kiosk.central.lease import Lease
from kiosk.central.projection import Projection
from kiosk.central.schema import check_schema, migrate
from kiosk.central.tables import metadata
from kiosk.core.errors import ConfigError, InvalidInput
from tests.central.builders import START, EdgeDevice, EdgeJournal, ManualClock, a_journal, register, stored
from tests.support.postgresql import PrivatePostgresql


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Central's home folder, with keys."""
    path = tmp_path / "home"
    init_keys(path)
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", id="pg", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: PrivatePostgresql = request.getfixturevalue("postgresql")
    name = server.create()
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


def test_central_goes_on_from_a_backup(
    database: Database, empty_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    device, journal = fill(database, clock)
    backup(database, home, tmp_path / "central.tar", clock)
    journal.denied(4)
    Ingest(database, clock).batch(device.name, device.batch(journal, 8, 11))
    restore(tmp_path / "central.tar", empty_url, tmp_path / "new-home", clock)
    with closing(Database(empty_url)) as restored:
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
        url = f"sqlite:///{tmp_path / str(number)}.db"
        restore(tmp_path / f"{number}.tar", url, tmp_path / f"home-{number}", clock)
        with closing(Database(url)) as restored:
            held = stored(restored, journal)
            assert held == journal.bodies[: manifest.records]
            with restored.read() as connection:
                assert read_setting(connection, "records") in (str(len(held)), None)
            assert [each.stored for each in list_devices(restored)[0].journals] in ([len(held)], [])
    stop.set()
    sender.join(10)


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
    before = load_keys(home).signing.to_text()
    with pytest.raises(InvalidInput, match="has keys"):
        restore(tmp_path / "central.tar", f"sqlite:///{tmp_path / 'new.db'}", home, clock)
    assert load_keys(home).signing.to_text() == before
    assert not (tmp_path / "new.db").exists()


def test_restoring_into_tables_without_rows_is_fine(
    sqlite_database: Database, empty_url: str, home: Path, tmp_path: Path, clock: ManualClock
) -> None:
    fill(sqlite_database, clock)
    backup(sqlite_database, home, tmp_path / "central.tar", clock)
    migrate(empty_url)
    assert restore(tmp_path / "central.tar", empty_url, tmp_path / "new-home", clock).records == 7


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
