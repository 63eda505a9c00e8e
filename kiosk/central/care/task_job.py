"""The nightly care tasks: one for each cause and period, and none left of a cause that is gone (S67, R108–R117)."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import func, select

from kiosk.central.care.activity import watched_from
from kiosk.central.care.complaint_facts import open_complaints
from kiosk.central.care.segments import segments_of
from kiosk.central.care.tables import care_task, contact_log, segment
from kiosk.central.care.tasks import OPEN_STATES, Task, add_tasks, drop_task, read_task
from kiosk.central.club.books import Actor, Books, Change, Look
from kiosk.central.club.jobs import Step
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.points_tables import purchase
from kiosk.central.tables import member
from kiosk.club.care import CareFacts, CareTask, Outcome, club_tasks, is_moot, member_tasks, quota_tasks
from kiosk.club.care_rules import TaskKind
from kiosk.club.completeness import Confirmation, confirmation_on
from kiosk.club.segments import MemberClass
from kiosk.core.clock import parse_utc

JOB = "care"
MEMBERS_PER_STEP = 200
QUOTA_MAX = 2000
DROPPED_PER_STEP = 500


class _Place(msgspec.Struct, frozen=True):
    after: str = ""
    done: int = 0
    total: int = 0
    last: bool = False


def run(books: Books, day: date, place: str) -> Step:
    """Do a step of a local day's tasks in one transaction; a day that is over is left to the run of today."""
    at = msgspec.json.decode(place, type=_Place) if place else _Place()

    def work(change: Change) -> Step:
        if day < change.today:
            return Step(0, 0, "", finished=True)
        here = at if place else _Place(total=_count(change))
        return _club(change, here) if here.last else _members(change, here)

    return books.change(Actor(f"job:{JOB}", "job"), work)


def facts_of(look: Look, member_ids: Sequence[str]) -> dict[str, CareFacts]:
    """Return what tasks go by of some members; who has no class is left out."""
    found = segments_of(look, member_ids)
    ids = sorted(found)
    reached = _reached(look, ids)
    first = _first_bought(look, [each for each in ids if found[each].member_class is MemberClass.NEW])
    unconfirmed = _unconfirmed(look, ids)
    complaints = open_complaints(look, ids)
    stopped = _stopped(look, ids)
    watched = watched_from(look)
    return {
        name: CareFacts(
            member=name,
            begun_on=max(each.joined_on, watched or each.joined_on),
            member_class=each.member_class,
            welcome_on=max(first.get(name, each.joined_on), each.joined_on),
            visited_on=each.visited_on,
            bought_on=each.bought_on,
            reached_on=reached.get(name),
            decline=bool(each.declines),
            confirm_due_on=unconfirmed.get(name),
            complaint_open=name in complaints,
            matters=name in stopped,
        )
        for name, each in found.items()
    }


def _count(look: Look) -> int:
    return int(look.connection.execute(select(func.count()).select_from(segment)).scalar_one())


def _members(change: Change, place: _Place) -> Step:
    query = select(segment.c.member).where(segment.c.member > place.after).order_by(segment.c.member)
    ids = list(change.connection.execute(query.limit(MEMBERS_PER_STEP)).scalars())
    facts = facts_of(change, ids)
    owners = _owners(change, ids)
    _drop_moot(change, facts)
    care, rules = change.rules.care, change.rules.segments
    found = [each for name in ids for each in member_tasks(facts[name], care, rules, change.today)]
    add_tasks(change, {each: owners.get(each.member, "") for each in found})
    after = ids[-1] if ids else place.after
    return _step(_Place(after, place.done + len(ids), place.total, last=len(ids) < MEMBERS_PER_STEP))


def _club(change: Change, place: _Place) -> Step:
    """Ask for what is about all members, and drop what is left of those who are members no more."""
    rules, today = change.rules.care, change.today
    add_tasks(change, dict.fromkeys(club_tasks(rules, today), ""))
    asked, reached = _quota(change)
    new = quota_tasks(reached, asked, rules, today)
    owners = _owners(change, [each.member for each in new])
    add_tasks(change, {each: owners.get(each.member, "") for each in new})
    gone = select(care_task).where(
        care_task.c.state.in_(OPEN_STATES),
        care_task.c.member.is_not(None),
        care_task.c.member.not_in(select(segment.c.member)),
    )
    left = [read_task(row) for row in change.connection.execute(gone.limit(DROPPED_PER_STEP)).mappings()]
    for task_ in left:
        drop_task(change, task_.key, why="no member any more")
    return _step(place, finished=len(left) < DROPPED_PER_STEP)


