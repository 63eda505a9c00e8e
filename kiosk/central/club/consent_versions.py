"""The versions of what is agreed to: charter, regulations, purpose, privacy, each from a day on (S06, R03, R09)."""

from datetime import date

import msgspec
from sqlalchemy import insert, select

from kiosk.central.club.books import Change, Look
from kiosk.central.club.people_tables import consent_version
from kiosk.central.club.refused import RuleRefused
from kiosk.club.joining import Consent
from kiosk.core.clock import format_utc


class ConsentVersion(msgspec.Struct, frozen=True):
    """A version of charter, regulations … with its first day and who decided it."""

    consent: Consent
    version: str
    effective_on: date
    decided_by: str


def versions_on(look: Look, day: date) -> dict[Consent, str]:
    """Return the version of each thing to be agreed to that holds on a day (R03, R09)."""
    table = consent_version
    query = select(table).where(table.c.effective_on <= day.isoformat()).order_by(table.c.effective_on, table.c.at)
    return {Consent(row.consent): row.version for row in look.connection.execute(query)}


def consent_versions(look: Look) -> list[ConsentVersion]:
    """Return every version of what is agreed to, the newest first (S06)."""
    table, names = consent_version, ConsentVersion.__struct_fields__
    newest_first = (table.c.effective_on.desc(), table.c.at.desc(), table.c.consent, table.c.version)
    query = select(*(table.c[name] for name in names)).order_by(*newest_first)
    return [
        msgspec.convert(dict(zip(names, row, strict=True)), ConsentVersion) for row in look.connection.execute(query)
    ]


def publish_version(change: Change, consent: Consent, version: str, effective_on: date, *, decided_by: str) -> None:
    """Set the version of charter, regulations … that has to be agreed to from a day on (S06).

    Raises RuleRefused for a day that is over and for a version that was there before.
    """
    if effective_on < change.today:
        raise RuleRefused("begins_in_the_past", {"earliest": change.today.isoformat()}, what=f"{consent} {version}")
    table = consent_version
    known = select(table.c.version).where(table.c.consent == consent.value, table.c.version == version)
    if change.connection.execute(known).first() is not None:
        raise RuleRefused("published_before", {"version": version}, what=consent, hint="Give it a new name")
    row = {"consent": consent.value, "version": version, "effective_on": effective_on.isoformat()}
    change.connection.execute(insert(table), row | {"decided_by": decided_by, "at": format_utc(change.now)})
    change.note("consent.publish", "consent_version", consent.value, after=row | {"decided_by": decided_by})
