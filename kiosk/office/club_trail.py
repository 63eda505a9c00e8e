"""What was done and what was told: the audit trail and the outbox of notices, to read (S74, S90, S94)."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.audits import AuditEntry, AuditFilter, audit_page
from kiosk.central.club.books import Look
from kiosk.central.club.notices import NoticeFilter, NoticeRow, notice_counts, notice_page
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office import club_notices
from kiosk.office.actions import Ids
from kiosk.office.listing import ROWS, Filter, Listing, Tab, address_of, asked, number_in
from kiosk.office.page import Acts, Badge, Changed, Link, Page, Ref, names_in
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.saying import chosen, told
from kiosk.office.trail import act_text, notice_text, things, who_did
from kiosk.office.whom import actors, id_asked, people

NOTICE_STATES = ("due", "sent", "failed", "dropped")

Before = Annotated[int, Meta(ge=1, le=INTEGER_MAX, description="`next` of the page before: the newest come first.")]
Kind = Annotated[str, Meta(max_length=32, description="Only entries about this kind of thing.")]
ThingId = Annotated[str, Meta(max_length=64, description="Only entries about the thing of this id.")]
Who = Annotated[str, Meta(max_length=32, description="Only what this one did: a staff id, `job:` or `member:`.")]
What = Annotated[str, Meta(max_length=48, description="Only acts of this name.")]
State = Annotated[str, Meta(max_length=16, description="Only notices in this state.")]
Template = Annotated[str, Meta(max_length=48, description="Only notices of this kind.")]
Member = Annotated[str, Meta(max_length=16, description="Only notices to the member of this id.")]


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries."""

    after: Before | None = None
    limit: Limit = LIMIT_DEFAULT
    thing: Kind = ""
    thing_id: ThingId = ""
    actor: Who = ""
    action: What = ""


class AuditPage(msgspec.Struct, frozen=True):
    """Audit entries, newest first; `next` is null on the last page."""

    items: tuple[AuditEntry, ...]
    next: int | None


class NoticeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which notices."""

    after: Before | None = None
    limit: Limit = LIMIT_DEFAULT
    state: State = ""
    template: Template = ""
    member: Member = ""


class NoticePage(msgspec.Struct, frozen=True):
    """Notices, newest first; `next` is null on the last page."""

    items: tuple[NoticeRow, ...]
    next: int | None


def list_audit(look: Look, query: AuditQuery, _ids: Ids) -> AuditPage:
    """Return a page of the audit trail."""
    wanted = AuditFilter(query.thing, query.thing_id, query.actor, query.action)
    items = audit_page(look, wanted, query.after, query.limit)
    return AuditPage(tuple(items), items[-1].n if len(items) == min(query.limit, PAGE_MAX) else None)


def list_notices(look: Look, query: NoticeQuery, _ids: Ids) -> NoticePage:
    """Return a page of the outbox."""
    wanted = NoticeFilter(state=query.state, template=query.template, member=query.member)
    items = notice_page(look, wanted, query.after, query.limit)
    return NoticePage(tuple(items), items[-1].id if len(items) == min(query.limit, PAGE_MAX) else None)


PAGE_MAX = 500
"""What the books give at most at a time."""


def _audit_list(look: Look, _ids: Ids) -> Listing:
    kept = {name: asked(name) for name in (*_FILTERS, "action")}
    wanted = msgspec.convert(kept | {"thing_id": id_asked(look, kept["thing_id"])}, AuditFilter)
    found = audit_page(look, wanted, number_in(asked("after")), ROWS + 1)
    names, members = names_in(look, found), people(look, [each.thing_id for each in found])
    rows = [
        (each.at, who_did(each, names), act_text(each.action), _about(each, members), Changed(each, names), each.why)
        for each in found[:ROWS]
    ]
    choices = {"thing": things(), "actor": actors(look)}
    return Listing(
        "audit",
        "audit",
        "audit_hint",
        ("time", "audit_who", "audit_what", "audit_thing", "audit_change", "why"),
        rows,
        "no_audit",
        "no_audit_hint",
        first=address_of(**kept) if asked("after") else "",
        further=address_of(**kept, after=found[ROWS - 1].n) if len(found) > ROWS else "",
        filters=[Filter(name, label, kept[name], choices.get(name, ())) for name, label in _FILTERS.items()],
        people=True,
    )


def _about(entry: AuditEntry, members: Mapping[str, Link]) -> Link | Ref:
    return members.get(entry.thing_id) or Ref(entry.thing, entry.thing_id)


_FILTERS = {"thing": "audit_thing", "thing_id": "audit_thing_id", "actor": "audit_who"}


def _notice_list(look: Look, _ids: Ids) -> Listing:
    state = asked("state", 16)
    state = state if state in NOTICE_STATES else ""
    found = notice_page(look, NoticeFilter(state=state), number_in(asked("after")), ROWS + 1)
    shown, counts = found[:ROWS], notice_counts(look)
    names = people(look, [each.member for each in shown if each.member])
    rows = [
        (
            each.id,
            each.due_at,
            Badge(
                told(f"notice_{each.state}"),
                {"sent": "ok", "due": "quiet", "spread": "quiet"}.get(each.state, "attention"),
            ),
            names.get(each.member or "", each.member),
            notice_text(each.template),
            chosen("Channel", each.channel) or told("notice_any_channel"),
            each.tries,
            each.error,
            Acts(club_notices.thing_of(each)),
        )
        for each in shown
    ]
    return Listing(
        "notices",
        "outbox",
        "outbox_hint",
        (
            "number",
            "notice_due_at",
            "state",
            "member",
            "notice_template",
            "notice_channel",
            "notice_tries",
            "detail",
            "actions",
        ),
        rows,
        "no_notices",
        "no_notices_hint",
        tabs=[
            Tab("all", "?", not state),
            *(Tab(f"notice_{each}", f"?state={each}", each == state, counts.get(each, 0)) for each in NOTICE_STATES),
        ],
        first=address_of(state=state) if asked("after") else "",
        further=address_of(state=state, after=found[ROWS - 1].id) if len(found) > ROWS else "",
        people=True,
    )


ACTIONS = club_notices.ACTIONS

ROUTES = (
    Route(
        "/audit",
        "list_audit",
        "Who changed what, before and after, and why",
        AuditQuery,
        AuditPage,
        Permission.AUDIT_READ,
        run=list_audit,
    ),
    Route(
        "/notices",
        "list_notices",
        "What was told to whom, or is about to be",
        NoticeQuery,
        NoticePage,
        Permission.NOTICES_READ,
        run=list_notices,
    ),
)

PAGES = (
    Page("/audit", "audit", Permission.AUDIT_READ, _audit_list, "nav_club", "audit"),
    Page("/notices", "notices", Permission.NOTICES_READ, _notice_list, "nav_club", "outbox"),
)
