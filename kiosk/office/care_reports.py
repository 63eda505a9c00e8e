"""Reports of what the streams say: use of facilities, classes, figures of the club, churn; page, chart, CSV, XLSX."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care.kpis import kpis
from kiosk.central.care.lapses import churn_of
from kiosk.central.care.segments import class_counts, class_counts_on
from kiosk.central.care.usage import heat_map, suggestions
from kiosk.central.club.books import Look
from kiosk.central.club.site_names import site_names
from kiosk.club.calendar import Part, Span, span_of
from kiosk.club.kpis import Kpis
from kiosk.club.lapses import Churn
from kiosk.club.roles import Permission
from kiosk.club.segments import Contribution, MemberClass
from kiosk.club.usage import Cell, Hours, by_hour
from kiosk.office.actions import Ids
from kiosk.office.charts import ChartKind, Point, chart
from kiosk.office.listing import Filter, Listing, Tab, asked, day_in, word
from kiosk.office.page import Page, Table
from kiosk.office.places import names_of_areas, names_of_sites
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import chosen, told

MONTHS_SHOWN = 12
DAYS_SHOWN = 90

Days = Annotated[str, Meta(max_length=10, description="A day, as 2026-01-31.")]


class UsageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which site, from which day to which; the last 90 days of the first site without."""

    site: Annotated[str, Meta(max_length=32, description="A site; else the first.")] = ""
    since: Days = ""
    until: Days = ""


class UsageCell(msgspec.Struct, frozen=True):
    """Ways in of one facility in one local hour by one age band."""

    area: str
    hour: int
    band: str
    passages: int


class UsageMap(msgspec.Struct, frozen=True):
    """The heat map of a site over some days."""

    site: str
    since: date
    until: date
    cells: tuple[UsageCell, ...]


class MonthFigures(msgspec.Struct, frozen=True):
    """The club's figures of a month, and who was lost in it."""

    month: str
    kpis: Kpis
    churn: Churn


class ClubFigures(msgspec.Struct, frozen=True):
    """The last twelve months, and how many members are in each class today."""

    months: tuple[MonthFigures, ...]
    classes: Mapping[str, int]


def usage_map(look: Look, query: UsageQuery, _ids: Ids) -> UsageMap:
    """Return the heat map that is asked for."""
    names = site_names(look)
    site = query.site if query.site in names else next(iter(names), "")
    until = day_in(query.until) or look.today
    since = day_in(query.since) or until - timedelta(days=DAYS_SHOWN)
    found = heat_map(look, site, Span(since, until))
    return UsageMap(site, since, until, tuple(UsageCell(c.area, c.hour, c.band, found[c]) for c in sorted(found)))


def club_figures(look: Look, _query: NoQuery, _ids: Ids) -> ClubFigures:
    """Return the figures of the last twelve months."""
    return ClubFigures(tuple(_figures(look, span) for span in months(look.today)), class_counts(look))


def months(today: date) -> list[Span]:
    """Return the last twelve months, the earliest first; the present one until today."""
    spans = [span_of(today, Part.MONTH)]
    while len(spans) < MONTHS_SHOWN:
        spans.insert(0, span_of(spans[0].first - timedelta(days=1), Part.MONTH))
    return [*spans[:-1], Span(spans[-1].first, today)]


def _figures(look: Look, span: Span) -> MonthFigures:
    return MonthFigures(f"{span.first:%Y-%m}", kpis(look, span), churn_of(look, span))


def _usage_page(look: Look, ids: Ids) -> Listing:
    query = UsageQuery(asked("site", 32), asked("since", 10), asked("until", 10))
    seen = usage_map(look, query, ids)
    cells = {Cell(each.area, each.hour, each.band): each.passages for each in seen.cells}
    areas, places = names_of_areas(look), names_of_sites(look)
    rows: list[tuple[Any, ...]] = [
        (areas.get(c.area, c.area), _hour(c.hour), chosen("AgeBand", c.band), n) for c, n in cells.items()
    ]
    return Listing(
        "report_usage", "report_usage", "report_usage_hint", ("area", "hour", "age_band", "ways_in"), rows,
        "no_report", "no_report_hint",
        [Tab(name, f"/reports/usage?site={each}", each == seen.site) for each, name in places.items()],
        filters=(Filter("since", "since", str(seen.since)), Filter("until", "until", str(seen.until))),
        tables=(_proposals(look, seen, cells),), chart=_heat(cells, areas),
    )  # fmt: skip


def _heat(cells: Mapping[Cell, int], areas: Mapping[str, str]) -> str:
    """Return the map as cells: a line for each facility and age band, a column for each hour of the day."""
    if not cells:
        return ""
    hours = range(min(each.hour for each in cells), max(each.hour for each in cells) + 1)
    lines = sorted({(each.area, each.band) for each in cells})
    points = []
    for area, band in lines:
        name = f"{areas.get(area, area)} {chosen('AgeBand', band)}"
        for hour in hours:
            count = cells.get(Cell(area, hour, band), 0)
            points.append(Point(f"{hour:02}", count, str(count), name))
    return chart(ChartKind.CELLS, told("report_usage"), points)


