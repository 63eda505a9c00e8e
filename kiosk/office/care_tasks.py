"""Care tasks in the office: my list and everybody's, planned, done with a result, dropped, given to another (S67)."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care.talks import Talk, log_talk
from kiosk.central.care.tasks import (
    Task,
    drop_task,
    finish_task,
    give_task,
    plan_task,
    task_of,
)
from kiosk.central.club.books import Change, Look
from kiosk.club.care import TASK_LIFE, Outcome, TaskAction
from kiosk.club.care_rules import ContactWay, Topic
from kiosk.club.lapses import LapseReason
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import StaffId, Words, present, staff_to_pick
from kiosk.office.saying import chosen
from kiosk.office.whom import Done, person_of

KIND = "care_task"


class TalkWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A talk or a try at one: the way, what came of it, why the member stays away, and what was said of what."""

    way: ContactWay
    outcome: Outcome
    reason: LapseReason | None = None
    service: Words = ""
    environment: Words = ""
    prices: Words = ""
    opinions: Words = ""
    satisfaction: Words = ""
    words: Words = ""


class PlanTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When and how the member is talked to."""

    at: Annotated[datetime, Meta(tz=True)]
    way: ContactWay


class DropTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it need not be done."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


class GiveTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the staff does it."""

    staff: StaffId


def talk_of(wish: TalkWish) -> Talk:
    """Return a talk as the books keep it."""
    said = {topic: text for topic in Topic if (text := getattr(wish, topic.value).strip())}
    return Talk(wish.way, wish.outcome, wish.reason, said, wish.words)


def plan(change: Change, wish: PlanTask, ids: Ids) -> Task:
    """Plan a talk."""
    return plan_task(change, ids["task"], wish.at, wish.way)


def finish(change: Change, wish: TalkWish, ids: Ids) -> Task:
    """Write a talk down and end its task."""
    return finish_task(change, ids["task"], talk_of(wish))


def drop(change: Change, wish: DropTask, ids: Ids) -> Task:
    """Drop a task."""
    return drop_task(change, ids["task"], why=wish.why)


def give(change: Change, wish: GiveTask, ids: Ids) -> Task:
    """Give a task to an account that is open."""
    return give_task(change, ids["task"], present(change, wish.staff))


def talk_with(change: Change, wish: TalkWish, ids: Ids) -> Done:
    """Write a talk down that no task asked for."""
    log_talk(change, person_of(change, ids["member"]).id, talk_of(wish))
    return Done(ids["member"])


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(chosen("TaskKind", task_of(look, ids["task"]).kind.value))


def _draft_staff(look: Look, ids: Ids) -> Draft:
    found = task_of(look, ids["task"])
    return Draft(chosen("TaskKind", found.kind.value), {"staff": found.owner}, {"staff": staff_to_pick(look)})


def _draft_talk(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, ids["member"]).name)


def _open(found: Task) -> bool:
    return TaskAction.FINISH in TASK_LIFE.actions(found.state)


ACTIONS = (
    Action(
        "finish_task", "/care/tasks/{task}/finish", Permission.CARE_WRITE, TalkWish, Task, finish,
        "Write a talk down and end its task", about=KIND, then="/care/{task}", possible=_open,
        act=OfficeAction.DO_CARE, drafts=_draft,
    ),
    Action(
        "plan_task", "/care/tasks/{task}/plan", Permission.CARE_WRITE, PlanTask, Task, plan,
        "Plan a talk", about=KIND, then="/care/{task}", possible=_open, act=OfficeAction.DO_CARE, drafts=_draft,
    ),
    Action(
        "give_task", "/care/tasks/{task}/give", Permission.CARE_WRITE, GiveTask, Task, give,
        "Give a task to somebody", about=KIND, then="/care/{task}", possible=_open,
        act=OfficeAction.DO_CARE, drafts=_draft_staff,
    ),
    Action(
        "drop_task", "/care/tasks/{task}/drop", Permission.CARE_WRITE, DropTask, Task, drop,
        "Drop a task", about=KIND, then="/care/{task}", possible=_open, act=OfficeAction.DO_CARE, drafts=_draft,
    ),
    Action(
        "log_talk", "/care/members/{member}/talks", Permission.CARE_WRITE, TalkWish, Done, talk_with,
        "Write down a talk with a member", about="care_member", then="/care/members/{member}",
        act=OfficeAction.DO_CARE, drafts=_draft_talk,
    ),
)  # fmt: skip
