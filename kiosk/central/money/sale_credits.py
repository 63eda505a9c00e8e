"""Which of the staff is credited with how much of the sales: who received the member, owner or not (R132, R155)."""

import msgspec
from sqlalchemy import func, select

from kiosk.central.club.books import Look
from kiosk.central.money.sale_tables import sale
from kiosk.club.calendar import Span
from kiosk.club.ownership import credit_of
from kiosk.club.sales import SaleState


class StaffSales(msgspec.Struct, frozen=True):
    """What somebody is credited with: sales, their fen, and how many of them were to members of others.

    `staff` is empty for what nobody is credited with.
    """

    staff: str
    sales: int
    amount_minor: int
    of_others: int


def credits(look: Look, span: Span) -> list[StaffSales]:
    """Return the credits of some business days, the largest first; what was voided or taken back does not count."""
    kept_minor = func.sum(sale.c.total_minor - sale.c.back_minor)
    query = select(sale.c.served_by, sale.c.owner_staff, func.count(), kept_minor)
    query = query.where(sale.c.day.between(str(span.first), str(span.last)), sale.c.state != SaleState.VOIDED.value)
    found: dict[str, StaffSales] = {}
    for served_by, owner, count, amount_minor in look.connection.execute(query.group_by(*query.selected_columns[:2])):
        credit = credit_of(owner, served_by)
        before = found.get(credit.credited, StaffSales(credit.credited, 0, 0, 0))
        others = count if owner not in ("", credit.credited) else 0
        found[credit.credited] = StaffSales(
            credit.credited, before.sales + count, before.amount_minor + int(amount_minor), before.of_others + others
        )
    return sorted(found.values(), key=lambda each: (-each.amount_minor, each.staff))
