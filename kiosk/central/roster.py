"""The roster at central: its rows, its revision and digest, and what led from each revision to the next.

Whoever changes what the club knows calls `change` in the same transaction; the publisher notices the new revision.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from kiosk.central.database import WANTED, read_setting, upsert_many, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.tables import roster_change, roster_row
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput, MessageRejected
from kiosk.core.model import AnyRow, Credential, Row
from kiosk.core.roster import decode_row, digest_hex, encode_row, row_digest, row_key

REVISION = "roster_revision"
DIGEST = "roster_digest"
REPORTED = "reported_revision_max"
FORGOTTEN = "roster_forgotten"
"""Names in `setting`: `reported…` is the highest revision that any birth told, `…forgotten` the oldest one kept."""

DELTA_BYTES_MAX = 64 * 1024
OPS_BYTES_MAX = DELTA_BYTES_MAX - 512
"""What a delta's envelope leaves for its ops."""

ROW_BYTES_MAX = 16 * 1024
ROWS_PER_STEP = 500

_OF_A_KIND = (
    select(roster_row.c.body)
    .where(roster_row.c.key >= bindparam("first"), roster_row.c.key < bindparam("end"))
    .order_by(roster_row.c.key)
)
_BY_KEY = select(roster_row.c.key, roster_row.c.body).where(roster_row.c.key.in_(WANTED))

T = TypeVar("T")
_log = logging.getLogger(__name__)


class RosterState(msgspec.Struct, frozen=True):
    """The newest revision and its digest; revision 0 before there is a roster."""

    revision: int
    digest: str


class Change(msgspec.Struct, frozen=True):
    """What led from one revision to the next; `ops` is canonical JSON, None where only a snapshot will do."""

    from_revision: int
    revision: int
    digest: str
    ops: bytes | None


class _Ops:
    """Collects ops as canonical JSON until they are too long for a delta."""

    def __init__(self) -> None:
        self._parts: list[bytes] | None = []
        self._size = 2

    def add(self, word: bytes, value: bytes) -> None:
        if self._parts is None:
            return
        part = b'{"%s":%s}' % (word, value)
        self._size += len(part) + 1
        self._parts.append(part)
        if self._size > OPS_BYTES_MAX:
            self._parts = None

    def encoded(self) -> bytes | None:
        return None if self._parts is None else b"[" + b",".join(self._parts) + b"]"


def roster_state(connection: Connection) -> RosterState:
    """Return where the roster stands."""
    revision = int(read_setting(connection, REVISION) or 0)
    return RosterState(revision, read_setting(connection, DIGEST) or digest_hex(0))


def change(connection: Connection, rows_put: Iterable[Row], keys_dropped: Iterable[bytes] = (), *, at: datetime) -> int:
    """Put and drop roster rows in the caller's transaction and return the revision that holds them.

    Rows that say what is there already, and keys that are not there, change nothing; where nothing changes the revision
    stays. Raises InvalidInput for a row above 16 KiB.
    """
    last = lock_counter(connection, REVISION)
    before = total = int(roster_state(connection).digest, 16)
    ops, changes = _Ops(), 0
    for step in in_steps(rows_put, ROWS_PER_STEP):
        moved = _put(connection, {row_key(row): _encode(row) for row in step}, ops)
        total, changes = total + sum(moved), changes + len(moved)
    for keys in in_steps(keys_dropped, ROWS_PER_STEP):
        moved = _drop(connection, keys, ops)
        total, changes = total - sum(moved), changes + len(moved)
    if not changes or digest_hex(total) == digest_hex(before):
        return last
    reported = int(read_setting(connection, REPORTED) or 0)
    revision = max(last, reported) + 1
    # Devices that told a higher revision hold rows that this database never had: a delta would not fit them.
    _note(connection, revision, digest_hex(total), ops.encoded() if reported <= last else None, at)
    return revision


def rise_above(connection: Connection, reported: int, *, at: datetime) -> int:
    """Give the same rows a revision above one that a device told of: central came back from a backup.

    Returns the revision, which is unchanged where it is the higher one already.
    """
    last = lock_counter(connection, REVISION)
    if reported <= last:
        return last
    _note(connection, reported + 1, roster_state(connection).digest, None, at)
    return reported + 1


