"""Sales by who served, month by month (R132, R155, S71)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money.sale_credits import StaffSales, credits
from kiosk.club.calendar import Part, Span, add_months, span_of
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.charts import ChartKind, Point, chart
from kiosk.office.listing import Listing, Tab, asked, day_in
from kiosk.office.page import Page
from kiosk.office.routes import Route
from kiosk.office.saying import told
from kiosk.office.whom import staff_by_id

MONTHS_SHOWN = 12


class CreditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month."""

    month: Annotated[str, Meta(max_length=10, description="A day of the month; else this month.")] = ""


class CreditPage(msgspec.Struct, frozen=True):
    """What each of the staff is credited with in a month, the largest first."""

    span: Span
    items: tuple[StaffSales, ...]


def list_credits(look: Look, query: CreditQuery, _ids: Ids) -> CreditPage:
    """Return the credits of a month."""
    span = span_of(day_in(query.month) or look.today, Part.MONTH)
    return CreditPage(span, tuple(credits(look, span)))


def _page(look: Look, _ids: Ids) -> Listing:
    found = list_credits(look, CreditQuery(asked("month", 10)), {})
    staff = staff_by_id(look)
    names = [staff.get(each.staff, each.staff) or told("credit_nobody") for each in found.items]
    rows = [
        (name, each.sales, shown(each.amount_minor), each.of_others)
        for name, each in zip(names, found.items, strict=True)
    ]
    points = [
        Point(name, each.amount_minor, shown(each.amount_minor)) for name, each in zip(names, found.items, strict=True)
    ]
    months = [span_of(add_months(look.today, -n), Part.MONTH).first for n in range(MONTHS_SHOWN)]
    return Listing(
        "sale_credits",
        "sale_credits",
        "sale_credits_hint",
        ("credit_staff", "sales", "money_amount", "credit_of_others"),
        rows,
        "no_sale_credits",
        "no_sale_credits_hint",
        tabs=[Tab(f"{each:%Y-%m}", f"?month={each}", each == found.span.first) for each in months],
        chart=chart(ChartKind.BARS, told("sale_credits"), points),
    )


_READ = Permission.REPORTS_READ

ROUTES = (
    Route("/reports/credits", "list_credits", "Sales by who served", CreditQuery, CreditPage, _READ, run=list_credits),
)
PAGES = (Page("/reports/credits", "sale_credits", _READ, _page, "nav_reports", "sale_credits"),)
