"""Which paid periods of fees ended in a span, and when the next one was settled (R121, S89).

A member counts once in a span, by the last of the periods that ended in it; a fee for life never ends.
"""

from datetime import date, timedelta

from sqlalchemy import and_, func, select

from kiosk.central.club.books import Look
from kiosk.central.money.fee_tables import fee_charge
from kiosk.club.calendar import Span
from kiosk.club.fee_income import Renewal, renewed


def fees_renewed(look: Look, span: Span) -> tuple[int, int]:
    """Return of how many members a paid period ended in a span, and how many of them paid the next one in time."""
    return renewed(renewals(look, span), look.rules.income)


def renewals(look: Look, span: Span) -> list[Renewal]:
    """Return the paid periods that ended in a span, by day and by the day on which the next one was settled."""
    latest = str(span.last + timedelta(days=look.rules.income.renewal_days + 1))
    charge = fee_charge.c
    ended = select(charge.member, func.max(charge.last).label("last"))
    ended = ended.where(charge.last.between(str(span.first), str(span.last)), charge.settled_on.is_not(None))
    over = ended.group_by(charge.member).subquery()
    behind = and_(
        charge.member == over.c.member,
        charge.first > over.c.last,
        charge.first <= latest,
        charge.settled_on.is_not(None),
    )
    each = select(over.c.last, func.min(charge.settled_on).label("day")).join(fee_charge, behind, isouter=True)
    one = each.group_by(over.c.member, over.c.last).subquery()
    query = select(one.c.last, one.c.day, func.count()).group_by(one.c.last, one.c.day)
    return [
        Renewal(date.fromisoformat(ended_on), date.fromisoformat(paid_on) if paid_on else None, count)
        for ended_on, paid_on, count in look.connection.execute(query)
    ]
