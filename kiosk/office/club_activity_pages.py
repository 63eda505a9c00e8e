"""Activities as they are read: the list, and one with its plan, answers, places and sign-ins (S42, S73, R153)."""

from typing import Any

from flask import request

from kiosk.central.club.activity_lists import activity_calendar
from kiosk.central.club.books import Look
from kiosk.club.activities import Activity, ActivityState
from kiosk.club.attendance import voice
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.amounts import shown
from kiosk.office.club_activity_views import ActivityDetail, show_activity, show_people
from kiosk.office.listing import ROWS, Listing, Tab, may, skipped, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import NoQuery
from kiosk.office.saying import chosen, title_of
from kiosk.office.whom import people

KIND, LIST = "activity", "activities"

_PARTS = {
    "to_come": (
        ActivityState.PLANNED,
        ActivityState.ANNOUNCED,
        ActivityState.SIGN_IN_OPEN,
        ActivityState.RUNNING,
    ),
    "held": (ActivityState.CLOSED, ActivityState.FEEDBACK, ActivityState.REVIEWED),
    "called_off": (ActivityState.CALLED_OFF,),
}
_TABS = {"to_come": "activities_to_come", "held": "activities_held", "called_off": "activities_called_off"}
_CAME = ("activity_for_whom", "activity_who", "activity_presence", "activity_say")
_STATES = {
    ActivityState.PLANNED: ("activity_planned", ""),
    ActivityState.ANNOUNCED: ("activity_announced", "ok"),
    ActivityState.SIGN_IN_OPEN: ("activity_sign_in_open", "ok"),
    ActivityState.RUNNING: ("activity_running", "ok"),
    ActivityState.CLOSED: ("activity_closed", "quiet"),
    ActivityState.FEEDBACK: ("activity_feedback", "attention"),
    ActivityState.REVIEWED: ("activity_reviewed", "quiet"),
    ActivityState.CALLED_OFF: ("activity_called_off", ""),
}


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in _PARTS else "to_come"
    skip = skipped()
    found = activity_calendar(look, _PARTS[part], skip, ROWS + 1)
    here = f"/activities?part={part}"
    rows = [
        (
            Link(title_of(each), f"/activities/{each.activity.id}"),
            each.activity.starts_at,
            each.activity.place,
            word(each.activity.state),
            each.activity.obligatory,
            each.activity.capacity,
        )
        for each in found[:ROWS]
    ]
    columns = ("activity", "activity_starts_at", "place", "state", "activity_obligatory", "activity_capacity")
    tabs = [Tab(label, f"/activities?part={name}", name == part) for name, label in _TABS.items()]
    return Listing(
        LIST,
        "activities",
        "activities_hint",
        columns,
        rows,
        "no_activities",
        "no_activities_hint",
        tabs,
        first=here if skip else "",
        further=f"{here}&skip={skip + ROWS}" if len(found) > ROWS else "",
    )


def _activity_page(look: Look, ids: Ids) -> str:
    detail = show_activity(look, NoQuery(), ids)
    found = detail.activity
    state, badge = _STATES[found.activity.state]
    thing = Thing(
        KIND,
        found.activity.id,
        title_of(found),
        ids,
        _facts(detail),
        view=found,
        lead=found.activity.agenda,
        state=state,
        badge=badge,
        up="/activities",
        up_label="activities",
        tables=_people(look, ids) if may(Permission.MEMBERS_READ) else (),
    )
    return show_thing(look, thing)


def _facts(detail: ActivityDetail) -> list[Fact]:
    found, it = detail.activity, detail.activity.activity
    said = detail.opinions
    facts = [
        Fact("activity_starts_at", it.starts_at),
        Fact("activity_ends_at", it.ends_at),
        Fact("activity_site", it.site),
        Fact("place", it.place),
        Fact("activity_budget", None if it.budget_minor is None else shown(it.budget_minor)),
        Fact("activity_capacity", it.capacity),
        Fact("activity_obligatory", it.obligatory),
        Fact("activity_points", found.points),
        Fact("activity_access_points", list(it.access_points)),
        *_audience(it),
        Fact("activity_coming", detail.answers.get("yes", 0)),
        Fact("activity_signed_in", detail.signed_in),
    ]
    if detail.lacks and it.state is ActivityState.PLANNED:
        facts.append(Fact("activity_lacks", word(detail.lacks[0]) if len(detail.lacks) == 1 else detail.lacks))
    if said.count:
        facts.append(Fact("activity_opinions", said.count))
        facts.append(Fact("activity_rating", f"{said.rating_sum / said.count:.1f} / 5"))
    if found.review:
        facts.append(Fact("activity_review", found.review))
    return facts


def _audience(it: Activity) -> list[Fact]:
    """Return who may come, as far as that is narrowed."""
    facts = []
    if it.audience.min_rank is not None:
        facts.append(Fact("activity_min_rank", it.audience.min_rank))
    if it.audience.classes:
        facts.append(Fact("activity_classes", [chosen("FileKind", each) for each in sorted(it.audience.classes)]))
    if it.audience.home_sites:
        facts.append(Fact("activity_home_sites", sorted(it.audience.home_sites)))
    if it.audience.visitors_only:
        facts.append(Fact("activity_visitors_only", it.audience.visitors_only))
    return facts


def _people(look: Look, ids: Ids) -> list[Table]:
    found = show_people(look, NoQuery(), ids)
    names = people(
        look,
        [
            *(each.member for each in found.answers),
            *(name for each in found.signed_in for name in (each.subject, each.by)),
            *(name for each in found.refused for name in (each.subject, each.by)),
        ],
    )

    def cell(member_id: str) -> Any:
        return names.get(member_id, member_id)

    rules = look.rules.attendance
    came = [
        (cell(each.subject), cell(each.by), word(each.presence), voice(each.presence, rules).say)
        for each in found.signed_in
    ]
    order = {name: place for place, name in enumerate(found.places)}
    said = sorted(found.answers, key=lambda each: order.get(each.member, len(order)))
    rows = [(cell(each.member), word(each.willing), each.member in order, each.at) for each in said]
    refused = [
        (cell(each.by), cell(each.subject), Word("SignInReason", each.reason), each.at) for each in found.refused
    ]
    tables = [
        Table("activity_came", _CAME, came, "activity_nobody"),
        Table("activity_answers", ("member", "activity_willing", "activity_place", "time"), rows, "activity_unasked"),
    ]
    if refused:
        columns = ("activity_who", "activity_for_whom", "why", "time")
        tables.append(Table("activity_refused", columns, refused))
    return tables


PAGES = (
    Page(
        "/activities", "activities", Permission.ACTIVITIES_READ, _list_page, "nav_activities", "activities", about=LIST
    ),
    Page(
        "/activities/{activity}", "activity", Permission.ACTIVITIES_READ, _activity_page, under="activities", about=KIND
    ),
)
