"""The `used` rows as devices are told them: what all gates together have seen, in pages that follow each other.

Many rows may share one version of the database, and have to be told in several pages. So what stands on the wire is a
number: the version, and behind it how many pages of it were told, or `WHOLE` with the last of them. A device that
missed the rest of a version names an unfinished number, and gets all rows of that version again, to its end.

A version is never below the tenths of a second since 1970, so that a central that came back from a backup goes on above
all it ever told: a device takes nothing that is not above what it holds. As a wire number that fits 53 bits until 2405.
"""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, CursorResult, Row, func, select, update

from kiosk.central.database import write_setting
from kiosk.central.journals import lock_counter
from kiosk.central.money.edge_tables import funds
from kiosk.central.tables import used
from kiosk.core.codec import canonical
from kiosk.core.tills import Funds
from kiosk.core.visits import Usage
from kiosk.wire.messages import Used, UsedRow

PAGE_BYTES_MAX = 64 * 1024
ENVELOPE_BYTES = 512
ROWS_PER_READ = 1000
WHOLE = 0xFFFF

VERSION = "used_version"

_Told = tuple[int, UsedRow | Funds]
"""A row as it is told, with its version."""

_counts = msgspec.json.Decoder(Usage)
_folded = msgspec.json.Decoder(dict[str, int])
_funds = msgspec.json.Decoder(Funds)


def next_version(connection: Connection, now: datetime, count: int = 1) -> int:
    """Give out `count` versions and return the first; no other transaction gets one until this one ends."""
    first = max(lock_counter(connection, VERSION) + 1, int(now.timestamp() * 10))
    write_setting(connection, VERSION, str(first + count - 1))
    return first


def tell_funds_again(connection: Connection, now: datetime) -> None:
    """Tell every row of money anew: a central that came back from a backup knows less than it once told."""
    connection.execute(update(funds).values(version=next_version(connection, now)))


def used_number(version: int) -> int:
    """Return the wire number of a version that was told to its end; 0 of none."""
    return version << 16 | WHOLE if version else 0


def newest_number(connection: Connection, site: str) -> int:
    """Return the number a device of the site holds when it has everything."""
    newest = select(func.max(used.c.version)).where(used.c.site == site)
    of_money = select(func.max(funds.c.version))
    return used_number(max(connection.execute(query).scalar_one() or 0 for query in (newest, of_money)))


def used_pages(connection: Connection, site: str, after: int, pages_max: int) -> list[Used]:
    """Return a site's rows behind a number, and those of money, oldest change first, in pages of at most 64 KiB.

    Stops at the end of a version, the first one behind so many pages: that has the rows of one step of the projection.
    """
    pages: list[Used] = []
    page: list[UsedRow | Funds] = []
    size, number, version = ENVELOPE_BYTES, after, after >> 16
    with _changed(connection, site, after) as use, _changed_funds(connection, after) as money:
        rows: Iterator[_Told] = ((row.version, _told(row)) for row in use)
        sums: Iterator[_Told] = ((row.version, _funds.decode(row.body)) for row in money)
        for of, told in merge(rows, sums, key=itemgetter(0)):
            more = len(canonical(told)) + 1
            whole = of != version
            if page and (size + more > PAGE_BYTES_MAX or (whole and len(pages) >= pages_max)):
                pages.append(_page(site, number, version, page, whole=whole))
                page, size, number = [], ENVELOPE_BYTES, pages[-1].version
            if whole and len(pages) >= pages_max:
                return pages
            page.append(told)
            size, version = size + more, of
    if page:
        pages.append(_page(site, number, version, page, whole=True))
    return pages


def _page(site: str, previous: int, version: int, told: list[UsedRow | Funds], *, whole: bool) -> Used:
    told_pages = previous & WHOLE if previous >> 16 == version else 0
    number = used_number(version) if whole else version << 16 | told_pages + 1
    rows = tuple(each for each in told if isinstance(each, UsedRow))
    sums = tuple(each for each in told if isinstance(each, Funds))
    return Used(site=site, version=number, previous=previous, rows=rows, funds=sums or UNSET)


def _changed(connection: Connection, site: str, after: int) -> CursorResult[Any]:
    """Read rows in the order of version, card and entitlement; those of an unfinished version from its start."""
    version, pages = after >> 16, after & WHOLE
    place = (used.c.version, used.c.credential, used.c.entitlement)
    query = select(*place, used.c.counts, used.c.area, used.c.area_at_ms, used.c.folded).where(
        used.c.site == site, used.c.version > version if pages == WHOLE else used.c.version >= version
    )
    return connection.execution_options(yield_per=ROWS_PER_READ).execute(query.order_by(*place))


def _changed_funds(connection: Connection, after: int) -> CursorResult[Any]:
    """Read what is told of money, for every site the same, in the order of version and owner."""
    version, pages = after >> 16, after & WHOLE
    query = select(funds.c.version, funds.c.body).where(
        funds.c.version > version if pages == WHOLE else funds.c.version >= version
    )
    ordered = query.order_by(funds.c.version, funds.c.owner)
    return connection.execution_options(yield_per=ROWS_PER_READ).execute(ordered)


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
