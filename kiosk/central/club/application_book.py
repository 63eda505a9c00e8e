"""Applications as they stand: what an applicant said, and what the club knows beside it (S03)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import insert, or_, select, update

from kiosk.central.club.books import Change, Look
from kiosk.central.club.consent_versions import publish_version as publish_version
from kiosk.central.club.consent_versions import versions_on as versions_on
from kiosk.central.club.files import holder_of_phone
from kiosk.central.club.people_tables import application
from kiosk.central.club.tables import notice
from kiosk.central.club.turning import left_on
from kiosk.central.sealed import is_text
from kiosk.club.applications import APPLICATION_LIFE, ApplicationAction, ApplicationState, ReviewReason
from kiosk.club.eligibility import against
from kiosk.club.joining import (
    ApplicantKind,
    Application,
    Channel,
    Consent,
    Criterion,
    Document,
    JoiningRefusal,
    Known,
    Mark,
    Scope,
)
from kiosk.club.notices import NoticeCode
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput

PAGE_MAX = 500
NUMBER_CHARACTERS = 8

OPEN_STATES = (
    ApplicationState.SUBMITTED,
    ApplicationState.PRE_REGISTERED,
    ApplicationState.UNDER_REVIEW,
    ApplicationState.INCOMPLETE,
)
"""The states that wait for the club or the applicant."""

_RESULTS = (NoticeCode.APPLICATION_APPROVED, NoticeCode.APPLICATION_REJECTED, NoticeCode.APPLICATION_INCOMPLETE)


class Applicant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says who wants to join, and what was handed in. There is no income in it (R16).

    `tier` is the one that is bought with joining, empty for the one that joining gives (R152, seeds 002:16).

    `consents` are the versions agreed to; `former` is the id of an earlier membership of the same person, `guest` of
    the guest that the applicant was, `referred_by` of the member who brought the applicant.
    """

    name: str
    phone: str
    channel: Channel
    card_kind: str
    kind: ApplicantKind = ApplicantKind.PERSON
    scopes: frozenset[Scope] = frozenset()
    tier: str = ""
    born: date | None = None
    full_capacity: bool = False
    consents: Mapping[Consent, str] = {}
    documents: Mapping[Document, int] = {}
    marks: frozenset[Mark] = frozenset()
    findings: Mapping[Criterion, bool] = {}
    former: str | None = None
    guest: str | None = None
    referred_by: str | None = None
    email: str = ""
    sex: str = ""
    address: str = ""
    occupation: str = ""
    employer: str = ""
    post: str = ""
    interests: str = ""
    region: str = ""
    trade: str = ""
    home_site: str = ""
    recruited_by: str = ""
    language: str = "zh"


class ApplicationView(msgspec.Struct, frozen=True):
    """An application as staff see it; `open` is what spoke against it when it was last looked at."""

    id: str
    state: ApplicationState
    applicant: Applicant
    applied_on: date
    answer_due_on: date
    member: str | None = None
    reason: ReviewReason | None = None
    open: tuple[JoiningRefusal, ...] = ()
    told: int = 0
    decided_on: date | None = None
    decided_by: str = ""
    purged_on: date | None = None


class Told(msgspec.Struct, frozen=True):
    """A notice to an applicant: which, when it is due, and whether it went out."""

    template: str
    due_at: str
    state: str


def application_of(look: Look, application_id: str, *, lock: bool = False) -> ApplicationView:
    """Return an application; raises InvalidInput where there is none. `lock` keeps others from it until the end."""
    query = select(application).where(application.c.id == application_id)
    row = look.connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise InvalidInput(f"there is no application {application_id!r}")
    return _view(row)


def application_page(
    look: Look, states: tuple[ApplicationState, ...] = (), after: str = "", limit: int = 50
) -> list[ApplicationView]:
    """Return applications in some states (none named = all), by id, those behind `after`."""
    query = select(application).where(application.c.id > after).order_by(application.c.id).limit(min(limit, PAGE_MAX))
    if states:
        query = query.where(application.c.state.in_(states))
    return [_view(row) for row in look.connection.execute(query).mappings()]


def number_of(id: str) -> str:
    """Return the number that somebody asks by of an application, or of another matter: an id's beginning in groups."""
    short = id[:NUMBER_CHARACTERS].upper()
    return f"{short[:4]}-{short[4:]}"


def search_applications(look: Look, text: str, limit: int = PAGE_MAX) -> list[ApplicationView]:
    """Find applications by number, phone or part of the name, the newest first (S03)."""
    wanted = text.strip()
    number = wanted.replace("-", "").lower()
    if not wanted:
        return []
    table = application
    found = [is_text(look.connection, table.c.phone, wanted), table.c.name.icontains(wanted, autoescape=True)]
    if len(number) >= NUMBER_CHARACTERS:
        found.append(table.c.id.startswith(number, autoescape=True))
    query = select(table).where(or_(*found)).order_by(table.c.applied_on.desc(), table.c.id)
    return [_view(row) for row in look.connection.execute(query.limit(min(limit, PAGE_MAX))).mappings()]


