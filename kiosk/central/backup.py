"""A consistent copy of central while it runs, and central again from such a copy.

A backup is one tar file of mode 0600: `manifest.json`, `central.db` and the keys. `central.db` is an SQLite file
whatever central runs on: every row as of one moment, read in one transaction. So a backup needs no other program, and
one taken from SQLite can be restored into PostgreSQL, and the other way round.
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
from sqlalchemy import Connection, Table, func, insert, select, text, update

from kiosk.central.database import Database, write_setting
from kiosk.central.keys import FOLDER, HASH_FILE, SIGNING_FILE, load_keys, sync_folder
from kiosk.central.schema import check_schema, current_revision, migrate
from kiosk.central.tables import device, lease, metadata
from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import ConfigError, InvalidInput

FORMAT = 1
ROWS_PER_READ = 2000
PART = 1024 * 1024
MANIFEST_BYTES_MAX = 64 * 1024
_NEXT_PARKED = (
    "SELECT setval(pg_get_serial_sequence('parked', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM parked), false)"
)
NAMES = ("central.db", f"{FOLDER}/{SIGNING_FILE}", f"{FOLDER}/{HASH_FILE}")


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
            copy = Path(folder) / "central.db"
            revision, records = _copy_out(database, copy)
            sources = dict(zip(NAMES, (copy, home / NAMES[1], home / NAMES[2]), strict=True))
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

    Afterwards no device counts as online, nobody leads, and the highest roster revision that a birth reports is awaited
    as ever: central signs only above it (CONTRACT §3).
    """
    if any((home / name).exists() for name in NAMES[1:]):
        raise InvalidInput(f"{home / FOLDER} has keys", hint="Restore into an empty home folder")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as folder:
        manifest = _unpack(source, Path(folder))
        copy_url = f"sqlite:///{(Path(folder) / NAMES[0]).resolve()}"
        migrate(copy_url)
        migrate(url)
        with closing(Database(url)) as database, closing(Database(copy_url)) as copy, database.begin() as connection:
            _refuse_filled(connection)
            with copy.read() as held:
                _copy_in(held, connection)
            _settle(connection, format_utc(clock.now()))
        _place_keys(Path(folder), home)
    load_keys(home)
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
        with closing(Database(url)) as filled, filled.begin() as connection, database.read() as held:
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
        target.execute(text(_NEXT_PARKED))


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
    with _new_file(path) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            with tempfile.TemporaryFile(dir=path.parent) as words:
                words.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
                _add(tar, "manifest.json", words)
            for name, source in sources.items():
                with source.open("rb") as stream:
                    _add(tar, name, stream)
        file.flush()
        os.fsync(file.fileno())


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
            for name in NAMES:
                _extract(tar, name, folder / name)
    except (OSError, KeyError, tarfile.TarError, msgspec.DecodeError) as error:
        raise InvalidInput(f"{source} is no backup that can be read: {error}", hint="Name another one") from error
    for name in NAMES:
        if manifest.files.get(name) != _digest(folder / name):
            raise InvalidInput(f"{source} is damaged: {name} is not what was backed up", hint="Name another one")
    return manifest


def _extract(tar: tarfile.TarFile, name: str, target: Path) -> None:
    stream = tar.extractfile(name)
    if stream is None:
        raise KeyError(name)
    with stream, _new_file(target) as file:
        while part := stream.read(PART):
            file.write(part)


def _place_keys(folder: Path, home: Path) -> None:
    (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
    for name in NAMES[1:]:
        (folder / name).rename(home / name)
    sync_folder(home / FOLDER)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_CLOEXEC, 0o600), "w+b") as file:
        yield file


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
