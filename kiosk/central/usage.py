"""The `used` rows as devices are told them: what all gates together have seen, in pages that follow each other."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from kiosk.central.tables import used
from kiosk.core.visits import Usage
from kiosk.wire.messages import Used, UsedRow

ROWS_MAX = 150
"""A page of rows whose fold points name up to eight journals each stays below 64 KiB."""

_counts = msgspec.json.Decoder(Usage)
_folded = msgspec.json.Decoder(dict[str, int])


def used_pages(connection: Connection, site: str, after: int, pages_max: int) -> Iterator[Used]:
    """Yield a site's rows behind a version, oldest change first; each page names the version before it.

    A page that ends within a version names the version before as its own: whoever loses the rest asks for it again.
    """
    query = (
        select(used.c.version, used.c.credential, used.c.entitlement, used.c.counts, used.c.area, used.c.area_at_ms,
               used.c.folded)
        .where(used.c.site == site, used.c.version > after)
        .order_by(used.c.version, used.c.credential, used.c.entitlement)
        .limit(ROWS_MAX * pages_max)
    )  # fmt: skip
    rows = connection.execute(query).all()
    previous = after
    for start in range(0, len(rows), ROWS_MAX):
        page = rows[start : start + ROWS_MAX]
        rest = rows[start + ROWS_MAX : start + ROWS_MAX + 1]
        whole = not rest or rest[0].version > page[-1].version
        version = page[-1].version if whole else max(page[-1].version - 1, previous)
        yield Used(site=site, version=version, previous=previous, rows=tuple(_row(row) for row in page))
        previous = version


def _row(row: Row[Any]) -> UsedRow:
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
