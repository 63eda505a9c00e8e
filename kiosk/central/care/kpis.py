"""The club's figures of a span, from the books: growth, renewal, participation (R121, S89)."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select

from kiosk.central.club.activity_tables import activity, activity_sign_in
from kiosk.central.club.books import Look
from kiosk.central.club.people_tables import ending, membership
from kiosk.central.money.renewals import fees_renewed
from kiosk.club.calendar import Span
from kiosk.club.kpis import Kpis, SpanCounts, kpis_of
from kiosk.core.clock import format_utc


def kpis(look: Look, span: Span) -> Kpis:
    """Return the figures of a span."""
    first, last = span.first.isoformat(), span.last.isoformat()
    before = (span.first - timedelta(days=1)).isoformat()
    due, renewed = fees_renewed(look, span)
    counts = SpanCounts(
        at_start=_joined(look, "", before) - _left(look, "", before),
        joined=_joined(look, first, last),
        left=_left(look, first, last),
        fees_due=due,
        fees_renewed=renewed,
        took_part=_took_part(look, span),
    )
    return kpis_of(counts)


def _joined(look: Look, first: str, last: str) -> int:
    """Count spells that began: whoever comes back counts again, having been counted as left."""
    within = (membership.c.collected_on >= first, membership.c.collected_on <= last)
    return int(look.connection.execute(select(func.count()).select_from(membership).where(*within)).scalar_one())


def _left(look: Look, first: str, last: str) -> int:
    """Count spells of collected cards whose last day lies within, each once."""
    over = (
        select(ending.c.member, ending.c.spell)
        .join(membership, (membership.c.member == ending.c.member) & (membership.c.spell == ending.c.spell))
        .where(membership.c.collected_on.is_not(None))
        .group_by(ending.c.member, ending.c.spell)
        .having(func.min(ending.c.last_day) >= first, func.min(ending.c.last_day) <= last)
        .subquery()
    )
    return int(look.connection.execute(select(func.count()).select_from(over)).scalar_one())


def _took_part(look: Look, span: Span) -> int:
    """Count who came at least once to an activity that began on a local day of the span."""
    first, after = (
        format_utc(datetime.combine(day, time(), look.zone).astimezone(UTC))
        for day in (span.first, span.last + timedelta(days=1))
    )
    held = select(activity.c.id).where(activity.c.starts_at >= first, activity.c.starts_at < after)
    mine = activity_sign_in.c.activity.in_(held)
    query = select(func.count(func.distinct(activity_sign_in.c.subject))).where(mine)
    return int(look.connection.execute(query).scalar_one())
