"""A member's photo: one small picture in the books, by which staff see that a card is its own member's (R04, R39)."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.files import change_file, file_of
from kiosk.central.club.people_tables import member_photo
from kiosk.central.club.purposes import refused_by
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import upsert
from kiosk.club.privacy import Purpose
from kiosk.core.clock import format_utc

PHOTO_BYTES_MAX = 45 * 1024
"""Room for a one-inch photo in 300 dpi; together with a form around it it still fits into one request."""

_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class Photo(NamedTuple):
    """A picture and its media type."""

    kind: str
    body: bytes


def set_photo(change: Change, member_id: str, body: bytes, *, why: str = "") -> str:
    """Keep a member's photo in the place of the one before; return what the file refers to it by.

    Raises RuleRefused for what is no JPEG or PNG, or is larger than 45 KiB; InvalidInput where there is no such member.
    """
    kind = next((kind for start, kind in _KINDS.items() if body.startswith(start)), None)
    if kind is None:
        raise RuleRefused("no_picture", what=f"photo of {member_id}", hint="Send a JPEG or PNG")
    if len(body) > PHOTO_BYTES_MAX:
        raise RuleRefused("picture_too_large", {"most": PHOTO_BYTES_MAX}, what=f"{len(body)} bytes")
    file_of(change, member_id)
    digest = hashlib.sha256(body).hexdigest()
    # First the file: one that was erased takes nothing more.
    change_file(change, member_id, {"photo": digest}, why=why)
    row = {"member": member_id, "kind": kind, "body": body, "set_at": format_utc(change.now)}
    upsert(change.connection, member_photo, row)
    return digest


def photo_of(look: Look, member_id: str) -> Photo | None:
    """Return a member's photo, None where there is none."""
    query = select(member_photo.c.kind, member_photo.c.body).where(member_photo.c.member == member_id)
    row = look.connection.execute(query).first()
    return Photo(row.kind, bytes(row.body)) if row is not None else None


def with_photo(connection: Connection, member_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some members, of a page of records at most, whose photo staff screens show.

    Who said no to that has a photo in the file all the same, to be held against whoever shows the card (R39).
    """
    query = select(member_photo.c.member).where(member_photo.c.member.in_(sorted(set(member_ids))))
    found = frozenset(connection.execute(query).scalars())
    return found - refused_by(connection, Purpose.RECOGNITION, found)


def has_photo(look: Look, member_id: str) -> bool:
    """Say whether there is a photo of a member."""
    query = select(member_photo.c.member).where(member_photo.c.member == member_id)
    return look.connection.execute(query).first() is not None


def drop_photo(change: Change, member_id: str) -> None:
    """Erase a photo, as with the file it belongs to (R71)."""
    change.connection.execute(delete(member_photo).where(member_photo.c.member == member_id))
