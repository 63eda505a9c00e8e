"""The one way to central's database, on both kinds."""

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import InternalError

from kiosk.central import all_tables
from kiosk.central.database import Database, insert_missing, read_setting, upsert, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.schema import check_schema, current_revision, head_revision, migrate
from kiosk.central.tables import setting
from kiosk.core.errors import ConfigError, InvalidInput, RetryLater, StoreDamaged
from tests.support.postgresql import PrivatePostgresql

DURABLE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_migrations_and_tables_agree(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables.metadata) == []
        assert current_revision(connection) == head_revision()


def test_every_module_that_declares_tables_is_known() -> None:
    central = Path(all_tables.__file__).parent
    declaring = {*central.glob("*tables.py"), *central.glob("*/*tables.py")} - {Path(all_tables.__file__)}
    assert {Path(module.__file__ or "") for module in all_tables.MODULES} == declaring


def test_migrating_again_changes_nothing(database_url: str, database: Database) -> None:
    with database.begin() as connection:
        write_setting(connection, "kept", "yes")
    migrate(database_url)
    with database.read() as connection:
        assert read_setting(connection, "kept") == "yes"


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(migrate, url) for _ in range(4)]:
            each.result()
    with closing(Database(url)) as database:
        check_schema(database)


def test_a_new_file_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        letting_go = threading.Timer(0.2, lambda: other.execute("COMMIT"))
        letting_go.start()
        with closing(Database(f"sqlite:///{path}")) as database, database.begin() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        letting_go.join()


@pytest.mark.postgresql
def test_several_processes_may_migrate_one_server_at_once(postgresql: PrivatePostgresql) -> None:
    url = postgresql.url(postgresql.create())
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(migrate, url) for _ in range(4)]:
            each.result()
    with closing(Database(url)) as database:
        check_schema(database)


def test_a_database_from_a_newer_version_is_refused(database_url: str, database: Database) -> None:
    known = head_revision()
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="9999"):
        migrate(database_url)
    with pytest.raises(ConfigError, match="9999"):
        check_schema(database)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :known"), {"known": known})


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "half.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE used (something)")
    with closing(Database(f"sqlite:///{path}")) as database:
        with pytest.raises(RetryLater, match="used"):
            migrate(f"sqlite:///{path}")
        with database.read() as connection:
            assert inspect(connection).get_table_names() == ["used"]


def test_every_connection_to_sqlite_is_durable(sqlite_database: Database) -> None:
    with sqlite_database.begin() as one, sqlite_database.read() as other:
        for connection in (one, other):
            pragmas = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
            ]
            assert pragmas == ["wal", 2]
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.postgresql
def test_every_commit_to_postgresql_waits_for_the_disk(postgresql: PrivatePostgresql, migrated_name: str) -> None:
    with closing(Database(postgresql.url(migrated_name))) as database, database.read() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'central.db'}")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_work_that_raises_leaves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        write_setting(connection, "half", "done")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.run(work)
    with database.read() as connection:
        assert read_setting(connection, "half") is None


def test_a_reader_sees_one_moment(database: Database) -> None:
    with database.begin() as connection:
        write_setting(connection, "colour", "red")
    with database.read() as reader:
        assert read_setting(reader, "colour") == "red"
        with database.begin() as connection:
            write_setting(connection, "colour", "blue")
        assert read_setting(reader, "colour") == "red"
    with database.read() as reader:
        assert read_setting(reader, "colour") == "blue"


@pytest.mark.postgresql
def test_a_reader_cannot_write(postgresql: PrivatePostgresql, migrated_name: str) -> None:
    with (
        closing(Database(postgresql.url(migrated_name))) as database,
        database.read() as connection,
        pytest.raises(InternalError, match="read-only"),
    ):
        write_setting(connection, "colour", "red")


def test_what_a_reader_writes_is_gone(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        write_setting(connection, "colour", "red")
    with sqlite_database.read() as connection:
        assert read_setting(connection, "colour") is None


def test_writers_wait_for_one_another_and_lose_no_update(database: Database) -> None:
    def count_up() -> None:
        for _ in range(25):
            database.run(lambda c: write_setting(c, "count", str(lock_counter(c, "count") + 1)))

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(count_up) for _ in range(4)]:
            each.result()
    with database.read() as connection:
        assert read_setting(connection, "count") == "100"


def test_a_writer_that_never_comes_through_is_told_to_try_later(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.database.BUSY_S", 0.05)
    with sqlite_database.begin(), pytest.raises(RetryLater, match="taken"), sqlite_database.begin():
        raise AssertionError("two writers at once")


def test_two_who_block_each_other_both_come_through(database: Database) -> None:
    with database.begin() as connection:
        write_setting(connection, "left", "0")
        write_setting(connection, "right", "0")
    meet = threading.Barrier(2, timeout=60)

    def both(first: str, second: str) -> None:
        met: list[bool] = []

        def work(connection: Connection) -> None:
            one = lock_counter(connection, first)
            if not met and not database.is_sqlite:
                met.append(True)
                meet.wait()
            other = lock_counter(connection, second)
            write_setting(connection, first, str(one + 1))
            write_setting(connection, second, str(other + 1))

        database.run(work)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(both, "left", "right"), pool.submit(both, "right", "left")]:
            each.result()
    with database.read() as connection:
        assert [read_setting(connection, name) for name in ("left", "right")] == ["2", "2"]


@pytest.mark.postgresql
def test_a_server_that_was_killed_is_used_again_when_it_is_back() -> None:
    server = PrivatePostgresql()
    try:
        server.start()
        name = server.create()
        migrate(server.url(name))
        with closing(Database(server.url(name))) as database:
            database.run(lambda c: write_setting(c, "before", "kept"))
            server.kill()
            with pytest.raises(RetryLater, match="does not answer"):
                database.run(lambda c: write_setting(c, "during", "lost"))
            server.start()
            database.run(lambda c: write_setting(c, "after", "kept"))
            with database.read() as connection:
                rows = dict(connection.execute(select(setting.c.name, setting.c.value)).all())
        assert rows == {"before": "kept", "after": "kept"}
    finally:
        server.stop()


def test_a_row_is_inserted_once_and_replaced_by_key(database: Database) -> None:
    with database.begin() as connection:
        assert insert_missing(connection, setting, {"name": "a", "value": "1"})
        assert not insert_missing(connection, setting, {"name": "a", "value": "2"})
        assert read_setting(connection, "a") == "1"
        upsert(connection, setting, {"name": "a", "value": "3"})
        assert read_setting(connection, "a") == "3"


@pytest.mark.postgresql
def test_a_value_that_cannot_be_held_is_refused(postgresql: PrivatePostgresql, migrated_name: str) -> None:
    with closing(Database(postgresql.url(migrated_name))) as database, pytest.raises(InvalidInput, match="cannot hold"):
        database.run(lambda c: write_setting(c, "n" * 65, "too long a name"))


def test_a_file_that_is_no_database_is_named_damaged(tmp_path: Path) -> None:
    path = tmp_path / "central.db"
    path.write_bytes(b"no database at all, but long enough to have a header" * 40)
    with closing(Database(f"sqlite:///{path}")) as database, pytest.raises(StoreDamaged, match="damaged"):
        database.run(lambda c: None)


@pytest.mark.parametrize("url", ["sqlite://", "mysql://somewhere/db", "no url"])
def test_an_unusable_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Database(url)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'central.db'}")
