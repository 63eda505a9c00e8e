"""Posts in the club's bodies in the office: given, worked for, ended (R13, R67)."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.books import Change, Look
from kiosk.central.club.leaders import Post, Return, appoint, note_work, posts_of, step_down
from kiosk.club.office_actions import OfficeAction
from kiosk.club.organisations import Position
from kiosk.club.roles import Permission
from kiosk.core.errors import InvalidInput
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.listing import word
from kiosk.office.page import Fact, Page, Thing, show_thing
from kiosk.office.whom import person_of

ATTENDANCE, POST = "attendance", "post"

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class AppointLeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A post from today on. Who was removed from one needs a new check and the council's vote (R67)."""

    position: Position
    why: Reason
    checked_again: bool = False
    council_voted: bool = False


class NotePostWork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day on which somebody worked for a post."""

    on: date
    why: Annotated[str, Meta(max_length=500)] = ""


class EndPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The post ends with today."""

    why: Reason


def appoint_leader(change: Change, wish: AppointLeader, ids: Ids) -> Post:
    """Give a member a post."""
    back = Return(wish.checked_again, wish.council_voted)
    return appoint(change, person_of(change, ids["member"]).id, wish.position, why=wish.why, back=back)


def note_post_work(change: Change, wish: NotePostWork, ids: Ids) -> Post:
    """Note work for a post."""
    return note_work(change, _post(change, ids).id, wish.on, why=wish.why)


def end_post(change: Change, wish: EndPost, ids: Ids) -> Post:
    """End a post."""
    return step_down(change, _post(change, ids).id, why=wish.why)


def _post(look: Look, ids: Ids) -> Post:
    for each in posts_of(look, ids["member"]):
        if each.id == ids["post"]:
            return each
    raise InvalidInput("there is no such post")


def _post_page(look: Look, ids: Ids) -> str:
    person, post = person_of(look, ids["member"]), _post(look, ids)
    facts = [
        Fact("post", word(post.position)),
        Fact("post_since", post.since),
        Fact("post_worked_on", post.worked_on),
        Fact("post_until", post.until),
        Fact("post_removed", post.removed),
    ]
    up = f"/attendance/{person.id}"
    thing = Thing(POST, post.id, person.name, ids, facts, view=(post, look.today), up=up, up_label="attendance")
    return show_thing(look, thing)


def _holds(view: tuple[Post, date]) -> bool:
    post, today = view
    return post.until is None or today <= post.until


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, ids["member"]).name)


def _draft_work(look: Look, ids: Ids) -> Draft:
    return Draft(person_of(look, ids["member"]).name, {"on": look.today})


ACTIONS = (
    Action(
        "appoint_leader",
        "/attendance/{member}/posts",
        Permission.MEMBERSHIPS_DECIDE,
        AppointLeader,
        Post,
        appoint_leader,
        "Give a member a post",
        about=ATTENDANCE,
        then="/attendance/{member}",
        act=OfficeAction.APPOINT_LEADER,
        drafts=_draft,
    ),
    Action(
        "note_post_work",
        "/attendance/{member}/posts/{post}/work",
        Permission.MEMBERSHIPS_DECIDE,
        NotePostWork,
        Post,
        note_post_work,
        "Note a day of work for a post",
        about=POST,
        then="/attendance/{member}",
        possible=_holds,
        act=OfficeAction.APPOINT_LEADER,
        drafts=_draft_work,
    ),
    Action(
        "end_post",
        "/attendance/{member}/posts/{post}/end",
        Permission.MEMBERSHIPS_DECIDE,
        EndPost,
        Post,
        end_post,
        "End a post with today",
        about=POST,
        then="/attendance/{member}",
        possible=_holds,
        act=OfficeAction.APPOINT_LEADER,
        drafts=_draft,
    ),
)

PAGES = (Page("/posts/{member}/{post}", "post", Permission.MEMBERS_READ, _post_page, "nav_people", under="members"),)
