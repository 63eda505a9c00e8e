"""Central's database in both kinds, empty for each test, and the club's books over it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.schema import migrate
from tests.central.builders import ManualClock
from tests.central.roster_builders import House
from tests.central.sealing import make_seals
from tests.support.migrated import Reopened, migrated, put_tables
from tests.support.postgresql import PrivatePostgresql

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="pg", marks=pytest.mark.postgresql)]
SEALED = Reopened(make_seals)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with central's tables, to be copied."""
    path = tmp_path_factory.mktemp("central") / "template.db"
    put_tables(path)
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


@pytest.fixture(scope="session")
def shared_name(postgresql: PrivatePostgresql, migrated_name: str) -> str:
    """The name of a PostgreSQL database with central's tables that tests use one after another."""
    return postgresql.create(migrated_name)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with central's tables: an SQLite file, then one on PostgreSQL."""
    if request.param == "sqlite":
        yield put_tables(tmp_path / "central.db")
        return
    server: PrivatePostgresql = request.getfixturevalue("postgresql")
    name = request.getfixturevalue("shared_name")
    yield server.url(name)
    server.empty(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """That database, open, with personal data sealed as on a real machine."""
    with closing(Database(database_url, make_seals())) as opened:
        yield opened


@pytest.fixture
def sqlite_database() -> Iterator[Database]:
    """One in an SQLite file, for what has nothing to do with the kind."""
    with SEALED.holding(migrated()) as opened:
        yield opened


@pytest.fixture
def books(sqlite_database: Database, clock: ManualClock) -> Books:
    """The club's books in an SQLite file."""
    return Books(sqlite_database, clock)


@pytest.fixture
def both_books(database: Database, clock: ManualClock) -> Books:
    """The club's books in an SQLite file, then on PostgreSQL."""
    return Books(database, clock)


@pytest.fixture
def house(database: Database, tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """A small club on both kinds, with what publishes its roster and answers devices."""
    with closing(House(database, tmp_path, clock)) as opened:
        yield opened


@pytest.fixture
def small_house(sqlite_database: Database, tmp_path: Path, clock: ManualClock) -> Iterator[House]:
    """The same in an SQLite file only."""
    with closing(House(sqlite_database, tmp_path, clock)) as opened:
        yield opened
