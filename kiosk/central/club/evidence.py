"""Journal records as evidence: each one that is named has to be there (S08, R70)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, or_, select

from kiosk.central.club.books import Look
from kiosk.central.tables import journal, record
from kiosk.club.discipline import Evidence
from kiosk.core.codec import INTEGER_MAX, decode
from kiosk.core.errors import InvalidInput

EVIDENCE_MAX = 200


def check_evidence(look: Look, evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence in order, each once; raises InvalidInput for a record that central does not hold."""
    found = sorted(set(evidence), key=lambda each: (each.journal, each.seq))
    if len(found) > EVIDENCE_MAX:
        raise InvalidInput(f"{len(found)} records are named, the limit is {EVIDENCE_MAX}")
    for each in found:
        here = (record.c.journal == each.journal, record.c.seq == each.seq)
        held = abs(each.seq) <= INTEGER_MAX and look.connection.execute(select(record.c.n).where(*here)).first()
        if not held:
            raise InvalidInput(
                f"there is no record {each.seq} of journal {each.journal}", hint="Copy both from the list of records"
            )
    return tuple(found)


def stored_records(look: Look, evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Return the records that are named, 200 at most, as `streams.read_records` has them, in the order they came."""
    named = sorted(set(evidence), key=lambda each: (each.journal, each.seq))[:EVIDENCE_MAX]
    if not named:
        return []
    here = or_(*(and_(record.c.journal == each.journal, record.c.seq == each.seq) for each in named))
    columns = (record.c.n, journal.c.device, record.c.journal, record.c.stored_at, record.c.body)
    query = select(*columns).join(journal, journal.c.id == record.c.journal).where(here).order_by(record.c.n)
    return [
        {"n": n, "device": device, "journal": name, "stored_at": stored_at, "record": decode(bytes(body))}
        for n, device, name, stored_at, body in look.connection.execute(query)
    ]
