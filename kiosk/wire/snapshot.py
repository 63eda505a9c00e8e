"""A whole roster as one immutable SQLite file, and the content-addressed parts it travels in.

The file has the tables of `core/roster.py`, rows in the order of their keys. It is cut into chunks of 64 KiB, each
compressed by itself and named by the SHA-256 of the compressed bytes: a part can be fetched in any order, twice, or
after a restart. Index parts hold the 32-byte names of the data parts one after the other; the signed head names the
index parts, and thereby every byte.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from kiosk.core.errors import MessageRejected, RosterUnavailable
from kiosk.core.roster import SNAPSHOT_SCHEMA, digest_hex, row_digest
from kiosk.wire.messages import Snapshot
from kiosk.wire.pace import Pace
from kiosk.wire.parts import NAME_BYTES, PartStore

CHUNK_BYTES = 64 * 1024
INDEX_NAMES_MAX = 2048
INDEX_PARTS_MAX = 64
"""Together the limit of a roster file: 8 GiB."""

ZLIB_LEVEL = 1
CUTTERS = 2
CHUNKS_PER_TASK = 64
ROWS_PER_READ = 2000
ROWS_PER_COMMIT = 800
"""About one step of 256 KiB."""

ROWS_PER_INSERT = 32
_INSERT_ONE = "INSERT INTO row VALUES (?, ?)"
_INSERT_MANY = _INSERT_ONE + ", (?, ?)" * (ROWS_PER_INSERT - 1)


def build_snapshot(
    path: Path, rows: Iterable[tuple[bytes, bytes]], revision: int, *, bytes_per_s_max: int | None = None
) -> str:
    """Write rows, sorted by key, as a snapshot file and return their digest; an older file of that name is replaced.

    Raises RosterUnavailable where the disk fails or the rows are not in order.
    """
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    try:
        total = _write_rows(draft, rows, revision, bytes_per_s_max)
        _settle(draft, path)
    except (sqlite3.Error, OSError) as error:
        draft.unlink(missing_ok=True)
        raise RosterUnavailable(f"snapshot {path} cannot be written: {error}") from error
    return digest_hex(total)


def cut(path: Path, store: PartStore) -> Snapshot:
    """Put a snapshot file into a store as parts; return what the head says of it. Raises RosterUnavailable."""
    revision, digest = _read_meta(path)
    size = path.stat().st_size

    def pack(start: int) -> list[str]:
        with path.open("rb") as file:
            file.seek(start)
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            return [store.put(zlib.compress(chunk, ZLIB_LEVEL)) for chunk in islice(chunks, CHUNKS_PER_TASK)]

    with ThreadPoolExecutor(CUTTERS, "snapshot-cut") as pool:
        starts = range(0, size, CHUNKS_PER_TASK * CHUNK_BYTES)
        names = list(chain.from_iterable(pool.map(pack, starts)))
    if len(names) > INDEX_NAMES_MAX * INDEX_PARTS_MAX:
        raise RosterUnavailable(
            f"snapshot {path} needs {len(names)} parts", hint="Split the club into several centrals"
        )
    raw = [bytes.fromhex(name) for name in names]
    spans = range(0, len(raw), INDEX_NAMES_MAX)
    index = tuple(store.put(b"".join(raw[start : start + INDEX_NAMES_MAX])) for start in spans)
    return Snapshot(revision=revision, digest=digest, parts=index, count=len(names), size=size)


def data_parts(snapshot: Snapshot, store: PartStore) -> list[str]:
    """Return the names of a snapshot's data parts in order; raises MessageRejected where the index does not add up."""
    if len(snapshot.parts) > INDEX_PARTS_MAX:
        raise MessageRejected(f"snapshot of {len(snapshot.parts)} index parts, the limit is {INDEX_PARTS_MAX}")
    names: list[str] = []
    for index_name in snapshot.parts:
        body = store.get(index_name)
        if body is None:
            raise MessageRejected(f"index part {index_name[:12]} of snapshot {snapshot.revision} is not here")
        if len(body) % NAME_BYTES or len(body) > INDEX_NAMES_MAX * NAME_BYTES:
            raise MessageRejected(f"index part {index_name[:12]} has {len(body)} bytes")
        names.extend(body[start : start + NAME_BYTES].hex() for start in range(0, len(body), NAME_BYTES))
    if len(names) != snapshot.count or not 0 <= len(names) * CHUNK_BYTES - snapshot.size < CHUNK_BYTES:
        raise MessageRejected(f"snapshot {snapshot.revision} has {len(names)} parts for {snapshot.size} bytes")
    return names


