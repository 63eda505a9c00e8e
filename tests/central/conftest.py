"""Central's database in both kinds, each test with its own."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.central.database import Database
from kiosk.central.schema import migrate
from tests.central.builders import ManualClock
from tests.support.postgresql import PrivatePostgresql

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="pg", marks=pytest.mark.postgresql)]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with central's tables, to be copied."""
    path = tmp_path_factory.mktemp("central") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PrivatePostgresql]:
    """A PostgreSQL server for all tests of a run."""
    server = PrivatePostgresql()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def migrated_name(postgresql: PrivatePostgresql) -> str:
    """The name of a PostgreSQL database with central's tables, to be copied."""
    name = postgresql.create()
    migrate(postgresql.url(name))
    return name


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with central's tables: an SQLite file, then one on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "central.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    server: PrivatePostgresql = request.getfixturevalue("postgresql")
    name = server.create(request.getfixturevalue("migrated_name"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, open."""
    with closing(Database(database_url)) as opened:
        yield opened


@pytest.fixture
def sqlite_database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """One in an SQLite file, for what has nothing to do with the kind."""
    path = tmp_path / "central.db"
    shutil.copy(migrated_file, path)
    with closing(Database(f"sqlite:///{path}")) as opened:
        yield opened
