"""Care for members by tasks: whom to call, ask or list, when, and with which end (S67, S70, R108–R117).

A task's key is of its kind, whom it is about and its period: one cause asks for one task, however often one looks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from kiosk.club.calendar import Part, add_months, span_of
from kiosk.club.care_rules import CareRules, TaskKind, Topic
from kiosk.club.completeness import YearDay
from kiosk.club.lapses import LapseReason
from kiosk.club.life import Life, Step
from kiosk.club.refusal import Refusal
from kiosk.club.segments import MemberClass, SegmentRules, silent_since

_DAY = timedelta(days=1)


class LookFirst(StrEnum):
    """What is looked at before somebody is called (R108, seeds 003:207). Wire format."""

    COMPLAINT = "complaint"
    SPECIAL_MATTER = "special_matter"


class TaskState(StrEnum):
    """Where a task stands. Wire format."""

    OPEN = "open"
    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


class TaskAction(StrEnum):
    """What can be done with a task. Wire format."""

    PLAN = "plan"
    FINISH = "finish"
    DROP = "drop"


TASK_LIFE: Life[TaskState, TaskAction] = Life(
    name="a care task",
    start=TaskState.OPEN,
    steps=(
        Step(TaskAction.PLAN, (TaskState.OPEN, TaskState.PLANNED), TaskState.PLANNED),
        Step(TaskAction.FINISH, (TaskState.OPEN, TaskState.PLANNED), TaskState.DONE),
        Step(TaskAction.DROP, (TaskState.OPEN, TaskState.PLANNED), TaskState.DROPPED),
    ),
)
"""Asked for, given a time and a way, done with a result; dropped where its cause is gone."""


class Outcome(StrEnum):
    """How a task ended. Wire format."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"
    HANDED_IN = "handed_in"


class CareReason(StrEnum):
    """Why a task cannot be ended so. Wire format."""

    REASON_MISSING = "reason_missing"
    TOPICS_MISSING = "topics_missing"
    TRY_AGAIN = "try_again"
    COMPLAINT_FIRST = "complaint_first"


class CareRefusal(Refusal[CareReason], frozen=True):
    """Why a task cannot be ended so."""


class CareFacts(msgspec.Struct, frozen=True):
    """What the books know of a member, in local days; of a silence before `begun_on` nothing is known.

    `welcome_on`: the purchase that made somebody new (R110). `reached_on`: when staff last talked with the member.
    `confirm_due_on`: by when own data were to be confirmed, where they were not. `matters`: there is something else to
    be known before a call.
    """

    member: str
    begun_on: date
    member_class: MemberClass
    welcome_on: date | None = None
    visited_on: date | None = None
    bought_on: date | None = None
    reached_on: date | None = None
    decline: bool = False
    confirm_due_on: date | None = None
    complaint_open: bool = False
    matters: bool = False


class CareTask(msgspec.Struct, frozen=True):
    """A task: `member` is empty for what is about all of them. `period` says which one of its kind it is."""

    kind: TaskKind
    member: str
    period: str
    opens_on: date
    due_on: date
    look_first: tuple[LookFirst, ...] = ()

    @property
    def key(self) -> str:
        """Name the task; there is never a second one of this name."""
        return f"{self.kind}.{self.member or 'club'}.{self.period}"


class Ending(msgspec.Struct, frozen=True):
    """What came of a task: the outcome, how often it was tried, why the member stays away, what was talked about."""

    outcome: Outcome
    tries: int = 1
    reason: LapseReason | None = None
    topics: frozenset[Topic] = frozenset()


_ASKS_REASON = frozenset({TaskKind.NO_VISIT, TaskKind.NO_PURCHASE, TaskKind.DECLINE_CALL})
_CALLS = frozenset(TaskKind) - {TaskKind.NEW_LIST, TaskKind.YEAR_END_SURVEY}


def member_tasks(facts: CareFacts, rules: CareRules, segments: SegmentRules, today: date) -> tuple[CareTask, ...]:
    """Return every task that a member's facts ask for today (R108–R110, R112, R114, R116)."""
    return tuple(_member_tasks(facts, rules, segments, today))


def club_tasks(rules: CareRules, today: date) -> tuple[CareTask, ...]:
    """Return the tasks about all members that are open today: the weekly list and the year's questionnaire."""
    monday = today - timedelta(days=today.isoweekday() - 1)
    year, week, _ = monday.isocalendar()
    due = monday + timedelta(days=rules.new_list_days)
    tasks = [CareTask(TaskKind.NEW_LIST, "", f"{year}-W{week:02}", monday, due)]
    asked = _on(rules.survey_on, today.year)
    if today >= asked:
        tasks.append(CareTask(TaskKind.YEAR_END_SURVEY, "", str(today.year), asked, date(today.year, 12, 31)))
    return tuple(tasks)


def joined_last_week(joined: Mapping[str, date], today: date) -> tuple[str, ...]:
    """Return who joined from Monday to Sunday of last week, the earliest first: the weekly list (R111)."""
    monday = today - timedelta(days=today.isoweekday() - 1)
    last = {member: day for member, day in joined.items() if monday - 7 * _DAY <= day < monday}
    return tuple(sorted(last, key=lambda member: (last[member], member)))


