"""Complaints: four ways in, six steps, three parts of a result, and the record or charge they are about (S88, §4 L10).

Nobody handles a complaint about himself, and none is closed before the member was told why, what gets better, and was
asked how satisfied.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.club.discipline import Evidence
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal


class Channel(StrEnum):
    """How a complaint came in (R125). Wire format."""

    ONLINE = "online"
    PHONE = "phone"
    MAILBOX = "mailbox"
    ON_SITE = "on_site"


class Matter(StrEnum):
    """What it is about, found when it is sorted. Wire format."""

    SERVICE = "service"
    STAFF = "staff"
    FACILITY = "facility"
    ENTRY = "entry"
    CHARGE = "charge"
    CARD = "card"
    RIGHT = "right"
    MEMBER = "member"
    SAFETY = "safety"
    PRIVACY = "privacy"
    OTHER = "other"


class Priority(StrEnum):
    """How soon. Wire format."""

    FAST = "fast"
    NORMAL = "normal"


class ComplaintState(StrEnum):
    """Where a complaint stands. Wire format."""

    RECEIVED = "received"
    SORTED = "sorted"
    INVESTIGATED = "investigated"
    PLANNED = "planned"
    CARRIED_OUT = "carried_out"
    FOLLOWED_UP = "followed_up"
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"


class ComplaintAction(StrEnum):
    """What can be done with a complaint; receiving it, the first step of R126, makes it. Wire format."""

    SORT = "sort"
    INVESTIGATE = "investigate"
    PLAN = "plan"
    CARRY_OUT = "carry_out"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    LOOK_AGAIN = "look_again"
    TAKE_BACK = "take_back"


_S, _A = ComplaintState, ComplaintAction
_RUNNING = (_S.RECEIVED, _S.SORTED, _S.INVESTIGATED, _S.PLANNED, _S.CARRIED_OUT, _S.FOLLOWED_UP)

COMPLAINT_LIFE: Life[ComplaintState, ComplaintAction] = Life(
    name="a complaint",
    start=_S.RECEIVED,
    steps=(
        Step(_A.SORT, (_S.RECEIVED, _S.SORTED), _S.SORTED),
        Step(_A.INVESTIGATE, (_S.SORTED,), _S.INVESTIGATED),
        Step(_A.PLAN, (_S.INVESTIGATED,), _S.PLANNED),
        Step(_A.CARRY_OUT, (_S.PLANNED,), _S.CARRIED_OUT),
        Step(_A.FOLLOW_UP, (_S.CARRIED_OUT,), _S.FOLLOWED_UP),
        Step(_A.CLOSE, (_S.FOLLOWED_UP,), _S.CLOSED),
        Step(_A.LOOK_AGAIN, (_S.FOLLOWED_UP, _S.CLOSED), _S.SORTED),
        Step(_A.TAKE_BACK, _RUNNING, _S.TAKEN_BACK),
    ),
)
"""Received, sorted, investigated, planned, carried out, followed up; closed with its result, or looked at again."""


class StepHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how many hours after the complaint came in a state is left."""

    state: ComplaintState
    fast: Annotated[int, Meta(ge=0)]
    normal: Annotated[int, Meta(ge=0)]


class ComplaintRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How soon a complaint is dealt with, and when many of them are one cause."""

    fast_matters: Annotated[
        tuple[Matter, ...],
        Meta(
            description="What is looked into before all else: a promised right that was not kept, and what may hurt.",
            extra={"source": "R161, S88, seeds 002:24"},
        ),
    ] = (Matter.RIGHT, Matter.SAFETY, Matter.PRIVACY)
    hours: Annotated[
        tuple[StepHours, ...],
        Meta(
            description="Hours from its coming in by which each step is over. The seeds say `in time` and `fast`.",
            extra={"source": "S88, R161, seeds 000:99, 002:24; no seed for the numbers"},
        ),
    ] = (
        StepHours(_S.RECEIVED, 4, 24),
        StepHours(_S.SORTED, 24, 120),
        StepHours(_S.INVESTIGATED, 48, 168),
        StepHours(_S.PLANNED, 72, 240),
        StepHours(_S.CARRIED_OUT, 120, 336),
        StepHours(_S.FOLLOWED_UP, 168, 480),
    )
    frequent_count: Annotated[
        int,
        Meta(
            ge=2,
            description="Complaints about one matter at one place from which their cause is looked for. No seed.",
            extra={"source": "R129, seeds 003:228"},
        ),
    ] = 3
    frequent_days: Annotated[
        int,
        Meta(ge=1, description="Days in which they are counted.", extra={"source": "R129, seeds 003:228"}),
    ] = 30


class Result(msgspec.Struct, frozen=True):
    """What the member was told and asked: why, what gets better, and a grade from 1 to 5, or that none was given."""

    explanation: str = ""
    improvement: str = ""
    asked_satisfaction: bool = False
    satisfaction: int | None = None


class Subject(msgspec.Struct, frozen=True):
    """What it is about: records of taps, a charge or sale by id, the staff, and the place."""

    records: tuple[Evidence, ...] = ()
    charge: str = ""
    staff: str = ""
    place: str = ""


class ComplaintReason(StrEnum):
    """Why a step cannot be taken. Wire format."""

    ABOUT_ONESELF = "about_oneself"
    NOT_SORTED = "not_sorted"
    NO_EXPLANATION = "no_explanation"
    NO_IMPROVEMENT = "no_improvement"
    NOT_ASKED = "not_asked"


class ComplaintRefusal(Refusal[ComplaintReason], frozen=True):
    """Why a step cannot be taken."""


class Frequent(msgspec.Struct, frozen=True):
    """A matter that came up often at one place."""

    matter: Matter
    place: str
    count: int


def priority_of(matter: Matter, rules: ComplaintRules) -> Priority:
    """Return how soon a matter is dealt with (R161, seeds 002:24)."""
    return Priority.FAST if matter in rules.fast_matters else Priority.NORMAL


def due_at(state: ComplaintState, priority: Priority, received_at: datetime, rules: ComplaintRules) -> datetime | None:
    """Return by when a complaint leaves a state; None where nothing waits. Counted from its coming in (S88)."""
    for each in rules.hours:
        if each.state is state:
            hours = each.fast if priority is Priority.FAST else each.normal
            return received_at + timedelta(hours=hours)
    return None


def against_step(action: ComplaintAction, by: str, subject: Subject, matter: Matter | None) -> ComplaintRefusal | None:
    """Return why somebody may not take a step: it is about that person, or nobody said yet what it is about."""
    if by and by == subject.staff:
        return ComplaintRefusal(ComplaintReason.ABOUT_ONESELF)
    if action is ComplaintAction.SORT and matter is None:
        return ComplaintRefusal(ComplaintReason.NOT_SORTED)
    return None


def against_closing(result: Result) -> tuple[ComplaintRefusal, ...]:
    """Return what of the result is missing before a complaint is closed (R127, seeds 000:68)."""
    parts = (
        (ComplaintReason.NO_EXPLANATION, bool(result.explanation.strip())),
        (ComplaintReason.NO_IMPROVEMENT, bool(result.improvement.strip())),
        (ComplaintReason.NOT_ASKED, result.asked_satisfaction),
    )
    return tuple(ComplaintRefusal(reason) for reason, is_there in parts if not is_there)


def frequent(
    complaints: Iterable[tuple[Matter, str, date]], rules: ComplaintRules, today: date
) -> tuple[Frequent, ...]:
    """Return what was complained of often at one place in the last days, the most frequent first (R129)."""
    since = today - timedelta(days=rules.frequent_days)
    counted = Counter((matter, place) for matter, place, on in complaints if since < on <= today)
    often = [Frequent(matter, place, count) for (matter, place), count in counted.items()]
    often = [each for each in often if each.count >= rules.frequent_count]
    return tuple(sorted(often, key=lambda each: (-each.count, each.matter, each.place)))
