"""The audit trail as staff read it: who changed what, when, before and after, and why (S90, S94)."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.club.tables import audit
from kiosk.core.clock import format_utc

PAGE_MAX = 500


class AuditEntry(msgspec.Struct, frozen=True):
    """One change. `before` and `after` hold what differs, or the whole where there was nothing before."""

    n: int
    at: datetime
    actor: str
    via: str
    action: str
    thing: str
    thing_id: str
    before: Any
    after: Any
    why: str


class AuditFilter(msgspec.Struct, frozen=True):
    """Which entries: all that match what is given. `since` is included, `until` is not."""

    thing: str = ""
    thing_id: str = ""
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit_page(look: Look, wanted: AuditFilter, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
    """Return entries, newest first, those with `n` below `before`; 500 at most."""
    names = AuditEntry.__struct_fields__
    query = select(*(audit.c[name] for name in names)).order_by(audit.c.n.desc()).limit(min(limit, PAGE_MAX))
    for name in ("thing", "thing_id", "actor", "action"):
        if value := getattr(wanted, name):
            query = query.where(audit.c[name] == value)
    if wanted.since is not None:
        query = query.where(audit.c.at >= format_utc(wanted.since))
    if wanted.until is not None:
        query = query.where(audit.c.at < format_utc(wanted.until))
    if before is not None:
        query = query.where(audit.c.n < before)
    rows = [dict(zip(names, row, strict=True)) for row in look.connection.execute(query)]
    return [
        msgspec.convert(row | {"before": _decoded(row["before"]), "after": _decoded(row["after"])}, AuditEntry)
        for row in rows
    ]


def _decoded(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
