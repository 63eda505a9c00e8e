"""Cases for staff: opened, given to somebody, noted down, and closed with a decision, tied to records (S28, S08)."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from kiosk.central.club.books import Change, Look, Telling
from kiosk.central.club.card_stopping import stop_card
from kiosk.central.club.case_tables import case_note, case_record, club_case
from kiosk.central.club.evidence import check_evidence
from kiosk.central.club.telling import tell_member
from kiosk.central.database import insert_missing
from kiosk.central.members import members_by
from kiosk.central.rows import as_struct
from kiosk.club.cases import CASE_LIFE, QUIET, CaseAction, CaseDecision, CaseKind, CaseState
from kiosk.club.discipline import Evidence
from kiosk.club.notices import Channel, NoticeCode
from kiosk.core.clock import format_utc, parse_utc
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
NOTES_MAX = 500
TEXT_CHARACTERS_MAX = 2000


class Case(msgspec.Struct, frozen=True):
    """A case. `member` and `credential` say whom it is about, as far as known."""

    id: str
    state: CaseState
    kind: CaseKind
    member: str | None
    credential: str | None
    assigned_to: str
    decision: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None


class CaseNote(msgspec.Struct, frozen=True):
    """What somebody found out about a case."""

    at: datetime
    by: str
    text: str


class CaseWish(msgspec.Struct, frozen=True):
    """A case to open: what about, whom about, the records that show it, and in words."""

    kind: CaseKind
    member: str | None = None
    credential: str | None = None
    evidence: tuple[Evidence, ...] = ()
    text: str = ""


def case_of(look: Look, case_id: str, *, lock: bool = False) -> Case:
    """Return a case, with `lock` for this change alone; raises InvalidInput where there is none."""
    query = select(club_case).where(club_case.c.id == case_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise InvalidInput(f"there is no case {case_id!r}")
    return _case(row)


def case_page(
    look: Look, states: Sequence[CaseState] = (), before: str = "", limit: int = 100, *, assigned_to: str = ""
) -> list[Case]:
    """Return cases, the newest first, in some states or in any; those behind the case `before`; 500 at most.

    `assigned_to`: only those that this one of the staff looks into.
    """
    order = (club_case.c.opened_at.desc(), club_case.c.id.desc())
    query = select(club_case).order_by(*order).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(club_case.c.state.in_([each.value for each in states]))
    if assigned_to:
        query = query.where(club_case.c.assigned_to == assigned_to)
    if before:
        last = case_of(look, before)
        at = format_utc(last.opened_at)
        same = (club_case.c.opened_at == at) & (club_case.c.id < before)
        query = query.where((club_case.c.opened_at < at) | same)
    return [_case(row) for row in look.connection.execute(query).mappings()]


def records_of(look: Look, case_id: str) -> tuple[Evidence, ...]:
    """Return the records that a case is about."""
    query = select(case_record.c.journal, case_record.c.seq).where(case_record.c.case == case_id)
    rows = look.connection.execute(query.order_by(case_record.c.journal, case_record.c.seq))
    return tuple(Evidence(row.journal, row.seq) for row in rows)


def notes_of(look: Look, case_id: str) -> list[CaseNote]:
    """Return what was noted down about a case, the earliest first; 500 at most."""
    query = select(case_note).where(case_note.c.case == case_id).order_by(case_note.c.n).limit(NOTES_MAX)
    return [CaseNote(parse_utc(row.at), row.by, row.text) for row in look.connection.execute(query)]


def open_case(change: Change, wish: CaseWish) -> Case:
    """Open a case and tell the office; raises InvalidInput for a member or record there is not."""
    if wish.member is not None and not members_by(change.connection, "id", [wish.member]):
        raise InvalidInput(f"there is no member {wish.member!r}")
    new_id = secrets.token_hex(8)
    row = {"id": new_id, "state": CaseState.OPEN.value, "kind": wish.kind.value, "member": wish.member}
    row |= {"credential": wish.credential, "opened_by": change.actor.id, "opened_at": format_utc(change.now)}
    change.connection.execute(insert(club_case), row)
    change.note("case.open", "case", new_id, after=wish)
    tie_records(change, new_id, wish.evidence)
    if wish.text:
        add_note(change, new_id, wish.text)
    data = {"case": new_id, "kind": wish.kind.value}
    code = NoticeCode.CASE_OPENED.value
    change.tell(Telling(f"{code}.{new_id}", code, None, data, channels=(Channel.OFFICE.value,)))
    return case_of(change, new_id)


def tie_records(change: Change, case_id: str, evidence: Iterable[Evidence]) -> int:
    """Tie records to a case and return how many are new to it; raises InvalidInput for one there is not."""
    count = 0
    for each in check_evidence(change, evidence):
        row = {"case": case_id, "journal": each.journal, "seq": each.seq}
        count += insert_missing(change.connection, case_record, row)
    return count


def add_note(change: Change, case_id: str, text: str) -> None:
    """Note down what was found out about a case."""
    if not text.strip() or len(text) > TEXT_CHARACTERS_MAX:
        raise InvalidInput(f"a note has 1 to {TEXT_CHARACTERS_MAX} characters")
    case_of(change, case_id, lock=True)
    row = {"case": case_id, "at": format_utc(change.now), "by": change.actor.id, "text": text.strip()}
    change.connection.execute(insert(case_note), row)
    change.note("case.note", "case", case_id)


def assign(change: Change, case_id: str, staff_id: str) -> Case:
    """Give a case to somebody of the staff, or to somebody else; raises StepRefused for one that is closed."""
    if not staff_id:
        raise InvalidInput("a case is given to somebody", hint="Name the member of staff")
    return _go(change, case_id, CaseAction.ASSIGN, assigned_to=staff_id)


def close(change: Change, case_id: str, decision: CaseDecision, *, why: str) -> Case:
    """Close a case with a decision and its ground; the member hears of it where there was something.

    That the card is stopped is done with it. Raises StepRefused for one that is closed, RuleRefused where there is no
    card to stop. A violation is written down by `discipline.record_of_case`.
    """
    if not why.strip():
        raise InvalidInput("a case is closed with a reason", hint="Say what was found")
    at = format_utc(change.now)
    closed = _go(change, case_id, CaseAction.CLOSE, why=why, decision=decision.value, closed_at=at)
    add_note(change, case_id, why)
    if decision is CaseDecision.CARD_STOPPED:
        stop_card(change, closed.credential, why)
    if closed.member is not None and decision not in QUIET:
        tell_member(change, closed.member, NoticeCode.CASE_CLOSED, {"case": case_id, "decision": decision.value})
    return closed


def reopen(change: Change, case_id: str, *, why: str) -> Case:
    """Open a closed case again; raises StepRefused for one that is not closed."""
    add_note(change, case_id, why)
    return _go(change, case_id, CaseAction.REOPEN, why=why, decision="", closed_at=None, assigned_to="")


def _case(row: Mapping[Any, Any]) -> Case:
    return as_struct(row, Case)


def _go(change: Change, case_id: str, action: CaseAction, *, why: str = "", **values: str | None) -> Case:
    before = case_of(change, case_id, lock=True)
    state = CASE_LIFE.after(before.state, action)
    change.connection.execute(update(club_case).where(club_case.c.id == case_id).values(state=state.value, **values))
    after = case_of(change, case_id)
    change.note(f"case.{action}", "case", case_id, before=before, after=after, why=why)
    return after
