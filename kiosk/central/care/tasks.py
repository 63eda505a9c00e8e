"""Care tasks as staff see and end them, and the log of talks that they leave (S67, S70, R108–R117)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.care.complaint_facts import open_complaints
from kiosk.central.care.tables import care_task
from kiosk.central.care.talks import Talk, log_talk
from kiosk.central.club.books import Change, Look
from kiosk.central.club.people_tables import membership
from kiosk.central.club.refused import refuse
from kiosk.club.care import (
    TASK_LIFE,
    CareFacts,
    CareReason,
    CareTask,
    Ending,
    LookFirst,
    TaskAction,
    TaskState,
    against_call,
    against_ending,
    joined_last_week,
)
from kiosk.club.care_rules import ContactWay, TaskKind
from kiosk.club.segments import MemberClass
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
WORDS_CHARACTERS_MAX = 2000
NEW_MEMBERS_MAX = 5000

OPEN_STATES = (TaskState.OPEN.value, TaskState.PLANNED.value)


class Task(msgspec.Struct, frozen=True):
    """A task with who is to do it and what came of it."""

    key: str
    kind: TaskKind
    member: str | None
    owner: str
    period: str
    state: TaskState
    opens_on: date
    due_on: date
    look_first: tuple[LookFirst, ...]
    planned_at: datetime | None
    way: str
    tries: int
    outcome: str
    reason: str
    done_by: str
    done_at: datetime | None


def add_tasks(change: Change, tasks: Mapping[CareTask, str]) -> int:
    """Write tasks with their owners down, each once for its key; return how many are new."""
    rows = {task.key: _row(task, owner) for task, owner in tasks.items()}
    known = set(change.connection.execute(select(care_task.c.key).where(care_task.c.key.in_(list(rows)))).scalars())
    new = [row for key, row in rows.items() if key not in known]
    if new:
        change.connection.execute(insert(care_task), new)
    return len(new)


def task_of(look: Look, key: str, *, lock: bool = False) -> Task:
    """Return a task, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(care_task).where(care_task.c.key == key)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no care task {key[:96]!r}")
    return read_task(row)


def task_page(
    look: Look,
    *,
    states: Sequence[TaskState] = (TaskState.OPEN, TaskState.PLANNED),
    kind: TaskKind | None = None,
    owner: str | None = None,
    member: str = "",
    late_only: bool = False,
    skip: int = 0,
    limit: int = 100,
) -> list[Task]:
    """Return tasks, the soonest due first, of a kind, an owner ("" = nobody) or a member, or late ones; 500 at most."""
    query = select(care_task).order_by(care_task.c.due_on, care_task.c.key).offset(skip).limit(min(limit, PAGE_MAX))
    query = query.where(care_task.c.state.in_([each.value for each in states]))
    if kind is not None:
        query = query.where(care_task.c.kind == kind.value)
    if owner is not None:
        query = query.where(care_task.c.owner == owner)
    if member:
        query = query.where(care_task.c.member == member)
    if late_only:
        query = query.where(care_task.c.due_on < look.today.isoformat())
    return [read_task(row) for row in look.connection.execute(query).mappings()]


def plan_task(change: Change, key: str, at: datetime, way: ContactWay) -> Task:
    """Set when and how a member is talked to (R108, seeds 003:207); raises StepRefused for what has ended."""
    if at.tzinfo is None or at < change.now:
        raise InvalidInput("a talk is planned for a time to come, with a zone")
    return _go(change, key, TaskAction.PLAN, planned_at=format_utc(at), way=way.value)


def give_task(change: Change, key: str, staff_id: str) -> Task:
    """Give a task to somebody else of the staff."""
    task_of(change, key, lock=True)
    change.connection.execute(update(care_task).where(care_task.c.key == key).values(owner=staff_id))
    change.note("care.give", "care_task", key, after={"owner": staff_id})
    return task_of(change, key)


def finish_task(change: Change, key: str, talk: Talk) -> Task:
    """Write down a talk and end its task, or keep it open for another try where nobody was reached (R108–R115).

    Raises RuleRefused for a reason or topic that is missing, or an open complaint that comes first; StepRefused for
    what has ended.
    """
    before = task_of(change, key, lock=True)
    TASK_LIFE.after(before.state, TaskAction.FINISH)
    _check_complaint(change, before)
    tries = before.tries + 1
    ending = Ending(
        talk.outcome, tries, talk.reason, frozenset(each for each, said in talk.topics.items() if said.strip())
    )
    refusal = against_ending(before.kind, ending, change.rules.care)
    if refusal is not None and refusal.reason is not CareReason.TRY_AGAIN:
        raise refuse(refusal, f"task {key}")
    if before.member is not None:
        log_talk(change, before.member, talk, task=key)
    if refusal is not None:
        change.connection.execute(update(care_task).where(care_task.c.key == key).values(tries=tries))
        return task_of(change, key)
    reason = talk.reason.value if talk.reason else ""
    done = {"outcome": talk.outcome.value, "reason": reason, "done_by": change.actor.id}
    return _go(change, key, TaskAction.FINISH, **done, tries=tries, done_at=format_utc(change.now))


def drop_task(change: Change, key: str, *, why: str) -> Task:
    """End a task whose cause is gone; raises StepRefused for what has ended."""
    return _go(change, key, TaskAction.DROP, why=why, done_at=format_utc(change.now))


def new_last_week(look: Look) -> tuple[str, ...]:
    """Return who joined last week, the earliest first: what the weekly list counts and checks (R111)."""
    table = membership
    rows = look.connection.execute(
        select(table.c.member, table.c.collected_on)
        .where(table.c.collected_on.is_not(None))
        .order_by(table.c.collected_on.desc(), table.c.member)
        .limit(NEW_MEMBERS_MAX)
    )
    return joined_last_week({member_id: date.fromisoformat(on) for member_id, on in rows}, look.today)


def read_task(row: Mapping[Any, Any]) -> Task:
    """Return a row of the table as a task."""
    values = {name: row[name] for name in Task.__struct_fields__}
    return msgspec.convert(values | {"look_first": msgspec.json.decode(row["look_first"])}, Task)


def _row(task: CareTask, owner: str) -> dict[str, Any]:
    return {
        "key": task.key,
        "kind": task.kind.value,
        "member": task.member or None,
        "owner": owner,
        "period": task.period,
        "state": TaskState.OPEN.value,
        "opens_on": task.opens_on.isoformat(),
        "due_on": task.due_on.isoformat(),
        "look_first": canonical([each.value for each in task.look_first]).decode(),
    }


def _check_complaint(change: Change, task: Task) -> None:
    if task.member is None:
        return
    is_open = task.member in open_complaints(change, [task.member])
    facts = CareFacts(task.member, task.opens_on, MemberClass.REGULAR, complaint_open=is_open)
    about = CareTask(task.kind, task.member, task.period, task.opens_on, task.due_on, task.look_first)
    refusal = against_call(about, facts)
    if refusal is not None:
        raise refuse(refusal, f"task {task.key}")


def _go(change: Change, key: str, action: TaskAction, *, why: str = "", **values: Any) -> Task:
    before = task_of(change, key, lock=True)
    state = TASK_LIFE.after(before.state, action)
    change.connection.execute(update(care_task).where(care_task.c.key == key).values(state=state.value, **values))
    after = task_of(change, key)
    change.note(f"care.{action}", "care_task", key, before=before, after=after, why=why)
    return after
