"""Bookings of areas in the office: by day or by member, made and given back at the desk (S37)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club import reservations
from kiosk.central.club.books import Change, Look
from kiosk.central.club.reservations import Reservation, ReservationState, reservation_of, reservations_of
from kiosk.central.club.training import plan_names
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.model import Opens
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import Who
from kiosk.office.listing import Listing, Tab, asked, day_in, word
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.places import names_of_areas
from kiosk.office.routes import Route
from kiosk.office.saying import told
from kiosk.office.whom import id_asked, member_named, people, person_of, staff_by_id

KIND, LIST = "reservation", "reservations"
DAYS_SHOWN = 8
COLUMNS = ("reservation_time", "reservation_area", "member", "training_plan", "state")

AreaId = Annotated[str, Meta(min_length=1, max_length=32)]
Why = Annotated[str, Meta(min_length=1, max_length=500)]


class BookArea(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who books which area, on which day, from when: a slot lasts as long as the rule book says."""

    member: Who
    area: AreaId
    day: date
    opens: Opens


class CancelReservation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a booking is given back."""

    why: Why


class ReservationQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bookings."""

    day: Annotated[str, Meta(max_length=10, description="The day; else today.")] = ""
    member: Annotated[str, Meta(max_length=16, description="All bookings of this member, the latest first.")] = ""


class ReservationPage(msgspec.Struct, frozen=True):
    """Bookings, 500 at most; `next` is null, as they come at once."""

    items: tuple[Reservation, ...]
    next: str | None


def book_area(change: Change, wish: BookArea, _ids: Ids) -> Reservation:
    """Book an area for a member."""
    return reservations.book(change, member_named(change, wish.member), wish.area, wish.day, wish.opens)


def cancel_reservation(change: Change, wish: CancelReservation, ids: Ids) -> Reservation:
    """Give a booking back."""
    return reservations.cancel(change, ids["reservation"], wish.why)


def list_reservations(look: Look, query: ReservationQuery, _ids: Ids) -> ReservationPage:
    """Return the bookings of a day, or of a member."""
    if query.member:
        return ReservationPage(tuple(reservations_of(look, query.member)), None)
    return ReservationPage(tuple(reservations.reservations_on(look, day_in(query.day) or look.today)), None)


def reservation_rows(look: Look, found: Sequence[Reservation]) -> list[tuple[Any, ...]]:
    """Return bookings as rows under COLUMNS."""
    who, areas = people(look, [each.member for each in found]), names_of_areas(look)
    named = plan_names(look, [each.training for each in found if each.training])
    return [
        (
            Link(_time(each), f"/reservations/{each.id}"),
            areas.get(each.area, each.area),
            who.get(each.member),
            Link(named[each.training], f"/training-plans/{each.training}") if each.training in named else "",
            word(each.state),
        )
        for each in found
    ]


def areas_to_book(look: Look) -> list[tuple[str, str]]:
    """Return the areas that may be booked, each with its name, its hours and how long a booking lasts."""
    names = names_of_areas(look)
    return [
        (each.area, told("bookable_area", area=names.get(each.area, each.area), opens=each.opens, closes=each.closes,
                         minutes=each.minutes))
        for each in look.rules.reservations.areas
    ]  # fmt: skip


def _time(each: Reservation) -> str:
    return f"{each.day} {each.opens}–{each.closes}"


def _list_page(look: Look, _ids: Ids) -> Listing:
    search, day = asked("q"), day_in(asked("day", 10)) or look.today
    query = ReservationQuery(member=id_asked(look, search)[:16]) if search else ReservationQuery(day.isoformat())
    found = list_reservations(look, query, {}).items
    days = [look.today + timedelta(days=n) for n in range(DAYS_SHOWN)]
    return Listing(
        LIST, "reservations", "reservations_hint", COLUMNS, reservation_rows(look, found),
        "no_reservations", "no_reservations_hint",
        tabs=[Tab(f"{each:%m-%d}", f"?day={each}", each == day and not search) for each in days],
        search=search, search_hint="reservations_search", people=True,
    )  # fmt: skip


def _page(look: Look, ids: Ids) -> str:
    found = reservation_of(look, ids["reservation"])
    person, staff = person_of(look, found.member), staff_by_id(look)
    plan = plan_names(look, [found.training]).get(found.training)
    facts = (
        Fact("reservation_area", names_of_areas(look).get(found.area, found.area)),
        Fact("reservation_time", _time(found)),
        Fact("member", people(look, [found.member]).get(found.member)),
        Fact("training_plan", Link(plan, f"/training-plans/{found.training}") if plan else None),
        Fact("state", word(found.state)),
        Fact("reservation_made_by", staff.get(found.made_by, found.made_by)),
        Fact("reservation_made_at", found.made_at),
    )
    title = f"{_time(found)} {person.name}"
    thing = Thing(KIND, found.id, title, ids, facts, view=found, up="/reservations", up_label="reservations")
    return show_thing(look, thing)


def _draft(look: Look, _ids: Ids) -> Draft:
    return Draft(values={"day": look.today}, choices={"area": areas_to_book(look)})


def _draft_cancel(look: Look, ids: Ids) -> Draft:
    found = reservation_of(look, ids["reservation"])
    return Draft(f"{_time(found)} {person_of(look, found.member).name}")


def _is_booked(found: Reservation) -> bool:
    return found.state is ReservationState.BOOKED


ACTIONS = (
    Action(
        "book_area", "/reservations", Permission.CARE_WRITE, BookArea, Reservation, book_area,
        "Book an area for a member", about=LIST, then="/reservations/{id}", act=OfficeAction.DO_CARE, drafts=_draft,
    ),
    Action(
        "cancel_reservation", "/reservations/{reservation}/cancel", Permission.CARE_WRITE, CancelReservation,
        Reservation, cancel_reservation, "Give a booking back", about=KIND, then="/reservations/{reservation}",
        possible=_is_booked, act=OfficeAction.DO_CARE, drafts=_draft_cancel,
    ),
)  # fmt: skip
ROUTES = (
    Route("/reservations", "list_reservations", "Bookings of areas", ReservationQuery, ReservationPage,
          Permission.CARE_READ, run=list_reservations),
)  # fmt: skip
PAGES = (
    Page("/reservations", "reservations", Permission.CARE_READ, _list_page, "nav_activities", "reservations"),
    Page("/reservations/{reservation}", "reservation", Permission.CARE_READ, _page, under="reservations", about=KIND),
)
