"""Training plans in the office: a name, a coach, and classes that are bookings of an area; no health in them (S80)."""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kiosk.central.club import training
from kiosk.central.club.books import Change, Look
from kiosk.central.club.reservations import Reservation, classes_of
from kiosk.central.club.training import TrainingPlan, plan_of, plans
from kiosk.club.office_actions import OfficeAction
from kiosk.club.roles import Permission
from kiosk.core.model import Opens
from kiosk.office.actions import Action, Draft, Ids
from kiosk.office.care_fields import Who
from kiosk.office.club_reservations import COLUMNS, AreaId, areas_to_book, reservation_rows
from kiosk.office.listing import Listing
from kiosk.office.page import Fact, Link, Page, Table, Thing, show_thing
from kiosk.office.routes import NoQuery, Route
from kiosk.office.whom import member_named, people, staff_by_id

KIND, LIST = "training", "training_plans"

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class MakeTrainingPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For whom, what it is called, and who trains."""

    member: Who
    name: Name
    coach: Name


class BookClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and when a class is."""

    area: AreaId
    day: date
    opens: Opens


class Training(msgspec.Struct, frozen=True):
    """A training plan with its classes, in order."""

    plan: TrainingPlan
    classes: tuple[Reservation, ...]


class TrainingPage(msgspec.Struct, frozen=True):
    """Training plans, the newest first, 500 at most; `next` is null, as they come at once."""

    items: tuple[TrainingPlan, ...]
    next: str | None


def make_training_plan(change: Change, wish: MakeTrainingPlan, _ids: Ids) -> TrainingPlan:
    """Write a training plan down."""
    return training.make_plan(change, member_named(change, wish.member), wish.name, wish.coach)


def book_class(change: Change, wish: BookClass, ids: Ids) -> Reservation:
    """Book an area for a class of a plan."""
    return training.book_class(change, ids["training"], wish.area, wish.day, wish.opens)


def list_training_plans(look: Look, _query: NoQuery, _ids: Ids) -> TrainingPage:
    """Return training plans."""
    return TrainingPage(tuple(plans(look)), None)


def show_training_plan(look: Look, _query: NoQuery, ids: Ids) -> Training:
    """Return a training plan with its classes; raises InvalidInput where there is none."""
    return Training(plan_of(look, ids["training"]), tuple(classes_of(look, ids["training"])))


def _list_page(look: Look, _ids: Ids) -> Listing:
    found = plans(look)
    who = people(look, [each.member for each in found])
    rows: list[tuple[Any, ...]] = [
        (Link(each.name, f"/training-plans/{each.id}"), each.coach, who.get(each.member), each.made_on)
        for each in found
    ]
    columns = ("training_plan", "training_coach", "member", "training_made_on")
    return Listing(
        LIST, "training_plans", "training_plans_hint", columns, rows, "no_training_plans", "no_training_plans_hint",
        people=True,
    )  # fmt: skip


def _page(look: Look, ids: Ids) -> str:
    found, staff = show_training_plan(look, NoQuery(), ids), staff_by_id(look)
    plan = found.plan
    facts = (
        Fact("training_coach", plan.coach),
        Fact("member", people(look, [plan.member]).get(plan.member)),
        Fact("training_made_on", plan.made_on),
        Fact("reservation_made_by", staff.get(plan.made_by, plan.made_by)),
    )
    classes = Table("training_classes", COLUMNS, reservation_rows(look, found.classes))
    thing = Thing(KIND, plan.id, plan.name, ids, facts, view=plan, up="/training-plans", up_label="training_plans",
                  tables=(classes,))  # fmt: skip
    return show_thing(look, thing)


def _draft_class(look: Look, ids: Ids) -> Draft:
    return Draft(plan_of(look, ids["training"]).name, {"day": look.today}, {"area": areas_to_book(look)})


ACTIONS = (
    Action(
        "make_training_plan", "/training-plans", Permission.CARE_WRITE, MakeTrainingPlan, TrainingPlan,
        make_training_plan, "Write down a member's training plan", about=LIST, then="/training-plans/{id}",
        act=OfficeAction.DO_CARE,
    ),
    Action(
        "book_class", "/training-plans/{training}/classes", Permission.CARE_WRITE, BookClass, Reservation, book_class,
        "Book an area for a class of a training plan", about=KIND, then="/training-plans/{training}",
        act=OfficeAction.DO_CARE, drafts=_draft_class,
    ),
)  # fmt: skip
ROUTES = (
    Route("/training-plans", "list_training_plans", "Training plans, newest first", NoQuery, TrainingPage,
          Permission.CARE_READ, run=list_training_plans),
    Route("/training-plans/{training}", "show_training_plan", "A training plan with its classes", NoQuery, Training,
          Permission.CARE_READ, run=show_training_plan),
)  # fmt: skip
PAGES = (
    Page("/training-plans", "training_plans", Permission.CARE_READ, _list_page, "nav_activities", "training_plans"),
    Page("/training-plans/{training}", "training", Permission.CARE_READ, _page, under="training_plans", about=KIND),
)
