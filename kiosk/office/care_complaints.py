"""Complaints in the office: taken in with the tap or charge they are about, six steps, a result, and causes (S88)."""

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.care.complaints import (
    Complaint,
    ComplaintWish,
    assign,
    close,
    complaint_of,
    receive,
    sort,
    take_step,
)
from kiosk.central.care.refusals import refusals_of
from kiosk.central.club.books import Change, Look
from kiosk.central.club.earners import purchases_of
from kiosk.central.members import cards_by
from kiosk.club.complaints import COMPLAINT_LIFE, Channel, ComplaintAction, Result, Subject
from kiosk.club.complaints import Matter as Subjects
from kiosk.club.office_actions import Matter, OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.texts import staff_text
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.amounts import shown
from kiosk.office.care_fields import Said, Short, StaffId, Who, Words, present, staff_to_pick
from kiosk.office.evidence_fields import Places, as_evidence, place_of
from kiosk.office.saying import language
from kiosk.office.whom import member_named, person_of

KIND, LIST = "complaint", "complaints"
CHARGES_SHOWN = 20
TITLE_CHARACTERS = 60

Charge = Annotated[str, Meta(max_length=96)]


class TakeComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A complaint as it comes in; `about` is a member number or a card's, empty where nobody wants to be named."""

    channel: Channel
    words: Said
    about: Who = ""
    right: bool = False
    staff: Annotated[str, Meta(max_length=32)] = ""
    place: Short = ""
    charge: Charge = ""
    evidence: Places = ()


class MemberComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member's complaint, with the refused taps and the charge that it is about."""

    channel: Channel
    words: Said
    evidence: Places = ()
    charge: Charge = ""
    right: bool = False
    staff: Annotated[str, Meta(max_length=32)] = ""
    place: Short = ""


class SortComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it is about, and where."""

    matter: Subjects
    place: Short = ""
    words: Words = ""


class ComplaintStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found, planned, done or heard."""

    words: Said


class CloseComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The result: why it happened, what gets better, and how satisfied the member is, who was asked."""

    explanation: Words = ""
    improvement: Words = ""
    asked_satisfaction: bool = False
    satisfaction: Annotated[int, Meta(ge=1, le=10)] | None = None


class AssignComplaint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of the staff looks into it."""

    staff: StaffId


def take_complaint(change: Change, wish: TakeComplaint, _ids: Ids) -> Complaint:
    """Take a complaint in."""
    member = member_named(change, wish.about) if wish.about.strip() else None
    subject = Subject(as_evidence(wish.evidence), wish.charge, wish.staff, wish.place)
    return receive(change, ComplaintWish(wish.channel, wish.words, member, subject, wish.right))


def member_complaint(change: Change, wish: MemberComplaint, ids: Ids) -> Complaint:
    """Take a member's complaint in."""
    subject = Subject(as_evidence(wish.evidence), wish.charge, wish.staff, wish.place)
    member = person_of(change, ids["member"]).id
    return receive(change, ComplaintWish(wish.channel, wish.words, member, subject, wish.right))


def sort_complaint(change: Change, wish: SortComplaint, ids: Ids) -> Complaint:
    """Say what it is about."""
    return sort(change, ids["complaint"], wish.matter, place=wish.place, words=wish.words)


def close_complaint(change: Change, wish: CloseComplaint, ids: Ids) -> Complaint:
    """Close it with its result."""
    result = Result(wish.explanation, wish.improvement, wish.asked_satisfaction, wish.satisfaction)
    return close(change, ids["complaint"], result)


def assign_complaint(change: Change, wish: AssignComplaint, ids: Ids) -> Complaint:
    """Give it to an account that is open."""
    return assign(change, ids["complaint"], present(change, wish.staff))


def _step(action: ComplaintAction, change: Change, wish: ComplaintStep, ids: Ids) -> Complaint:
    return take_step(change, ids["complaint"], action, wish.words)


def _matter(look: Look, ids: Ids) -> Matter:
    found = complaint_of(look, ids["complaint"])
    return Matter(member=found.member, staff=found.staff or None)


def _title(found: Complaint) -> str:
    return found.words[:TITLE_CHARACTERS]


def _draft(look: Look, ids: Ids) -> Draft:
    return Draft(_title(complaint_of(look, ids["complaint"])))


def _draft_sort(look: Look, ids: Ids) -> Draft:
    found = complaint_of(look, ids["complaint"])
    return Draft(_title(found), {"place": found.place, "matter": found.matter})


