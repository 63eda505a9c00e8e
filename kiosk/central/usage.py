"""The `used` rows as devices are told them: what all gates together have seen, in pages that follow each other.

Many rows may share one version of the database, and have to be told in several pages. So what stands on the wire is a
number: the version, and behind it how many pages of it were told, or `WHOLE` with the last of them. A device that
missed the rest of a version names an unfinished number, and gets all rows of that version again, to its end.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, CursorResult, Row, func, select, update

from kiosk.central.database import read_setting, write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.tables import used
from kiosk.core.codec import canonical
from kiosk.core.visits import Usage
from kiosk.wire.messages import Used, UsedRow

PAGE_BYTES_MAX = 64 * 1024
ENVELOPE_BYTES = 512
ROWS_PER_READ = 1000
WHOLE = 0xFFFF
VERSION_MAX = 2**36

VERSION = "used_version"

_counts = msgspec.json.Decoder(Usage)
_folded = msgspec.json.Decoder(dict[str, int])


def used_number(version: int) -> int:
    """Return the wire number of a version that was told to its end; 0 of none."""
    return version << 16 | WHOLE if version else 0


def newest_number(connection: Connection, site: str) -> int:
    """Return the number a device of the site holds when it has everything."""
    newest = select(func.max(used.c.version)).where(used.c.site == site)
    return used_number(connection.execute(newest).scalar_one() or 0)


def used_pages(connection: Connection, site: str, after: int, pages_max: int) -> list[Used]:
    """Return a site's rows behind a number, oldest change first, in pages of at most 64 KiB.

    Stops after so many pages, though never within a version: that has the rows of one step of the projection.
    """
    pages: list[Used] = []
    page: list[UsedRow] = []
    size, number, version = ENVELOPE_BYTES, after, after >> 16
    with _changed(connection, site, after) as result:
        for row in result:
            told = _told(row)
            more = len(canonical(told)) + 1
            if page and size + more > PAGE_BYTES_MAX:
                whole = row.version != version
                pages.append(_page(site, number, version, page, whole=whole))
                page, size, number = [], ENVELOPE_BYTES, pages[-1].version
                if whole and len(pages) >= pages_max:
                    return pages
            page.append(told)
            size, version = size + more, row.version
    if page:
        pages.append(_page(site, number, version, page, whole=True))
    return pages


def is_beyond(connection: Connection, number: int) -> bool:
    """Say whether a number was never given out here."""
    return int(read_setting(connection, VERSION) or 0) < number >> 16 < VERSION_MAX


def outrun(connection: Connection, number: int) -> bool:
    """Go on above a number that a device holds and this database never gave out: it came back from a backup.

    Every row counts as changed then, and is told again. Says whether that was needed.
    """
    version, held = number >> 16, lock_counter(connection, VERSION)
    if not is_beyond(connection, number):
        return False
    connection.execute(update(used).values(version=used.c.version + version))
    write_setting(connection, VERSION, str(held + version))
    return True


def _page(site: str, previous: int, version: int, rows: list[UsedRow], *, whole: bool) -> Used:
    told_pages = previous & WHOLE if previous >> 16 == version else 0
    number = used_number(version) if whole else version << 16 | told_pages + 1
    return Used(site=site, version=number, previous=previous, rows=tuple(rows))


def _changed(connection: Connection, site: str, after: int) -> CursorResult[Any]:
    """Read rows in the order of version, card and entitlement; those of an unfinished version from its start."""
    version, pages = after >> 16, after & WHOLE
    place = (used.c.version, used.c.credential, used.c.entitlement)
    query = select(*place, used.c.counts, used.c.area, used.c.area_at_ms, used.c.folded).where(
        used.c.site == site, used.c.version > version if pages == WHOLE else used.c.version >= version
    )
    return connection.execution_options(yield_per=ROWS_PER_READ).execute(query.order_by(*place))


def _told(row: Row[Any]) -> UsedRow:
    counts = _counts.decode(row.counts)
    return UsedRow(
        credential=row.credential,
        entitlement=row.entitlement,
        used=counts.total,
        folded=_folded.decode(row.folded),
        counts=counts,
        area=row.area,
        area_at_ms=row.area_at_ms,
    )