def missing_parts(snapshot: Snapshot, store: PartStore) -> list[str]:
    """Return what is still to be fetched: index parts first, then, once they are all here, data parts.

    Empty when the snapshot can be assembled. Raises MessageRejected where the index does not add up.
    """
    index = [name for name in snapshot.parts if not store.has(name)]
    return index or [name for name in dict.fromkeys(data_parts(snapshot, store)) if not store.has(name)]


def assemble(snapshot: Snapshot, store: PartStore, target: Path, *, bytes_per_s_max: int | None = None) -> None:
    """Write a snapshot's file from parts that are all here; whole and durable under its name, or not there at all.

    Raises MessageRejected for a part that is missing, damaged or not what it should be, RosterUnavailable where the
    disk fails. Says nothing of the rows: see `verify_snapshot`.
    """
    names = data_parts(snapshot, store)
    draft = target.with_name(target.name + ".part")
    try:
        with draft.open("wb") as file:
            pace = Pace(file.fileno(), bytes_per_s_max)
            for place, name in enumerate(names):
                size = min(CHUNK_BYTES, snapshot.size - place * CHUNK_BYTES)
                _write_chunk(file, store.get(name), name, size)
                pace.wrote(size)
        _settle(draft, target)
    except OSError as error:
        raise RosterUnavailable(f"snapshot {target} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def verify_snapshot(path: Path, revision: int, digest: str) -> None:
    """Add up every row of a snapshot file and hold it against the signed digest; raises MessageRejected."""
    total = 0
    try:
        with closing(_open(path)) as connection:
            told = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            rows = connection.execute("SELECT body FROM row")
            while batch := rows.fetchmany(ROWS_PER_READ):
                for (body,) in batch:
                    total += row_digest(body)
    except (sqlite3.Error, TypeError) as error:
        raise MessageRejected(f"snapshot {path} is no roster: {error}") from error
    if told.get("revision") != str(revision) or digest_hex(total) != digest:
        raise MessageRejected(f"snapshot {path} is not revision {revision} with the digest that was signed")


def _write_rows(path: Path, rows: Iterable[tuple[bytes, bytes]], revision: int, rate: int | None) -> int:
    total = 0
    source = iter(rows)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, path.open("rb") as file:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SNAPSHOT_SCHEMA)
        pace = Pace(file.fileno(), rate)
        while batch := list(islice(source, ROWS_PER_COMMIT)):
            total += sum([row_digest(body) for _, body in batch])
            connection.execute("BEGIN")
            _insert(connection, batch)
            connection.execute("COMMIT")
            pace.wrote(sum([len(key) + len(body) for key, body in batch]))
        meta = {"revision": str(revision), "digest": digest_hex(total)}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    return total


def _insert(connection: sqlite3.Connection, rows: list[tuple[bytes, bytes]]) -> None:
    """Insert many rows a statement: a fifth faster than executemany."""
    whole = len(rows) - len(rows) % ROWS_PER_INSERT
    for start in range(0, whole, ROWS_PER_INSERT):
        connection.execute(_INSERT_MANY, list(chain.from_iterable(rows[start : start + ROWS_PER_INSERT])))
    connection.executemany(_INSERT_ONE, rows[whole:])


def _write_chunk(file: BinaryIO, packed: bytes | None, name: str, size: int) -> None:
    if packed is None:
        raise MessageRejected(f"roster part {name[:12]} is not here or damaged", hint="Fetch it again")
    inflater = zlib.decompressobj()
    try:
        chunk = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise MessageRejected(f"roster part {name[:12]} does not unpack: {error}") from error
    if len(chunk) != size:
        raise MessageRejected(f"roster part {name[:12]} does not unpack to {size} bytes")
    file.write(chunk)


def _settle(draft: Path, target: Path) -> None:
    """Give a finished file its name, durably."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_meta(path: Path) -> tuple[int, str]:
    with suppress(sqlite3.Error, KeyError, ValueError), closing(_open(path)) as connection:
        told = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        return int(told["revision"]), told["digest"]
    raise RosterUnavailable(f"{path} is no roster snapshot")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
