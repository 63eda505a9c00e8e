"""Reports of money: fees by month, quarter and year, against service given, and what the club owes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.money import fee_reports
from kiosk.central.money.fee_reports import Liabilities
from kiosk.club.calendar import Part, Span, add_months, span_before, span_of
from kiosk.club.fee_income import Difference, SpanIncome
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.charts import ChartKind, Point, chart
from kiosk.office.listing import Listing, Tab, address_of, asked, day_in, word
from kiosk.office.page import Page, Table
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told
from kiosk.office.whom import people

MONTHS_BACK = {Part.MONTH: 11, Part.QUARTER: 21, Part.HALF_YEAR: 30, Part.YEAR: 48}


class RevenueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which part of the year; the last ones until today."""

    by: Annotated[str, Meta(max_length=16, description="month, quarter, half_year or year; else month.")] = "month"


class MonthQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month: any day of it, the last one that is over where none is named; and whom to go on after."""

    month: Annotated[str, Meta(max_length=10, description="A day of the month; else the last month that is over.")] = ""
    after: Annotated[str, Meta(max_length=16, description="`next` of the page before.")] = ""


class FeeRevenue(msgspec.Struct, frozen=True):
    """What fees brought in, and what of all payments the same days earned, in fen."""

    items: tuple[SpanIncome, ...]
    earned_minor: tuple[int, ...]


class FeeMatching(msgspec.Struct, frozen=True):
    """Where paid periods and service differ in a month; `next` is null at the end."""

    span: Span
    items: tuple[Difference, ...]
    next: str | None


def show_revenue(look: Look, query: RevenueQuery, _ids: Ids) -> FeeRevenue:
    """Return the revenue of fees."""
    by = _part(query.by)
    first = span_of(add_months(look.today, -MONTHS_BACK[by]), by).first
    found = fee_reports.revenue(look, by, first, look.today)
    return FeeRevenue(found, tuple(fee_reports.earned(look, each.span) for each in found))


def show_matching(look: Look, query: MonthQuery, _ids: Ids) -> FeeMatching:
    """Return where income and service differ."""
    month = day_in(query.month)
    span = span_of(month, Part.MONTH) if month else span_before(look.today, Part.MONTH)
    found, after = fee_reports.mismatches(look, span, query.after)
    return FeeMatching(span, tuple(found), after or None)


def show_liabilities(look: Look, _query: NoQuery, _ids: Ids) -> Liabilities:
    """Return what the club owes."""
    return fee_reports.liabilities(look)


def _revenue_page(look: Look, _ids: Ids) -> Listing:
    by = _part(asked("by"))
    found = show_revenue(look, RevenueQuery(by.value), {})
    rows = [
        (each.span.first, each.span.last, shown(each.amount_minor), each.count, shown(earned))
        for each, earned in zip(found.items, found.earned_minor, strict=True)
    ]
    points = [Point(_label(each.span, by), each.amount_minor, shown(each.amount_minor)) for each in found.items]
    return Listing(
        "fee_revenue",
        "fee_revenue",
        "fee_revenue_hint",
        ("report_first", "report_last", "report_income", "report_count", "report_earned"),
        rows,
        "nothing_here",
        "fee_revenue_hint",
        tabs=[Tab(chosen("Part", each), f"?by={each}", each is by) for each in Part],
        chart=chart(ChartKind.COLUMNS, told("fee_revenue"), points),
    )


def _matching_page(look: Look, _ids: Ids) -> Listing:
    text = asked("month", 10)
    found = show_matching(look, MonthQuery(text, asked("after", 16)), {})
    who = people(look, [each.member for each in found.items])
    rows = [(who.get(each.member, ""), word(each.kind), each.days, each.since) for each in found.items]
    months = [span_of(add_months(look.today, -n), Part.MONTH).first for n in range(12)]
    return Listing(
        "fee_matching",
        "fee_matching",
        "fee_matching_hint",
        ("member", "report_mismatch", "report_days", "since"),
        rows,
        "no_mismatches",
        "no_mismatches_hint",
        tabs=[Tab(f"{each:%Y-%m}", f"?month={each}", each == found.span.first) for each in months],
        first=address_of(month=text) if asked("after", 16) else "",
        further=address_of(month=text, after=found.next) if found.next else "",
        people=True,
    )


def _liabilities_page(look: Look, _ids: Ids) -> Listing:
    found = fee_reports.liabilities(look)
    rows = [(chosen("AccountKind", kind), shown(amount)) for kind, amount in found.owed.items()]
    custody = [(chosen("AccountKind", kind), shown(amount)) for kind, amount in found.custody.items()]
    aside = [
        (told("prepaid_in_all"), shown(found.prepaid_minor), ""),
        (told("put_aside"), shown(found.aside.amount_minor), chosen("rule_pack", found.aside.pack)),
        (told("over_pool"), shown(found.over_pool_minor), ""),
    ]
    points = [Point(chosen("AccountKind", kind), amount, shown(amount)) for kind, amount in found.owed.items()]
    return Listing(
        "liabilities",
        "liabilities",
        "liabilities_hint",
        ("money_account", "money_amount"),
        rows,
        "nothing_here",
        "liabilities_hint",
        tables=(
            Table("escrow", ("money_account", "money_amount", "escrow_pack"), aside),
            Table("custody", ("money_account", "money_amount"), custody),
        ),
        chart=chart(ChartKind.BARS, told("liabilities"), points),
    )


def _label(span: Span, by: Part) -> str:
    if by is Part.YEAR:
        return str(span.first.year)
    return f"{span.first:%Y-%m}"


def _part(text: str) -> Part:
    return next((each for each in Part if each == text), Part.MONTH)


_P = Permission

ROUTES = (
    Route("/money-reports/revenue", "show_fee_revenue", "Revenue of fees", RevenueQuery, FeeRevenue, _P.MONEY_READ,
          run=show_revenue),
    Route("/money-reports/matching", "show_fee_matching", "Income of fees against service given", MonthQuery,
          FeeMatching, _P.MONEY_READ, run=show_matching),
    Route("/money-reports/liabilities", "show_liabilities", "What the club owes and must put aside", NoQuery,
          Liabilities, _P.MONEY_READ, run=show_liabilities),
)  # fmt: skip

PAGES = (
    Page("/money-reports/revenue", "fee_revenue", _P.MONEY_READ, _revenue_page, "nav_money", "fee_revenue"),
    Page("/money-reports/matching", "fee_matching", _P.MONEY_READ, _matching_page, "nav_money", "fee_matching"),
    Page("/money-reports/liabilities", "liabilities", _P.MONEY_READ, _liabilities_page, "nav_money", "liabilities"),
)
