"""Where messages and records go that could not be used: kept for a person up to a limit, then counted."""

import logging
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, func, not_, select, update

from kiosk.central.database import insert_missing
from kiosk.central.tables import device, discarded, parked
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.errors import ConfigError
from kiosk.wire.topics import check_name

ITEMS_MAX = 1000
BYTES_MAX = 16 * 1024 * 1024
DETAIL_MAX = 500
STRANGER = "?"
"""Stands for every sender that is not registered, where losses are counted."""

_log = logging.getLogger(__name__)


class Why(StrEnum):
    """Why something is parked."""

    FORK = "fork"
    BAD = "bad"
    FOREIGN_JOURNAL = "foreign_journal"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_SCHEMA = "unknown_schema"
    UNKNOWN_TYPE = "unknown_type"
    BAD_DATA = "bad_data"
    OVERSPENT = "overspent"


class Loss(StrEnum):
    """Why something was only counted."""

    UNREADABLE = "unreadable"
    OVERSIZE = "oversize"
    BAD_STATE = "bad_state"
    UNKNOWN_DEVICE = "unknown_device"
    PARKING_FULL = "parking_full"


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to park. `journal`, `first` and `hash` with `why` say which it is: the same one is parked once."""

    device: str
    why: Why
    journal: str
    first: int
    hash: str
    detail: str
    body: bytes


def park(connection: Connection, parcel: Parcel, at: str) -> bool:
    """Keep a parcel unless it is known; raise an alarm the first time. Returns whether it was new and there was room.

    Each device has room for 1,000 open items or 16 MiB, all senders that are not registered together for as much.
    """
    first = parcel.first if 0 <= parcel.first <= INTEGER_MAX else 0
    same = (parked.c.why == parcel.why, parked.c.journal == parcel.journal, parked.c.first_seq == first)
    registered = _is_registered(connection, parcel.device, lock=True)
    if connection.execute(select(parked.c.id).where(*same, parked.c.hash == parcel.hash)).first() is not None:
        return False
    whose = parked.c.device == parcel.device if registered else not_(parked.c.device.in_(select(device.c.name)))
    room = select(func.count(), func.coalesce(func.sum(func.length(parked.c.body)), 0))
    items, size = connection.execute(room.where(parked.c.state == "open", whose)).one()
    if items >= ITEMS_MAX or size + len(parcel.body) > BYTES_MAX:
        discard(connection, parcel.device, Loss.PARKING_FULL, at)
        return False
    row = msgspec.structs.asdict(parcel) | {"detail": _plain(parcel.detail), "at": at, "state": "open"}
    row["first_seq"] = first
    del row["first"]
    # Two processes may be at it at once: only a registered sender's row keeps them apart.
    if not insert_missing(connection, parked, row):
        return False
    _log.error(
        "parked for a person",
        extra={"why": parcel.why.value, "device": parcel.device, "journal": parcel.journal, "seq": first},
    )
    return True


def is_name(text: str) -> bool:
    """Say whether a device can have this name; what comes over the wire may be anything."""
    try:
        check_name(text, "device")
    except ConfigError:
        return False
    return True


def discard(connection: Connection, sender: str, why: Loss, at: str) -> None:
    """Count one message that is neither stored nor parked."""
    name = sender if is_name(sender) and _is_registered(connection, sender) else STRANGER
    insert_missing(connection, discarded, {"device": name, "why": why, "count": 0, "last_at": at})
    row = (discarded.c.device == name, discarded.c.why == why)
    connection.execute(update(discarded).where(*row).values(count=discarded.c.count + 1, last_at=at))


def _is_registered(connection: Connection, name: str, *, lock: bool = False) -> bool:
    query = select(device.c.name).where(device.c.name == name)
    return connection.execute(query.with_for_update() if lock else query).first() is not None


def _plain(text: str) -> str:
    """Return text any database holds: strangers' words may contain what PostgreSQL refuses."""
    return text[:DETAIL_MAX].encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
