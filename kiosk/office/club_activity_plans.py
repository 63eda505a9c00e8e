"""Plans of activities in the office: written down, and changed until people can sign in (S73, R148)."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.activities import ACCESS_POINTS_MAX, ActivityFile, Plan, activity_of, plan, replan
from kiosk.central.club.books import Change, Look
from kiosk.central.club.card_taps import points_seen
from kiosk.central.club.files import FileKind
from kiosk.central.roster import rows_of
from kiosk.club.activities import ActivityState, Audience
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.model import Product, Site
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_activity_pages import KIND, LIST
from kiosk.office.saying import chosen, title_of

Line = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(max_length=64)]
Point = Annotated[str, Meta(min_length=1, max_length=64)]
Words = Annotated[str, Meta(max_length=2000)]
Why = Annotated[str, Meta(max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Amount = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class PlanActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is planned, and who may come: everybody that each condition which is set admits.

    Who goes in by one of the site's `access_points` signs in with that. `points` null for as many as the rules say;
    `min_rank` counts the ladder of tiers from 1; `classes` are products held and kinds of files. Without `title_en`
    English screens show the title.
    """

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    title_en: Line = ""
    site: Annotated[str, Meta(min_length=1, max_length=32)]
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    place: Line = ""
    agenda: Words = ""
    budget_minor: Amount | None = None
    capacity: Count | None = None
    obligatory: bool = True
    access_points: Annotated[tuple[Point, ...], Meta(max_length=ACCESS_POINTS_MAX)] = ()
    points: Amount | None = None
    min_rank: Annotated[int, Meta(ge=1, le=100)] | None = None
    classes: tuple[Name, ...] = ()
    home_sites: tuple[Name, ...] = ()
    visitors_only: bool = False


class ReplanActivity(PlanActivity, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole plan as it shall be from now on."""

    why: Why = ""


class PlannedActivity(msgspec.Struct, frozen=True):
    """The activity as it was written down."""

    id: str
    activity: ActivityFile


def plan_activity(change: Change, wish: PlanActivity, _ids: Ids) -> PlannedActivity:
    """Write a new activity down."""
    planned = plan(change, _plan(wish))
    return PlannedActivity(planned.activity.id, planned)


def replan_activity(change: Change, wish: ReplanActivity, ids: Ids) -> ActivityFile:
    """Change the plan."""
    return replan(change, ids["activity"], msgspec.to_builtins(_plan(wish)), why=wish.why)


def _plan(wish: PlanActivity) -> Plan:
    names = set(Plan.__struct_fields__) & set(wish.__struct_fields__) - {"access_points"}
    audience = Audience(
        wish.min_rank,
        frozenset(filter(None, wish.classes)),
        frozenset(filter(None, wish.home_sites)),
        wish.visitors_only,
    )
    points = tuple(filter(None, wish.access_points))
    return Plan(**{name: getattr(wish, name) for name in names}, audience=audience, access_points=points)


def _draft_new(look: Look, _ids: Ids) -> Draft:
    return _draft(look, "", {})


def _draft_again(look: Look, ids: Ids) -> Draft:
    known = activity_of(look, ids["activity"])
    names = set(PlanActivity.__struct_fields__) & set(known.activity.__struct_fields__)
    values = {name: getattr(known.activity, name) for name in names} | {
        name: getattr(known, name) for name in ("title", "title_en", "points")
    }
    for name in ("starts_at", "ends_at"):
        if values[name] is not None:
            values[name] = values[name].astimezone(look.zone).strftime("%Y-%m-%dT%H:%M")
    return _draft(look, title_of(known), values | msgspec.structs.asdict(known.activity.audience))


def _draft(look: Look, title: str, values: dict[str, Any]) -> Draft:
    """Offer the sites and products there are; what a plan names besides stays."""
    sites = sorted(each.id for each in rows_of(look.connection, "site") if isinstance(each, Site))
    classes = [each.id for each in rows_of(look.connection, "product") if isinstance(each, Product)]
    classes = sorted({*classes, *values.get("classes", ()), *(each.value for each in FileKind)})
    homes = sorted({*sites, *values.get("home_sites", ())})
    here = sorted({*sites, *([values["site"]] if "site" in values else [])})
    points = {each: f"{each} ({site})" for site, each in points_seen(look)}
    points |= {each: each for each in values.get("access_points", ()) if each not in points}
    choices = {
        name: [(each, chosen("FileKind", each)) for each in found]
        for name, found in (("site", here), ("classes", classes), ("home_sites", homes))
    } | {"access_points": sorted(points.items())}
    if len(here) == 1:
        values = {"site": here[0]} | values
    return Draft(
        title, values, choices=choices, kinds=dict.fromkeys(("classes", "home_sites", "access_points"), "many")
    )


def _plannable(found: ActivityFile) -> bool:
    return found.activity.state in (ActivityState.PLANNED, ActivityState.ANNOUNCED)


ACTIONS = (
    Action(
        "plan_activity",
        "/activities",
        Permission.ACTIVITIES_WRITE,
        PlanActivity,
        PlannedActivity,
        plan_activity,
        "Plan a new activity",
        about=LIST,
        then="/activities/{id}",
        act=OfficeAction.EDIT_ACTIVITY,
        drafts=_draft_new,
    ),
    Action(
        "replan_activity",
        "/activities/{activity}/plan",
        Permission.ACTIVITIES_WRITE,
        ReplanActivity,
        ActivityFile,
        replan_activity,
        "Change the plan of an activity",
        about=KIND,
        then="/activities/{activity}",
        possible=_plannable,
        act=OfficeAction.EDIT_ACTIVITY,
        drafts=_draft_again,
    ),
)
