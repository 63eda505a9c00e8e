"""Complaints in the books: taken in, tied to records and charges, six steps, a result, and what they share (S88)."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, insert, select, update

from kiosk.central.care.complaint_facts import OVER
from kiosk.central.care.desk_steps import checked_words, note_step
from kiosk.central.care.desk_tables import complaint, complaint_record
from kiosk.central.care.owner_facts import owner_of, present_staff
from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.evidence import check_evidence
from kiosk.central.club.refused import refuse
from kiosk.central.members import members_by
from kiosk.club.complaints import (
    COMPLAINT_LIFE,
    Channel,
    ComplaintAction,
    ComplaintState,
    Frequent,
    Matter,
    Priority,
    Result,
    Subject,
    against_closing,
    against_step,
    due_at,
    frequent,
    priority_of,
)
from kiosk.club.discipline import Evidence
from kiosk.club.notices import Channel as NoticeChannel
from kiosk.club.notices import NoticeCode
from kiosk.club.ownership import first_for_complaint
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

THING = "complaint"
PAGE_MAX = 500
FREQUENT_MAX = 10_000


class Complaint(msgspec.Struct, frozen=True):
    """A complaint. `matter` is empty until it was sorted; `due_at` is by when it has to leave its state."""

    id: str
    state: ComplaintState
    channel: Channel
    matter: str
    priority: Priority
    member: str | None
    staff: str
    place: str
    charge: str
    assigned_to: str
    words: str
    explanation: str
    improvement: str
    asked_satisfaction: bool
    satisfaction: int | None
    received_by: str
    received_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


class ComplaintWish(msgspec.Struct, frozen=True):
    """A complaint as it comes in; without a member it is nobody's. `right` says that a promised right was not kept."""

    channel: Channel
    words: str
    member: str | None = None
    subject: Subject = Subject()
    right: bool = False


def receive(change: Change, wish: ComplaintWish) -> Complaint:
    """Take a complaint in, give it to the member's own person, and tell the office (R125, R126, R128).

    Raises InvalidInput for a member or record there is not.
    """
    words = checked_words(wish.words, "a complaint")
    if wish.member is not None and not members_by(change.connection, "id", [wish.member]):
        raise InvalidInput(f"there is no member {wish.member!r}")
    records = check_evidence(change, wish.subject.records)
    new_id = secrets.token_hex(8)
    priority = priority_of(Matter.RIGHT, change.rules.complaints) if wish.right else Priority.NORMAL
    due = due_at(COMPLAINT_LIFE.start, priority, change.now, change.rules.complaints)
    row: dict[str, Any] = {"id": new_id, "state": COMPLAINT_LIFE.start.value, "channel": wish.channel.value}
    row |= {"priority": priority.value, "member": wish.member, "words": words, "received_by": change.actor.id}
    row |= {name: getattr(wish.subject, name) for name in ("staff", "place", "charge")}
    row |= {"assigned_to": _first_for(change, wish), "received_at": format_utc(change.now)}
    row["due_at"] = format_utc(due) if due else None
    change.connection.execute(insert(complaint), row)
    for each in records:
        tied = {"complaint": new_id, "journal": each.journal, "seq": each.seq}
        change.connection.execute(insert(complaint_record), tied)
    note_step(change, THING, new_id, "receive")
    taken = complaint_of(change, new_id)
    change.note("complaint.receive", THING, new_id, after=_shown(taken))
    _tell_office(change, taken)
    return taken


def sort(change: Change, complaint_id: str, matter: Matter, *, place: str = "", words: str = "") -> Complaint:
    """Say what a complaint is about; a promised right that was not kept becomes urgent (R161). Raises StepRefused."""
    priority = priority_of(matter, change.rules.complaints).value
    more = {"place": place} if place else {}
    return _go(change, complaint_id, ComplaintAction.SORT, words, matter=matter.value, priority=priority, **more)


def take_step(change: Change, complaint_id: str, action: ComplaintAction, words: str) -> Complaint:
    """Take one of the steps between sorting and closing, with its words; raises StepRefused, RuleRefused (R126)."""
    if action in (ComplaintAction.SORT, ComplaintAction.CLOSE):
        raise InvalidInput(f"{action} is not done by itself", hint="Sort with a matter, close with a result")
    more = {"closed_at": None} if action is ComplaintAction.LOOK_AGAIN else {}
    return _go(change, complaint_id, action, checked_words(words, "a step of a complaint"), **more)


def close(change: Change, complaint_id: str, result: Result) -> Complaint:
    """Close a complaint with its result and tell the member; raises RuleRefused where a part is missing (R127)."""
    refusals = against_closing(result)
    if refusals:
        raise refuse(refusals[0], f"complaint {complaint_id}")
    if result.satisfaction is not None and not 1 <= result.satisfaction <= change.rules.voices.grades:
        raise InvalidInput(f"satisfaction is graded from 1 to {change.rules.voices.grades}")
    values = msgspec.structs.asdict(result) | {"closed_at": format_utc(change.now)}
    closed = _go(change, complaint_id, ComplaintAction.CLOSE, result.explanation, **values)
    if closed.member is not None:
        code = NoticeCode.COMPLAINT_CLOSED.value
        topic = f"{code}.{complaint_id}.{format_utc(change.now)}"
        change.tell(Telling(topic, code, closed.member, {"complaint": complaint_id}))
    return closed


