"""The deny list: credentials refused at once, ahead of the roster.

An entry holds at a device until the device's roster has reached `until_revision`, which says the same for good.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from kiosk.central.database import read_setting, upsert, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.roster import last_gap
from kiosk.central.tables import deny, device
from kiosk.core.errors import InvalidInput
from kiosk.wire.messages import DenyEntry, DenyList

ENTRIES_MAX = 750
"""What fits into 64 KiB, whatever the revisions are."""

VERSION = "deny_version"

_log = logging.getLogger(__name__)


def deny_now(connection: Connection, credential: str, until_revision: int, *, at: datetime) -> int:
    """Refuse a credential everywhere until a device holds `until_revision`; return the list's version.

    At the limit the entries that every device has caught up with are dropped; raises InvalidInput where there are none.
    """
    version = renew(connection, at=at)
    query = select(deny.c.until_revision).where(deny.c.credential == credential)
    held = connection.execute(query).scalar_one_or_none()
    if held is None:
        _make_room(connection)
    until = max(until_revision, held or 0)
    upsert(connection, deny, {"credential": credential, "until_revision": until, "version": version})
    return version


def deny_ahead(connection: Connection, credentials: Sequence[str], revision: int, *, at: datetime) -> int:
    """Refuse cards that were just closed at once where the newest `revision` has no delta, and return how many.

    A snapshot takes its time to every gate. What the list has no room for is logged, and refused when the roster comes.
    """
    if not credentials or last_gap(connection) != revision:
        return 0
    return deny_each(connection, credentials, revision, at=at)


def deny_each(connection: Connection, credentials: Sequence[str], revision: int, *, at: datetime) -> int:
    """Refuse cards at once until a device holds `revision`, as far as the list has room, and return how many."""
    denied = 0
    try:
        for credential in credentials[:ENTRIES_MAX]:
            deny_now(connection, credential, revision, at=at)
            denied += 1
    except InvalidInput as error:
        _log.warning("deny list is full", extra={"cause": error.message})
    if denied < len(credentials):
        _log.warning("cards closed with the next roster only", extra={"cards": len(credentials) - denied})
    return denied


def renew(connection: Connection, *, at: datetime) -> int:
    """Give the list a new version and return it.

    A version is never below the seconds since 1970, so that a central that came back from a backup goes on above all
    it ever published, which no device tells it.
    """
    version = max(lock_counter(connection, VERSION) + 1, int(at.timestamp()))
    write_setting(connection, VERSION, str(version))
    return version


def deny_list(connection: Connection, site: str) -> DenyList:
    """Return the list as it stands; version 0 and empty before there was an entry."""
    version = int(read_setting(connection, VERSION) or 0)
    rows = connection.execute(select(deny.c.credential, deny.c.until_revision).order_by(deny.c.credential))
    return DenyList(site=site, version=version, entries=tuple(DenyEntry(*row) for row in rows))


def _make_room(connection: Connection) -> None:
    count = connection.execute(select(func.count()).select_from(deny)).scalar_one()
    if count < ENTRIES_MAX:
        return
    # A device that was never heard starts with the newest roster there is and needs no list for it.
    in_use = (device.c.replaced_by.is_(None), device.c.roster_revision.is_not(None))
    slowest = connection.execute(select(func.min(device.c.roster_revision)).where(*in_use)).scalar_one()
    gone = connection.execute(delete(deny).where(deny.c.until_revision <= (slowest or 0))).rowcount
    if not gone:
        raise InvalidInput(
            f"the deny list is full: {count} credentials, and a device holds roster revision {slowest or 0} still",
            hint="See which device is behind with kiosk central devices, and replace or connect it",
        )
