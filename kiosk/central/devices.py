"""The fleet: registering a device, and what each one last said of itself."""

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Select, func, insert, select, update

from kiosk.central.database import Database
from kiosk.central.journals import REPLACEMENTS_MAX
from kiosk.central.keys import Keys
from kiosk.central.settings import DEFAULT_ZONE
from kiosk.central.site_use import begin_site
from kiosk.central.tables import device, discarded, journal, parked, record
from kiosk.core.clock import Clock, format_utc
from kiosk.core.errors import InvalidInput
from kiosk.wire.access import CENTRAL
from kiosk.wire.signing import SigningKey
from kiosk.wire.topics import check_name

PASSWORD_BYTES = 24

Provision = Callable[[str, str, str], None]
"""Gives a device its account on the broker: user name, password, site. An account that exists gets the new password."""

_log = logging.getLogger(__name__)


class BrokerAddress(msgspec.Struct, frozen=True):
    """What a device needs to reach the broker: its URL, and the certificate (PEM) to check it by, or nothing."""

    url: str
    ca: str = ""


class JournalStanding(msgspec.Struct, frozen=True):
    """One journal: what is stored, and how far its device last said that it goes."""

    journal: str
    stored: int
    head: int


class DeviceState(msgspec.Struct, frozen=True):
    """One device as central sees it. `seen_at` is when it last said how it is, or brought new records."""

    device: str
    site: str
    state: str
    version: str | None
    roster_revision: int | None
    seen_at: str | None
    clock_offset_ms: int | None
    replaced_by: str | None
    journals: tuple[JournalStanding, ...]
    parked: int
    discarded: dict[str, int]


class Registrar:
    """Registers devices while central runs. `zone` is for sites whose own is unknown."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        broker: BrokerAddress,
        clock: Clock,
        provision: Provision,
        zone: str = DEFAULT_ZONE,
    ) -> None:
        self._zone = ZoneInfo(zone)
        self._database = database
        self._keys = keys
        self._broker = broker
        self._clock = clock
        self._provision = provision

    def add_device(self, name: str, site: str, replaces: str | None = None) -> dict[str, str]:
        """Register a device and return what is told once and kept nowhere: CONTRACT §1. Raises InvalidInput.

        With `replaces` the journals of that device may go on under the new name, and a name that is registered already
        gets a new key and password in place of its old ones.
        """
        check_name(name, "device")
        check_name(site, "site")
        if name == CENTRAL:
            raise InvalidInput(f"{name!r} is central's own name at the broker", hint="Choose another name")
        key, password = SigningKey.generate(), secrets.token_urlsafe(PASSWORD_BYTES)
        with self._database.begin() as connection:
            self._write(connection, name, site, key, replaces)
            # Last before the commit: an account without a device is harmless, a device without one is not.
            self._provision(name, password, site)
        _log.info("device registered", extra={"device": name, "site": site, "replaces": replaces or ""})
        return {
            "device": name,
            "site": site,
            "broker": self._broker.url,
            "ca": self._broker.ca,
            "username": name,
            "password": password,
            "key": key.to_text(),
            "central_key": self._keys.signing.public.to_text(),
            "hash_key": self._keys.hash_key_text,
        }

    def _write(self, connection: Connection, name: str, site: str, key: SigningKey, replaces: str | None) -> None:
        known = connection.execute(select(device.c.name).where(device.c.name == name)).first() is not None
        if known and replaces is None:
            raise InvalidInput(f"device {name} is registered already", hint="Choose another name, or see --replaces")
        begin_site(connection, site, self._zone, self._clock.now())
        row = {"site": site, "public_key": key.public.to_text()}
        if known:
            connection.execute(update(device).where(device.c.name == name).values(**row))
        else:
            at = format_utc(self._clock.now())
            connection.execute(insert(device), {"name": name, "registered_at": at, "state": "never"} | row)
        if replaces is not None:
            _replace(connection, replaces, name)


def list_devices(database: Database) -> list[DeviceState]:
    """Return the fleet by name."""
    with database.read() as connection:
        rows = connection.execute(select(device).order_by(device.c.name)).mappings().all()
        journals: dict[str, list[JournalStanding]] = defaultdict(list)
        stored: dict[str, str] = defaultdict(str)
        for name, stored_at, *standing in connection.execute(_standings()):
            journals[name].append(JournalStanding(*standing))
            stored[name] = max(stored[name], stored_at or "")
        open_items = select(parked.c.device, func.count()).where(parked.c.state == "open").group_by(parked.c.device)
        waiting = {name: count for name, count in connection.execute(open_items)}
        losses: dict[str, dict[str, int]] = defaultdict(dict)
        for name, why, count in connection.execute(select(discarded.c.device, discarded.c.why, discarded.c.count)):
            losses[name][why] = count
    return [
        DeviceState(
            device=row["name"],
            site=row["site"],
            state=row["state"],
            version=row["version"],
            roster_revision=row["roster_revision"],
            seen_at=max(row["seen_at"] or "", stored[row["name"]]) or None,
            clock_offset_ms=row["clock_offset_ms"],
            replaced_by=row["replaced_by"],
            journals=tuple(journals[row["name"]]),
            parked=waiting.get(row["name"], 0),
            discarded=losses[row["name"]],
        )
        for row in rows
    ]


def _standings() -> Select[Any]:
    """Select each journal's device, when its last record was stored, and the fields of its JournalStanding."""
    last = (record.c.journal == journal.c.id) & (record.c.seq == journal.c.seq)
    columns = (journal.c.device, record.c.stored_at, journal.c.id, journal.c.seq, journal.c.head)
    return select(*columns).join(record, last, isouter=True).order_by(journal.c.first_at, journal.c.id)


def _replace(connection: Connection, old: str, new: str) -> None:
    row = connection.execute(select(device.c.replaced_by).where(device.c.name == old).with_for_update()).one_or_none()
    if row is None:
        raise InvalidInput(f"device {old} is not registered", hint="Name the device that was replaced")
    if row[0] not in (None, new):
        raise InvalidInput(f"device {old} was replaced by {row[0]}", hint=f"Give --replaces {row[0]}")
    successor: str | None = new
    for _ in range(REPLACEMENTS_MAX):
        if successor == old:
            raise InvalidInput(f"{new} was itself replaced by {old}", hint="Choose a new name")
        successor = connection.execute(
            select(device.c.replaced_by).where(device.c.name == successor)
        ).scalar_one_or_none()
        if successor is None:
            break
    connection.execute(update(device).where(device.c.name == old).values(replaced_by=new))
