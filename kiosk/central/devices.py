"""The fleet: registering a device, and what each one last said of itself."""

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from kiosk.central.database import Database
from kiosk.central.journals import REPLACEMENTS_MAX
from kiosk.central.keys import Keys
from kiosk.central.tables import device, discarded, journal, parked
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
    """One device as central sees it."""

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
    """Registers devices while central runs."""

    def __init__(
        self, database: Database, keys: Keys, broker: BrokerAddress, clock: Clock, provision: Provision
    ) -> None:
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
        row = {"site": site, "public_key": key.public.to_text()}
        if known:
            connection.execute(update(device).where(device.c.name == name).values(**row))
        else:
            at = format_utc(self._clock.now())
            connection.execute(insert(device).values(name=name, registered_at=at, state="never", **row))
        if replaces is not None:
            _replace(connection, replaces, name)


def list_devices(database: Database) -> list[DeviceState]:
    """Return the fleet by name."""
    with database.read() as connection:
        rows = connection.execute(select(device).order_by(device.c.name)).mappings().all()
        columns = (journal.c.device, journal.c.id, journal.c.seq, journal.c.head)
        journals: dict[str, list[JournalStanding]] = defaultdict(list)
        for name, *standing in connection.execute(select(*columns).order_by(journal.c.first_at, journal.c.id)):
            journals[name].append(JournalStanding(*standing))
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
            seen_at=row["seen_at"],
            clock_offset_ms=row["clock_offset_ms"],
            replaced_by=row["replaced_by"],
            journals=tuple(journals[row["name"]]),
            parked=waiting.get(row["name"], 0),
            discarded=losses[row["name"]],
        )
        for row in rows
    ]


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