def assign(change: Change, complaint_id: str, staff_id: str) -> Complaint:
    """Give a complaint to somebody of the staff whom it is not about; raises RuleRefused."""
    before = complaint_of(change, complaint_id, lock=True)
    refusal = against_step(ComplaintAction.INVESTIGATE, staff_id, Subject(staff=before.staff), None)
    if refusal is not None:
        raise refuse(refusal, f"complaint {complaint_id}")
    mine = complaint.c.id == complaint_id
    change.connection.execute(update(complaint).where(mine).values(assigned_to=staff_id))
    change.note("complaint.assign", THING, complaint_id, after={"assigned_to": staff_id})
    return complaint_of(change, complaint_id)


def complaint_of(look: Look, complaint_id: str, *, lock: bool = False) -> Complaint:
    """Return a complaint, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(complaint).where(complaint.c.id == complaint_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no complaint {complaint_id[:16]!r}")
    return _complaint(row)


def complaint_page(
    look: Look, states: Sequence[ComplaintState] = (), *, member: str = "", late_only: bool = False, limit: int = 100
) -> list[Complaint]:
    """Return complaints, the fast and soonest due first, in some states or those not over; 500 at most."""
    query = select(complaint).order_by(complaint.c.priority, complaint.c.due_at, complaint.c.id)
    wanted = complaint.c.state.in_([each.value for each in states]) if states else complaint.c.state.not_in(OVER)
    query = query.where(wanted).limit(min(limit, PAGE_MAX))
    if member:
        query = query.where(complaint.c.member == member)
    if late_only:
        query = query.where(complaint.c.due_at < format_utc(look.now))
    return [_complaint(row) for row in look.connection.execute(query).mappings()]


def records_of(look: Look, complaint_id: str) -> tuple[Evidence, ...]:
    """Return the records that a complaint is about."""
    table = complaint_record
    query = select(table.c.journal, table.c.seq).where(table.c.complaint == complaint_id)
    return tuple(Evidence(*row) for row in look.connection.execute(query.order_by(table.c.journal, table.c.seq)))


def late_count(look: Look) -> int:
    """Return how many complaints are past the time of their step."""
    late = (complaint.c.state.not_in(OVER), complaint.c.due_at < format_utc(look.now))
    return int(look.connection.execute(select(func.count()).select_from(complaint).where(*late)).scalar_one())


def frequent_complaints(look: Look) -> tuple[Frequent, ...]:
    """Return what was complained of often at one place lately, the most frequent first (R129)."""
    since = format_utc(look.now - timedelta(days=look.rules.complaints.frequent_days + 1))
    query = select(complaint.c.matter, complaint.c.place, complaint.c.received_at)
    query = query.where(complaint.c.received_at >= since, complaint.c.matter != "").limit(FREQUENT_MAX)
    found = [(Matter(matter), place, _day(look, at)) for matter, place, at in look.connection.execute(query)]
    return frequent(found, look.rules.complaints, look.today)


def _go(change: Change, complaint_id: str, action: ComplaintAction, words: str, **values: Any) -> Complaint:
    before = complaint_of(change, complaint_id, lock=True)
    state = COMPLAINT_LIFE.after(before.state, action)
    matter = Matter(values.get("matter") or before.matter) if values.get("matter") or before.matter else None
    refusal = against_step(action, change.actor.id, Subject(staff=before.staff), matter)
    if refusal is not None:
        raise refuse(refusal, f"complaint {complaint_id}")
    priority = Priority(values.get("priority", before.priority))
    due = due_at(state, priority, before.received_at, change.rules.complaints)
    values |= {"state": state.value, "due_at": format_utc(due) if due else None}
    change.connection.execute(update(complaint).where(complaint.c.id == complaint_id).values(**values))
    note_step(change, THING, complaint_id, action.value, words)
    after = complaint_of(change, complaint_id)
    change.note(f"complaint.{action}", THING, complaint_id, before=_shown(before), after=_shown(after))
    return after


def _first_for(look: Look, wish: ComplaintWish) -> str:
    owner = owner_of(look, wish.member) if wish.member is not None else ""
    present = present_staff(look)
    return first_for_complaint(owner, wish.subject.staff, present, look.rules.ownership)


def _tell_office(change: Change, taken: Complaint) -> None:
    code = NoticeCode.COMPLAINT_RECEIVED.value
    data = {"complaint": taken.id, "channel": taken.channel.value, "priority": taken.priority.value}
    change.tell(Telling(f"{code}.{taken.id}", code, None, data, channels=(NoticeChannel.OFFICE.value,)))


def _shown(found: Complaint) -> dict[str, Any]:
    """Return what the audit trail keeps: what a member complained of stays in the complaint."""
    kept = msgspec.to_builtins(found)
    return {name: value for name, value in kept.items() if name not in ("words", "explanation", "improvement")}


def _complaint(row: Mapping[Any, Any]) -> Complaint:
    return msgspec.convert({name: row[name] for name in Complaint.__struct_fields__}, Complaint)


def _day(look: Look, at: str) -> date:
    return parse_utc(at).astimezone(look.zone).date()
