"""How a member stands with the duty to attend, and what was to attend, and how long stays were (S09, S41)."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.activities import activity_of
from kiosk.central.club.books import Change, Look
from kiosk.central.club.duty import give_rights_back, record_of, standings
from kiosk.central.club.leaders import Post, posts_of
from kiosk.central.club.stays import stays
from kiosk.club.duty import DutyStanding, Record
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.stays import Stay
from kiosk.office import club_posts
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_posts import ATTENDANCE as KIND
from kiosk.office.listing import word
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.saying import title_of, told
from kiosk.office.whom import Done, person_of

LOOKED_BACK = timedelta(days=60)
"""How far back stays are shown; passages are kept a little longer."""

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class AttendanceView(msgspec.Struct, frozen=True):
    """What a member had to attend and how that was, what follows from it, posts, and the stays of the last 60 days.

    `standing` and `record` are null for one without the duty.
    """

    member: str
    standing: DutyStanding | None
    record: Record | None
    posts: tuple[Post, ...]
    stays: tuple[Stay, ...]


class GiveRightsBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rights that stopped for absence come back by a decision; what was missed before counts no more."""

    why: Reason


def show_attendance(look: Look, _query: NoQuery, ids: Ids) -> AttendanceView:
    """Return how a member stands; raises InvalidInput where there is none."""
    member_id = person_of(look, ids["member"]).id
    return AttendanceView(
        member_id,
        standings(look, [member_id]).get(member_id),
        record_of(look, member_id),
        tuple(posts_of(look, member_id)),
        stays(look, member_id, look.now - LOOKED_BACK),
    )


def give_back(change: Change, wish: GiveRightsBack, ids: Ids) -> Done:
    """Give stopped rights back."""
    give_rights_back(change, person_of(change, ids["member"]).id, why=wish.why)
    return Done(ids["member"])


def _page(look: Look, ids: Ids) -> str:
    person = person_of(look, ids["member"])
    found = show_attendance(look, NoQuery(), ids)
    facts = _standing(found)
    came = [
        (
            each.on,
            Link(title_of(activity_of(look, each.activity)), f"/activities/{each.activity}"),
            word(each.presence),
        )
        for each in reversed(found.record.occasions if found.record else ())
    ]
    posts = [
        (
            word(each.position),
            each.since,
            each.worked_on,
            Link(each.until or told("post_held"), f"/posts/{each.member}/{each.id}"),
        )
        for each in found.posts
    ]
    been = [(each.site, each.area, each.since, each.until, _minutes(each)) for each in reversed(found.stays)]
    thing = Thing(
        KIND,
        person.id,
        f"{person.name} {person.member_no}",
        ids,
        facts,
        view=found,
        up=f"/people/{person.id}",
        up_label="member",
        tables=(
            Table("attendance_record", ("attendance_on", "activity", "activity_presence"), came, "attendance_nothing"),
            Table("posts", ("post", "post_since", "post_worked_on", "post_until"), posts, "posts_none"),
            Table(
                "stays", ("activity_site", "stay_area", "stay_since", "stay_until", "stay_minutes"), been, "stays_none"
            ),
        ),
    )
    return show_thing(look, thing)


def _standing(found: AttendanceView) -> list[Fact]:
    if found.standing is None:
        return [Fact("attendance_duty", "attendance_none", "word")]
    return [
        Fact("attendance_duty", word(found.standing.duty)),
        Fact("attendance_since", found.standing.since),
        Fact("attendance_away", found.standing.away),
        Fact("attendance_nobody", found.standing.nobody),
        Fact("attendance_counts_from", found.record.since if found.record else None),
    ]


def _minutes(stay: Stay) -> int | None:
    return stay.length // timedelta(minutes=1) if stay.length is not None else None


def _stopped(found: AttendanceView) -> bool:
    return found.standing is not None and found.standing.duty.value == "rights_stopped"


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, ids["member"]).name)


ACTIONS = (
    Action(
        "give_rights_back",
        "/attendance/{member}/rights",
        Permission.MEMBERSHIPS_DECIDE,
        GiveRightsBack,
        Done,
        give_back,
        "Give rights back that stopped for absence",
        about=KIND,
        then="/attendance/{member}",
        possible=_stopped,
        act=OfficeAction.GIVE_RIGHTS_BACK,
        drafts=_draft,
    ),
    *club_posts.ACTIONS,
)

ROUTES = (
    Route(
        "/attendance/{member}",
        "show_attendance",
        "How a member stands with the duty to attend, posts, and stays",
        NoQuery,
        AttendanceView,
        Permission.MEMBERS_READ,
        run=show_attendance,
    ),
)

PAGES = (
    Page(
        "/attendance/{member}", "attendance", Permission.MEMBERS_READ, _page, "nav_people", under="members", about=KIND
    ),
    *club_posts.PAGES,
)
