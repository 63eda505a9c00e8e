"""What programs read of cases, with the records that they are about (S28)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Look
from kiosk.central.club.cases import Case, CaseNote, case_of, case_page, notes_of, records_of
from kiosk.central.club.evidence import stored_records
from kiosk.central.club.misuse import alerts_of
from kiosk.club.cases import CaseState
from kiosk.club.misuse import Misuse
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Ids
from kiosk.office.routes import LIMIT_DEFAULT, Cursor, Limit, NoQuery, Route, StoredRecord

State = Annotated[str, Meta(max_length=16, description="Only cases in this state.")]
Staff = Annotated[str, Meta(max_length=32, description="Only cases that this one of the staff looks into.")]


class CaseQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cases."""

    after: Cursor = ""
    limit: Limit = LIMIT_DEFAULT
    state: State = ""
    assigned_to: Staff = ""


class CasePage(msgspec.Struct, frozen=True):
    """Cases, newest first; `next` is null on the last page."""

    items: tuple[Case, ...]
    next: str | None


class CaseAlert(msgspec.Struct, frozen=True):
    """A suspicion of the boxes; `explained_at` when a late record took it away."""

    misuse: Misuse
    first_at: str
    last_at: str
    places: tuple[str, ...]
    explained_at: str | None


class CaseDetail(msgspec.Struct, frozen=True):
    """A case with what was noted down, its suspicions, and the records that it is about as central stored them."""

    case: Case
    notes: tuple[CaseNote, ...]
    alerts: tuple[CaseAlert, ...]
    records: tuple[StoredRecord, ...]


def list_cases(look: Look, query: CaseQuery, _ids: Ids) -> CasePage:
    """Return a page of cases; behind one that is not there, there is nothing."""
    if query.state and query.state not in list(CaseState):
        return CasePage((), None)
    states = (CaseState(query.state),) if query.state else ()
    limit = min(query.limit, 499)
    try:
        found = case_page(look, states, query.after, limit + 1, assigned_to=query.assigned_to)
    except InvalidInput:
        return CasePage((), None)
    return CasePage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def show_case(look: Look, _query: NoQuery, ids: Ids) -> CaseDetail:
    """Return one case; raises InvalidInput where there is none."""
    found = case_of(look, ids["case"])
    alerts = [_alert(each) for each in alerts_of(look, found.id)]
    records = stored_records(look, records_of(look, found.id))
    return CaseDetail(
        found,
        tuple(notes_of(look, found.id)),
        tuple(alerts),
        tuple(msgspec.convert(each, StoredRecord) for each in records),
    )


def _alert(found: dict[str, Any]) -> CaseAlert:
    places = msgspec.json.decode(found["places"], type=tuple[str, ...])
    first_at, last_at, explained_at = found["first_at"], found["last_at"], found["explained_at"]
    return CaseAlert(Misuse(found["misuse"]), first_at, last_at, places, explained_at)


ROUTES = (
    Route("/cases", "list_cases", "Cases for staff", CaseQuery, CasePage, Permission.CASES_READ, run=list_cases),
    Route(
        "/cases/{case}",
        "show_case",
        "One case with its notes, suspicions and records",
        NoQuery,
        CaseDetail,
        Permission.CASES_READ,
        run=show_case,
    ),
)
