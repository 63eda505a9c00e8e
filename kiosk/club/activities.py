"""Activities: their life, their plan, who may come, and who said that they will (S42, S73, §4 L11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.life import Life, Step
from kiosk.club.membership import MemberState
from kiosk.club.refusal import Refusal

MINUTES_MAX = 24 * 60
"""The longest time before or after an activity in which one can sign in."""


class PlanPart(StrEnum):
    """What a plan says (R148, seeds 003:85). Wire format."""

    TIME = "time"
    PLACE = "place"
    AGENDA = "agenda"
    BUDGET = "budget"
    CAPACITY = "capacity"


class ActivityRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an activity needs before it is announced, and when and by whom one can sign in."""

    plan_parts: Annotated[
        tuple[PlanPart, ...],
        Meta(
            description="What the plan must say before an activity is announced.",
            extra={"source": "R148, seeds 000:279, 003:85"},
        ),
    ] = (PlanPart.TIME, PlanPart.PLACE, PlanPart.AGENDA, PlanPart.BUDGET)
    sign_in_before_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=MINUTES_MAX,
            description="Minutes before the start from which one can sign in. No number in the seeds.",
            extra={"source": "S42, seeds 003:86"},
        ),
    ] = 60
    sign_in_after_end_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=MINUTES_MAX,
            description="Minutes after the end until which one can sign in. No number in the seeds: none.",
            extra={"source": "S42, seeds 003:86"},
        ),
    ] = 0
    title_kept_may_attend: Annotated[
        bool,
        Meta(
            description="Whether a member whose rights stopped for absence may still sign in. On: else the next "
            "absence, and with it the end, could not be avoided.",
            extra={"source": "R64, R65, seeds 004:93"},
        ),
    ] = True
    representatives_sign_in: Annotated[
        bool,
        Meta(
            description="Whether one who represents a member may sign in for it.",
            extra={"source": "R64, §3, seeds 004:93"},
        ),
    ] = True


