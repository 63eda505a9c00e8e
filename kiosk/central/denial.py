"""The deny list: credentials refused at once, ahead of the roster. Versions never go back."""

from sqlalchemy import Connection, delete, func, select

from kiosk.central.database import read_setting, upsert, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.tables import deny, device
from kiosk.core.errors import InvalidInput
from kiosk.wire.messages import DenyEntry, DenyList

ENTRIES_MAX = 700
"""What a payload of 64 KiB holds."""

VERSION = "deny_version"


def deny_now(connection: Connection, credential: str, until_revision: int) -> int:
    """Refuse a credential everywhere until a device holds a revision that says so; returns the list's version.

    Entries that every device's roster has caught up with make room. Raises InvalidInput where there is none.
    """
    version = lock_counter(connection, VERSION) + 1
    _make_room(connection)
    upsert(connection, deny, {"credential": credential, "until_revision": until_revision, "version": version})
    write_setting(connection, VERSION, str(version))
    return version


def deny_list(connection: Connection, site: str) -> DenyList:
    """Return the list as it stands; version 0 and empty before there was an entry."""
    version = int(read_setting(connection, VERSION) or 0)
    rows = connection.execute(select(deny.c.credential, deny.c.until_revision).order_by(deny.c.credential))
    return DenyList(site=site, version=version, entries=tuple(DenyEntry(*row) for row in rows))


def _make_room(connection: Connection) -> None:
    slowest = connection.execute(select(func.min(func.coalesce(device.c.roster_revision, 0)))).scalar_one_or_none()
    connection.execute(delete(deny).where(deny.c.until_revision <= (slowest or 0)))
    count = connection.execute(select(func.count()).select_from(deny)).scalar_one()
    if count >= ENTRIES_MAX:
        raise InvalidInput(
            f"the deny list holds {count} credentials, its limit",
            hint="See which devices are behind: kiosk central devices",
        )