def open_with_phone(look: Look, phone: str, *, but: str = "") -> list[str]:
    """Return the open applications, other than `but`, that give a phone number; none where there is none."""
    table = application
    same = (is_text(look.connection, table.c.phone, phone), table.c.state.in_(OPEN_STATES), table.c.id != but)
    query = select(table.c.id).where(*same).order_by(table.c.applied_on, table.c.id).limit(PAGE_MAX)
    return list(look.connection.execute(query).scalars()) if phone else []


def told_of(look: Look, view: ApplicationView) -> list[Told]:
    """Return what an applicant was told, the first notice first (R08)."""
    topics = [f"{NoticeCode.APPLICATION_RECEIVED}.{view.id}.0"]
    topics += [f"{code}.{view.id}.{n}" for n in range(1, view.told + 1) for code in _RESULTS]
    names = Told.__struct_fields__
    query = select(*(notice.c[name] for name in names)).where(notice.c.topic.in_(topics)).order_by(notice.c.id)
    return [msgspec.convert(dict(zip(names, row, strict=True)), Told) for row in look.connection.execute(query)]


def open_points(look: Look, view: ApplicationView) -> tuple[JoiningRefusal, ...]:
    """Return everything that speaks against an application today, by the rules of the day it was made (S04)."""
    known = Known(versions_on(look, look.today), holder_of_phone(look, view.applicant.phone))
    if known.phone_of is not None and known.phone_of == view.member:
        known = Known(known.versions)
    return against(as_application(look, view), known, look.book.on(view.applied_on).joining)


def as_application(look: Look, view: ApplicationView) -> Application:
    """Return what the rules look at of an application."""
    said = view.applicant
    same = ("kind", "channel", "phone", "scopes", "card_kind", "born", "full_capacity", "consents", "documents")
    more = ("marks", "findings", "former", "referred_by", "guest")
    fields = {name: getattr(said, name) for name in (*same, *more)}
    gone = left_on(look, said.former) if said.former and view.member is None else None
    return Application(id=view.id, applied_on=view.applied_on, left_on=gone, **fields)


def write_application(change: Change, view: ApplicationView, *, new: bool = False) -> None:
    """Write an application down, or what changed of it."""
    said = view.applicant
    values: dict[str, Any] = {
        "id": view.id,
        "state": view.state.value,
        "kind": said.kind.value,
        "channel": said.channel.value,
        "name": said.name,
        "phone": said.phone,
        "applied_on": view.applied_on.isoformat(),
        "answer_due_on": view.answer_due_on.isoformat(),
        "body": canonical(msgspec.to_builtins(said)).decode(),
        "former": said.former or said.guest,
        "member": view.member,
        "reason": view.reason.value if view.reason else "",
        "open": canonical(msgspec.to_builtins(view.open)).decode(),
        "told": view.told,
        "decided_on": view.decided_on.isoformat() if view.decided_on else None,
        "decided_by": view.decided_by,
        "purged_on": view.purged_on.isoformat() if view.purged_on else None,
        "changed_at": format_utc(change.now),
    }
    if new:
        change.connection.execute(insert(application), values)
    else:
        change.connection.execute(update(application).where(application.c.id == view.id).values(**values))


def note_step(
    change: Change, action: ApplicationAction, before: ApplicationView, after: ApplicationView, why: str
) -> None:
    """Write a step of an application into the audit trail; what was handed in is not in it."""
    was, now = ({"state": each.state.value, "reason": each.reason, "member": each.member} for each in (before, after))
    change.note(f"application.{action}", "application", after.id, before=was, after=now, why=why)


def take_step(change: Change, application_id: str, action: ApplicationAction, why: str) -> ApplicationView:
    """Take a step that nothing but the state can speak against; raises StepRefused."""
    before = application_of(change, application_id, lock=True)
    after = msgspec.structs.replace(before, state=APPLICATION_LIFE.after(before.state, action))
    write_application(change, after)
    note_step(change, action, before, after, why)
    return after


def _view(row: Mapping[Any, Any]) -> ApplicationView:
    names = ("id", "state", "applied_on", "answer_due_on", "member", "told", "decided_on", "decided_by", "purged_on")
    values = {name: row[name] for name in names}
    values["applicant"] = msgspec.json.decode(row["body"])
    values["open"] = msgspec.json.decode(row["open"])
    values["reason"] = row["reason"] or None
    return msgspec.convert(values, ApplicationView)
