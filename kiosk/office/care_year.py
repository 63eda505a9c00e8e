"""The plan of a year from 1 January on, and its one general meeting, in the office (R103, R146)."""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care.year_plan import Meeting, PlanKind, Planned, call_meeting, meeting_of, year_plan
from kiosk.central.club.books import Change, Look
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Ids
from kiosk.office.listing import Listing, Tab, asked, number_in, word
from kiosk.office.page import Badge, Link, Page, Table
from kiosk.office.routes import Route
from kiosk.office.saying import title_of, told

LIST = "year_plan"


class YearQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which year."""

    year: Annotated[int, Meta(ge=0, le=9000, description="The year; 0 for this one.")] = 0


class YearPlan(msgspec.Struct, frozen=True):
    """What is planned for a year, from 1 January on; `meeting` is null as long as none was called."""

    year: int
    items: tuple[Planned, ...]
    meeting: Meeting | None


class CallMeeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The day of a year's general meeting, and where it is."""

    on: date
    place: Annotated[str, Meta(min_length=1, max_length=200)]


def show_year(look: Look, query: YearQuery, _ids: Ids) -> YearPlan:
    """Return the plan of a year."""
    year = query.year or look.today.year
    return YearPlan(year, tuple(year_plan(look, year)), meeting_of(look, year))


def call(change: Change, wish: CallMeeting, _ids: Ids) -> Meeting:
    """Call the general meeting."""
    return call_meeting(change, wish.on, wish.place)


def _page(look: Look, _ids: Ids) -> Listing:
    this = look.today.year
    found = show_year(look, YearQuery(number_in(asked("year", 4)) or 0), {})
    rows: list[tuple[Any, ...]] = [(each.first, each.last, word(each.kind), _title(each)) for each in found.items]
    return Listing(
        LIST, "year_plan", "year_plan_hint", ("report_first", "report_last", "plan_kind", "plan_title"), rows,
        "no_year_plan", "no_year_plan_hint",
        tabs=[Tab(str(each), f"?year={each}", each == found.year) for each in (this + 1, this, this - 1)],
        tables=(Table("general_meetings", ("plan_year", "use_on", "place", "state"), _meetings(look)),),
    )  # fmt: skip


def _title(each: Planned) -> Link:
    to = f"/activities/{each.id}" if each.kind is PlanKind.ACTIVITY else ""
    return Link(title_of(each) or each.id, to)


def _meetings(look: Look) -> list[tuple[Any, ...]]:
    """Return the meetings of last year, this one and the next: one that was never called stands out."""
    rows = []
    for year in range(look.today.year + 1, look.today.year - 2, -1):
        found = meeting_of(look, year)
        if found is None:
            state = Badge(told("meeting_missing"), "attention" if year >= look.today.year else "")
        else:
            held = found.on < look.today
            state = Badge(told("meeting_held" if held else "meeting_called"), "quiet" if held else "ok")
        rows.append((year, found.on if found else None, found.place if found else "", state))
    return rows


_READ = Permission.ACTIVITIES_READ

ACTIONS = (
    Action(
        "call_meeting", "/year-plan/meeting", Permission.ACTIVITIES_WRITE, CallMeeting, Meeting, call,
        "Call the general meeting of a year", about=LIST, then="/year-plan", act=OfficeAction.EDIT_ACTIVITY,
    ),
)  # fmt: skip
ROUTES = (
    Route("/year-plan", "show_year_plan", "What is planned for a year", YearQuery, YearPlan, _READ, run=show_year),
)
PAGES = (Page("/year-plan", "year_plan", _READ, _page, "nav_activities", "year_plan", about=LIST),)
