"""Ids that came again with something else: the alarm stands although nothing else of that change does."""

import msgspec
from sqlalchemy import select

from kiosk.central.club.books import Look
from kiosk.central.money.tables import ledger_alarm

PAGE_MAX = 500


class Alarm(msgspec.Struct, frozen=True):
    """An id that came again: digests of what was posted and of what came, and whose the second was."""

    n: int
    at: str
    posting: str
    by: str
    was: str
    came: str


def alarms(look: Look, limit: int = PAGE_MAX) -> list[Alarm]:
    """Return the alarms, newest first; 500 at most."""
    query = select(ledger_alarm).order_by(ledger_alarm.c.n.desc()).limit(min(limit, PAGE_MAX))
    return [msgspec.convert(row, Alarm, from_attributes=True) for row in look.connection.execute(query)]
