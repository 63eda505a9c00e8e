"""Cases as they are read: open ones, one's own, closed ones, and one with the records that it is about (S28)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import g, request

from kiosk.central.club.books import Look
from kiosk.central.club.card_book import card_by_credential
from kiosk.central.club.cases import Case, case_page
from kiosk.central.members import CardRecord, cards_by, members_by
from kiosk.club.cases import CaseState
from kiosk.club.roles import Permission
from kiosk.core.clock import parse_utc
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language
from kiosk.office.actions import Ids
from kiosk.office.club_case_views import CaseDetail, show_case
from kiosk.office.listing import ROWS, Listing, Tab, caller, word
from kiosk.office.page import Fact, Link, Page, Table, Thing, Word, show_thing
from kiosk.office.routes import NoQuery, StoredRecord
from kiosk.office.rows import make_row
from kiosk.office.saying import chosen, told
from kiosk.office.whom import member_cell, people, staff_by_id

KIND, REPORT = "case", "report"
EVIDENCE = "evidence"

_OPEN = (CaseState.OPEN, CaseState.ASSIGNED)
_STATES = {
    CaseState.OPEN: ("case_open", "attention"),
    CaseState.ASSIGNED: ("case_assigned", "ok"),
    CaseState.CLOSED: ("case_closed", "quiet"),
}
_TABS = {"open": "cases_open", "mine": "cases_mine", "closed": "cases_closed"}


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in _TABS else "open"
    asked = caller()
    mine = asked.staff.id if part == "mine" and asked is not None else ""
    states = (CaseState.CLOSED,) if part == "closed" else _OPEN
    after = request.args.get("after", "")[:16]
    found = case_page(look, states, after, ROWS + 1, assigned_to=mine)
    here = f"/cases?part={part}"
    return Listing(
        "cases",
        "cases",
        "cases_hint",
        ("case", "member", "state", "case_assigned_to", "case_opened_at", "case_decision"),
        _rows(look, found[:ROWS]),
        "no_cases",
        "no_cases_hint",
        [Tab(label, f"/cases?part={name}", name == part) for name, label in _TABS.items()],
        first=here if after else "",
        further=f"{here}&after={found[ROWS - 1].id}" if len(found) > ROWS else "",
        people=True,
    )


def _rows(look: Look, found: list[Case]) -> list[tuple[Any, ...]]:
    names = people(look, [each.member for each in found if each.member])
    staff = staff_by_id(look)
    return [
        (
            Link(word(each.kind), f"/cases/{each.id}"),
            names.get(each.member or "", None),
            word(each.state),
            staff.get(each.assigned_to, each.assigned_to),
            each.opened_at,
            _decision(each),
        )
        for each in found
    ]


def _decision(found: Case) -> Any:
    return Word("CaseDecision", found.decision) if found.decision else None


def _case_page(look: Look, ids: Ids) -> str:
    detail = show_case(look, NoQuery(), ids)
    found, staff = detail.case, staff_by_id(look)
    state, badge = _STATES[found.state]
    notes = [(each.at, staff.get(each.by, each.by), each.text) for each in detail.notes]
    thing = Thing(
        KIND,
        found.id,
        case_title(look, found),
        ids,
        _facts(look, found, staff),
        view=found,
        state=state,
        badge=badge,
        up="/cases",
        up_label="cases",
        tables=(
            Table("case_notes", ("time", "case_by", "case_text"), notes, "case_no_notes"),
            *_alerts(detail),
            _records(detail),
        ),
    )
    return show_thing(look, thing)


def case_title(look: Look, found: Case) -> str:
    """Return what a case is called: what it is about, and whom or since which day."""
    person = members_by(look.connection, "id", [found.member or ""])
    about = f"{person[0].name} {person[0].member_no}" if person else f"{found.opened_at.astimezone(look.zone):%Y-%m-%d}"
    return f"{chosen('CaseKind', found.kind.value)} · {about}"


def _facts(look: Look, found: Case, staff: Any) -> list[Fact]:
    person = members_by(look.connection, "id", [found.member or ""])
    card = cards_by(look.connection, "id", [found.credential or ""])
    return [
        Fact("member", member_cell(person[0]) if person else None),
        Fact("card", _card_link(look, card[0]) if card else None),
        Fact("case_assigned_to", staff.get(found.assigned_to, found.assigned_to)),
        Fact("case_opened_by", staff.get(found.opened_by, found.opened_by)),
        Fact("case_opened_at", found.opened_at),
        Fact("case_closed_at", found.closed_at),
        Fact("case_decision", _decision(found)),
    ]


def _card_link(look: Look, card: CardRecord) -> Link:
    """Return the card by its own number where the book has it, else by the end of what readers read."""
    kept = card_by_credential(look, card.id)
    if kept is None:
        return Link(f"… {card.identifier[-4:]}", "")
    return Link(kept.card.number, f"/cards/{kept.card.number}")


def _alerts(detail: CaseDetail) -> list[Table]:
    if not detail.alerts:
        return []
    rows = [
        (word(each.misuse), _at(each.first_at), _at(each.last_at), list(each.places), _at(each.explained_at))
        for each in detail.alerts
    ]
    return [Table("case_alerts", ("case_misuse", "case_first_at", "case_last_at", "place", "case_explained_at"), rows)]


def _records(detail: CaseDetail) -> Table:
    rows = [
        (
            Link(each.n, f"/cases/{detail.case.id}/records/{each.n}"),
            _at(each.record.at),
            each.device,
            str(each.record.data.get("access_point", "")),
            record_text(each),
        )
        for each in detail.records
    ]
    return Table("case_records", ("number", "time", "device", "place", "result"), rows, "case_no_records")


def record_text(stored: StoredRecord) -> str:
    """Return what a record says, in the language of this request."""
    language: Language = g.language
    return make_row(msgspec.to_builtins(stored), {}).text[language.value]


def _record_page(look: Look, ids: Ids) -> str:
    detail = show_case(look, NoQuery(), ids)
    for each in detail.records:
        if str(each.n) == ids["record"]:
            break
    else:
        raise InvalidInput("the case is not about that record")
    facts = (
        Fact("number", each.n),
        Fact("time", _at(each.record.at)),
        Fact("device", each.device),
        Fact("journal", f"{each.journal[:8]}:{each.record.seq}"),
        Fact("result", record_text(each)),
        *_data_facts(look, each.record.data),
    )
    case_id = detail.case.id
    thing = Thing(
        EVIDENCE, str(each.n), f"{told('case_record')} {each.n}", ids, facts, up=f"/cases/{case_id}", up_label="case"
    )
    return show_thing(look, thing)


def _data_facts(look: Look, data: Mapping[str, Any]) -> list[Fact]:
    """Return what a record says besides, as far as it says something to people."""
    person = members_by(look.connection, "id", [str(data.get("member", ""))])
    card = cards_by(look.connection, "id", [str(data.get("credential", ""))])
    facts = [
        Fact("member", member_cell(person[0]) if person else None),
        Fact("card", _card_link(look, card[0]) if card else None),
    ]
    return facts + [Fact(label, data[name]) for name, label in _SAID_OF_A_TAP.items() if name in data]


_SAID_OF_A_TAP = {"access_point": "place", "reader": "reader"}


def _report_page(_look: Look, _ids: Ids) -> Listing:
    return Listing(REPORT, "report_page", "report_hint", (), (), "no_cases", "no_cases_hint")


def _at(text: str | None) -> Any:
    return parse_utc(text) if text else None


PAGES = (
    Page("/cases", "cases", Permission.CASES_READ, _list_page, "nav_activities", "cases"),
    Page("/cases/{case}", "case", Permission.CASES_READ, _case_page, under="cases", about=KIND),
    Page("/cases/{case}/records/{record}", "case_record", Permission.CASES_READ, _record_page, under="cases"),
    Page("/report", "report", Permission.CASES_WRITE, _report_page, "nav_activities", "report_page", about=REPORT),
)
