"""Services given to members: which, how long, by whom and for what fee (S44, seeds 003:114).

The fee is what was agreed on; what is paid of it is a sale, which the books have.
"""

from datetime import date

import msgspec
from sqlalchemy import insert, select

from kiosk.central.care.tables import service_record
from kiosk.central.club.books import Change, Look
from kiosk.club.calendar import Span
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500


class Service(msgspec.Struct, frozen=True):
    """A service that was given on a day; `by` gave it, `noted_by` wrote it down."""

    n: int
    member: str
    on: date
    service: str
    minutes: int
    fee_minor: int
    by: str
    noted_by: str


def note_service(
    change: Change, member: str, service: str, *, on: date, minutes: int, fee_minor: int, by: str
) -> Service:
    """Write a service down; raises InvalidInput for one without a name, or of a day to come."""
    if not service.strip():
        raise InvalidInput("a service has a name")
    if on > change.today:
        raise InvalidInput(f"{on} is yet to come")
    row = {"member": member, "on": on.isoformat(), "service": service.strip(), "minutes": minutes}
    row |= {"fee_minor": fee_minor, "by": by, "noted_by": change.actor.id}
    values = {**row, "at": format_utc(change.now)}
    n = change.connection.execute(insert(service_record).returning(service_record.c.n), values).scalar_one()
    change.note("care.service", "member", member, after={"number": n, "minutes": minutes, "fee_minor": fee_minor})
    return msgspec.convert({**row, "n": n}, Service)


def services(look: Look, span: Span, *, member: str = "", before: int | None = None, limit: int = 100) -> list[Service]:
    """Return services given on some days, newest first, those before number `before`; 500 at most."""
    table = service_record
    query = select(table).where(table.c.on.between(str(span.first), str(span.last))).order_by(table.c.n.desc())
    if member:
        query = query.where(table.c.member == member)
    if before is not None:
        query = query.where(table.c.n < before)
    rows = look.connection.execute(query.limit(min(limit, PAGE_MAX))).mappings()
    return [msgspec.convert({name: row[name] for name in Service.__struct_fields__}, Service) for row in rows]
