"""When members came in: who asks is written down, and after the rule's months nobody can (S90, §5.9).

A time is forgotten once nothing counts by it any more; what taps are held against each other by goes after days
(`misuse`). The records of the gates stay, as they are chained; they hold
the random ids of card and member, and the member's leads to nobody once the file is erased (`erasing`).
"""

from datetime import UTC, date, datetime, time

import msgspec
from sqlalchemy import delete, exists, or_, select

from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.tables import credential, entitlement, visit
from kiosk.club.privacy import Kept, forget_before
from kiosk.core.clock import epoch_ms

JOB = "forget_passages"
ROWS_PER_STEP = 10_000
"""Rows that are looked at in a step: what still counts must not be looked at again in each."""

SHOWN_MAX = 200


class _Place(msgspec.Struct, frozen=True):
    """How far the visits were looked at, by number, and how many are forgotten."""

    after: int = 0
    done: int = 0


class Passage(msgspec.Struct, frozen=True):
    """One passage that used a visit: when, at which site, and by which entitlement."""

    at: datetime
    site: str
    entitlement: str


def passages_of(look: Look, member_id: str, limit: int = SHOWN_MAX) -> list[Passage]:
    """Return when a member came in, the latest first, as far back as the rules keep it; 200 at most."""
    query = (
        select(visit.c.at_ms, visit.c.site, visit.c.entitlement)
        .join(credential, credential.c.id == visit.c.credential)
        .where(credential.c.member == member_id, visit.c.at_ms >= _first_kept_ms(look))
        .order_by(visit.c.at_ms.desc(), visit.c.n.desc())
        .limit(min(limit, SHOWN_MAX))
    )
    rows = look.connection.execute(query)
    return [Passage(datetime.fromtimestamp(at_ms / 1000, UTC), site, name) for at_ms, site, name in rows]


def forget(books: Books, _day: date, place: str) -> Step:
    """Forget a step of the times that are older than the rule book keeps them."""
    at = msgspec.json.decode(place, type=_Place) if place else _Place()

    def work(change: Change) -> Step:
        first_day = _first_kept(change).isoformat()
        # A visit of an entitlement that runs still counts for it; it goes when that has ended as long ago.
        runs = or_(entitlement.c.valid_until.is_(None), entitlement.c.valid_until >= first_day)
        counts = exists().where(entitlement.c.id == visit.c.entitlement, runs)
        behind = select(visit.c.n).where(visit.c.n > at.after).order_by(visit.c.n)
        last = change.connection.execute(behind.offset(ROWS_PER_STEP - 1).limit(1)).scalar_one_or_none()
        old = delete(visit).where(visit.c.n > at.after, visit.c.at_ms < _first_kept_ms(change), ~counts)
        gone = change.connection.execute(old if last is None else old.where(visit.c.n <= last)).rowcount
        now = _Place(last or at.after, at.done + gone)
        return Step(now.done, now.done, msgspec.json.encode(now).decode(), finished=last is None)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def _first_kept(look: Look) -> date:
    return forget_before(Kept.ENTRY_TIMES, look.rules.privacy, look.today) or date.min


def _first_kept_ms(look: Look) -> int:
    return epoch_ms(datetime.combine(_first_kept(look), time(), look.zone).astimezone(UTC))