def rows_of(connection: Connection, *kinds: str) -> list[AnyRow]:
    """Return the rows of these kinds, of those that the club's rules name: sites, areas, tiers, products, schedules.

    One that cannot be read is left out. Their keys are `kind:id`; a credential's 16 bytes may look like one.
    """
    rows: list[AnyRow] = []
    for kind in kinds:
        for body in bodies_of(connection, kind):
            try:
                rows.append(decode_row(body))
            except MessageRejected as error:
                _log.error("roster row cannot be read", extra={"kind": kind, "cause": error.message})
    return [row for row in rows if not isinstance(row, Credential)]


def bodies_of(connection: Connection, kind: str) -> list[bytes]:
    """Return the rows of a kind as they are sent, by their ids."""
    mine = {"first": f"{kind}:".encode(), "end": f"{kind};".encode()}
    return [bytes(body) for body in connection.execute(_OF_A_KIND, mine).scalars()]


def bodies_by_key(connection: Connection, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return the rows with these keys, as they are sent."""
    return {bytes(key): bytes(body) for key, body in connection.execute(_BY_KEY, {"wanted": list(keys)})}


def changes_after(connection: Connection, revision: int, limit: int) -> list[Change]:
    """Return what followed a revision, in order, so many at most; empty also where that revision is not known."""
    query = select(roster_change.c.revision, roster_change.c.digest, roster_change.c.ops)
    if not _is_known(connection, revision):
        return []
    changes = []
    for number, digest, ops in connection.execute(
        query.where(roster_change.c.revision > revision).order_by(roster_change.c.revision).limit(limit)
    ):
        changes.append(Change(revision, number, digest, ops))
        revision = number
    return changes


def digest_of(connection: Connection, revision: int) -> str | None:
    """Return the digest of a revision that is not forgotten yet."""
    query = select(roster_change.c.digest).where(roster_change.c.revision == revision)
    return connection.execute(query).scalar_one_or_none()


def last_gap(connection: Connection) -> int:
    """Return the newest revision that no delta leads to; 0 for none."""
    newest = select(func.max(roster_change.c.revision)).where(roster_change.c.ops.is_(None))
    return connection.execute(newest).scalar_one() or 0


def forget_changes(connection: Connection, before: int) -> None:
    """Delete what led to revisions below `before`: whoever is further behind takes a snapshot."""
    gone = connection.execute(delete(roster_change).where(roster_change.c.revision < before)).rowcount
    if gone:
        write_setting(connection, FORGOTTEN, str(before))


def _is_known(connection: Connection, revision: int) -> bool:
    """Say whether everything that followed a revision is still there; before the first one there is revision 0."""
    if revision == 0:
        return read_setting(connection, FORGOTTEN) is None
    query = select(roster_change.c.revision).where(roster_change.c.revision == revision)
    return connection.execute(query).first() is not None


def in_steps(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield items in lists of `size`, so that none of them has to be in memory with all the others."""
    source = iter(items)
    while step := list(islice(source, size)):
        yield step


def _put(connection: Connection, bodies: Mapping[bytes, bytes], ops: _Ops) -> list[int]:
    """Write the rows that differ and return what each adds to the digest."""
    held = bodies_by_key(connection, bodies)
    fresh = {key: body for key, body in bodies.items() if held.get(key) != body}
    upsert_many(connection, roster_row, [{"key": key, "body": body} for key, body in fresh.items()])
    for body in fresh.values():
        ops.add(b"put", body)
    return [row_digest(body) - (row_digest(held[key]) if key in held else 0) for key, body in fresh.items()]


def _drop(connection: Connection, keys: Iterable[bytes], ops: _Ops) -> list[int]:
    """Delete the rows that are there and return what each took of the digest."""
    held = bodies_by_key(connection, keys)
    connection.execute(delete(roster_row).where(roster_row.c.key.in_(list(held))))
    for key in held:
        ops.add(b"drop", b'"%s"' % key.hex().encode())
    return [row_digest(body) for body in held.values()]


def _note(connection: Connection, revision: int, digest: str, ops: bytes | None, at: datetime) -> None:
    row = {"revision": revision, "at": format_utc(at), "digest": digest, "ops": ops}
    connection.execute(insert(roster_change), row)
    write_setting(connection, REVISION, str(revision))
    write_setting(connection, DIGEST, digest)


def _encode(row: Row) -> bytes:
    body = encode_row(row)
    if len(body) > ROW_BYTES_MAX:
        raise InvalidInput(f"roster row {row_key(row)!r} has {len(body)} bytes, the limit is {ROW_BYTES_MAX}")
    return body