def _drop_moot(change: Change, facts: dict[str, CareFacts]) -> None:
    mine = (care_task.c.member.in_(list(facts)), care_task.c.state.in_(OPEN_STATES))
    for row in change.connection.execute(select(care_task).where(*mine)).mappings().all():
        known = read_task(row)
        if known.member and is_moot(_cause(known), facts[known.member], change.rules.segments, change.today):
            drop_task(change, known.key, why="the cause is gone")


def _cause(task: Task) -> CareTask:
    return CareTask(task.kind, task.member or "", task.period, task.opens_on, task.due_on, task.look_first)


def _quota(look: Look) -> tuple[frozenset[str], dict[str, date | None]]:
    """Return who has a call-back this month, and who of the others was not talked to for longest."""
    rules, period = look.rules.care, f"{look.today:%Y-%m}"
    this = (care_task.c.kind == TaskKind.QUOTA_CALL.value, care_task.c.period == period)
    asked = frozenset(look.connection.execute(select(care_task.c.member).where(*this)).scalars())
    missing = min(rules.quota_per_month - len(asked), QUOTA_MAX)
    if missing <= 0:
        return asked, {}
    spoke = (contact_log.c.member == segment.c.member) & (contact_log.c.outcome == Outcome.REACHED.value)
    last = select(func.max(contact_log.c.at)).where(spoke).correlate(segment).scalar_subquery()
    query = select(segment.c.member, last).where(segment.c.member.not_in(asked))
    rows = look.connection.execute(query.order_by(func.coalesce(last, ""), segment.c.member).limit(missing))
    return asked, {name: _day(look, at) if at else None for name, at in rows}


def _reached(look: Look, ids: Sequence[str]) -> dict[str, date]:
    mine = (contact_log.c.member.in_(ids), contact_log.c.outcome == Outcome.REACHED.value)
    query = select(contact_log.c.member, func.max(contact_log.c.at)).where(*mine).group_by(contact_log.c.member)
    return {name: _day(look, at) for name, at in look.connection.execute(query)}


def _first_bought(look: Look, ids: Sequence[str]) -> dict[str, date]:
    mine = (purchase.c.member.in_(ids), purchase.c.undone_at.is_(None))
    query = select(purchase.c.member, func.min(purchase.c.on)).where(*mine).group_by(purchase.c.member)
    return {name: date.fromisoformat(on) for name, on in look.connection.execute(query)}


def _unconfirmed(look: Look, ids: Sequence[str]) -> dict[str, date]:
    query = select(member_file.c.member, member_file.c.opened_on, member_file.c.confirmed_on)
    found = {}
    for name, opened_on, confirmed_on in look.connection.execute(query.where(member_file.c.member.in_(ids))):
        day = date.fromisoformat(confirmed_on or opened_on)
        asked = confirmation_on(day, look.rules.completeness, look.today)
        if asked.state is Confirmation.OVERDUE and asked.due_on is not None:
            found[name] = asked.due_on
    return found


def _stopped(look: Look, ids: Sequence[str]) -> frozenset[str]:
    """Return whose rights are stopped today: what is to be known before anybody calls."""
    today = look.today.isoformat()
    stopped = (member.c.suspended_from <= today) & (
        member.c.suspended_until.is_(None) | (member.c.suspended_until >= today)
    )
    return frozenset(look.connection.execute(select(member.c.id).where(member.c.id.in_(ids), stopped)).scalars())


def _owners(look: Look, ids: Sequence[str]) -> dict[str, str]:
    query = select(member_file.c.member, member_file.c.owner_staff).where(member_file.c.member.in_(ids))
    return {name: owner for name, owner in look.connection.execute(query)}


def _day(look: Look, at: str) -> date:
    return parse_utc(at).astimezone(look.zone).date()


def _step(place: _Place, *, finished: bool = False) -> Step:
    text = "" if finished else msgspec.json.encode(place).decode()
    return Step(place.done, place.total, text, finished)