def quota_tasks(
    reached: Mapping[str, date | None], asked: Collection[str], rules: CareRules, today: date
) -> tuple[CareTask, ...]:
    """Return what is missing to the month's fixed number of call-backs (R115): who was not talked to for longest.

    `reached` are the members who may be called with the day they last were, `asked` those with such a task already.
    """
    free = [member for member in reached if member not in asked]
    free.sort(key=lambda member: (reached[member] or date.min, member))
    month = span_of(today, Part.MONTH)
    return tuple(
        CareTask(TaskKind.QUOTA_CALL, member, f"{today:%Y-%m}", month.first, month.last)
        for member in free[: max(rules.quota_per_month - len(asked), 0)]
    )


def against_call(task: CareTask, facts: CareFacts) -> CareRefusal | None:
    """Return why nobody calls yet: an open complaint is looked at before the member hears from the club (R108)."""
    if task.kind in _CALLS and LookFirst.COMPLAINT in task.look_first and facts.complaint_open:
        return CareRefusal(CareReason.COMPLAINT_FIRST, {"member": facts.member})
    return None


def against_ending(kind: TaskKind, ending: Ending, rules: CareRules) -> CareRefusal | None:
    """Return what is missing before a task is done: the reason of a lapse, all topics, or one more try (R108, R115)."""
    if ending.outcome is Outcome.NOT_REACHED and kind in _CALLS and ending.tries < rules.tries:
        return CareRefusal(CareReason.TRY_AGAIN, {"tries": ending.tries, "needed": rules.tries})
    if ending.outcome is not Outcome.REACHED:
        return None
    if kind in _ASKS_REASON and ending.reason is None:
        return CareRefusal(CareReason.REASON_MISSING)
    lacking = [each.value for each in rules.topics if each not in ending.topics]
    if kind is TaskKind.QUOTA_CALL and lacking:
        return CareRefusal(CareReason.TOPICS_MISSING, {"lacks": " ".join(lacking)})
    return None


def is_moot(task: CareTask, facts: CareFacts, segments: SegmentRules, today: date) -> bool:
    """Say whether the cause of a task is gone: the member came, bought, or confirmed before anybody called."""
    if task.kind is TaskKind.NO_VISIT:
        return silent_since(facts.visited_on, facts.begun_on, segments.no_visit_months, today) is None
    if task.kind is TaskKind.NO_PURCHASE:
        return silent_since(facts.bought_on, facts.begun_on, segments.no_purchase_months, today) is None
    if task.kind is TaskKind.CONFIRM_CALL:
        return facts.confirm_due_on is None
    return task.kind is TaskKind.DECLINE_CALL and facts.member_class is MemberClass.DORMANT


def _member_tasks(facts: CareFacts, rules: CareRules, segments: SegmentRules, today: date) -> Iterator[CareTask]:
    yield from _welcome(facts, rules, today)
    yield from _silences(facts, rules, segments, today)
    month = span_of(today, Part.MONTH)
    name, is_regular = f"{today:%Y-%m}", facts.member_class is MemberClass.REGULAR
    if is_regular and facts.decline:
        due = today + timedelta(days=rules.decline_call_days)
        yield CareTask(TaskKind.DECLINE_CALL, facts.member, name, today, due, _look_first(facts))
    elif is_regular and (facts.reached_on is None or facts.reached_on < month.first):
        yield CareTask(TaskKind.MONTHLY_CALL, facts.member, name, month.first, month.last)
    if facts.confirm_due_on is not None and today > facts.confirm_due_on:
        opens = facts.confirm_due_on + _DAY
        due = facts.confirm_due_on + timedelta(days=rules.confirm_call_days)
        yield CareTask(TaskKind.CONFIRM_CALL, facts.member, facts.confirm_due_on.isoformat(), opens, due)


def _welcome(facts: CareFacts, rules: CareRules, today: date) -> Iterable[CareTask]:
    """Ask for the call to a new member (R110); after a long time off nobody is welcomed a year late."""
    begun = facts.welcome_on
    if begun is None or facts.member_class is not MemberClass.NEW or (facts.reached_on or date.min) >= begun:
        return ()
    if not begun <= today < add_months(begun, 1):
        return ()
    due = begun + timedelta(days=rules.new_call_days)
    return (CareTask(TaskKind.NEW_CALL, facts.member, begun.isoformat(), begun, due),)


def _silences(facts: CareFacts, rules: CareRules, segments: SegmentRules, today: date) -> Iterator[CareTask]:
    """Ask for one call a silence: its period is the day on which it began (R108, R109)."""
    seen = (
        (TaskKind.NO_VISIT, facts.visited_on, segments.no_visit_months),
        (TaskKind.NO_PURCHASE, facts.bought_on, segments.no_purchase_months),
    )
    for kind, last, months in seen:
        since = silent_since(last, facts.begun_on, months, today)
        if since is not None:
            due = since + timedelta(days=rules.silence_call_days)
            began = max(last or facts.begun_on, facts.begun_on)
            yield CareTask(kind, facts.member, began.isoformat(), since, due, _look_first(facts))


def _look_first(facts: CareFacts) -> tuple[LookFirst, ...]:
    found = ((LookFirst.COMPLAINT, facts.complaint_open), (LookFirst.SPECIAL_MATTER, facts.matters))
    return tuple(each for each, is_there in found if is_there)


def _on(day: YearDay, year: int) -> date:
    return date(year, day.month, day.day)