class ActivityState(StrEnum):
    """Where an activity stands. Wire format."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    SIGN_IN_OPEN = "sign_in_open"
    RUNNING = "running"
    CLOSED = "closed"
    FEEDBACK = "feedback"
    REVIEWED = "reviewed"
    CALLED_OFF = "called_off"


class ActivityAction(StrEnum):
    """What can be done with an activity. Wire format."""

    ANNOUNCE = "announce"
    OPEN_SIGN_IN = "open_sign_in"
    START = "start"
    CLOSE = "close"
    COLLECT_FEEDBACK = "collect_feedback"
    REVIEW = "review"
    CALL_OFF = "call_off"


ACTIVITY_LIFE: Life[ActivityState, ActivityAction] = Life(
    name="an activity",
    start=ActivityState.PLANNED,
    steps=(
        Step(ActivityAction.ANNOUNCE, (ActivityState.PLANNED,), ActivityState.ANNOUNCED),
        Step(ActivityAction.OPEN_SIGN_IN, (ActivityState.ANNOUNCED,), ActivityState.SIGN_IN_OPEN),
        Step(ActivityAction.START, (ActivityState.SIGN_IN_OPEN,), ActivityState.RUNNING),
        Step(ActivityAction.CLOSE, (ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING), ActivityState.CLOSED),
        Step(ActivityAction.COLLECT_FEEDBACK, (ActivityState.CLOSED,), ActivityState.FEEDBACK),
        Step(ActivityAction.REVIEW, (ActivityState.FEEDBACK,), ActivityState.REVIEWED),
        Step(
            ActivityAction.CALL_OFF,
            (ActivityState.PLANNED, ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN),
            ActivityState.CALLED_OFF,
        ),
    ),
)
"""Planned, announced, held, asked about, reviewed (§4 L11, R148). A review comes after feedback, never without it."""


class Audience(msgspec.Struct, frozen=True):
    """Who may come: everybody that every set condition admits.

    `min_rank` of the ladder, any of `classes`, home at one of `home_sites`; `visitors_only` those whose home is not
    the activity's site (R154).
    """

    min_rank: int | None = None
    classes: frozenset[str] = frozenset()
    home_sites: frozenset[str] = frozenset()
    visitors_only: bool = False


class Activity(msgspec.Struct, frozen=True):
    """One activity with its plan. `obligatory` counts for the duty to attend (S09).

    Who goes in by one of its `access_points`, which are the site's, signs in with that.
    """

    id: str
    site: str
    state: ActivityState = ActivityState.PLANNED
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    agenda: str = ""
    budget_minor: int | None = None
    capacity: int | None = None
    audience: Audience = Audience()
    obligatory: bool = True
    access_points: tuple[str, ...] = ()


class Attendee(msgspec.Struct, frozen=True):
    """What of a member decides whether an activity is for him. `id` is a member's or a unit's."""

    id: str
    state: MemberState
    rank: int
    home_site: str
    classes: frozenset[str] = frozenset()


class AudienceReason(StrEnum):
    """Why an activity is not for somebody. Wire format."""

    TIER_TOO_LOW = "tier_too_low"
    CLASS_NOT_INVITED = "class_not_invited"
    HOME_SITE_NOT_INVITED = "home_site_not_invited"
    VISITORS_ONLY = "visitors_only"


class AudienceRefusal(Refusal[AudienceReason], frozen=True):
    """Why an activity is not for somebody."""


def against_attendee(activity: Activity, attendee: Attendee) -> tuple[AudienceRefusal, ...]:
    """Return why an activity is not for somebody, all of it; nothing means invited (S73, R154, seeds 003:100)."""
    audience = activity.audience
    refusals = []
    if audience.min_rank is not None and attendee.rank < audience.min_rank:
        detail: dict[str, str | int] = {"rank": attendee.rank, "needed": audience.min_rank}
        refusals.append(AudienceRefusal(AudienceReason.TIER_TOO_LOW, detail))
    if audience.classes and attendee.classes.isdisjoint(audience.classes):
        refusals.append(AudienceRefusal(AudienceReason.CLASS_NOT_INVITED))
    if audience.home_sites and attendee.home_site not in audience.home_sites:
        refusals.append(AudienceRefusal(AudienceReason.HOME_SITE_NOT_INVITED))
    if audience.visitors_only and attendee.home_site == activity.site:
        refusals.append(AudienceRefusal(AudienceReason.VISITORS_ONLY))
    return tuple(refusals)


def plan_gaps(activity: Activity, rules: ActivityRules) -> tuple[PlanPart, ...]:
    """Return what the plan lacks before the activity may be announced (R148, seeds 000:279)."""
    starts, ends = activity.starts_at, activity.ends_at
    said = {
        PlanPart.TIME: starts is not None and ends is not None and starts < ends,
        PlanPart.PLACE: bool(activity.place),
        PlanPart.AGENDA: bool(activity.agenda),
        PlanPart.BUDGET: activity.budget_minor is not None,
        PlanPart.CAPACITY: activity.capacity is not None,
    }
    return tuple(part for part in rules.plan_parts if not said[part])


def sign_in_times(activity: Activity, rules: ActivityRules) -> tuple[datetime, datetime] | None:
    """Return from when until when one can sign in; None for an activity without times (S42)."""
    if activity.starts_at is None or activity.ends_at is None:
        return None
    opens = activity.starts_at - timedelta(minutes=rules.sign_in_before_minutes)
    return opens, activity.ends_at + timedelta(minutes=rules.sign_in_after_end_minutes)


class Willing(StrEnum):
    """What a member answers when asked beforehand (seeds 003:86). Wire format."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"


class Answer(msgspec.Struct, frozen=True):
    """One member's latest answer to an invitation."""

    member: str
    willing: Willing
    rank: int
    at: datetime


def places(activity: Activity, answers: Sequence[Answer]) -> tuple[str, ...]:
    """Return who has a place: those who said yes, higher tiers first, then the earlier answer (R153, seeds 003:128)."""
    coming = [each for each in answers if each.willing is Willing.YES]
    coming.sort(key=lambda each: (-each.rank, each.at, each.member))
    return tuple(each.member for each in coming[: activity.capacity])
