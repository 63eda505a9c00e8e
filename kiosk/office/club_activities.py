"""Activities in the office: announced, taken through their steps, and reviewed (S73, R148, §4 L11)."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.activities import ActivityFile, activity_of, announce, review, take_step
from kiosk.central.club.books import Change, Look
from kiosk.club.activities import ACTIVITY_LIFE, ActivityAction
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.office import club_activity_pages, club_activity_plans, club_activity_views, club_sign_ins
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.club_activity_pages import KIND
from kiosk.office.saying import title_of


class AnnounceActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Announces it to all whom it is for."""


class StepActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes the step now, and does not wait for the clock."""

    why: Annotated[str, Meta(max_length=500)] = ""


class CallOffActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """It will not be held."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


class ReviewActivity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was made of the opinions."""

    words: Annotated[str, Meta(min_length=1, max_length=2000)]


def announce_activity(change: Change, _wish: AnnounceActivity, ids: Ids) -> ActivityFile:
    """Announce it."""
    return announce(change, ids["activity"])


def review_activity(change: Change, wish: ReviewActivity, ids: Ids) -> ActivityFile:
    """End it with a review."""
    return review(change, ids["activity"], wish.words)


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(title_of(activity_of(look, ids["activity"])))


def _leads(action: ActivityAction, found: ActivityFile) -> bool:
    return action in ACTIVITY_LIFE.actions(found.activity.state)


def _take_step(action: ActivityAction, change: Change, wish: StepActivity | CallOffActivity, ids: Ids) -> ActivityFile:
    return take_step(change, ids["activity"], action, why=wish.why)


_A = ActivityAction
_ONE, _ACT = "/activities/{activity}", OfficeAction.EDIT_ACTIVITY
_WRITE = Permission.ACTIVITIES_WRITE

ACTIONS = (
    *club_activity_plans.ACTIONS,
    *club_sign_ins.ACTIONS,
    Action(
        "announce_activity", f"{_ONE}/announce", _WRITE, AnnounceActivity, ActivityFile,
        announce_activity, "Announce an activity whose plan is complete",
        about=KIND, then=_ONE, possible=partial(_leads, _A.ANNOUNCE), act=_ACT, drafts=_draft,
    ),
    Action(
        "open_sign_in", f"{_ONE}/open-sign-in", _WRITE, StepActivity, ActivityFile,
        partial(_take_step, _A.OPEN_SIGN_IN), "Let people sign in now",
        about=KIND, then=_ONE, possible=partial(_leads, _A.OPEN_SIGN_IN), act=_ACT, drafts=_draft,
    ),
    Action(
        "start_activity", f"{_ONE}/start", _WRITE, StepActivity, ActivityFile,
        partial(_take_step, _A.START), "Begin an activity now",
        about=KIND, then=_ONE, possible=partial(_leads, _A.START), act=_ACT, drafts=_draft,
    ),
    Action(
        "close_activity", f"{_ONE}/close", _WRITE, StepActivity, ActivityFile,
        partial(_take_step, _A.CLOSE), "End an activity now",
        about=KIND, then=_ONE, possible=partial(_leads, _A.CLOSE), act=_ACT, drafts=_draft,
    ),
    Action(
        "collect_opinions", f"{_ONE}/collect-feedback", _WRITE, StepActivity, ActivityFile,
        partial(_take_step, _A.COLLECT_FEEDBACK), "Ask for opinions on an activity that was held",
        about=KIND, then=_ONE, possible=partial(_leads, _A.COLLECT_FEEDBACK), act=_ACT, drafts=_draft,
    ),
    Action(
        "review_activity", f"{_ONE}/review", _WRITE, ReviewActivity, ActivityFile,
        review_activity, "Write down what was made of the opinions",
        about=KIND, then=_ONE, possible=partial(_leads, _A.REVIEW), act=_ACT, drafts=_draft,
    ),
    Action(
        "call_off_activity", f"{_ONE}/call-off", _WRITE, CallOffActivity, ActivityFile,
        partial(_take_step, _A.CALL_OFF), "Call an activity off",
        about=KIND, then=_ONE, possible=partial(_leads, _A.CALL_OFF), act=_ACT, drafts=_draft,
    ),
)  # fmt: skip

ROUTES = club_activity_views.ROUTES
PAGES = club_activity_pages.PAGES
