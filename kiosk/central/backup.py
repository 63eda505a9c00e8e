"""A consistent copy of central while it runs, and central again from such a copy.

A backup is one tar file of mode 0600: `manifest.json`, `central.db` and the keys. `central.db` is an SQLite file
whatever central runs on: every row as of one moment, read in one transaction. So a backup needs no other program, and
one taken from SQLite can be restored into PostgreSQL, and the other way round. What rests sealed is copied as it rests;
the keys that open it are in the same file.
"""

import hashlib
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, Table, func, insert, select, update

from kiosk.central.all_tables import metadata
from kiosk.central.database import Database, write_setting
from kiosk.central.keys import FOLDER, HASH_FILE, SIGNING_FILE, init_keys, load_keys
from kiosk.central.personal_keys import PERSONAL_FILE, KeyFile, keys_text
from kiosk.central.schema import check_schema, current_revision, migrate
from kiosk.central.tables import device, lease
from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import ConfigError, InvalidInput
from kiosk.local.files import sync_folder

FORMAT = 1
ROWS_PER_READ = 2000
PART = 1024 * 1024
MANIFEST_BYTES_MAX = 64 * 1024
PERSONAL = f"{FOLDER}/{PERSONAL_FILE}"
NAMES = ("central.db", f"{FOLDER}/{SIGNING_FILE}", f"{FOLDER}/{HASH_FILE}", PERSONAL)
"""Backups from before there was `PERSONAL` lack it, and have nothing sealed."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself: when it was taken, its tables' revision, and the SHA-256 of each file in it."""

    format: int
    at: str
    revision: str
    records: int
    files: dict[str, str]


def backup(database: Database, home: Path, target: Path, clock: Clock) -> Manifest:
    """Write a backup to a new file; raises InvalidInput where it exists, ConfigError where it cannot be written.

    Everything up to the moment it starts to read is in it; central goes on meanwhile.
    """
    load_keys(home)
    check_schema(database)
    if target.exists():
        raise InvalidInput(f"{target} exists", hint="Name a new file")
    coming = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
            copy, personal = Path(folder) / "central.db", Path(folder) / PERSONAL_FILE
            before = KeyFile(home / PERSONAL).read()
            revision, records = _copy_out(database, copy)
            # A rotation may have begun or ended meanwhile: the rows rest under keys of before, after, or both.
            now = KeyFile(home / PERSONAL).read()
            gone = [each for each in before if each.id not in {other.id for other in now}]
            personal.write_text(keys_text([*gone, *now]) + "\n", encoding="ascii")
            sources = dict(zip(NAMES, (copy, home / NAMES[1], home / NAMES[2], personal), strict=True))
            digests = {name: _digest(path) for name, path in sources.items()}
            manifest = Manifest(FORMAT, format_utc(clock.now()), revision, records, digests)
            _write_tar(coming, manifest, sources)
        coming.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error}", hint="Check its folder and the disk") from error
    return manifest


def restore(source: Path, url: str, home: Path, clock: Clock) -> Manifest:
    """Make central again from a backup, in an empty database and home; raises InvalidInput where either is not.

    A home that has this backup's own keys will do: it is left so where the database failed or somebody pulled the plug.

    Afterwards no device counts as online, nobody leads, and the highest roster revision that a birth reports is awaited
    as ever: central signs only above it (CONTRACT §3).
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as folder:
        manifest = _unpack(source, Path(folder))
        _refuse_other_keys(home, manifest)
        copy_url = f"sqlite:///{(Path(folder) / NAMES[0]).resolve()}"
        migrate(copy_url)
        migrate(url)
        with closing(Database(url)) as database, closing(Database(copy_url)) as copy, database.begin() as connection:
            _refuse_filled(connection)
            with copy.read() as held:
                _copy_in(held, connection)
            _settle(connection, format_utc(clock.now()))
            # Before the commit: rows without keys could neither be used nor restored anew.
            _place_keys(Path(folder), home)
    init_keys(home)
    return manifest


def _copy_out(database: Database, target: Path) -> tuple[str, int]:
    url = f"sqlite:///{target.resolve()}"
    if database.is_sqlite:
        with database.read() as connection:
            source = connection.connection.driver_connection
            with closing(sqlite3.connect(target)) as copy:
                source.backup(copy)  # type: ignore[union-attr]  # the driver's own connection, whose type is not known
                copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    else:
        migrate(url)
        here = database.url.render_as_string(hide_password=False)
        with (
            closing(Database(url)) as filled,
            closing(Database(here)) as resting,
            filled.begin() as connection,
            resting.read() as held,
        ):
            _copy_in(held, connection)
    with closing(Database(url)) as copied, copied.read() as connection:
        table = metadata.tables["record"]
        records = connection.execute(select(func.count()).select_from(table)).scalar_one()
        return current_revision(connection), records


def _copy_in(source: Connection, target: Connection) -> None:
    """Copy every row of every table, parents first."""
    for table in metadata.sorted_tables:
        target.execute(table.delete())
        for rows in _pages(source, table):
            target.execute(insert(table), rows)
    if target.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            _go_on_counting(target, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows behind those that were copied."""
    column = table.autoincrement_column
    if column is not None:
        last = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        connection.execute(select(func.setval(sequence, last + 1, False)))