def _draft_staff(look: Look, ids: Ids) -> Draft:
    found = complaint_of(look, ids["complaint"])
    return Draft(_title(found), {"staff": found.assigned_to}, {"staff": staff_to_pick(look)})


def _draft_new(look: Look, _ids: Ids) -> Draft:
    return Draft(values={"channel": Channel.ON_SITE}, choices={"staff": staff_to_pick(look)})


def _draft_member(look: Look, ids: Ids) -> Draft:
    person = person_of(look, ids["member"])
    choices = {"staff": staff_to_pick(look), "charge": _charges(look, person.id)}
    choices["evidence"] = _refusals(look, person.id)
    return Draft(person.name, {"channel": Channel.ON_SITE}, choices, kinds={"evidence": "many"})


def _refusals(look: Look, member: str) -> list[tuple[str, str]]:
    """Return the latest refusals of the member's cards, each with when, where and why."""
    cards = [each.id for each in cards_by(look.connection, "member", [member])]
    return [
        (
            place_of(each.record),
            f"{each.at.astimezone(look.zone):%Y-%m-%d %H:%M} {each.access_point} "
            + staff_text(each.reason, {}, language()),
        )
        for each in refusals_of(look, cards)
    ]


def _charges(look: Look, member: str) -> list[tuple[str, str]]:
    """Return the member's latest purchases, as a complaint names the one it is about."""
    rows = purchases_of(look, member)[:CHARGES_SHOWN]
    return [(each.sale, f"{each.on} {shown(each.amount_minor)}") for each in rows]


def _leads(action: ComplaintAction, found: Complaint) -> bool:
    return action in COMPLAINT_LIFE.actions(found.state)


_A = ComplaintAction
_STEPS = (
    (_A.INVESTIGATE, "investigate_complaint", "Write down what was found out"),
    (_A.PLAN, "plan_complaint", "Write down what is to be done"),
    (_A.CARRY_OUT, "carry_out_complaint", "Write down what was done"),
    (_A.FOLLOW_UP, "follow_up_complaint", "Write down what the member says to it"),
    (_A.LOOK_AGAIN, "look_again_complaint", "Look into a complaint again"),
    (_A.TAKE_BACK, "take_back_complaint", "The member takes the complaint back"),
)


def _act_of(step: ComplaintAction, name: str, summary: str) -> Action:
    return Action(
        name, f"/complaints/{{complaint}}/{step.value.replace('_', '-')}", Permission.CARE_WRITE, ComplaintStep,
        Complaint, partial(_step, step), summary, about=KIND, then="/complaints/{complaint}",
        possible=partial(_leads, step), act=OfficeAction.HANDLE_COMPLAINT, matter=_matter, drafts=_draft,
    )  # fmt: skip


ACTIONS = (
    Action(
        "take_complaint", "/complaints", Permission.CARE_WRITE, TakeComplaint, Complaint, take_complaint,
        "Take a complaint in", about=LIST, then="/complaints/{id}",
        act=OfficeAction.DO_CARE, drafts=_draft_new,
    ),
    Action(
        "member_complaint", "/care/members/{member}/complaints", Permission.CARE_WRITE, MemberComplaint, Complaint,
        member_complaint, "Take a member's complaint in", about="care_member",
        then="/complaints/{id}", act=OfficeAction.DO_CARE, drafts=_draft_member,
    ),
    Action(
        "sort_complaint", "/complaints/{complaint}/sort", Permission.CARE_WRITE, SortComplaint, Complaint,
        sort_complaint, "Say what a complaint is about", about=KIND, then="/complaints/{complaint}",
        possible=partial(_leads, _A.SORT), act=OfficeAction.HANDLE_COMPLAINT, matter=_matter, drafts=_draft_sort,
    ),
    *(_act_of(*each) for each in _STEPS),
    Action(
        "close_complaint", "/complaints/{complaint}/close", Permission.CARE_WRITE, CloseComplaint, Complaint,
        close_complaint, "Close a complaint with its result", about=KIND,
        then="/complaints/{complaint}", possible=partial(_leads, _A.CLOSE), act=OfficeAction.HANDLE_COMPLAINT,
        matter=_matter, drafts=_draft,
    ),
    Action(
        "assign_complaint", "/complaints/{complaint}/assign", Permission.CARE_WRITE, AssignComplaint, Complaint,
        assign_complaint, "Give a complaint to somebody", about=KIND,
        then="/complaints/{complaint}", possible=partial(_leads, _A.TAKE_BACK), act=OfficeAction.HANDLE_COMPLAINT,
        matter=_matter, drafts=_draft_staff,
    ),
)  # fmt: skip
