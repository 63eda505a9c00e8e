"""Roster rows as bytes: their keys, their digest, and the tables of the file they travel in.

A roster is a set of rows. Its digest is the sum of SHA-256 over the rows' canonical bytes, modulo 2^256, so that a
delta can be checked without reading the rest.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

import msgspec

from kiosk.core.codec import canonical
from kiosk.core.errors import MessageRejected
from kiosk.core.model import AnyRow, Area, Credential, Policy, Product, Row, Schedule, Site, Tier

DIGEST_MODULUS = 1 << 256
SNAPSHOT_SCHEMA = """
CREATE TABLE row (key BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
"""Tables of a snapshot file; `meta` holds `revision` and `digest` as text."""

_any_row: msgspec.json.Decoder[AnyRow] = msgspec.json.Decoder(AnyRow)


class DeltaOp(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change: `put` a row, or `drop` the key of one, as hex.

    A row stands here as it was sent: a later central's may have fields and kinds that are not known here, and the
    digest is over all of it.
    """

    put: Any = None
    drop: str | None = None


class _RowName(msgspec.Struct, frozen=True):
    kind: str
    id: str


_row_name = msgspec.json.Decoder(_RowName)


def encode_row(row: Row) -> bytes:
    """Return a row's canonical bytes."""
    return canonical(row)


def decode_row(body: bytes) -> AnyRow:
    """Read a row; raises MessageRejected."""
    try:
        return _any_row.decode(body)
    except msgspec.DecodeError as error:
        raise MessageRejected(f"roster row not understood: {error}") from error


def row_key(row: Row) -> bytes:
    """Return the key a row is stored under: 16 bytes for a credential, `kind:id` for the small rows."""
    if isinstance(row, Credential):
        return bytes.fromhex(row.id)
    return f"{type(row).__struct_config__.tag}:{row.id}".encode()


def body_key(body: bytes) -> bytes:
    """Return the key of a row that came as bytes; raises MessageRejected for one that a tap could not be judged by.

    Fields that are not known here are no hindrance, nor is a whole kind: no tap ever looks for it.
    """
    try:
        name = _row_name.decode(body)
        return row_key(decode_row(body)) if name.kind in _known_kinds() else f"{name.kind}:{name.id}".encode()
    except (msgspec.DecodeError, ValueError) as error:
        raise MessageRejected(f"roster row not understood: {error}") from error


def row_digest(body: bytes) -> int:
    """Return what one row adds to the roster's digest."""
    return int.from_bytes(hashlib.sha256(body).digest(), "big")


def digest_hex(total: int) -> str:
    """Write a digest as 64 hex digits."""
    return f"{total % DIGEST_MODULUS:064x}"


def make_policy(revision: int, site_id: str, rows: Iterable[AnyRow], roster_age_max_s: int, zone: str) -> Policy:
    """Gather the small rows. A roster that does not know the site yet leaves it with the box's own `zone`."""
    kinds: dict[type, dict[str, AnyRow]] = {kind: {} for kind in (Site, Area, Tier, Product, Schedule)}
    for row in rows:
        if type(row) in kinds:
            kinds[type(row)][row.id] = row
    site = kinds[Site].get(site_id)
    return Policy(
        revision=revision,
        site=site if isinstance(site, Site) else Site(id=site_id, zone=zone),
        areas={key: row for key, row in kinds[Area].items() if isinstance(row, Area)},
        tiers={key: row for key, row in kinds[Tier].items() if isinstance(row, Tier)},
        products={key: row for key, row in kinds[Product].items() if isinstance(row, Product)},
        schedules={key: row for key, row in kinds[Schedule].items() if isinstance(row, Schedule)},
        roster_age_max_s=roster_age_max_s,
    )


@cache
def _known_kinds() -> frozenset[str]:
    return frozenset(kind.__struct_config__.tag for kind in get_args(AnyRow))
