"""What members suggest, in the office: taken in, looked into, answered in time (S87)."""

from functools import partial
from typing import Any

import msgspec
from flask import request

from kiosk.central.care import surveys
from kiosk.central.care.surveys import Feedback, feedback_of, feedback_page
from kiosk.central.club.books import Change, Look
from kiosk.club.complaints import Channel
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.club.voices import FEEDBACK_LIFE, FeedbackAction
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import Said, Who
from kiosk.office.care_voices import NoSaying
from kiosk.office.listing import Listing, Tab, word
from kiosk.office.page import Fact, Link, Page, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import member_named, people, staff_by_id

FEEDBACK, LIST = "feedback", "feedbacks"
SHOWN_MAX = 200

_TABS = {"open": "feedback_open", "late": "feedback_late"}


class GiveFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody suggests; `about` is a member number or a card's, empty for one who will not be named."""

    channel: Channel
    words: Said
    about: Who = ""


class AnswerFeedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the member is answered."""

    answer: Said


class FeedbackPage(msgspec.Struct, frozen=True):
    """Feedback that waits for an answer, the soonest due first."""

    items: tuple[Feedback, ...]
    next: str | None


def give_feedback(change: Change, wish: GiveFeedback, _ids: Ids) -> Feedback:
    """Take feedback in."""
    member = member_named(change, wish.about) if wish.about.strip() else None
    return surveys.give_feedback(change, wish.channel, wish.words, member)


def look_at_feedback(change: Change, _wish: NoSaying, ids: Ids) -> Feedback:
    """Look into it."""
    return surveys.look_at_feedback(change, ids["feedback"])


def answer_feedback(change: Change, wish: AnswerFeedback, ids: Ids) -> Feedback:
    """Answer it; the member hears of it."""
    return surveys.answer_feedback(change, ids["feedback"], wish.answer)


def list_feedback(look: Look, _query: NoQuery, _ids: Ids) -> FeedbackPage:
    """Return feedback."""
    return FeedbackPage(tuple(feedback_page(look, limit=SHOWN_MAX)), None)


def _feedbacks_page(look: Look, _ids: Ids) -> Listing:
    part = "late" if request.args.get("part") == "late" else "open"
    found = feedback_page(look, late_only=part == "late", limit=500)
    names = people(look, [each.member for each in found if each.member])
    rows: list[tuple[Any, ...]] = [
        (Link(each.words[:40], f"/feedback/{each.id}"), word(each.channel), names.get(each.member or ""),
         word(each.state), each.due_on)
        for each in found
    ]  # fmt: skip
    return Listing(
        LIST, "feedback", "feedback_hint",
        ("said_words", "complaint_channel", "member", "state", "feedback_due_on"), rows,
        "no_feedback", "no_feedback_hint",
        [Tab(label, f"/feedback?part={name}", name == part) for name, label in _TABS.items()], people=True,
    )  # fmt: skip


def _feedback_page(look: Look, ids: Ids) -> str:
    found, staff = feedback_of(look, ids["feedback"]), staff_by_id(look)
    thing = Thing(
        FEEDBACK, found.id, found.words[:60], ids,
        (
            Fact("state", word(found.state)),
            Fact("complaint_channel", word(found.channel)),
            Fact("member", people(look, [found.member or ""]).get(found.member or "")),
            Fact("complaint_received_at", found.received_at),
            Fact("feedback_due_on", found.due_on),
            Fact("feedback_answer", found.answer),
            Fact("feedback_answered_by", staff.get(found.answered_by, found.answered_by)),
        ),
        view=found, lead=found.words, up="/feedback", up_label="feedback",
    )  # fmt: skip
    return show_thing(look, thing)


def _draft_feedback(look: Look, ids: Ids) -> Draft:
    return Draft(feedback_of(look, ids["feedback"]).words[:60])


def _leads(step: FeedbackAction, found: Feedback) -> bool:
    return step in FEEDBACK_LIFE.actions(found.state)


_DO = OfficeAction.DO_CARE
ACTIONS = (
    Action(
        "give_feedback", "/feedback", Permission.CARE_WRITE, GiveFeedback, Feedback, give_feedback,
        "Take feedback in", about=LIST, then="/feedback/{id}", act=_DO,
    ),
    Action(
        "look_at_feedback", "/feedback/{feedback}/look", Permission.CARE_WRITE, NoSaying, Feedback, look_at_feedback,
        "Look into feedback", about=FEEDBACK, then="/feedback/{feedback}",
        possible=partial(_leads, FeedbackAction.LOOK), act=_DO, drafts=_draft_feedback,
    ),
    Action(
        "answer_feedback", "/feedback/{feedback}/answer", Permission.CARE_WRITE, AnswerFeedback, Feedback,
        answer_feedback, "Answer feedback", about=FEEDBACK, then="/feedback/{feedback}",
        possible=partial(_leads, FeedbackAction.ANSWER), act=_DO, drafts=_draft_feedback,
    ),
)  # fmt: skip
ROUTES = (
    Route("/feedback", "list_feedback", "Feedback that waits for an answer", NoQuery, FeedbackPage,
          Permission.CARE_READ, run=list_feedback),
)  # fmt: skip
PAGES = (
    Page("/feedback", "feedbacks", Permission.CARE_READ, _feedbacks_page, "nav_care", "feedback"),
    Page("/feedback/{feedback}", "feedback", Permission.CARE_READ, _feedback_page, under="feedbacks", about=FEEDBACK),
)
