"""Applications to look at: the queue by the day an answer is due, and one with its checklist (S03, S04, R08)."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import msgspec
from flask import request
from msgspec import Meta

from kiosk.central.club.application_book import (
    OPEN_STATES,
    PAGE_MAX,
    ApplicationView,
    application_of,
    application_page,
    number_of,
    open_points,
    search_applications,
)
from kiosk.central.club.books import Look
from kiosk.club.applications import ApplicationState
from kiosk.club.joining import JoiningRefusal
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.application_parts import (
    checklist_table,
    consent_table,
    facts,
    finding_table,
    open_table,
    told_table,
)
from kiosk.office.club_applications import ACTIONS as ACTIONS
from kiosk.office.club_applications import KIND, SENSITIVE, without_sensitive
from kiosk.office.listing import (
    ROWS,
    SEARCH_CHARACTERS_MAX,
    Listing,
    Tab,
    address_of,
    asked,
    skipped,
    word,
)
from kiosk.office.page import Link, Page, Thing, show_thing
from kiosk.office.routes import LIMIT_DEFAULT, Cursor, Limit, NoQuery, Route

LISTED_MAX = 5000
"""Applications that one part of the list holds; the API has them all."""

_S = ApplicationState
_PARTS: dict[str, tuple[ApplicationState, ...]] = {
    "applications_open": OPEN_STATES,
    "applications_card": (_S.APPROVED, _S.CARD_MADE),
    "applications_collected": (_S.COLLECTED,),
    "applications_closed": (_S.REJECTED, _S.WITHDRAWN),
}
_BADGES = {_S.APPROVED: "ok", _S.CARD_MADE: "ok", _S.COLLECTED: "ok", _S.REJECTED: "", _S.WITHDRAWN: ""}

State = Annotated[str, Meta(max_length=16, description="Only those in this state; `open` for all that wait.")]


class ApplicationQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which applications."""

    after: Cursor = ""
    limit: Limit = LIMIT_DEFAULT
    state: State = ""


class ApplicationPage(msgspec.Struct, frozen=True):
    """Applications by id; `next` is null on the last page."""

    items: tuple[ApplicationView, ...]
    next: str | None


class ApplicationDetail(msgspec.Struct, frozen=True):
    """An application with everything that speaks against it today."""

    application: ApplicationView
    open_today: tuple[JoiningRefusal, ...]


def list_applications(look: Look, query: ApplicationQuery, _ids: Ids) -> ApplicationPage:
    """Return a page of applications."""
    wanted = OPEN_STATES if query.state == "open" else tuple(each for each in _S if each.value == query.state)
    if query.state and not wanted:
        return ApplicationPage((), None)
    found = application_page(look, wanted, query.after, query.limit)
    items = tuple(without_sensitive(each) for each in found)
    return ApplicationPage(items, items[-1].id if len(items) == min(query.limit, PAGE_MAX) else None)


def show_application(look: Look, _query: NoQuery, ids: Ids) -> ApplicationDetail:
    """Return one application; raises InvalidInput where there is none."""
    view = application_of(look, ids["application"])
    return ApplicationDetail(view, open_points(look, view) if view.state in OPEN_STATES else view.open)


def _list_page(look: Look, _ids: Ids) -> Listing:
    part = request.args.get("part", "")
    part = part if part in _PARTS else "applications_open"
    search, skip = asked("q", SEARCH_CHARACTERS_MAX), skipped()
    found = search_applications(look, search) if search else _part(look, part)
    kept = address_of(part=part, q=search)
    return Listing(
        f"{KIND}s",
        "applications",
        "applications_hint",
        (
            "applicant",
            "application_number",
            "state",
            "answer_due_on",
            "applied_on",
            "applicant_kind",
            "channel",
            "phone",
        ),
        [_row(each) for each in found[skip : skip + ROWS]],
        "no_applications",
        "no_applications_hint",
        tabs=[Tab(each, f"/applications?part={each}", each == part and not search) for each in _PARTS],
        first=kept if skip else "",
        further=f"{kept}&skip={skip + ROWS}" if len(found) > skip + ROWS else "",
        search=search,
        search_hint="applications_search_hint",
        people=True,
    )


def _part(look: Look, part: str) -> list[ApplicationView]:
    """Return a part of the list: what waits by the day its answer is due, the rest the newest first."""
    found = sorted(
        islice(_all(look, _PARTS[part]), LISTED_MAX), key=lambda each: (each.answer_due_on, each.applied_on, each.id)
    )
    return found if part == "applications_open" else found[::-1]


def _all(look: Look, states: tuple[ApplicationState, ...]) -> Iterator[ApplicationView]:
    """Yield the applications in some states."""
    after = ""
    while step := application_page(look, states, after, PAGE_MAX):
        yield from step
        after = step[-1].id


def _row(view: ApplicationView) -> tuple[Any, ...]:
    said = view.applicant
    name = Link(said.name or "–", f"/applications/{view.id}")
    state, kind, channel = word(view.state), word(said.kind), word(said.channel)
    return (name, number_of(view.id), state, view.answer_due_on, view.applied_on, kind, channel, said.phone)


def _application_page(look: Look, ids: Ids) -> str:
    detail = show_application(look, NoQuery(), ids)
    view = detail.application
    return show_thing(
        look,
        Thing(
            KIND,
            view.id,
            view.applicant.name or "–",
            ids,
            facts(look, view),
            view=view,
            state=f"application_{view.state}",
            badge=_BADGES.get(view.state, "attention"),
            up="/applications",
            up_label="applications",
            tables=(
                open_table(detail.open_today),
                checklist_table(look, view),
                consent_table(look, view.applicant),
                finding_table(view.applicant),
                told_table(look, view),
            ),
        ),
    )


_MAY = Permission.APPLICATIONS_READ

ROUTES = (
    Route(
        "/applications",
        "list_applications",
        "Applications by state",
        ApplicationQuery,
        ApplicationPage,
        _MAY,
        run=list_applications,
    ),
    Route(
        "/applications/{application}",
        "show_application",
        "One application, and what speaks against it",
        NoQuery,
        ApplicationDetail,
        _MAY,
        run=show_application,
        reads=SENSITIVE,
    ),
)

PAGES = (
    Page("/applications", "applications", _MAY, _list_page, "nav_people", "applications", about=f"{KIND}s"),
    Page(
        "/applications/{application}",
        "application",
        _MAY,
        _application_page,
        under="applications",
        about=KIND,
        reads=SENSITIVE,
    ),
)
