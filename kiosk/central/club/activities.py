"""Activities in the books: planned, announced, held by the clock, asked about and reviewed (S73, R148, §4 L11)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import insert, select, update

from kiosk.central.club.activity_tables import activity
from kiosk.central.club.books import Change, Look
from kiosk.central.club.refused import RuleRefused
from kiosk.club.activities import (
    ACTIVITY_LIFE,
    Activity,
    ActivityAction,
    ActivityState,
    Audience,
    plan_gaps,
    sign_in_times,
)
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

TEXT_CHARACTERS_MAX = 2000
SITE_CHARACTERS_MAX = 32
ACCESS_POINTS_MAX = 20

_PLANNABLE = (ActivityState.PLANNED, ActivityState.ANNOUNCED)
_BY_THE_CLOCK = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING)
_WITH_A_STEP_OF_ITS_OWN = (ActivityAction.ANNOUNCE, ActivityAction.REVIEW)


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is planned; times with a zone. `points` None for as many as the rules say, `title_en` "" without English."""

    site: str
    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    agenda: str = ""
    budget_minor: Annotated[int, Meta(ge=0)] | None = None
    capacity: Annotated[int, Meta(ge=1)] | None = None
    audience: Audience = Audience()
    obligatory: bool = True
    access_points: tuple[str, ...] = ()
    points: Annotated[int, Meta(ge=0)] | None = None
    title_en: str = ""


class ActivityFile(msgspec.Struct, frozen=True):
    """An activity with what the rules do not look at."""

    activity: Activity
    title: str
    points: int | None
    review: str = ""
    title_en: str = ""


def activity_of(look: Look, activity_id: str, *, lock: bool = False) -> ActivityFile:
    """Return an activity, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(activity).where(activity.c.id == activity_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no activity {activity_id!r}")
    return read_activity(row)


def activities_in(look: Look, states: Sequence[ActivityState]) -> list[Activity]:
    """Return every activity that is in one of some states."""
    query = select(activity).where(activity.c.state.in_([each.value for each in states])).order_by(activity.c.id)
    return [read_activity(row).activity for row in look.connection.execute(query).mappings()]


def open_to_come(look: Look) -> list[Activity]:
    """Return the activities that were announced and have not begun."""
    return activities_in(look, (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN))


def plan(change: Change, wish: Plan) -> ActivityFile:
    """Write a new activity down; raises InvalidInput for what cannot be."""
    _check(wish)
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "state": ActivityState.PLANNED.value, "changed_at": format_utc(change.now)}
    change.connection.execute(insert(activity), _values(wish) | row)
    change.note("activity.plan", "activity", new_id, after=wish)
    return activity_of(change, new_id)


def replan(change: Change, activity_id: str, fields: Mapping[str, Any], *, why: str = "") -> ActivityFile:
    """Change some fields of a plan before sign-in begins; times may be RFC 3339 text.

    Raises InvalidInput for what cannot be, RuleRefused once people can sign in, or where the plan would lack a part.
    """
    known = keep_time(change, activity_id)
    if known.activity.state not in _PLANNABLE:
        raise RuleRefused("plan_is_fixed", {"state": known.activity.state.value}, what=f"activity {activity_id}")
    before = _plan_of(known)
    try:
        after = msgspec.convert({**msgspec.to_builtins(before), **fields}, Plan)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"activity {activity_id} does not take that: {error}") from error
    _check(after)
    values = _values(after) | {"changed_at": format_utc(change.now)}
    change.connection.execute(update(activity).where(activity.c.id == activity_id).values(**values))
    change.note("activity.replan", "activity", activity_id, before=before, after=after, why=why)
    changed = activity_of(change, activity_id)
    if known.activity.state is ActivityState.ANNOUNCED:
        _check_ready(change, changed.activity)
    return changed


def announce(change: Change, activity_id: str) -> ActivityFile:
    """Announce an activity whose plan is complete and whose time is to come; raises RuleRefused (R148)."""
    found = activity_of(change, activity_id, lock=True)
    _check_ready(change, found.activity)
    return _go(change, found, ActivityAction.ANNOUNCE)


def take_step(change: Change, activity_id: str, action: ActivityAction, *, why: str = "") -> ActivityFile:
    """Take a step that needs nothing more; raises StepRefused, and RuleRefused for the end of what has not begun.

    Nobody may be counted absent where nothing was held: what is not held is called off.
    """
    if action in _WITH_A_STEP_OF_ITS_OWN:
        raise InvalidInput(f"{action} is not done by itself", hint="Announce a plan; review with words")
    found = keep_time(change, activity_id)
    starts = found.activity.starts_at
    if action is ActivityAction.CLOSE and (starts is None or change.now < starts):
        raise RuleRefused("not_begun", what=f"activity {activity_id}", hint="Call it off instead")
    return _go(change, found, action, why=why)


def review(change: Change, activity_id: str, words: str) -> ActivityFile:
    """Write down what was made of the opinions, which ends an activity; raises StepRefused before they came (R148)."""
    if not words.strip() or len(words) > TEXT_CHARACTERS_MAX:
        raise InvalidInput(f"a review has 1 to {TEXT_CHARACTERS_MAX} characters")
    found = activity_of(change, activity_id, lock=True)
    reviewed = _go(change, found, ActivityAction.REVIEW)
    change.connection.execute(update(activity).where(activity.c.id == activity_id).values(review=words.strip()))
    return msgspec.structs.replace(reviewed, review=words.strip())


def keep_time(change: Change, activity_id: str) -> ActivityFile:
    """Take the steps that an announced activity's times have brought, and return it, locked."""
    found = activity_of(change, activity_id, lock=True)
    for _ in _BY_THE_CLOCK:
        action = _due(change, found.activity)
        if action is not None:
            found = _go(change, found, action)
    return found


