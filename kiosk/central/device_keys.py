"""Whose word is whose: the site and the public key of a registered device."""

import msgspec
from sqlalchemy import Connection, select

from kiosk.central.parking import is_name
from kiosk.central.tables import device
from kiosk.wire.signing import VerifyKey


class DeviceKey(msgspec.Struct, frozen=True):
    """Where a device stands, and what its messages are verified by."""

    site: str
    key: VerifyKey


def device_key(connection: Connection, name: str) -> DeviceKey | None:
    """Return site and key of a device; None where none of this name is registered. The name may be anything."""
    if not is_name(name):
        return None
    row = connection.execute(select(device.c.site, device.c.public_key).where(device.c.name == name)).one_or_none()
    return DeviceKey(row[0], VerifyKey.from_text(row[1])) if row is not None else None
