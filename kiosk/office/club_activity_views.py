"""What programs read of activities: plans, counts, and who has to do with one (S42, S73, R153)."""

from collections import Counter
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.activities import ActivityFile, activity_of
from kiosk.central.club.activity_lists import activity_page
from kiosk.central.club.books import Look
from kiosk.central.club.invitations import Opinions, answers_to, opinions, who_has_a_place
from kiosk.central.club.sign_ins import RefusedTap, refusals_at, signed_in_to
from kiosk.club.activities import ActivityState, Answer, PlanPart, plan_gaps
from kiosk.club.roles import Permission
from kiosk.club.sign_in import SignedIn
from kiosk.office.actions import Ids
from kiosk.office.routes import LIMIT_DEFAULT, Cursor, Limit, NoQuery, Route

State = Annotated[str, Meta(max_length=16, description="Only activities in this state.")]


class ActivityQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which activities."""

    after: Cursor = ""
    limit: Limit = LIMIT_DEFAULT
    state: State = ""


class ActivityPage(msgspec.Struct, frozen=True):
    """Activities by id; `next` is null on the last page."""

    items: tuple[ActivityFile, ...]
    next: str | None


class ActivityDetail(msgspec.Struct, frozen=True):
    """An activity with what its plan lacks, and counts of who answered, came and said something."""

    activity: ActivityFile
    lacks: tuple[PlanPart, ...]
    answers: dict[str, int]
    signed_in: int
    opinions: Opinions


class ActivityPeople(msgspec.Struct, frozen=True):
    """Who answered, who of them has a place, who came for whom, and taps that signed nobody in."""

    answers: tuple[Answer, ...]
    places: tuple[str, ...]
    signed_in: tuple[SignedIn, ...]
    refused: tuple[RefusedTap, ...]


def list_activities(look: Look, query: ActivityQuery, _ids: Ids) -> ActivityPage:
    """Return a page of activities."""
    if query.state and query.state not in list(ActivityState):
        return ActivityPage((), None)
    states = (ActivityState(query.state),) if query.state else ()
    limit = min(query.limit, 499)
    found = activity_page(look, states, query.after, limit + 1)
    after = found[limit - 1].activity.id if len(found) > limit else None
    return ActivityPage(tuple(found[:limit]), after)


def show_activity(look: Look, _query: NoQuery, ids: Ids) -> ActivityDetail:
    """Return one activity; raises InvalidInput where there is none."""
    found = activity_of(look, ids["activity"])
    name = found.activity.id
    counts = Counter(each.willing.value for each in answers_to(look, name))
    lacks = plan_gaps(found.activity, look.rules.activities)
    return ActivityDetail(found, lacks, dict(counts), len(signed_in_to(look, name)), opinions(look, name))


def show_people(look: Look, _query: NoQuery, ids: Ids) -> ActivityPeople:
    """Return who has to do with an activity; raises InvalidInput where there is none."""
    name = activity_of(look, ids["activity"]).activity.id
    return ActivityPeople(
        tuple(answers_to(look, name)),
        who_has_a_place(look, name),
        tuple(signed_in_to(look, name)),
        tuple(refusals_at(look, name)),
    )


ROUTES = (
    Route(
        "/activities",
        "list_activities",
        "Activities with their plans",
        ActivityQuery,
        ActivityPage,
        Permission.ACTIVITIES_READ,
        run=list_activities,
    ),
    Route(
        "/activities/{activity}",
        "show_activity",
        "One activity",
        NoQuery,
        ActivityDetail,
        Permission.ACTIVITIES_READ,
        run=show_activity,
    ),
    Route(
        "/activities/{activity}/people",
        "show_activity_people",
        "Answers, places and sign-ins of an activity",
        NoQuery,
        ActivityPeople,
        Permission.MEMBERS_READ,
        run=show_people,
    ),
)
