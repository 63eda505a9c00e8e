"""Activities as they are listed: by id for programs, by time for people (S73)."""

from collections.abc import Sequence

from sqlalchemy import select

from kiosk.central.club.activities import ActivityFile, read_activity
from kiosk.central.club.activity_tables import activity
from kiosk.central.club.books import Look
from kiosk.club.activities import ActivityState

PAGE_MAX = 500


def activity_page(
    look: Look, states: Sequence[ActivityState] = (), after: str = "", limit: int = 100
) -> list[ActivityFile]:
    """Return activities by id behind `after`, in some states or in any; 500 at most."""
    query = select(activity).where(activity.c.id > after).order_by(activity.c.id).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(activity.c.state.in_([each.value for each in states]))
    return [read_activity(row) for row in look.connection.execute(query).mappings()]


def activity_calendar(
    look: Look, states: Sequence[ActivityState], skip: int = 0, limit: int = 100
) -> list[ActivityFile]:
    """Return activities in some states, the latest first and those without a time before them; 500 at most."""
    query = select(activity).where(activity.c.state.in_([each.value for each in states]))
    order = (activity.c.starts_at.is_not(None), activity.c.starts_at.desc(), activity.c.id)
    query = query.order_by(*order).offset(skip).limit(min(limit, PAGE_MAX))
    return [read_activity(row) for row in look.connection.execute(query).mappings()]
