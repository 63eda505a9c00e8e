"""Brings a database's tables to the version this code knows, and says where they are not."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from kiosk.central.database import Database
from kiosk.core.errors import ConfigError

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x6B696F736B


def migrate(url: str) -> None:
    """Create or upgrade the tables in one transaction; raises ConfigError where they are newer than this code.

    Several processes may do so at once: the first does the work.
    """
    database = Database(url)
    try:
        with database.begin() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
            _upgrade(connection)
    finally:
        database.close()


def head_revision() -> str:
    """Return the revision this code works with."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head() or ""


def current_revision(connection: Connection) -> str:
    """Return the revision a database's tables are at; empty where there are none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def check_schema(database: Database) -> None:
    """Return when the tables are those this code knows; raises ConfigError."""
    with database.read() as connection:
        found = current_revision(connection)
    if found != head_revision():
        raise ConfigError(
            f"database {database.url.database} has tables of version {found or 'none'}, not {head_revision()}",
            hint="Run kiosk central init",
        )


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(
            f"database {connection.engine.url.database} cannot be brought to version {head_revision()}: {error}",
            hint="It may be from a newer version: update this software",
        ) from error
