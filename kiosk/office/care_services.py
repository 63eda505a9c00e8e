"""Services given to members, in the office: noted at the desk, and summed by what they were (S44)."""

from collections import defaultdict
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.care.services import PAGE_MAX, Service, note_service, services
from kiosk.central.club.books import Change, Look
from kiosk.club.calendar import Part, Span, add_months, span_of
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.codec import INTEGER_MAX
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import Yuan, in_fen, shown
from kiosk.office.care_fields import StaffId, present, staff_to_pick
from kiosk.office.listing import Listing, Tab, address_of, asked, caller, day_in, number_in, rows_a_page
from kiosk.office.page import Page, Table
from kiosk.office.routes import LIMIT_DEFAULT, Limit, Route
from kiosk.office.whom import people, person_of, staff_by_id

MONTHS_SHOWN = 12


class NoteService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service that was given: what, when, how long, by whom, and the fee that was agreed on, in yuan."""

    service: Annotated[str, Meta(min_length=1, max_length=100)]
    on: date
    minutes: Annotated[int, Meta(ge=1, le=100_000)]
    fee: Yuan
    by: StaffId


class ServiceQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month, and of which member."""

    month: Annotated[str, Meta(max_length=10, description="A day of the month; else this month.")] = ""
    member: Annotated[str, Meta(max_length=16, description="Only services to this member.")] = ""
    after: Annotated[int, Meta(ge=0, le=INTEGER_MAX, description="`next` of the page before.")] = 0
    limit: Limit = LIMIT_DEFAULT


class ServicePage(msgspec.Struct, frozen=True):
    """Services of a month, newest first; `next` is null at the end."""

    span: Span
    items: tuple[Service, ...]
    next: int | None


def list_services(look: Look, query: ServiceQuery, _ids: Ids) -> ServicePage:
    """Return the services of a month."""
    span = span_of(day_in(query.month) or look.today, Part.MONTH)
    limit = min(query.limit, 400)
    found = services(look, span, member=query.member, before=query.after or None, limit=limit + 1)
    return ServicePage(span, tuple(found[:limit]), found[limit - 1].n if len(found) > limit else None)


def note(change: Change, wish: NoteService, ids: Ids) -> Service:
    """Write a service down."""
    member, by = person_of(change, ids["member"]).id, present(change, wish.by)
    return note_service(
        change, member, wish.service, on=wish.on, minutes=wish.minutes, fee_minor=in_fen(wish.fee), by=by
    )  # fmt: skip


def _page(look: Look, _ids: Ids) -> Listing:
    text, before = asked("month", 10), number_in(asked("after", 16)) or 0
    found = list_services(look, ServiceQuery(text, "", before, rows_a_page()), {})
    who, staff = people(look, [each.member for each in found.items]), staff_by_id(look)
    rows: list[tuple[Any, ...]] = [
        (each.on, who.get(each.member), each.service, each.minutes, shown(each.fee_minor), staff.get(each.by, each.by))
        for each in found.items
    ]
    months = [span_of(add_months(look.today, -n), Part.MONTH).first for n in range(MONTHS_SHOWN)]
    return Listing(
        "services", "services", "services_hint",
        ("service_on", "member", "service", "service_minutes", "service_fee", "service_by"), rows,
        "no_services", "no_services_hint",
        tabs=[Tab(f"{each:%Y-%m}", f"?month={each}", each == found.span.first) for each in months],
        tables=(_sums(look, found.span),),
        first=address_of(month=text) if before else "",
        further=address_of(month=text, after=found.next) if found.next else "",
        people=True,
    )  # fmt: skip


def _sums(look: Look, span: Span) -> Table:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    before = None
    while step := services(look, span, before=before, limit=PAGE_MAX):
        for each in step:
            for place, amount in enumerate((1, each.minutes, each.fee_minor)):
                sums[each.service][place] += amount
        before = step[-1].n
    rows = [(name, count, minutes, shown(fee)) for name, (count, minutes, fee) in sorted(sums.items())]
    return Table("service_sums", ("service", "count", "service_minutes", "service_fee"), rows)


def _draft(look: Look, ids: Ids) -> Draft:
    found = caller()
    values = {"on": look.today, "by": found.staff.id if found else "", "fee": "0"}
    return Draft(person_of(look, ids["member"]).name, values, choices={"by": staff_to_pick(look)})


ACTIONS = (
    Action(
        "note_service", "/care/members/{member}/services", Permission.CARE_WRITE, NoteService, Service, note,
        "Write down a service that was given", about="care_member", then="/services",
        act=OfficeAction.DO_CARE, drafts=_draft,
    ),
)  # fmt: skip
ROUTES = (
    Route("/services", "list_services", "Services given, newest first", ServiceQuery, ServicePage,
          Permission.CARE_READ, run=list_services),
)  # fmt: skip
PAGES = (Page("/services", "services", Permission.CARE_READ, _page, "nav_care", "services"),)
