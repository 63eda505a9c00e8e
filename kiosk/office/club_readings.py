"""Who of staff read what is sensitive of whom, and when members came in, in the office (S90, R149, §5.9)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.application_book import number_of
from kiosk.central.club.books import Look
from kiosk.central.club.passage_times import Passage, passages_of
from kiosk.central.club.readings import Reading, ReadingFilter, place_of, reading_page
from kiosk.club.roles import Permission
from kiosk.office.actions import Ids
from kiosk.office.listing import ROWS, Filter, Listing, address_of, asked, may
from kiosk.office.page import Link, Page, Table
from kiosk.office.people_fields import member_of
from kiosk.office.routes import LIMIT_DEFAULT, Limit, NoQuery, Route
from kiosk.office.saying import told
from kiosk.office.whom import actors, id_asked, member_cell, people, staff_by_id

READINGS_SHOWN = 20
PLACE_CHARACTERS = 96

After = Annotated[str, Meta(max_length=PLACE_CHARACTERS, description="`next` of the page before.")]
Since = Annotated[date, Meta(description="From this local day on.")]
Until = Annotated[date, Meta(description="Up to this local day.")]
ById = Annotated[str, Meta(max_length=32, description="Only of this id.")]


class PassagePage(msgspec.Struct, frozen=True):
    """A member's latest passages, 200 at most; `next` is null, as they come at once."""

    items: tuple[Passage, ...]
    next: str | None


class ReadingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which readings."""

    after: After = ""
    limit: Limit = LIMIT_DEFAULT
    member: ById = ""
    actor: ById = ""
    since: Since | None = None
    until: Until | None = None


class ReadingPage(msgspec.Struct, frozen=True):
    """Readings, the newest day first; `next` is null on the last page."""

    items: tuple[Reading, ...]
    next: str | None


def list_passages(look: Look, _query: NoQuery, ids: Ids) -> PassagePage:
    """Return when a member came in; raises InvalidInput where there is no such member."""
    return PassagePage(tuple(passages_of(look, member_of(look, ids["member"]).id)), None)


def list_readings(look: Look, query: ReadingQuery, _ids: Ids) -> ReadingPage:
    """Return a page of who read what is sensitive of whom."""
    wanted = ReadingFilter(query.member, query.actor, query.since, query.until)
    items = reading_page(look, wanted, query.after, min(query.limit, READINGS_MAX) + 1)
    shown = items[: min(query.limit, READINGS_MAX)]
    return ReadingPage(tuple(shown), place_of(shown[-1]) if len(items) > len(shown) else None)


READINGS_MAX = 499
"""One less than the books give at most: whether there are more is seen by the next one."""


def readings_table(look: Look, member: str) -> list[Table]:
    """Return who read what is sensitive of a member lately, for those who may know."""
    if not (may(Permission.AUDIT_READ) or may(Permission.MEMBERS_SENSITIVE)):
        return []
    found, names = reading_page(look, ReadingFilter(member), limit=READINGS_SHOWN), staff_by_id(look)
    rows = [(each.day, names.get(each.actor, each.actor), _fields(each), each.count, each.last_at)
            for each in found]  # fmt: skip
    return [Table("readings", ("day", "audit_who", "fields_read", "how_often", "last_look"), rows, empty="no_readings")]


def _fields(each: Reading) -> str:
    return ", ".join(told(f"field_{name}") for name in each.fields)


def _applicant(each: Reading) -> Link:
    """Return the way to an application that has brought no member."""
    return Link(f"{told('application')} {number_of(each.application)}", f"/applications/{each.application}")


def _passages_page(look: Look, ids: Ids) -> Listing:
    person = member_of(look, ids["member"])
    rows = [(each.at, each.site, each.entitlement) for each in passages_of(look, person.id)]
    return Listing(
        "passages",
        "passages",
        "passages_hint",
        ("time", "site", "visit_by"),
        rows,
        "no_passages",
        "no_passages_hint",
        people=True,
        ids=ids,
        up=member_cell(person),
    )


def _readings_list(look: Look, _ids: Ids) -> Listing:
    kept = {name: asked(name) for name in ("member", "actor")}
    wanted = ReadingFilter(id_asked(look, kept["member"]), kept["actor"])
    found = reading_page(look, wanted, asked("after", PLACE_CHARACTERS), ROWS + 1)
    shown, names = found[:ROWS], staff_by_id(look)
    whose = people(look, [each.member for each in shown])
    rows = [
        (
            each.day,
            names.get(each.actor, each.actor),
            whose.get(each.member) or _applicant(each),
            _fields(each),
            each.count,
        )
        for each in shown
    ]
    return Listing(
        "readings",
        "readings",
        "readings_hint",
        ("day", "audit_who", "member", "fields_read", "how_often"),
        rows,
        "no_readings",
        "readings_hint",
        first=address_of(**kept) if asked("after") else "",
        further=address_of(**kept, after=place_of(shown[-1])) if len(found) > ROWS else "",
        filters=[
            Filter("member", "member_or_card", kept["member"]),
            Filter("actor", "audit_who", kept["actor"], actors(look)),
        ],
        people=True,
    )


_P = Permission

ROUTES = (
    Route("/people/{member}/passages", "list_passages", "When a member came in", NoQuery, PassagePage,
          _P.PASSAGES_READ, run=list_passages, reads=("entry_times",)),
    Route("/readings", "list_readings", "Who of staff read what is sensitive of whom", ReadingQuery, ReadingPage,
          _P.AUDIT_READ, run=list_readings),
)  # fmt: skip

PAGES = (
    Page(
        "/people/{member}/passages",
        "passages",
        _P.PASSAGES_READ,
        _passages_page,
        under="person",
        reads=("entry_times",),
    ),
    Page("/readings", "readings", _P.AUDIT_READ, _readings_list, "nav_club", "readings"),
)