def keep_all_times(change: Change) -> int:
    """Take the steps that the times of all announced activities have brought; return how many there are."""
    running = activities_in(change, _BY_THE_CLOCK)
    for each in running:
        if _due(change, each) is not None:
            keep_time(change, each.id)
    return len(running)


def times_of(look: Look, found: Activity) -> tuple[datetime, datetime] | None:
    """Return from when until when one can sign in, by the rules of the activity's own day; None without times."""
    if found.starts_at is None:
        return None
    return sign_in_times(found, look.book.on(found.starts_at.astimezone(look.zone).date()).activities)


def _due(change: Change, found: Activity) -> ActivityAction | None:
    starts, times = found.starts_at, times_of(change, found)
    if starts is None or times is None:
        return None
    opens, closes = times
    due = {
        ActivityState.ANNOUNCED: (opens, ActivityAction.OPEN_SIGN_IN),
        ActivityState.SIGN_IN_OPEN: (starts, ActivityAction.START),
        ActivityState.RUNNING: (closes, ActivityAction.CLOSE),
    }.get(found.state)
    return due[1] if due is not None and change.now > due[0] else None


def _go(change: Change, found: ActivityFile, action: ActivityAction, *, why: str = "") -> ActivityFile:
    before = found.activity
    after = msgspec.structs.replace(before, state=ACTIVITY_LIFE.after(before.state, action))
    values = {"state": after.state.value, "changed_at": format_utc(change.now)}
    change.connection.execute(update(activity).where(activity.c.id == before.id).values(**values))
    change.note(f"activity.{action}", "activity", before.id, before=before, after=after, why=why)
    return msgspec.structs.replace(found, activity=after)


def _check_ready(change: Change, found: Activity) -> None:
    gaps = plan_gaps(found, change.rules.activities)
    if gaps:
        raise RuleRefused("plan_incomplete", {"lacks": " ".join(gaps)}, what=f"activity {found.id}")
    if found.starts_at is not None and found.starts_at <= change.now:
        raise RuleRefused("in_the_past", what=f"activity {found.id}", hint="Plan it for a time to come")


def _check(wish: Plan) -> None:
    for name in ("title", "title_en", "place", "agenda"):
        if len(getattr(wish, name)) > TEXT_CHARACTERS_MAX:
            raise InvalidInput(f"the {name} has more than {TEXT_CHARACTERS_MAX} characters")
    if not wish.title.strip() or not 0 < len(wish.site) <= SITE_CHARACTERS_MAX:
        raise InvalidInput("an activity needs a title and a site")
    if len(wish.access_points) > ACCESS_POINTS_MAX or not all(wish.access_points):
        raise InvalidInput(f"an activity names {ACCESS_POINTS_MAX} access points at most, each by its name")
    if any(each is not None and each.tzinfo is None for each in (wish.starts_at, wish.ends_at)):
        raise InvalidInput("the times of an activity need a zone", hint="Write 2026-11-22T15:00:00+08:00")
    if wish.starts_at is not None and wish.ends_at is not None and wish.ends_at <= wish.starts_at:
        raise InvalidInput("an activity ends after it starts")


def _values(wish: Plan) -> dict[str, Any]:
    audience = msgspec.to_builtins(wish.audience)
    for name in ("classes", "home_sites"):
        audience[name] = sorted(audience[name])
    return msgspec.structs.asdict(wish) | {
        "title_en": wish.title_en.strip(),
        "starts_at": format_utc(wish.starts_at) if wish.starts_at else None,
        "ends_at": format_utc(wish.ends_at) if wish.ends_at else None,
        "audience": canonical(audience).decode(),
        "access_points": canonical(list(wish.access_points)).decode(),
    }


def _plan_of(found: ActivityFile) -> Plan:
    beside = {name: getattr(found, name) for name in ("title", "title_en", "points")}
    names = set(Plan.__struct_fields__) - set(beside)
    return Plan(**beside, **{name: getattr(found.activity, name) for name in names})


def read_activity(row: Mapping[Any, Any]) -> ActivityFile:
    """Return an activity from its row."""
    values = {name: row[name] for name in Activity.__struct_fields__}
    values |= {name: msgspec.json.decode(values[name]) for name in ("audience", "access_points")}
    beside = {name: row[name] for name in ("title", "points", "review", "title_en")}
    return ActivityFile(msgspec.convert(values, Activity), **beside)
