"""What members consume, by month or year: orders, goods and ways of paying, as page, chart and file (S89, 003:137)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money.sale_totals import ItemTotal, MonthTotal, WayTotal, items_sold, totals_by_month, ways_paid
from kiosk.club.calendar import Part, Span, add_months, span_of
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.charts import ChartKind, Point, chart
from kiosk.office.listing import Listing, Tab, asked, day_in, word
from kiosk.office.page import Page, Table
from kiosk.office.routes import Route
from kiosk.office.saying import chosen, told

MONTHS_BEFORE = 11


class ConsumptionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which month or year the goods and ways of paying are told."""

    of: Annotated[str, Meta(max_length=10, description="A day of the month or year; else today.")] = ""
    by: Annotated[str, Meta(max_length=8, description="month or year.")] = "month"


class Consumption(msgspec.Struct, frozen=True):
    """The last twelve months, and the goods and ways of paying of one month or year."""

    items: tuple[MonthTotal, ...]
    span: Span
    goods: tuple[ItemTotal, ...]
    ways: tuple[WayTotal, ...]


def consumption(look: Look, query: ConsumptionQuery, _ids: Ids) -> Consumption:
    """Return what was consumed."""
    span = span_of(day_in(query.of) or look.today, Part.YEAR if query.by == Part.YEAR else Part.MONTH)
    months = totals_by_month(look, add_months(look.today.replace(day=1), -MONTHS_BEFORE), look.today)
    return Consumption(tuple(months), span, tuple(items_sold(look, span)), tuple(ways_paid(look, span)))


def _page(look: Look, _ids: Ids) -> Listing:
    by = Part.YEAR if asked("by", 8) == Part.YEAR else Part.MONTH
    found = consumption(look, ConsumptionQuery(asked("of", 10), by.value), {})
    rows = [
        (f"{each.span.first:%Y-%m}", each.sales, each.members, shown(each.total_minor), shown(each.back_minor))
        for each in found.items
    ]
    goods = [(each.name or each.item, each.pieces, shown(each.net_minor)) for each in found.goods]
    ways = [(word(each.kind), each.payments, shown(each.amount_minor)) for each in found.ways]
    points = [Point(f"{each.span.first:%Y-%m}", each.total_minor, shown(each.total_minor)) for each in found.items]
    pie = [Point(chosen("TenderKind", each.kind), each.amount_minor, shown(each.amount_minor)) for each in found.ways]
    return Listing(
        "consumption",
        "consumption",
        "consumption_hint",
        ("month", "sales", "consumption_members", "sale_total", "sale_back"),
        rows,
        "nothing_here",
        "no_sales_hint",
        tabs=_tabs(look.today, found.span, by),
        tables=(
            Table("consumption_goods", ("item", "sale_pieces", "money_amount"), goods),
            Table("consumption_ways", ("sale_paid_by", "count", "money_amount"), ways),
        ),
        chart=chart(ChartKind.LINE, told("consumption"), points) + chart(ChartKind.BARS, told("consumption_ways"), pie),
    )


def _tabs(today: date, span: Span, by: Part) -> list[Tab]:
    years = [today.replace(month=1, day=1, year=today.year - n) for n in range(3)]
    months = [add_months(today.replace(day=1), -n) for n in range(MONTHS_BEFORE + 1)]
    tabs = [Tab(str(each.year), f"?by=year&of={each}", (by, span.first) == (Part.YEAR, each)) for each in years]
    return tabs + [Tab(f"{each:%Y-%m}", f"?of={each}", (by, span.first) == (Part.MONTH, each)) for each in months]


_READ = Permission.REPORTS_READ

ROUTES = (
    Route("/reports/consumption", "report_consumption", "Orders, goods and ways of paying", ConsumptionQuery,
          Consumption, _READ, run=consumption),
)  # fmt: skip
PAGES = (Page("/reports/consumption", "consumption", _READ, _page, "nav_reports", "consumption"),)
