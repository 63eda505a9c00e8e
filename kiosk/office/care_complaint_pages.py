"""Complaints as they are read: open, late, mine, closed, the causes of many, and one with its records (S88, R129)."""

from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.care.complaint_facts import OVER
from kiosk.central.care.complaints import Complaint, complaint_of, complaint_page, frequent_complaints, records_of
from kiosk.central.care.desk_steps import Done, steps_of
from kiosk.central.club.books import Look
from kiosk.central.club.evidence import stored_records
from kiosk.club.complaints import ComplaintState, Matter
from kiosk.club.roles import Permission
from kiosk.core.clock import parse_utc
from kiosk.office import care_complaints
from kiosk.office.actions import Ids
from kiosk.office.care_complaints import KIND, LIST
from kiosk.office.care_fields import steps_table
from kiosk.office.club_case_pages import record_text
from kiosk.office.listing import Listing, Tab, caller, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route, StoredRecord
from kiosk.office.saying import told
from kiosk.office.whom import people, staff_by_id

_TABS = {"open": "complaints_open", "late": "complaints_late", "mine": "complaints_mine", "closed": "complaints_closed"}
SHOWN_MAX = 500
BRIEF_CHARACTERS = 30


class ComplaintQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which complaints; without a state those that are not over."""

    limit: Limit = LIMIT_DEFAULT
    state: Annotated[str, Meta(max_length=16, description="Those in this state only.")] = ""


class ComplaintPage(msgspec.Struct, frozen=True):
    """Complaints, the most pressing first."""

    items: tuple[Complaint, ...]
    next: str | None


class ComplaintDetail(msgspec.Struct, frozen=True):
    """A complaint with its steps and the records that it is about."""

    complaint: Complaint
    steps: tuple[Done, ...]
    records: tuple[StoredRecord, ...]


def list_complaints(look: Look, query: ComplaintQuery, _ids: Ids) -> ComplaintPage:
    """Return complaints."""
    if query.state and query.state not in list(ComplaintState):
        return ComplaintPage((), None)
    states = (ComplaintState(query.state),) if query.state else ()
    return ComplaintPage(tuple(complaint_page(look, states, limit=query.limit)), None)


def show_complaint(look: Look, _query: NoQuery, ids: Ids) -> ComplaintDetail:
    """Return one complaint; raises InvalidInput where there is none."""
    found = complaint_of(look, ids["complaint"])
    records = [msgspec.convert(each, StoredRecord) for each in stored_records(look, records_of(look, found.id))]
    return ComplaintDetail(found, tuple(steps_of(look, KIND, found.id)), tuple(records))


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in _TABS else "open"
    states = tuple(ComplaintState(each) for each in OVER) if part == "closed" else ()
    found = complaint_page(look, states, late_only=part == "late", limit=SHOWN_MAX)
    asked = caller()
    if part == "mine":
        found = [each for each in found if asked is not None and each.assigned_to == asked.staff.id]
    columns = ("complaint", "complaint_channel", "complaint_matter", "complaint_priority", "member", "state")
    return Listing(
        LIST, "complaints", "complaints_hint", (*columns, "complaint_assigned_to", "complaint_due_at"),
        _rows(look, found), "no_complaints", "no_complaints_hint",
        [Tab(label, f"/complaints?part={name}", name == part) for name, label in _TABS.items()],
        tables=(_frequent(look),), people=True,
    )  # fmt: skip


def _rows(look: Look, found: list[Complaint]) -> list[tuple[Any, ...]]:
    names, staff = people(look, [each.member for each in found if each.member]), staff_by_id(look)
    return [
        (
            Link(_brief(each), f"/complaints/{each.id}"),
            word(each.channel),
            word(Matter(each.matter)) if each.matter else None,
            word(each.priority),
            names.get(each.member or ""),
            word(each.state),
            staff.get(each.assigned_to, each.assigned_to),
            each.due_at,
        )
        for each in found
    ]


def _brief(found: Complaint) -> str:
    """Return how a complaint begins, by which staff know it again."""
    line = " ".join(found.words.split())
    return line if len(line) <= BRIEF_CHARACTERS else f"{line[:BRIEF_CHARACTERS]}…"


def _frequent(look: Look) -> Table:
    rows = [(word(each.matter), each.place, each.count) for each in frequent_complaints(look)]
    return Table("complaints_frequent", ("complaint_matter", "place", "count"), rows)


def _complaint_page(look: Look, ids: Ids) -> str:
    detail = show_complaint(look, NoQuery(), ids)
    found = detail.complaint
    is_over = found.state.value in OVER
    is_late = found.due_at is not None and found.due_at < look.now
    thing = Thing(
        KIND, found.id, told("complaint_titled", words=_brief(found)), ids, _facts(look, found), view=found,
        state="complaint_over" if is_over else "complaint_late" if is_late else "complaint_running",
        badge="quiet" if is_over else "" if is_late else "attention",
        up="/complaints", up_label="complaints", lead=found.words,
        tables=(steps_table(look, KIND, found.id), _records(detail)),
    )  # fmt: skip
    return show_thing(look, thing)


def _facts(look: Look, found: Complaint) -> list[Fact]:
    staff = staff_by_id(look)
    return [
        Fact("state", word(found.state)),
        Fact("complaint_channel", word(found.channel)),
        Fact("complaint_matter", word(Matter(found.matter)) if found.matter else None),
        Fact("complaint_priority", word(found.priority)),
        Fact("member", people(look, [found.member or ""]).get(found.member or "")),
        Fact("complaint_staff", staff.get(found.staff, found.staff)),
        Fact("place", found.place),
        Fact("complaint_charge", found.charge),
        Fact("complaint_assigned_to", staff.get(found.assigned_to, found.assigned_to)),
        Fact("complaint_received_at", found.received_at),
        Fact("complaint_due_at", found.due_at),
        Fact("complaint_explanation", found.explanation),
        Fact("complaint_improvement", found.improvement),
        Fact("complaint_satisfaction", found.satisfaction),
        Fact("complaint_closed_at", found.closed_at),
    ]


def _records(detail: ComplaintDetail) -> Table:
    rows = [
        (parse_utc(each.record.at), each.device, str(each.record.data.get("access_point", "")), record_text(each))
        for each in detail.records
    ]
    return Table("complaint_records", ("time", "device", "place", "result"), rows)


ACTIONS = care_complaints.ACTIONS
ROUTES = (
    Route("/complaints", "list_complaints", "Complaints", ComplaintQuery, ComplaintPage, Permission.CARE_READ,
          run=list_complaints),
    Route("/complaints/{complaint}", "show_complaint", "One complaint with its steps and records", NoQuery,
          ComplaintDetail, Permission.CARE_READ, run=show_complaint),
)  # fmt: skip
PAGES = (
    Page("/complaints", "complaints", Permission.CARE_READ, _list_page, "nav_care", "complaints"),
    Page("/complaints/{complaint}", "complaint", Permission.CARE_READ, _complaint_page, under="complaints", about=KIND),
)
