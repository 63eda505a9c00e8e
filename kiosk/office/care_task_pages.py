"""Care tasks as they are read: mine, open, late, nobody's, done, and one with what it asks for (S67, R108–R117)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.care.tasks import Task, new_last_week, task_of, task_page
from kiosk.central.club.books import Look
from kiosk.club.care import Outcome, TaskState
from kiosk.club.care_rules import ContactWay
from kiosk.club.lapses import LapseReason
from kiosk.club.roles import Permission
from kiosk.office import care_tasks
from kiosk.office.actions import Ids
from kiosk.office.care_tasks import KIND
from kiosk.office.listing import ROWS, Listing, Tab, caller, skipped, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.saying import chosen
from kiosk.office.whom import people, staff_by_id

LIST = "care_tasks"

_ENDED = (TaskState.DONE, TaskState.DROPPED)
_TABS = {
    "mine": "tasks_mine",
    "open": "tasks_open",
    "late": "tasks_late",
    "nobody": "tasks_nobody",
    "done": "tasks_done",
}
_STATES = {
    TaskState.OPEN: ("task_open", "attention"),
    TaskState.PLANNED: ("task_planned", "ok"),
    TaskState.DONE: ("task_done", "quiet"),
    TaskState.DROPPED: ("task_dropped", ""),
}


class TaskQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tasks: of a state, those that are not over without one; of somebody of the staff; of a member."""

    limit: Limit = LIMIT_DEFAULT
    state: Annotated[str, Meta(max_length=16, description="Those in this state only.")] = ""
    owner: Annotated[str, Meta(max_length=32, description="Those of this account of the staff only.")] = ""


class CareTaskPage(msgspec.Struct, frozen=True):
    """Care tasks, the soonest due first."""

    items: tuple[Task, ...]
    next: str | None


def list_tasks(look: Look, query: TaskQuery, _ids: Ids) -> CareTaskPage:
    """Return tasks."""
    if query.state and query.state not in list(TaskState):
        return CareTaskPage((), None)
    states = (TaskState(query.state),) if query.state else (TaskState.OPEN, TaskState.PLANNED)
    found = task_page(look, states=states, owner=query.owner or None, limit=query.limit)
    return CareTaskPage(tuple(found), None)


def task_rows(look: Look, found: Sequence[Task]) -> list[tuple[Any, ...]]:
    """Return tasks as rows under `TASK_COLUMNS`."""
    names, staff = people(look, [each.member for each in found if each.member]), staff_by_id(look)
    return [
        (
            Link(word(each.kind), f"/care/{each.key}"),
            names.get(each.member or ""),
            staff.get(each.owner, each.owner),
            each.due_on,
            word(each.state),
            [word(one) for one in each.look_first],
            each.tries,
        )
        for each in found
    ]


TASK_COLUMNS = ("task_kind", "member", "task_owner", "task_due_on", "state", "task_look_first", "task_tries")


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in _TABS else "mine"
    asked, skip = caller(), skipped()
    owner = {"mine": asked.staff.id if asked else "", "nobody": ""}.get(part)
    states = _ENDED if part == "done" else (TaskState.OPEN, TaskState.PLANNED)
    found = task_page(look, states=states, owner=owner, late_only=part == "late", skip=skip, limit=ROWS + 1)
    here = f"/care?part={part}"
    return Listing(
        LIST, "care_tasks", "care_tasks_hint", TASK_COLUMNS, task_rows(look, found[:ROWS]),
        "no_tasks", "no_tasks_hint",
        [Tab(label, f"/care?part={name}", name == part) for name, label in _TABS.items()],
        first=here if skip else "",
        further=f"{here}&skip={skip + ROWS}" if len(found) > ROWS else "",
        people=True,
    )  # fmt: skip


def _task_page(look: Look, ids: Ids) -> str:
    found, staff = task_of(look, ids["task"]), staff_by_id(look)
    state, badge = _STATES[found.state]
    names = people(look, [found.member] if found.member else [])
    member = names.get(found.member or "")
    file = Link(member.text, f"/care/members/{found.member}") if member else None
    thing = Thing(
        KIND, found.key, chosen("TaskKind", found.kind.value), ids,
        (
            Fact("member", file),
            Fact("task_owner", staff.get(found.owner, found.owner)),
            Fact("task_opens_on", found.opens_on),
            Fact("task_due_on", found.due_on),
            Fact("task_look_first", [word(each) for each in found.look_first]),
            Fact("task_planned_at", found.planned_at),
            Fact("task_way", word(ContactWay(found.way)) if found.way else None),
            Fact("task_tries", found.tries),
            Fact("talk_outcome", word(Outcome(found.outcome)) if found.outcome else None),
            Fact("lapse_reason", word(LapseReason(found.reason)) if found.reason else None),
            Fact("task_done_by", staff.get(found.done_by, found.done_by)),
            Fact("task_done_at", found.done_at),
        ),
        view=found, state=state, badge=badge, up="/care", up_label="care_tasks",
        tables=() if found.member else (_new_members(look),),
    )  # fmt: skip
    return show_thing(look, thing)


def _new_members(look: Look) -> Table:
    names = people(look, ids := new_last_week(look))
    return Table("new_last_week", ("member",), [(names.get(each),) for each in ids])


ACTIONS = care_tasks.ACTIONS
ROUTES = (
    Route(
        "/care/tasks", "list_care_tasks", "Care tasks", TaskQuery, CareTaskPage, Permission.CARE_READ, run=list_tasks
    ),
)
PAGES = (
    Page("/care", "care_tasks", Permission.CARE_READ, _list_page, "nav_care", "care_tasks"),
    Page("/care/{task}", "care_task", Permission.CARE_READ, _task_page, under="care_tasks", about=KIND),
)
