"""Cases in the office: given to somebody, looked into, decided (S28, S08)."""

from datetime import date
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.cases import (
    Case,
    add_note,
    assign,
    case_of,
    close,
    records_of,
    reopen,
    tie_records,
)
from kiosk.central.club.discipline import record_of_case
from kiosk.central.club.staff import ACTIVE, account, accounts
from kiosk.club.cases import CASE_LIFE, CaseAction, CaseDecision
from kiosk.club.discipline import Misconduct, Violation
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office import club_case_pages, club_case_views, club_reports
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_case_pages import KIND, case_title
from kiosk.office.evidence_fields import Places, as_evidence, place_of, taps_to_pick

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class AssignCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the staff looks into it."""

    staff: Annotated[str, Meta(min_length=1, max_length=32)]


class NoteCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found out."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class TieRecords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Records that the case is about too; what is tied stays."""

    evidence: Annotated[Places, Meta(min_length=1)]


class CloseCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it ended; where there was something the member hears of it."""

    decision: CaseDecision
    why: Reason


class CaseViolation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ends the case with a violation, whose evidence are its records."""

    misconduct: Misconduct
    on: date
    why: Reason


class ReopenCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More came to light."""

    why: Reason


def assign_case(change: Change, wish: AssignCase, ids: Ids) -> Case:
    """Give a case to an account that is open."""
    if account(change, wish.staff).state != ACTIVE:
        raise InvalidInput("that account is closed", hint="Name somebody else")
    return assign(change, ids["case"], wish.staff)


def note_case(change: Change, wish: NoteCase, ids: Ids) -> Case:
    """Note something down."""
    add_note(change, ids["case"], wish.text)
    return case_of(change, ids["case"])


def tie_to_case(change: Change, wish: TieRecords, ids: Ids) -> Case:
    """Tie records to a case."""
    found = case_of(change, ids["case"], lock=True)
    tied = tie_records(change, found.id, as_evidence(wish.evidence))
    change.note("case.records", "case", found.id, after={"tied": tied})
    return found


def close_case(change: Change, wish: CloseCase, ids: Ids) -> Case:
    """Close a case; a violation has an act of its own, which writes it down."""
    if wish.decision is CaseDecision.VIOLATION:
        raise InvalidInput("a violation is written down with its day and kind", hint="Take the act for that")
    return close(change, ids["case"], wish.decision, why=wish.why)


def case_violation(change: Change, wish: CaseViolation, ids: Ids) -> Violation:
    """Close a case with a violation."""
    return record_of_case(change, ids["case"], wish.misconduct, wish.on, why=wish.why)


def reopen_case(change: Change, wish: ReopenCase, ids: Ids) -> Case:
    """Open it again."""
    return reopen(change, ids["case"], why=wish.why)


def _matter(look: Look, ids: Ids) -> Matter:
    return Matter(member=case_of(look, ids["case"]).member)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(case_title(look, case_of(look, ids["case"])))


def _draft_records(look: Look, ids: Ids) -> Draft:
    found = case_of(look, ids["case"])
    tied = {place_of(each) for each in records_of(look, found.id)}
    free = [each for each in taps_to_pick(look, found.member, found.credential) if each[0] not in tied]
    return Draft(case_title(look, found), choices={"evidence": free}, kinds={"evidence": "many"})


def _draft_staff(look: Look, ids: Ids) -> Draft:
    found = case_of(look, ids["case"])
    choices = [(each.id, f"{each.name} ({each.login})") for each in accounts(look) if each.state == ACTIVE]
    return Draft(case_title(look, found), {"staff": found.assigned_to}, choices={"staff": choices})


def _draft_close(look: Look, ids: Ids) -> Draft:
    from_here = [each for each in CaseDecision if each is not CaseDecision.VIOLATION]
    return _draft(look, ids)._replace(choices={"decision": [(each.value, "") for each in from_here]})


def _draft_violation(look: Look, ids: Ids) -> Draft:
    found = case_of(look, ids["case"])
    return Draft(case_title(look, found), {"on": found.opened_at.astimezone(look.zone).date()})


def _leads(step: CaseAction, found: Case) -> bool:
    return step in CASE_LIFE.actions(found.state)


def _about_somebody(found: Case) -> bool:
    return found.member is not None and CaseAction.CLOSE in CASE_LIFE.actions(found.state)


ACTIONS = (
    *club_reports.ACTIONS,
    Action(
        "assign_case", "/cases/{case}/assign", Permission.CASES_DECIDE, AssignCase, Case,
        assign_case, "Give a case to somebody",
        about=KIND, then="/cases/{case}", possible=partial(_leads, CaseAction.ASSIGN),
        act=OfficeAction.DECIDE_CASE, matter=_matter, drafts=_draft_staff,
    ),
    Action(
        "note_case", "/cases/{case}/note", Permission.CASES_DECIDE, NoteCase, Case,
        note_case, "Note what was found out",
        about=KIND, then="/cases/{case}",
        act=OfficeAction.DECIDE_CASE, matter=_matter, drafts=_draft,
    ),
    Action(
        "tie_records", "/cases/{case}/records", Permission.CASES_DECIDE, TieRecords, Case,
        tie_to_case, "Tie records to a case",
        about=KIND, then="/cases/{case}", possible=partial(_leads, CaseAction.CLOSE),
        act=OfficeAction.DECIDE_CASE, matter=_matter, drafts=_draft_records,
    ),
    Action(
        "close_case", "/cases/{case}/close", Permission.CASES_DECIDE, CloseCase, Case,
        close_case, "Close a case",
        about=KIND, then="/cases/{case}", possible=partial(_leads, CaseAction.CLOSE),
        act=OfficeAction.DECIDE_CASE, matter=_matter, drafts=_draft_close,
    ),
    Action(
        "violation_of_case", "/cases/{case}/violation", Permission.DISCIPLINE_PROPOSE, CaseViolation, Violation,
        case_violation, "Close a case with a violation",
        about=KIND, then="/cases/{case}", possible=_about_somebody,
        act=OfficeAction.PROPOSE_ORDER, matter=_matter, drafts=_draft_violation,
    ),
    Action(
        "reopen_case", "/cases/{case}/reopen", Permission.CASES_DECIDE, ReopenCase, Case,
        reopen_case, "Open a case again",
        about=KIND, then="/cases/{case}", possible=partial(_leads, CaseAction.REOPEN),
        act=OfficeAction.DECIDE_CASE, matter=_matter, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = club_case_views.ROUTES
PAGES = club_case_pages.PAGES
