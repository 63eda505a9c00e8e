"""Whom a member is tied to, as tables of the page: units, representatives, guests and passes (S13, S14)."""

from collections.abc import Iterator
from typing import Any

from kiosk.central.club.books import Look
from kiosk.central.club.files import file_of
from kiosk.club.guests import GuestPass
from kiosk.club.organisations import Mandate
from kiosk.office.listing import word
from kiosk.office.page import Link, Table
from kiosk.office.person_view import PersonView
from kiosk.office.whom import people

GUESTS_SHOWN = 50


def ties(look: Look, view: PersonView) -> Iterator[Table]:
    """Yield the units represented, the representatives, the guests and their passes, as far as there are any."""
    mandates = (*view.units, *view.representatives)
    names = people(look, [*(each.unit for each in mandates), *(each.member for each in mandates)])
    if view.units:
        columns = ("unit", "mandate_role", "since", "until", "mandate_stays")
        yield Table("units", columns, [_mandate(each, names.get(each.unit)) for each in view.units])
    if view.representatives:
        columns = ("member", "mandate_role", "since", "until", "mandate_stays")
        rows = [_mandate(each, names.get(each.member)) for each in view.representatives]
        yield Table("representatives", columns, rows)
    guests = view.guests[:GUESTS_SHOWN]
    known = people(look, [*(each.id for each in guests), *(each.guest for each in view.passes)])
    if guests:
        rows = [(known.get(each.id), word(file_of(look, each.id).kind)) for each in guests]
        yield Table("guests", ("guest", "file_kind"), rows)
    if view.passes:
        columns = ("guest", "product", "valid_from", "valid_until", "pass_visits")
        yield Table("passes", columns, [_pass(each, known.get(each.guest)) for each in view.passes[:GUESTS_SHOWN]])


def _mandate(each: Mandate, other: Link | None) -> tuple[Any, ...]:
    return other, word(each.role), each.since, each.until, each.stays


def _pass(each: GuestPass, guest: Link | None) -> tuple[Any, ...]:
    return guest, each.product, each.first_day, each.last_day, each.visits