def _proposals(look: Look, seen: UsageMap, cells: Mapping[Cell, int]) -> Table:
    """Return what the map suggests, each facility taken as open from its first to its last hour with a way in."""
    areas = {each.area: by_hour(cells, each.area) for each in cells}
    hours = {area: Hours(min(counts), max(counts)) for area, counts in areas.items()}
    found = suggestions(look, seen.site, Span(seen.since, seen.until), hours)
    names = names_of_areas(look)
    rows = [
        (
            names.get(each.area, each.area),
            _hour(each.hour),
            word(each.suggestion),
            each.passages,
            chosen("AgeBand", each.band),
        )
        for each in found
    ]
    return Table("usage_proposals", ("area", "hour", "usage_suggestion", "ways_in", "age_band"), rows)


def _hour(hour: int) -> str:
    return f"{hour:02}:00–{hour + 1:02}:00"


def _classes_page(look: Look, _ids: Ids) -> Listing:
    now = class_counts(look)
    spans = months(look.today)
    series = {span: class_counts_on(look, span.last) for span in spans}
    rows = [(f"{span.first:%Y-%m}", *(series[span][each.value] for each in MemberClass)) for span in spans]
    points = [
        Point(
            f"{span.first:%Y-%m}", series[span][each.value], str(series[span][each.value]), chosen("MemberClass", each)
        )
        for each in MemberClass
        for span in spans
    ]
    ranks = [Point(chosen("Contribution", each), now[each.value], str(now[each.value])) for each in Contribution]
    charts = chart(ChartKind.CELLS, told("report_classes"), points)
    return Listing(
        "report_classes", "report_classes", "report_classes_hint",
        ("month", "class_new", "class_regular", "class_dormant"), rows, "no_report", "no_report_hint",
        tables=(Table("report_contribution", ("contribution", "count"), [(p.label, p.value) for p in ranks]),),
        chart=charts + chart(ChartKind.BARS, told("report_contribution"), ranks),
    )  # fmt: skip


def _kpis_page(look: Look, ids: Ids) -> Listing:
    found = club_figures(look, NoQuery(), ids).months
    rows = [
        (m.month, m.kpis.members, _percent(m.kpis.growth_permille), _percent(m.kpis.renewal_permille),
         _percent(m.kpis.participation_permille))
        for m in found
    ]  # fmt: skip
    points = [Point(m.month, m.kpis.members, str(m.kpis.members)) for m in found]
    return Listing(
        "report_kpis", "report_kpis", "report_kpis_hint",
        ("month", "kpi_members", "kpi_growth", "kpi_renewal", "kpi_participation"), rows, "no_report",
        "no_report_hint", tables=(_meanings(look),), chart=chart(ChartKind.LINE, told("kpi_members"), points),
    )  # fmt: skip


def _meanings(look: Look) -> Table:
    rows = (
        (told("kpi_growth"), told("kpi_growth_means")),
        (told("kpi_renewal"), told("kpi_renewal_means", days=look.rules.income.renewal_days)),
        (told("kpi_participation"), told("kpi_participation_means")),
    )
    return Table("kpi_meanings", ("kpi_figure", "kpi_means"), rows)


def _churn_page(look: Look, ids: Ids) -> Listing:
    found = club_figures(look, NoQuery(), ids).months
    rows = [(m.month, m.churn.at_start, m.churn.left, m.churn.dormant, _percent(m.churn.permille)) for m in found]
    reasons: Counter[str] = Counter()
    for each in found:
        reasons.update(each.churn.reasons)
    asked_why = [(chosen("LapseReason", reason), count) for reason, count in reasons.most_common()]
    points = [Point(m.month, m.churn.permille, _percent(m.churn.permille)) for m in found]
    return Listing(
        "report_churn", "report_churn", "report_churn_hint",
        ("month", "churn_at_start", "churn_left", "churn_dormant", "churn_rate"), rows, "no_report", "no_report_hint",
        tables=(Table("churn_reasons", ("lapse_reason", "count"), asked_why),),
        chart=chart(ChartKind.COLUMNS, told("report_churn"), points),
    )  # fmt: skip


def _percent(permille: int | None) -> str:
    return "" if permille is None else f"{permille / 10:.1f}%"


ROUTES = (
    Route("/reports/usage", "report_usage", "The heat map of a site's facilities", UsageQuery, UsageMap,
          Permission.REPORTS_READ, run=usage_map),
    Route("/reports/figures", "report_figures", "Growth, participation, churn and classes", NoQuery, ClubFigures,
          Permission.REPORTS_READ, run=club_figures),
)  # fmt: skip
PAGES = (
    Page("/reports/usage", "report_usage", Permission.REPORTS_READ, _usage_page, "nav_reports", "report_usage"),
    Page("/reports/classes", "report_classes", Permission.REPORTS_READ, _classes_page, "nav_reports", "report_classes"),
    Page("/reports/kpis", "report_kpis", Permission.REPORTS_READ, _kpis_page, "nav_reports", "report_kpis"),
    Page("/reports/churn", "report_churn", Permission.REPORTS_READ, _churn_page, "nav_reports", "report_churn"),
)
