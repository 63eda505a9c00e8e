"""What the desk does at an activity: takes answers, signs people in, and writes down what they say (S42, S73)."""

from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.activities import ActivityFile, activity_of
from kiosk.central.club.books import Change, Look
from kiosk.central.club.invitations import answer, give_opinion
from kiosk.central.club.sign_ins import Presented, sign_in_at_desk, sign_in_later
from kiosk.club.activities import ActivityState, Answer, Willing
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.sign_in import SignedIn
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.own_file import check_not_own
from kiosk.office.saying import title_of
from kiosk.office.whom import Done, member_named

Who = Annotated[str, Meta(min_length=1, max_length=64, description="A member number, or a card's as it is read.")]

_OPEN = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN, ActivityState.RUNNING)
_BEGUN = (ActivityState.RUNNING, ActivityState.CLOSED, ActivityState.FEEDBACK, ActivityState.REVIEWED)
_ASKED = (ActivityState.ANNOUNCED, ActivityState.SIGN_IN_OPEN)


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is there; `for_whom`, where that is not himself or the unit he represents."""

    who: Who
    for_whom: Annotated[str, Meta(max_length=64)] = ""


class SignInLater(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who was there at a time that has passed, how that is known, and `for_whom` as at the desk."""

    who: Who
    at: Annotated[datetime, Meta(tz=True)]
    why: Annotated[str, Meta(min_length=1, max_length=500)]
    for_whom: Annotated[str, Meta(max_length=64)] = ""


class TakeAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a member wants to come; a later answer takes the place of an earlier one."""

    who: Who
    willing: Willing


class TakeOpinion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member who took part says, with 1 to 5 points."""

    who: Who
    rating: Annotated[int, Meta(ge=1, le=5)]
    text: Annotated[str, Meta(max_length=2000)] = ""


def sign_in_member(change: Change, wish: SignIn, ids: Ids) -> SignedIn:
    """Sign a member in."""
    by, whom = _who(change, wish)
    return sign_in_at_desk(change, ids["activity"], by, whom)


def sign_in_afterwards(change: Change, wish: SignInLater, ids: Ids) -> SignedIn:
    """Sign a member in who was there, as a list on paper says; it brings points, so nobody does it for himself."""
    by, whom = _who(change, wish)
    check_not_own(change, [by, whom], "sign_in_later")
    return sign_in_later(change, Presented(ids["activity"], by, wish.at, whom), why=wish.why)


def _who(look: Look, wish: SignIn | SignInLater) -> tuple[str, str]:
    """Return who came, and for whom where that is said."""
    return member_named(look, wish.who), member_named(look, wish.for_whom) if wish.for_whom.strip() else ""


def take_answer(change: Change, wish: TakeAnswer, ids: Ids) -> Answer:
    """Write an answer down."""
    return answer(change, ids["activity"], member_named(change, wish.who), wish.willing)


def take_opinion(change: Change, wish: TakeOpinion, ids: Ids) -> Done:
    """Write an opinion down."""
    give_opinion(change, ids["activity"], member_named(change, wish.who), wish.rating, wish.text)
    return Done(ids["activity"])


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(title_of(activity_of(look, ids["activity"])))


def _draft_later(look: Look, ids: Ids) -> Draft:
    found = activity_of(look, ids["activity"])
    starts = found.activity.starts_at
    at = {"at": starts.astimezone(look.zone).strftime("%Y-%m-%dT%H:%M")} if starts else {}
    return Draft(title_of(found), at)


def _when(states: tuple[ActivityState, ...], found: ActivityFile) -> bool:
    return found.activity.state in states


ACTIONS = (
    Action(
        "sign_in_member",
        "/activities/{activity}/sign-ins",
        Permission.SIGN_IN_TAKE,
        SignIn,
        SignedIn,
        sign_in_member,
        "Sign a member in",
        about="activity",
        then="/activities/{activity}",
        possible=partial(_when, _OPEN),
        act=OfficeAction.SIGN_IN_MEMBER,
        drafts=_draft,
    ),
    Action(
        "sign_in_later",
        "/activities/{activity}/later-sign-ins",
        Permission.ACTIVITIES_WRITE,
        SignInLater,
        SignedIn,
        sign_in_afterwards,
        "Sign a member in who was there, from a list on paper",
        about="activity",
        then="/activities/{activity}",
        possible=partial(_when, _BEGUN),
        act=OfficeAction.EDIT_ACTIVITY,
        drafts=_draft_later,
    ),
    Action(
        "take_answer",
        "/activities/{activity}/answers",
        Permission.SIGN_IN_TAKE,
        TakeAnswer,
        Answer,
        take_answer,
        "Take whether a member wants to come",
        about="activity",
        then="/activities/{activity}",
        possible=partial(_when, _ASKED),
        act=OfficeAction.SIGN_IN_MEMBER,
        drafts=_draft,
    ),
    Action(
        "take_opinion",
        "/activities/{activity}/opinions",
        Permission.SIGN_IN_TAKE,
        TakeOpinion,
        Done,
        take_opinion,
        "Take what a member says of it",
        about="activity",
        then="/activities/{activity}",
        possible=partial(_when, (ActivityState.FEEDBACK,)),
        act=OfficeAction.SIGN_IN_MEMBER,
        drafts=_draft,
    ),
)