def _pages(source: Connection, table: Table) -> Iterator[Sequence[dict[str, Any]]]:
    with source.execution_options(yield_per=ROWS_PER_READ).execute(select(table)) as result:
        for rows in result.mappings().partitions():
            yield [dict(row) for row in rows]


def _refuse_filled(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise InvalidInput(f"the database has rows in {table.name}", hint="Restore into an empty database")


def _settle(connection: Connection, at: str) -> None:
    connection.execute(lease.delete())
    connection.execute(update(device).values(state="offline", session=None))
    write_setting(connection, "restored_at", at)


def _write_tar(path: Path, manifest: Manifest, sources: dict[str, Path]) -> None:
    with _new_file(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        with tempfile.TemporaryFile(dir=path.parent) as words:
            words.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
            _add(tar, "manifest.json", words)
        for name, source in sources.items():
            with source.open("rb") as stream:
                _add(tar, name, stream)


def _add(tar: tarfile.TarFile, name: str, stream: BinaryIO) -> None:
    info = tarfile.TarInfo(name)
    info.size = stream.seek(0, os.SEEK_END)
    info.mode = 0o600
    stream.seek(0)
    tar.addfile(info, stream)


def _unpack(source: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(source, mode="r:") as tar:
            words = tar.extractfile("manifest.json")
            manifest = msgspec.json.decode(words.read(MANIFEST_BYTES_MAX) if words else b"", type=Manifest)
            if manifest.format != FORMAT:
                raise InvalidInput(f"{source} is a backup of format {manifest.format}", hint="Update this software")
            (folder / FOLDER).mkdir(mode=0o700)
            for name in _held(manifest):
                _extract(tar, name, folder / name)
    except (OSError, KeyError, tarfile.TarError, msgspec.DecodeError) as error:
        raise InvalidInput(f"{source} is no backup that can be read: {error}", hint="Name another one") from error
    for name in _held(manifest):
        if manifest.files.get(name) != _digest(folder / name):
            raise InvalidInput(f"{source} is damaged: {name} is not what was backed up", hint="Name another one")
    return manifest


def _held(manifest: Manifest) -> tuple[str, ...]:
    return tuple(name for name in NAMES if name != PERSONAL or name in manifest.files)


def _extract(tar: tarfile.TarFile, name: str, target: Path) -> None:
    stream = tar.extractfile(name)
    if stream is None:
        raise KeyError(name)
    with stream, _new_file(target) as file:
        while part := stream.read(PART):
            file.write(part)


def _refuse_other_keys(home: Path, manifest: Manifest) -> None:
    for name in _held(manifest)[1:]:
        if (home / name).exists() and _digest(home / name) != manifest.files[name]:
            raise InvalidInput(f"{home / FOLDER} has keys", hint="Restore into an empty home folder")


def _place_keys(folder: Path, home: Path) -> None:
    (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
    for name in NAMES[1:]:
        if (folder / name).exists():
            (folder / name).rename(home / name)
    sync_folder(home / FOLDER)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
