"""Members in the office: found by name, phone, number or card, and each with all there is (S01, S02, S07, S19)."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from kiosk.central.club.books import Look
from kiosk.central.club.file_reading import search
from kiosk.central.club.membership import standings
from kiosk.central.members import MemberRecord, members_by
from kiosk.central.queries import member_page
from kiosk.club.roles import Permission
from kiosk.club.standing import Standing
from kiosk.core.errors import InvalidInput
from kiosk.office import (
    club_arrivals,
    club_consents,
    club_file_register,
    club_guest_list,
    club_guests,
    club_membership,
    club_people_acts,
    club_privacy,
    club_readings,
    club_ties,
)
from kiosk.office.actions import Ids
from kiosk.office.listing import SEARCH_CHARACTERS_MAX, Listing, address_of, asked, rows_a_page
from kiosk.office.page import Badge, Link, Page
from kiosk.office.person_page import BADGES, show_person_page
from kiosk.office.person_view import PersonView, SensitiveView, person_view, sensitive_view
from kiosk.office.routes import MemberPage, MemberQuery, NoQuery, Route
from kiosk.office.saying import tier_names, told


def list_members(look: Look, query: MemberQuery, _ids: Ids) -> MemberPage:
    """Return a page of members."""
    found = _found(look, query.q, query.after, query.limit + 1)
    items = found[: query.limit]
    return MemberPage(tuple(items), items[-1].member_no if len(found) > query.limit else None)


def show_person(look: Look, _query: NoQuery, ids: Ids) -> PersonView:
    """Return one member with file and membership; raises InvalidInput where there is none."""
    return person_view(look, ids["member"])


def show_sensitive(look: Look, _query: NoQuery, ids: Ids) -> SensitiveView:
    """Return what is sensitive of a file; raises InvalidInput where there is no such member."""
    return sensitive_view(look, ids["member"])


def _found(look: Look, text: str, after: str, limit: int) -> Sequence[MemberRecord]:
    """Return members by number, those behind `after`; with a text those that are looked for (S19, S20)."""
    if not text.strip():
        return member_page(look.connection, after, limit)
    ids = [each.member for each in search(look, text, after=after, limit=limit)]
    return sorted(members_by(look.connection, "id", ids), key=lambda each: each.member_no)


def _list_page(look: Look, _ids: Ids) -> Listing:
    text, after = asked("q", SEARCH_CHARACTERS_MAX), asked("after")
    most = rows_a_page()
    found = _found(look, text, after, most + 1)
    shown, tiers = found[:most], tier_names(look)
    now = standings(look, [each.id for each in shown])
    rows = [
        (
            Link(each.member_no, f"/members/{quote(each.member_no)}"),
            each.name,
            tiers.get(each.tier) or each.tier,
            _badge(now[each.id]),
            each.member_until or told("without_end"),
            each.paid_until,
        )
        for each in shown
    ]
    return Listing(
        "members",
        "members",
        "members_hint",
        ("member_no", "name", "tier", "standing", "member_until", "paid_until"),
        rows,
        "no_members",
        "no_members_hint",
        first=address_of(q=text) if after else "",
        further=address_of(q=text, after=shown[-1].member_no) if len(found) > most else "",
        search=text,
        people=True,
    )


def _badge(now: Standing) -> Badge:
    return Badge(told(f"membership_{now.state}"), BADGES.get(now.state, ""))


def _by_id(look: Look, ids: Ids) -> str:
    return show_person_page(look, person_view(look, ids["member"]))


def _by_number(look: Look, ids: Mapping[str, str]) -> str:
    found = members_by(look.connection, "member_no", [ids["member_no"]])
    if not found:
        raise InvalidInput("there is no member of that number")
    return show_person_page(look, person_view(look, found[0].id))


_READS = Permission.MEMBERS_READ

ACTIONS = (
    *club_membership.ACTIONS,
    *club_people_acts.ACTIONS,
    *club_guests.ACTIONS,
    *club_ties.ACTIONS,
    *club_consents.ACTIONS,
    *club_privacy.ACTIONS,
)

ROUTES = (
    Route("/members", "list_members", "Members by number", MemberQuery, MemberPage, _READS, run=list_members),
    Route(
        "/people/{member}",
        "show_person",
        "One member with file, standing, facts and ties",
        NoQuery,
        PersonView,
        _READS,
        run=show_person,
    ),
    Route(
        "/people/{member}/sensitive",
        "show_sensitive",
        "What is sensitive of a member's file",
        NoQuery,
        SensitiveView,
        Permission.MEMBERS_SENSITIVE,
        run=show_sensitive,
        reads=("id_document", "photo", "health", "born", "address"),
    ),
    *club_guest_list.ROUTES,
    *club_arrivals.ROUTES,
    *club_file_register.ROUTES,
    *club_consents.ROUTES,
    *club_privacy.ROUTES,
    *club_readings.ROUTES,
)

PAGES = (
    Page("/members", "members", _READS, _list_page, "nav_people", "members"),
    Page("/members/{member_no}", "member", _READS, _by_number, under="members"),
    Page("/people/{member}", "person", _READS, _by_id, under="members", about=club_people_acts.KIND),
    *club_guest_list.PAGES,
    *club_arrivals.PAGES,
    *club_file_register.PAGES,
    *club_consents.PAGES,
    *club_privacy.PAGES,
    *club_readings.PAGES,
)
